// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// createdTolerance is how far two readings of one process' start time may
	// lie apart: it is computed from the time of boot, which follows the clock.
	createdTolerance = 2 * time.Second
	// exitGrace is how long a process may take to end after a signal.
	exitGrace = 5 * time.Second
	// exitPoll is how often a process is looked at when its exit is waited for.
	exitPoll = 100 * time.Millisecond
)

// processRecord identifies a process over time: a pid alone may be another
// process' by now.
type processRecord struct {
	Name string `json:"name"`
	PID  int    `json:"pid"`
	// Path is the binary as it was started.
	Path string `json:"path"`
	// Created is the start time in milliseconds since 1970.
	Created int64 `json:"created"`
}

// isOurs reports whether a command line is that of the binary, run for the data
// folder: all our processes have a flag with a path inside of it.
func isOurs(argv []string, path, dir string) bool {
	prefix := filepath.Clean(dir) + string(filepath.Separator)
	return len(argv) > 0 && argv[0] == path &&
		slices.ContainsFunc(argv[1:], func(arg string) bool { return strings.Contains(arg, prefix) })
}

// findChild finds the child of this process that runs the binary for the data
// folder. envtest does not tell the pid of what it starts.
func findChild(name, path, dir string) (processRecord, bool) {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return processRecord{}, false
	}
	children, err := self.Children()
	if err != nil {
		return processRecord{}, false
	}
	for _, child := range children {
		argv, err := child.CmdlineSlice()
		if err != nil || !isOurs(argv, path, dir) {
			continue
		}
		created, err := child.CreateTime()
		if err != nil {
			continue
		}
		return processRecord{Name: name, PID: int(child.Pid), Path: path, Created: created}, true
	}
	return processRecord{}, false
}

// aliveSince reports whether the process that started at created (milliseconds
// since 1970) still runs under this pid.
func aliveSince(pid int, created int64) bool {
	proc, err := process.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	now, err := proc.CreateTime()
	if err != nil || time.Duration(max(now-created, created-now))*time.Millisecond > createdTolerance {
		return false
	}
	status, err := proc.Status()
	return err != nil || !slices.Contains(status, process.Zombie)
}

// orphan returns the recorded process if it still runs, and really is the
// recorded binary working in the data folder.
func (r processRecord) orphan(dir string) (*process.Process, bool) {
	if !aliveSince(r.PID, r.Created) {
		return nil, false
	}
	proc, err := process.NewProcess(int32(r.PID))
	if err != nil {
		return nil, false
	}
	argv, err := proc.CmdlineSlice()
	return proc, err == nil && isOurs(argv, r.Path, dir)
}

// waitGone returns when the process has ended, or with an error after exitGrace.
func waitGone(ctx context.Context, r processRecord) error {
	return wait.PollUntilContextTimeout(ctx, exitPoll, exitGrace, true, func(context.Context) (bool, error) {
		return !aliveSince(r.PID, r.Created), nil
	})
}

// stopOrphan stops a process that an earlier instance left behind. One that it
// had paused is continued: only then it hears of the signal to end.
func stopOrphan(ctx context.Context, r processRecord, dir string) error {
	proc, ok := r.orphan(dir)
	if !ok {
		return nil
	}
	if err := errors.Join(proc.Terminate(), proc.Resume()); err == nil {
		if err := waitGone(ctx, r); err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if err := proc.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s (pid %d), left by an earlier run: %w", r.Name, r.PID, err)
	}
	if err := waitGone(ctx, r); err != nil {
		return fmt.Errorf("%s (pid %d), left by an earlier run, does not end: %w", r.Name, r.PID, err)
	}
	return nil
}
