// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	// tracerName is the program that delays system calls.
	tracerName = "strace"
	// attachTimeout is how long it may take to attach to all threads of etcd.
	attachTimeout = 10 * time.Second
)

// slowDisk is an etcd whose flushes to the disk are delayed.
type slowDisk struct {
	l      *Local
	etcd   *component
	tracer *component // nil while none was started
}

// injectSlow delays fdatasync, by which etcd makes sure of what it has written
// before it answers, with strace's fault injection. etcd is started again with it
// first: without a disruption it does without, to spare the disk.
func (l *Local) injectSlow(ctx context.Context, c *component, d Disruption) (breakage, error) {
	path, err := exec.LookPath(tracerName)
	if err != nil {
		return nil, fmt.Errorf("%w: it needs %s, which is not installed: %w", ErrCannotDisrupt, tracerName, err)
	}
	slow := &slowDisk{l: l, etcd: c}
	if err := l.restartEtcd(ctx, c, flagNoSync, "false"); err != nil {
		return slow, err
	}
	if slow.tracer, err = l.newTracer(path, c.processRecord().PID, d.Delay); err != nil {
		return slow, err
	}
	if err := slow.tracer.Start(ctx); err != nil {
		return slow, fmt.Errorf("%w: %w", ErrCannotDisrupt, err)
	}
	return slow, nil
}

// newTracer prepares the process that delays the flushes of another one.
func (l *Local) newTracer(path string, pid int, delay time.Duration) (*component, error) {
	c, err := l.newComponent(tracerName, path)
	if err != nil {
		return nil, err
	}
	c.exited = func(*component) {
		l.logger().Info("etcd's disk is no longer slow", "reason", tracerName+" ended unexpectedly", "log", c.log.path)
	}
	c.runner = &daemon{
		path: path,
		args: []string{
			"--quiet=attach,exit", "--follow-forks", fmt.Sprintf("--attach=%d", pid),
			"--trace=fdatasync,fsync", fmt.Sprintf("--inject=fdatasync,fsync:delay_enter=%d", delay.Microseconds()),
			// Nothing is written there: no call has a status that cannot be had.
			"--status=unavailable", "--output=" + l.data.file(logsDir, "flushes.log"),
		},
		out:          c.log,
		ready:        func() bool { return isTraced(pid) },
		startTimeout: attachTimeout,
		stopTimeout:  stopTimeout,
	}
	return c, nil
}

// heal lets the disk be as fast as it is.
func (s *slowDisk) heal(ctx context.Context) error {
	if s.tracer != nil {
		if err := s.tracer.Stop(); err != nil {
			return err
		}
		s.l.removeComponent(s.tracer)
		s.tracer = nil
	}
	return s.l.restartEtcd(ctx, s.etcd, flagNoSync, "true")
}

// release lets etcd end at its own pace.
func (s *slowDisk) release() {
	if s.tracer != nil {
		_ = s.tracer.Stop() // Stop of the control plane tries again, and says why not.
	}
}

// isTraced reports whether all threads of a process are traced.
func isTraced(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, thread := range threads {
		status, err := os.ReadFile(thread)
		if err == nil && bytes.Contains(status, []byte("TracerPid:\t0\n")) {
			return false
		}
	}
	return true
}
