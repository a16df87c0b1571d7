// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"k8s.io/apimachinery/pkg/util/wait"
)

// pauseTimeout is how long a process may take to be paused: as long as the
// kernel cannot interrupt what it does.
const pauseTimeout = 5 * time.Second

// pause returns when the process does nothing any more. It does nothing to a
// paused one.
func (c *component) pause() error {
	c.startStop.Lock()
	defer c.startStop.Unlock()
	switch c.current() {
	case StatePaused:
		return nil
	case StateRunning:
	default:
		return fmt.Errorf("pause %s: it does not run", c.name)
	}
	proc, err := c.process()
	if err != nil {
		return fmt.Errorf("pause %s: %w", c.name, err)
	}
	c.set(StatePaused, c.processRecord())
	if err := errors.Join(proc.Suspend(), waitPaused(proc)); err != nil {
		return errors.Join(fmt.Errorf("pause %s: %w", c.name, err), c.resumeLocked())
	}
	return nil
}

// resume continues a paused process. It does nothing to one that is not paused.
func (c *component) resume() error {
	c.startStop.Lock()
	defer c.startStop.Unlock()
	return c.resumeLocked()
}

// resumeLocked does what resume does, with startStop held.
func (c *component) resumeLocked() error {
	if c.current() != StatePaused {
		return nil
	}
	// One that is gone is noticed by watch.
	if proc, err := c.process(); err == nil {
		if err := proc.Resume(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("continue %s: %w", c.name, err)
		}
	}
	c.set(StateRunning, c.processRecord())
	return nil
}

// crash ends the process at once, and returns when it is gone.
func (c *component) crash() error {
	c.startStop.Lock()
	defer c.startStop.Unlock()
	if !c.runs() {
		return fmt.Errorf("kill %s: it does not run", c.name)
	}
	proc, err := c.process()
	if err != nil {
		return fmt.Errorf("kill %s: %w", c.name, err)
	}
	record := c.processRecord()
	c.set(StateStopped, record)
	if err := proc.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.set(StateRunning, record)
		return fmt.Errorf("kill %s (pid %d): %w", c.name, record.PID, err)
	}
	c.watching.Wait()
	_ = c.runner.Stop() // It has nothing left to stop.
	c.set(StateStopped, processRecord{})
	return nil
}

var errGone = errors.New("its process is gone")

// process returns the running process.
func (c *component) process() (*process.Process, error) {
	proc, ok := c.processRecord().orphan(c.dir)
	if !ok {
		return nil, errGone
	}
	return proc, nil
}

// waitPaused returns when the kernel says that the process is stopped.
func waitPaused(proc *process.Process) error {
	return wait.PollUntilContextTimeout(context.Background(), startPoll, pauseTimeout, true, func(context.Context) (bool, error) {
		status, err := proc.Status()
		return slices.Contains(status, process.Stop), err
	})
}
