// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/glassplane/glassplane/internal/lab"
)

// onPlane takes the lesson on the control plane that flags name: none can be started
// here.
func (c *learnRunCommand) onPlane(ctx context.Context, run func(plane lab.Plane, kubectl string) error) error {
	if c.clients.isExplicit() {
		return c.onRunning(ctx, run)
	}
	return errors.New("no control plane can be started on Windows: name one that runs with --context")
}
