// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/substrate"
)

// readyTimeout is how long a component may take to fill its caches.
const readyTimeout = 30 * time.Second

// component is a Unit that runs in this process, under a supervisor: a Fault may
// have stopped it while the Unit runs.
type component struct {
	name      string
	supervise func(name string) (*manager.Supervisor, error)
	// elects says that it leads by a Lease: one that has lost it ends, and is started
	// again, as a kubelet does with its container.
	elects bool
	// failed is told of an end that was not asked for.
	failed func(error)

	mu      sync.Mutex
	cancel  context.CancelFunc // nil while it does not run
	stopped chan struct{}
}

var _ substrate.Unit = (*component)(nil)

type (
	buildFunc func(context.Context, manager.Broken) (*manager.Component, error)
	readyFunc func(context.Context, *manager.Component) error
)

// supervisor returns how to make the supervisor of a component that is built so.
func (c *Cluster) supervisor(build buildFunc, ready readyFunc) func(name string) (*manager.Supervisor, error) {
	return func(name string) (*manager.Supervisor, error) {
		config, err := c.componentConfig(name)
		if err != nil {
			return nil, err
		}
		toucher, err := c.componentConfig(v1alpha1.FaultAccount)
		if err != nil {
			return nil, err
		}
		return manager.NewSupervisor(manager.SupervisorOptions{
			Name: name, Config: config, Toucher: toucher, Build: build, Ready: ready, LeaderElection: c.elects(name), Log: c.opts.Log,
		})
	}
}

// elects says whether a component leads by a Lease.
func (c *Cluster) elects(name string) bool {
	return c.opts.LeaderElection && name == manager.SchedulerName
}

// Start starts the component, and returns when it is ready or a Fault keeps it
// stopped.
func (c *component) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs() {
		return nil
	}
	supervisor, err := c.supervise(c.name)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	c.cancel, c.stopped = cancel, make(chan struct{})
	ended := make(chan error, 1)
	go c.run(running, supervisor, c.stopped, ended)
	if err := c.waitForReady(ctx, supervisor, ended); err != nil {
		c.stop()
		return err
	}
	return nil
}

// run returns when the component has ended.
func (c *component) run(ctx context.Context, supervisor *manager.Supervisor, stopped chan<- struct{}, ended chan<- error) {
	defer close(stopped)
	err := supervisor.Start(ctx)
	for c.elects && errors.Is(err, manager.ErrLeaseLost) && ctx.Err() == nil {
		if supervisor, err = c.supervise(c.name); err == nil {
			err = supervisor.Start(ctx)
		}
	}
	if err != nil {
		ended <- err
		c.failed(err)
	}
}

// waitForReady returns once the component is ready, or an error as soon as it has
// ended.
func (c *component) waitForReady(ctx context.Context, supervisor *manager.Supervisor, ended <-chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("%s was not ready after %s", c.name, readyTimeout))
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- supervisor.WaitForReady(ctx) }()
	select {
	case err := <-ended:
		return err
	case err := <-ready:
		return err
	}
}

// runs says whether the component runs; one that ended by itself does not.
func (c *component) runs() bool {
	if c.cancel == nil {
		return false
	}
	select {
	case <-c.stopped:
		return false
	default:
		return true
	}
}

// Stop ends the component and returns when it has ended.
func (c *component) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	return nil
}

func (c *component) stop() {
	if c.cancel == nil {
		return
	}
	c.cancel()
	<-c.stopped
	c.cancel = nil
}

// Unit returns a component by its name, or a process of the control plane by the
// name of its binary.
func (c *Cluster) Unit(name string) (substrate.Unit, error) {
	for _, unit := range c.components {
		if unit.name == name {
			return unit, nil
		}
	}
	return c.Local.Unit(name)
}
