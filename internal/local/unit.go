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

	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/substrate"
)

// readyTimeout is how long a component may take to fill its caches.
const readyTimeout = 30 * time.Second

// component is a Unit that runs in this process. Each start builds it anew,
// because a manager runs only once.
type component struct {
	name  string
	build func(context.Context) (*manager.Component, error)
	// ready is called once the component is ready; nil for nothing to do then.
	ready func(context.Context, *manager.Component) error
	// failed is told of an end that was not asked for.
	failed func(error)

	mu      sync.Mutex
	cancel  context.CancelFunc // nil while it does not run
	stopped chan struct{}
}

var _ substrate.Unit = (*component)(nil)

// Start builds and starts the component, and returns when it is ready.
func (c *component) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs() {
		return nil
	}
	built, err := c.build(ctx)
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	c.cancel, c.stopped = cancel, make(chan struct{})
	go c.run(running, built, c.stopped)
	if err := c.waitForReady(ctx, built); err != nil {
		c.stop()
		return err
	}
	return nil
}

// run returns when the component has ended.
func (c *component) run(ctx context.Context, built *manager.Component, stopped chan struct{}) {
	defer close(stopped)
	if err := built.Start(ctx); err != nil {
		c.failed(err)
	} else if ctx.Err() == nil {
		c.failed(fmt.Errorf("%s ended unexpectedly", c.name))
	}
}

// waitForReady returns once the component is ready, or an error as soon as it has
// ended.
func (c *component) waitForReady(ctx context.Context, built *manager.Component) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("%s was not ready after %s", c.name, readyTimeout))
	defer cancel()
	go func() {
		select {
		case <-c.stopped:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := built.WaitForReady(ctx); err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	if c.ready == nil {
		return nil
	}
	return c.ready(ctx, built)
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
