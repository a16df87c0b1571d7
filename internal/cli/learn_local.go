// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"errors"
	"fmt"
	"math"

	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/local"
)

// onPlane takes the lesson on the control plane that flags name, else on one that is
// started for it.
func (c *learnRunCommand) onPlane(ctx context.Context, run func(plane lab.Plane, kubectl string) error) (err error) {
	if c.clients.isExplicit() {
		return c.onRunning(ctx, run)
	}
	flags := &localFlags{verbose: c.verbose, needs: c.lesson.Needs, traceSampling: math.NaN()}
	cluster, err := startLocal(ctx, c.io, flags)
	if err != nil {
		return fmt.Errorf("starting a control plane for the lesson: %w", err)
	}
	defer func() {
		err = flags.stop(c.io, cluster, err)
		c.progress.tell("stopped; nothing is left behind")
	}()
	if !c.verbose {
		flags.logLevel.SetLevel(zapcore.FatalLevel) // what components say of what is broken on purpose
	}
	plane, err := cluster.Lab()
	if err != nil {
		return err
	}
	kubeconfig, err := c.kubeconfig(cluster)
	if err != nil {
		return err
	}
	plane.Trace = traceWith(newObserver(cluster.ObserverURL()))
	return errors.Join(run(plane, "export KUBECONFIG="+kubeconfig), cluster.Err())
}

// kubeconfig gives the control plane's own the namespace of the lesson: by it other
// commands find the observer, and it is removed with the control plane.
func (c *learnRunCommand) kubeconfig(cluster *local.Cluster) (string, error) {
	if err := cluster.WriteInstance(); err != nil {
		return "", err
	}
	path := cluster.KubeconfigPath()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	for _, each := range config.Contexts {
		each.Namespace = c.lesson.Namespace()
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("giving the kubeconfig the namespace of the lesson: %w", err)
	}
	return path, nil
}
