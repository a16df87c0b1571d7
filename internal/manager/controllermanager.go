// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"net/http"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/nodelifecycle"
	"github.com/glassplane/glassplane/controllers/podgc"
	"github.com/glassplane/glassplane/controllers/simnode"
	"github.com/glassplane/glassplane/controllers/simpod"
	"github.com/glassplane/glassplane/controllers/simreplicaset"
	"github.com/glassplane/glassplane/controllers/walkthrough"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/version"
)

// TransitionsPath is where the controller manager's endpoint serves what the
// simulated kubelets did.
const TransitionsPath = "/transitions"

// NewControllerManager returns the component that runs simulated kubelets, node
// lifecycle, replica sets, pod garbage collection and the pods of Walkthroughs.
func NewControllerManager(opts Options) (*Component, error) {
	c, err := newComponent(ControllerManagerName, opts, cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&coordinationv1.Lease{}: {Namespaces: map[string]cache.Config{v1alpha1.NodeLeaseNamespace: {}}},
		},
	}, &v1alpha1.SimPod{}, &v1alpha1.SimNode{}, &v1alpha1.SimReplicaSet{}, &v1alpha1.Walkthrough{}, &coordinationv1.Lease{})
	if err != nil {
		return nil, err
	}
	if err := index.Register(context.Background(), c.manager.GetFieldIndexer()); err != nil {
		return nil, err
	}
	history := simpod.NewHistory(simpod.DefaultHistorySize)
	events := c.manager.GetEventRecorder(ControllerManagerName)
	for name, err := range map[string]error{
		"simpod":        simpod.SetupWithManager(c.manager, simpod.Options{Recorder: history}),
		"simnode":       simnode.SetupWithManager(c.manager, simnode.Options{KubeletVersion: version.UserAgent("glassplane-kubelet")}),
		"nodelifecycle": nodelifecycle.SetupWithManager(c.manager, nodelifecycle.Options{}),
		"podgc":         podgc.SetupWithManager(c.manager, podgc.Options{}),
		"simreplicaset": simreplicaset.SetupWithManager(c.manager, simreplicaset.Options{Events: events}),
		"walkthrough":   walkthrough.SetupWithManager(c.manager, walkthrough.Options{Events: events}),
	} {
		if err != nil {
			return nil, fmt.Errorf("setting up the controller %s: %w", name, err)
		}
	}
	return c, c.serve(opts, map[string]http.Handler{TransitionsPath: history})
}
