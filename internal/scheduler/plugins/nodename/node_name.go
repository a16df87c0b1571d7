// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodename keeps a pod that names a node off all others. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename.
package nodename

import (
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "NodeName"

// ErrReason is the reason of a node that the pod does not name.
const ErrReason = "node(s) didn't match the requested node name"

var (
	_ framework.PreFilterPlugin   = NodeName{}
	_ framework.FilterPlugin      = NodeName{}
	_ framework.EnqueueExtensions = NodeName{}

	rejected = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReason)
)

// NodeName rejects all nodes but the one in spec.nodeName.
type NodeName struct{}

// New returns the plugin.
func New() NodeName { return NodeName{} }

// Name implements framework.Plugin.
func (NodeName) Name() string { return Name }

// PreFilter implements framework.PreFilterPlugin.
func (NodeName) PreFilter(_ *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if name := pod.Pod.Spec.NodeName; name != "" {
		return &framework.PreFilterResult{NodeNames: sets.New(name)}, nil
	}
	return nil, nil
}

// Filter implements framework.FilterPlugin.
func (NodeName) Filter(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	if pod.Pod.Spec.NodeName == "" || pod.Pod.Spec.NodeName == node.Node().Name {
		return nil
	}
	return rejected
}

// EventsToRegister implements framework.EnqueueExtensions.
func (NodeName) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{Event: framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add}},
	}
}
