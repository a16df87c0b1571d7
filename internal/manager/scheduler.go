// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"fmt"
	"net/http"
	"os"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler"
)

// DecisionsPath is where the scheduler's endpoint serves its decisions.
const DecisionsPath = "/decisions"

// decisionNodes is how many nodes' verdicts a decision holds.
const decisionNodes = 20

// NewScheduler returns the component that binds pods to nodes.
func NewScheduler(opts Options) (*Component, error) {
	c, err := newComponent(SchedulerName, opts, cache.Options{}, &v1alpha1.SimPod{}, &v1alpha1.SimNode{})
	if err != nil {
		return nil, err
	}
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding the name of this host: %w", err)
	}
	s, err := scheduler.New(scheduler.Options{
		Client:     c.manager.GetClient(),
		Cache:      c.manager.GetCache(),
		Instance:   SchedulerName + "-" + hostname,
		Registerer: metrics.Registry,
		Log:        opts.Log.WithName(SchedulerName),
		// Every verdict is encoded for, and kept by, the observer. The best nodes
		// and some of each kind of rejection are enough to explain a decision.
		DecisionNodes: decisionNodes,
	})
	if err != nil {
		return nil, fmt.Errorf("building the scheduler: %w", err)
	}
	if err := c.manager.Add(s); err != nil {
		return nil, err
	}
	return c, c.serve(opts, map[string]http.Handler{DecisionsPath: s.DecisionsHandler()})
}
