// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"context"
	"fmt"
	"sync"

	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/manager"
)

// secondFor runs a second instance of a component beside the first. It has no endpoint,
// because the observer follows the first one's, and no supervisor: a Fault of the
// component is meant for the first, so that one can be broken and the other not.
func (c *Cluster) secondFor(ctx context.Context, name string) (lab.Heal, error) {
	if name != "scheduler" {
		return nil, fmt.Errorf("there is no second %q: only a second scheduler can be run", name)
	}
	config, err := c.componentConfig(manager.SchedulerName)
	if err != nil {
		return nil, err
	}
	second, err := manager.NewScheduler(manager.Options{
		Config: config, SchedulerProfiles: c.opts.SchedulerProfiles, LeaderElection: c.opts.LeaderElection, Log: c.opts.Log,
	})
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		err := second.Start(running)
		if running.Err() != nil { // it was asked to end
			err = nil
		}
		ended <- err
		cancel(fmt.Errorf("the second %s has ended: %w", manager.SchedulerName, err))
	}()
	end := sync.OnceValue(func() error {
		cancel(nil)
		return <-ended
	})
	heal := func(context.Context) error { return end() }
	starting, stop := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("a second %s was not ready after %s", manager.SchedulerName, readyTimeout))
	defer stop()
	defer context.AfterFunc(running, stop)()
	if err := second.WaitForReady(starting); err != nil {
		return heal, err
	}
	return heal, nil
}
