// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/glassplane/glassplane/internal/lab"
)

// onOwn fails: no control plane can be started here.
func (p *labPlane) onOwn(context.Context, func(plane lab.Plane, own ownPlane) error) error {
	return errors.New("no control plane can be started on Windows: name one that runs with --context")
}
