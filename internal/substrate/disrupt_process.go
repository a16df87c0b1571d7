// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import "context"

// pausedProcess does not run, and has not ended.
type pausedProcess struct{ component *component }

func (l *Local) injectPause(_ context.Context, c *component, _ Disruption) (breakage, error) {
	return pausedProcess{c}, c.pause()
}

func (p pausedProcess) heal(context.Context) error { return p.component.resume() }

func (p pausedProcess) release() { _ = p.component.resume() }

// endedProcess was ended and is started again.
type endedProcess struct{ component *component }

func (l *Local) injectStop(_ context.Context, c *component, _ Disruption) (breakage, error) {
	return endedProcess{c}, c.Stop()
}

func (l *Local) injectKill(_ context.Context, c *component, _ Disruption) (breakage, error) {
	return endedProcess{c}, c.crash()
}

func (p endedProcess) heal(ctx context.Context) error { return p.component.Start(ctx) }

func (p endedProcess) release() {}
