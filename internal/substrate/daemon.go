// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// daemon runs a process that envtest does not know, as envtest runs those that
// it knows. Start and Stop are called in turn, never at once.
type daemon struct {
	path string
	args []string
	out  io.Writer
	// ready reports whether the process has come as far as it should.
	ready func() bool

	startTimeout, stopTimeout time.Duration

	cmd  *exec.Cmd
	done chan struct{}
}

// errExitedEarly is returned by Start when the process ends by itself.
var errExitedEarly = errors.New("it ended before it was ready")

// Start starts the process and returns when it is ready. On error the process
// may still run: Stop it.
func (d *daemon) Start() error {
	cmd := exec.Command(d.path, d.args...)
	cmd.Stdout, cmd.Stderr = d.out, d.out
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return err
	}
	d.cmd, d.done = cmd, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		_ = cmd.Wait()
	}(d.done)

	timeout := time.After(d.startTimeout)
	tick := time.NewTicker(exitPoll)
	defer tick.Stop()
	for !d.ready() {
		select {
		case <-d.done:
			return fmt.Errorf("%w: %s", errExitedEarly, cmd.ProcessState)
		case <-timeout:
			return fmt.Errorf("it was not ready after %s", d.startTimeout)
		case <-tick.C:
		}
	}
	return nil
}

// Stop ends the process, by force if it takes too long, and waits for its end.
func (d *daemon) Stop() error {
	if d.cmd == nil {
		return nil
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-d.done:
		return nil
	case <-time.After(d.stopTimeout):
	}
	if err := d.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-d.done
	return nil
}

// answers returns what reports whether a URL answers 200. Each time it connects
// anew: nothing stays open to a process that ends.
func answers(client *http.Client, url string) func() bool {
	return func() bool {
		defer client.CloseIdleConnections()
		response, err := client.Get(url)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<10))
		return response.StatusCode == http.StatusOK
	}
}
