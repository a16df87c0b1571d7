// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"fmt"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler"
	"github.com/glassplane/glassplane/internal/scheduler/config"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// DecisionsPath is where the scheduler's endpoint serves its decisions.
const DecisionsPath = "/decisions"

// QueuePath is where it serves the state of its queue.
const QueuePath = "/queue"

// decisionNodes is how many nodes' verdicts a decision holds.
const decisionNodes = 20

// ReadSchedulerConfig reads the scheduler's configuration file; no path means
// the default plugins. Errors name the file and the field.
func ReadSchedulerConfig(path string) ([]*framework.Profile, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the scheduler's configuration: %w", err)
	}
	profiles, err := config.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("scheduler's configuration %s: %w", path, err)
	}
	return profiles, nil
}

// NewScheduler returns the component that binds pods to nodes.
func NewScheduler(opts Options) (*Component, error) {
	c, err := newComponent(SchedulerName, opts, cache.Options{},
		&v1alpha1.SimPod{}, &v1alpha1.SimNode{}, &v1alpha1.SimReplicaSet{}, &v1alpha1.SimStatefulSet{}, &corev1.Namespace{}, &corev1.Service{},
		&schedulingv1.PriorityClass{}, &policyv1.PodDisruptionBudget{})
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
		Registerer: registererOf(opts),
		Profiles:   opts.SchedulerProfiles,
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
	return c, c.serve(opts, map[string]http.Handler{DecisionsPath: s.Decisions(), QueuePath: s.QueueHandler()})
}

// registererOf takes a component's metrics where it serves them. A process may run
// a second instance that serves nothing.
func registererOf(opts Options) prometheus.Registerer {
	if orDisabled(opts.EndpointAddress) == disabled {
		return nil
	}
	return metrics.Registry
}
