// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"github.com/glassplane/glassplane/internal/lab"
)

// onOwn starts a control plane without nodes: what is done to it makes its own.
func (p *labPlane) onOwn(ctx context.Context, run func(plane lab.Plane, own ownPlane) error) (err error) {
	flags := &localFlags{verbose: p.verbose, needs: p.needs, traceSampling: p.traceSampling}
	cluster, err := startLocal(ctx, p.io, flags)
	if err != nil {
		return fmt.Errorf("starting a control plane for %s: %w", p.what, err)
	}
	defer func() {
		err = flags.stop(p.io, cluster, err)
		p.progress.tell("stopped; nothing is left behind")
	}()
	if !p.verbose {
		flags.logLevel.SetLevel(zapcore.FatalLevel) // what components say of what is broken on purpose
	}
	plane, err := cluster.Lab()
	if err != nil {
		return err
	}
	plane.Trace = traceWith(newObserver(cluster.ObserverURL()))
	return errors.Join(run(plane, cluster), cluster.Err())
}
