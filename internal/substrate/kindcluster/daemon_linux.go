// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

const (
	// daemonStart and daemonStop bound how long a daemon takes to answer, and to
	// end after a signal.
	daemonStart = 30 * time.Second
	daemonStop  = 20 * time.Second
	daemonPoll  = 100 * time.Millisecond

	cgroupRoot = "/sys/fs/cgroup"
)

func (s state) daemonLock() string { return filepath.Join(s.dockerDir(), "lock") }
func (s state) daemonPID() string  { return filepath.Join(s.dockerDir(), "pid") }
func (s state) daemonLog() string  { return filepath.Join(s.dockerDir(), "log") }

// cgroup is the cgroup of the daemon's containers.
func (s state) cgroup() string { return "glassplane-kind-" + filepath.Base(s.dir) }

// daemonRuns reports whether the daemon's first process lives: it holds a lock
// for as long as it does.
func daemonRuns(s state) bool {
	lock, err := fileutil.TryLockFile(s.daemonLock(), os.O_WRONLY, 0o600)
	if err == nil {
		_ = lock.Close()
		return false
	}
	return errors.Is(err, fileutil.ErrLocked)
}

// startDaemon starts a Docker daemon in namespaces of its own and waits until it
// answers. It outlives this process. The API server and etcd are reached
// through sockets that it inherits.
func startDaemon(ctx context.Context, s state, d docker) error {
	lock, err := fileutil.TryLockFile(s.daemonLock(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock the daemon's folder: %w", err)
	}
	defer lock.Close()
	log, err := os.Create(s.daemonLog())
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"dockerd", "--dir=" + s.dockerDir(), "--cgroup=/" + s.cgroup(), "--forwards=2"}
	if !hasSysResource() {
		args = append(args, "--without-sys-resource")
	}
	cmd := exec.Command(s.helper(), args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, "/"
	cmd.Env = append(os.Environ(), "PATH="+searchPath(os.Getenv("PATH")))
	cmd.ExtraFiles = []*os.File{lock.File}
	for _, port := range []int{s.APIServerPort, s.EtcdPort} {
		file, err := listenerFile(port)
		if err != nil {
			return err
		}
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET, Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a Docker daemon in new namespaces: %w", err)
	}
	if err := os.WriteFile(s.daemonPID(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	return waitDaemon(ctx, s, d, cmd)
}

func listenerFile(port int) (*os.File, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	return listener.(*net.TCPListener).File()
}

func waitDaemon(ctx context.Context, s state, d docker, cmd *exec.Cmd) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, daemonStart)
	defer cancel()
	tick := time.NewTicker(daemonPoll)
	defer tick.Stop()
	for {
		if d.answers(ctx) == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the Docker daemon ended: %w\n%s", err, logTail(s.daemonLog()))
		case <-ctx.Done():
			return fmt.Errorf("the Docker daemon does not answer: %w\n%s", ctx.Err(), logTail(s.daemonLog()))
		case <-tick.C:
		}
	}
}

// logTail returns the last lines of a log.
func logTail(path string) string {
	const lines = 20
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(bytes.TrimSpace(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// stopDaemon ends the daemon and removes what is left of it outside of the
// cluster's folder: cgroups, and folders that were made to be hidden from it.
func stopDaemon(ctx context.Context, s state) error {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if !daemonRuns(s) {
			break
		}
		data, err := os.ReadFile(s.daemonPID())
		if err != nil {
			return fmt.Errorf("find the Docker daemon: %w", err)
		}
		pid, err := strconv.Atoi(string(data))
		if err != nil {
			return fmt.Errorf("find the Docker daemon: %w", err)
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the Docker daemon: %w", err)
		}
		if err := waitStopped(ctx, s); err != nil {
			return err
		}
	}
	if daemonRuns(s) {
		return errors.New("the Docker daemon does not end")
	}
	made, _ := os.ReadFile(filepath.Join(s.dockerDir(), "made"))
	for dir := range strings.FieldsSeq(string(made)) {
		_ = os.Remove(dir) // which does nothing if others use it by now
	}
	return removeCgroups(cgroupRoot, s.cgroup())
}

// waitStopped waits until the daemon has ended, at most daemonStop.
func waitStopped(ctx context.Context, s state) error {
	deadline := time.NewTimer(daemonStop)
	defer deadline.Stop()
	tick := time.NewTicker(daemonPoll)
	defer tick.Stop()
	for daemonRuns(s) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// removeCgroups removes a cgroup and those below it: in one hierarchy (v2), or
// in each of several (v1).
func removeCgroups(root, name string) error {
	tops, err := filepath.Glob(filepath.Join(root, "*", name))
	if err != nil {
		return err
	}
	var errs []error
	for _, top := range append(tops, filepath.Join(root, name)) {
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for i := range dirs {
			errs = append(errs, os.Remove(dirs[len(dirs)-1-i]))
		}
	}
	return errors.Join(errs...)
}
