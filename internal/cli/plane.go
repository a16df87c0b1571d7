// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
)

// labPlane is the control plane that an experiment or a lesson is done to.
type labPlane struct {
	io       IO
	clients  *clients
	progress *progress
	verbose  bool
	// what it is for, such as "the experiment", and what that needs of one that is started.
	what  string
	needs experiment.Needs
	// traceSampling is how many of all requests one that is started traces.
	traceSampling float64
}

// ownPlane is a control plane that was started for what is done to it.
type ownPlane interface {
	// WriteInstance makes it known to other commands on this machine.
	WriteInstance() error
	// KubeconfigPath is its own kubeconfig, which is removed with it.
	KubeconfigPath() string
}

// do runs something on the control plane that flags name, else on one that is started
// for it and removed afterwards; own is nil for the former.
func (p *labPlane) do(ctx context.Context, run func(plane lab.Plane, own ownPlane) error) error {
	if p.clients.isExplicit() {
		return p.onRunning(ctx, func(plane lab.Plane) error { return run(plane, nil) })
	}
	return p.onOwn(ctx, run)
}
