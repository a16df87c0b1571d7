// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/fault"
	"github.com/glassplane/glassplane/controllers/forcedeletion"
	"github.com/glassplane/glassplane/controllers/nodelifecycle"
	"github.com/glassplane/glassplane/controllers/podgc"
	"github.com/glassplane/glassplane/controllers/simdaemonset"
	"github.com/glassplane/glassplane/controllers/simdeployment"
	"github.com/glassplane/glassplane/controllers/simjob"
	"github.com/glassplane/glassplane/controllers/simnode"
	"github.com/glassplane/glassplane/controllers/simnodepool"
	"github.com/glassplane/glassplane/controllers/simpod"
	"github.com/glassplane/glassplane/controllers/simreplicaset"
	"github.com/glassplane/glassplane/controllers/simstatefulset"
	"github.com/glassplane/glassplane/controllers/walkthrough"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/version"
)

// TransitionsPath is where the controller manager's endpoint serves what the
// simulated kubelets did.
const TransitionsPath = "/transitions"

// transitionLimits bound the transitions that are kept for those who follow them.
var transitionLimits = feed.Limits{Items: 50_000, Bytes: 64 << 20}

// DefaultTerminatedPodThreshold is what Options.TerminatedPodThreshold is where
// nobody says otherwise.
const DefaultTerminatedPodThreshold = podgc.DefaultTerminatedPodThreshold

// setup adds a controller to a manager.
type setup func(ctrl.Manager) error

// NewControllerManager returns the component that runs simulated kubelets, node
// lifecycle, workloads, node pools, pod garbage collection and the pods of
// Walkthroughs.
// The controllers are chosen as kube-controller-manager's --controllers does:
// "*" for all, a name for one, "-name" to leave one out; nil for all.
func NewControllerManager(opts Options, controllers []string) (*Component, error) {
	c, err := newComponent(ControllerManagerName, opts, cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&coordinationv1.Lease{}: {Namespaces: map[string]cache.Config{v1alpha1.NodeLeaseNamespace: {}}},
			// Those of real workloads are of no use here, and there may be many.
			&appsv1.ControllerRevision{}: {Label: index.RevisionsOfWorkloads()},
		},
	}, &v1alpha1.SimPod{}, &v1alpha1.SimNode{}, &v1alpha1.SimReplicaSet{}, &v1alpha1.SimDeployment{}, &v1alpha1.SimDaemonSet{},
		&v1alpha1.SimStatefulSet{}, &v1alpha1.SimJob{}, &v1alpha1.SimNodePool{}, &v1alpha1.Walkthrough{}, &v1alpha1.Fault{}, &coordinationv1.Lease{}, &appsv1.ControllerRevision{})
	if err != nil {
		return nil, err
	}
	if err := index.Register(context.Background(), c.manager.GetFieldIndexer()); err != nil {
		return nil, err
	}
	transitions := feed.NewStore[evidence.Transition](transitionLimits)
	events := c.manager.GetEventRecorder(ControllerManagerName)
	all := map[string]setup{
		"simpod": func(m ctrl.Manager) error {
			return simpod.SetupWithManager(m, simpod.Options{Recorder: transitions, Events: events})
		},
		"simnode": func(m ctrl.Manager) error {
			return simnode.SetupWithManager(m, simnode.Options{KubeletVersion: version.UserAgent("glassplane-kubelet"), Events: events})
		},
		"nodelifecycle": func(m ctrl.Manager) error {
			return nodelifecycle.SetupWithManager(m, nodelifecycle.Options{Events: events, GracePeriod: opts.NodeMonitorGracePeriod})
		},
		"podgc": func(m ctrl.Manager) error {
			return podgc.SetupWithManager(m, podgc.Options{TerminatedPodThreshold: opts.TerminatedPodThreshold})
		},
		"simdeployment": func(m ctrl.Manager) error {
			return simdeployment.SetupWithManager(m, simdeployment.Options{Events: events})
		},
		"simreplicaset": func(m ctrl.Manager) error {
			return simreplicaset.SetupWithManager(m, simreplicaset.Options{Events: events})
		},
		"fault": func(m ctrl.Manager) error {
			return fault.SetupWithManager(m, fault.Options{Events: events})
		},
		"simdaemonset": func(m ctrl.Manager) error {
			return simdaemonset.SetupWithManager(m, simdaemonset.Options{Events: events})
		},
		"simstatefulset": func(m ctrl.Manager) error {
			return simstatefulset.SetupWithManager(m, simstatefulset.Options{Events: events})
		},
		"simjob": func(m ctrl.Manager) error {
			return simjob.SetupWithManager(m, simjob.Options{Events: events})
		},
		"simnodepool": func(m ctrl.Manager) error {
			return simnodepool.SetupWithManager(m, simnodepool.Options{Events: events})
		},
		"walkthrough": func(m ctrl.Manager) error {
			return walkthrough.SetupWithManager(m, walkthrough.Options{Events: events})
		},
	}
	if c.hooks != nil {
		all["forcedeletion"] = func(m ctrl.Manager) error {
			return forcedeletion.SetupWithManager(m, forcedeletion.Options{Recorder: transitions})
		}
	}
	c.Controllers = slices.Sorted(maps.Keys(all))
	chosen, err := choose(c.Controllers, controllers)
	if err != nil {
		return nil, err
	}
	c.Disabled = without(c.Controllers, chosen)
	for _, name := range without(chosen, opts.Broken.Without) {
		if err := all[name](c.manager); err != nil {
			return nil, fmt.Errorf("setting up the controller %s: %w", name, err)
		}
	}
	return c, c.serve(opts, map[string]http.Handler{TransitionsPath: transitions})
}

// without returns the names that are not of the others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

// choose returns the names that the selection wants. It mirrors
// IsControllerEnabled of k8s.io/controller-manager/app.
func choose(all, selection []string) ([]string, error) {
	if selection == nil {
		return all, nil
	}
	for _, name := range selection {
		if plain := strings.TrimPrefix(name, "-"); name != "*" && !slices.Contains(all, plain) {
			return nil, fmt.Errorf("unknown controller %q: must be of %s, or *", plain, strings.Join(all, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		switch {
		case slices.Contains(selection, name):
			return false
		case slices.Contains(selection, "-"+name):
			return true
		default:
			return !slices.Contains(selection, "*")
		}
	}), nil
}
