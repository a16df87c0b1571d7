// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// firstListener is the number of the first inherited listener: after stdin,
// stdout, stderr and the lock that tells that the daemon runs.
const firstListener = 4

// dockerdFlags say how a daemon is to run.
type dockerdFlags struct {
	dir, cgroup string
	forwards    int
	dropSysRes  bool
}

// runDockerd runs a Docker daemon until it ends or this process gets a signal.
// This process must be the first one of new PID, mount and network namespaces
// (internal/substrate/kindcluster starts it so): whatever the daemon starts and
// mounts, and its networks and firewall rules, go with them. The way in from
// outside are listeners that this process inherited: connections to them are
// forwarded to the same port inside.
func runDockerd(ctx context.Context, args []string, stderr io.Writer) error {
	var f dockerdFlags
	flags := flag.NewFlagSet("dockerd", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&f.dir, "dir", "", "the folder of the daemon: its socket docker.sock, configuration, state and images")
	flags.StringVar(&f.cgroup, "cgroup", "", "the cgroup of its containers")
	flags.IntVar(&f.forwards, "forwards", 0, "how many listeners are inherited")
	flags.BoolVar(&f.dropSysRes, "without-sys-resource", false, "run containers without CAP_SYS_RESOURCE, which this machine lacks")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if os.Getpid() != 1 {
		return errors.New("dockerd must be the first process of new namespaces")
	}
	for fd := range firstListener + f.forwards - 3 {
		unix.CloseOnExec(3 + fd)
	}
	if err := f.prepareNamespaces(); err != nil {
		return err
	}
	if err := f.writeConfig(); err != nil {
		return err
	}
	if err := forwardAll(ctx, f.forwards); err != nil {
		return err
	}
	return f.supervise(stderr)
}

// hiddenDirs are what Docker and containerd write to at fixed places.
var hiddenDirs = []string{"/etc/docker", "/opt/containerd", "/run/containerd", "/run/docker"}

// prepareNamespaces makes the new namespaces usable, and hides from the daemon
// the folders to which it would write. Those that do not exist are made, and
// listed in the file "made" for who removes them after the daemon's end.
func (f dockerdFlags) prepareNamespaces() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc of the new namespaces: %w", err)
	}
	made := slices.DeleteFunc(slices.Clone(hiddenDirs), func(dir string) bool {
		_, err := os.Stat(dir)
		return !errors.Is(err, fs.ErrNotExist)
	})
	if err := os.WriteFile(filepath.Join(f.dir, "made"), []byte(strings.Join(made, "\n")), 0o600); err != nil {
		return err
	}
	for _, dir := range hiddenDirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755"); err != nil {
			return fmt.Errorf("hide %s: %w", dir, err)
		}
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	return nil
}

// writeConfig writes the daemon's configuration, in place of the one in
// /etc/docker, which is of another daemon.
func (f dockerdFlags) writeConfig() error {
	config := map[string]any{
		"cgroup-parent": f.cgroup,
		"data-root":     filepath.Join(f.dir, "data"),
		"exec-root":     filepath.Join(f.dir, "exec"),
		"pidfile":       filepath.Join(f.dir, "dockerd.pid"),
		"hosts":         []string{"unix://" + filepath.Join(f.dir, "docker.sock")},
		// systemd, where it runs, is outside and knows processes by other ids.
		"exec-opts": []string{"native.cgroupdriver=cgroupfs"},
	}
	if f.dropSysRes {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		const name = "runc-without-sys-resource"
		config["runtimes"] = map[string]any{name: map[string]any{"path": self, "runtimeArgs": []string{"runc"}}}
		config["default-runtime"] = name
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(f.dir, "daemon.json"), data, 0o600)
}

// supervise starts dockerd, reaps all orphans, as the first process of a
// namespace has to, and returns when dockerd has ended. The kernel then ends
// all others.
func (f dockerdFlags) supervise(stderr io.Writer) error {
	path, err := exec.LookPath("dockerd")
	if err != nil {
		return err
	}
	daemon, err := os.StartProcess(path, []string{path, "--config-file", filepath.Join(f.dir, "daemon.json")},
		&os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}, Env: os.Environ()})
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	go func() {
		for s := range signals {
			_ = daemon.Signal(s)
		}
	}()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("wait for dockerd: %w", err)
		case pid == daemon.Pid:
			fmt.Fprintf(stderr, "dockerd ended with status %d\n", status.ExitStatus())
			return nil
		}
	}
}

// forwardAll serves the inherited listeners until the context ends.
func forwardAll(ctx context.Context, count int) error {
	for i := range count {
		file := os.NewFile(uintptr(firstListener+i), "listener")
		listener, err := net.FileListener(file)
		if err != nil {
			return fmt.Errorf("use inherited listener %d: %w", i, err)
		}
		_ = file.Close()
		context.AfterFunc(ctx, func() { _ = listener.Close() })
		go forward(ctx, listener)
	}
	return nil
}

// forward connects each connection that comes from outside with the same
// address and port inside.
func forward(ctx context.Context, listener net.Listener) {
	for {
		outer, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer outer.Close()
			var dialer net.Dialer
			inner, err := dialer.DialContext(ctx, "tcp", listener.Addr().String())
			if err != nil {
				return
			}
			defer inner.Close()
			pipe(outer.(*net.TCPConn), inner.(*net.TCPConn))
		}()
	}
}

// pipe copies both ways until both ends have closed.
func pipe(a, b *net.TCPConn) {
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].CloseWrite()
			_ = way[1].CloseRead()
		})
	}
	both.Wait()
}
