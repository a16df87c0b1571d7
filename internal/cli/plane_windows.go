// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
)

// onPlane runs something on the control plane that flags name: none can be started
// here.
func (c *whatIfRunCommand) onPlane(ctx context.Context, run func(lab.Plane) (experiment.Result, error)) (experiment.Result, error) {
	if c.clients.isExplicit() {
		return c.onRunning(ctx, run)
	}
	return experiment.Result{}, errors.New("no control plane can be started on Windows: name one that runs with --context")
}
