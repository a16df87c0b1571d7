// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// State is what a process of the control plane is doing.
type State string

const (
	// StateStarting means that the process does not answer its health check yet.
	StateStarting State = "Starting"
	// StateRunning means that the process answered its health check.
	StateRunning State = "Running"
	// StatePaused means that it was paused: it has not ended, and does nothing.
	StatePaused State = "Paused"
	// StateStopped means that it was stopped, or has not been started yet.
	StateStopped State = "Stopped"
	// StateExited means that it ended without having been told to, or could
	// not be started.
	StateExited State = "Exited"
)

// Process describes a process of the local control plane.
type Process struct {
	// Name is the name of the binary.
	Name string
	// PID is 0 when no process runs.
	PID int
	// Log is the path of the file with the process' output.
	Log string
	// State is what the process is doing.
	State State
}

const (
	// startPoll is how often a starting process is looked for.
	startPoll = 50 * time.Millisecond
	// watchPoll is how often a running process is looked at.
	watchPoll = 200 * time.Millisecond
)

// runner starts a process and waits until it is healthy, and stops it. It is
// implemented by envtest's Etcd and APIServer, and by daemon.
type runner interface {
	Start() error
	Stop() error
}

// component is one process of the control plane, a Unit. To what a runner does, it adds
// the pid, a start that can be cancelled, and the news of an unexpected exit.
type component struct {
	name, path, dir string
	log             *logFile
	runner          runner
	// changed is called whenever the pid has changed.
	changed func()
	// exited is called when the running process ends without Stop.
	exited func(*component)
	// reviving says that it has ended and is to be started again.
	reviving atomic.Bool

	// startStop serializes Start and Stop.
	startStop sync.Mutex
	watching  sync.WaitGroup

	mu     sync.Mutex
	state  State
	record processRecord
}

// Start returns when the process is healthy, has failed, or was killed because
// ctx ended.
func (c *component) Start(ctx context.Context) error {
	c.startStop.Lock()
	defer c.startStop.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	switch c.current() {
	case StateRunning:
		return nil
	case StatePaused:
		return fmt.Errorf("start %s: it is paused", c.name)
	}
	c.set(StateStarting, processRecord{})
	err := c.run(ctx)
	if err == nil {
		c.find()
		c.set(StateRunning, c.processRecord())
		c.watching.Go(c.watch)
		return nil
	}
	tail := c.log.tail()
	_ = c.runner.Stop() // what it could say, err already says
	c.set(StateExited, processRecord{})
	return c.startError(ctx, err, tail)
}

// run runs the runner's Start, which knows no context. While it runs, the
// process is looked for, to record it early and to kill it when ctx ends.
func (c *component) run(ctx context.Context) error {
	started := make(chan error, 1)
	go func() { started <- c.runner.Start() }()
	tick := time.NewTicker(startPoll)
	defer tick.Stop()
	for {
		select {
		case err := <-started:
			return errors.Join(err, ctx.Err())
		case <-tick.C:
			if c.processRecord().PID == 0 {
				c.find()
			}
			if ctx.Err() != nil {
				c.kill()
			}
		}
	}
}

// startError says why the process did not start: what the operating system
// said about the binary, or the last lines of its log.
func (c *component) startError(ctx context.Context, err error, tail string) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("start %s: %w", c.name, context.Cause(ctx))
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("start %s: %s is broken or built for another platform; remove it and run: %s: %w", c.name, c.path, GetCommand, err)
	case tail == "":
		return fmt.Errorf("start %s (%s): %w; it wrote nothing to its log", c.name, c.path, err)
	}
	return fmt.Errorf("start %s: %w; the end of its log:%s", c.name, err, tail)
}

// find looks for the process and notes its pid.
func (c *component) find() {
	record, ok := findChild(c.name, c.path, c.dir)
	if !ok {
		return
	}
	c.mu.Lock()
	news := c.record != record
	c.record = record
	c.mu.Unlock()
	if news {
		c.changed()
	}
}

// kill ends the process at once; a process that is not there yet is found by
// the next call.
func (c *component) kill() {
	if record := c.processRecord(); record.PID != 0 {
		if proc, ok := record.orphan(c.dir); ok {
			_ = proc.Kill()
		}
	}
}

// watch returns when the process has ended.
func (c *component) watch() {
	proc, err := os.FindProcess(c.processRecord().PID)
	if err != nil {
		return
	}
	defer func() { _ = proc.Release() }()
	tick := time.NewTicker(watchPoll)
	defer tick.Stop()
	for proc.Signal(syscall.Signal(0)) == nil {
		<-tick.C
	}
	c.mu.Lock()
	unexpected := c.runsLocked()
	if unexpected {
		c.state, c.record = StateExited, processRecord{}
	}
	c.mu.Unlock()
	if unexpected {
		c.changed()
		c.exited(c)
	}
}

// Stop ends the process and returns when it is gone. Stopping a process that
// does not run is no error.
func (c *component) Stop() error {
	c.startStop.Lock()
	defer c.startStop.Unlock()
	if !c.runs() {
		return nil
	}
	if err := c.resumeLocked(); err != nil {
		return err
	}
	record := c.processRecord()
	c.set(StateStopped, record)
	err := c.runner.Stop()
	// An overdue process was killed by the runner; it is enough that it ends.
	if err != nil && waitGone(context.Background(), record) != nil {
		c.set(StateRunning, record)
		return fmt.Errorf("stop %s (pid %d): %w", c.name, record.PID, err)
	}
	c.watching.Wait()
	c.set(StateStopped, processRecord{})
	return nil
}

func (c *component) set(state State, record processRecord) {
	c.mu.Lock()
	c.state, c.record = state, record
	c.mu.Unlock()
	c.changed()
}

func (c *component) current() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// runs reports whether there is a process that was started, running or paused.
func (c *component) runs() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.runsLocked()
}

func (c *component) runsLocked() bool { return c.state == StateRunning || c.state == StatePaused }

func (c *component) processRecord() processRecord {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record
}

// describe returns the component as others see it.
func (c *component) describe() Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Process{Name: c.name, PID: c.record.PID, Log: c.log.path, State: c.state}
}

// newComponent prepares a process without starting it.
func (l *Local) newComponent(name, path string) (*component, error) {
	log, err := openLog(filepath.Join(l.dir, logsDir, name+".log"))
	if err != nil {
		return nil, err
	}
	c := &component{
		name: name, path: path, dir: l.dir, log: log, state: StateStopped,
		changed: l.recordProcesses,
		exited:  l.processExited,
	}
	l.mu.Lock()
	l.components = append(l.components, c)
	l.mu.Unlock()
	return c, nil
}

// removeComponent forgets a process that has ended for good.
func (l *Local) removeComponent(c *component) {
	l.mu.Lock()
	l.components = slices.DeleteFunc(l.components, func(other *component) bool { return other == c })
	l.mu.Unlock()
	_ = c.log.Close() // Nobody writes to it any more.
}
