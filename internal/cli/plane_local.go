// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/substrate"
)

// onPlane runs something on the control plane that flags name, else on one that is
// started for it.
func (c *whatIfRunCommand) onPlane(ctx context.Context, run func(lab.Plane) (experiment.Result, error)) (result experiment.Result, err error) {
	if c.clients.isExplicit() {
		return c.onRunning(ctx, run)
	}
	cluster, flags, err := c.start(ctx)
	if err != nil {
		return result, err
	}
	defer func() {
		err = flags.stop(c.io, cluster, err)
		c.progress.tell("stopped; nothing is left behind")
	}()
	plane, err := cluster.Lab()
	if err != nil {
		return result, err
	}
	plane.Trace = traceWith(newObserver(cluster.ObserverURL()))
	result, err = run(plane)
	if ended := cluster.Err(); ended != nil {
		err = errors.Join(err, ended)
	}
	return result, err
}

// start starts a control plane without nodes: an experiment makes its own.
func (c *whatIfRunCommand) start(ctx context.Context) (*local.Cluster, *localFlags, error) {
	assets, err := substrate.FindAssets(c.io.Env)
	if err != nil {
		return nil, nil, err
	}
	flags := &localFlags{verbose: c.verbose}
	logger, level := newLogger(c.io.ErrOut, c.verbose)
	flags.logLevel = level
	options := local.Options{Assets: assets, Log: logger, Progress: c.progress.tell, LeaderElection: c.experiment.Needs.LeaderElection}
	if d := c.experiment.Needs.NodeMonitorGracePeriod; d != nil {
		options.NodeMonitorGracePeriod = d.Duration
	}
	cluster, err := local.Start(ctx, options)
	if err != nil {
		return nil, nil, fmt.Errorf("starting a control plane for the experiment: %w", err)
	}
	if !c.verbose {
		level.SetLevel(zapcore.FatalLevel) // what components say of what is broken on purpose
	}
	return cluster, flags, nil
}
