// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodeports keeps pods off nodes where a host port that they use is
// taken. It mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeports.
package nodeports

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "NodePorts"

// ErrReason is the reason of a node where a port is taken.
const ErrReason = "node(s) didn't have free ports for the requested pod ports"

var (
	_ framework.PreFilterPlugin   = NodePorts{}
	_ framework.FilterPlugin      = NodePorts{}
	_ framework.BlamePlugin       = NodePorts{}
	_ framework.EnqueueExtensions = NodePorts{}

	rejected = framework.NewStatus(framework.Unschedulable, ErrReason)
)

// NodePorts rejects nodes where another pod uses one of the pod's host ports.
type NodePorts struct{}

// New returns the plugin.
func New() NodePorts { return NodePorts{} }

// Name implements framework.Plugin.
func (NodePorts) Name() string { return Name }

// PreFilter implements framework.PreFilterPlugin: a pod without host ports fits
// everywhere.
func (NodePorts) PreFilter(_ *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if len(pod.HostPorts) == 0 {
		return nil, framework.NewStatus(framework.Skip)
	}
	return nil, nil
}

// Filter implements framework.FilterPlugin. It mirrors fitsPorts.
func (NodePorts) Filter(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	if conflict(pod.HostPorts, node.UsedPorts) {
		return rejected
	}
	return nil
}

// Blame implements framework.BlamePlugin: the pods that have one of the ports.
func (NodePorts) Blame(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []*framework.PodInfo {
	var out []*framework.PodInfo
	for _, other := range node.Pods {
		if len(out) == evidence.MaxBlamed {
			break
		}
		if conflict(pod.HostPorts, portsOf(other.HostPorts)) {
			out = append(out, other)
		}
	}
	return out
}

func portsOf(list []framework.HostPort) framework.HostPorts {
	out := make(framework.HostPorts, len(list))
	for _, port := range list {
		out[port]++
	}
	return out
}

func conflict(wanted []framework.HostPort, used framework.HostPorts) bool {
	for _, port := range wanted {
		if used.Conflicts(port) {
			return true
		}
	}
	return false
}

// EventsToRegister implements framework.EnqueueExtensions.
func (NodePorts) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event:          framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.Delete},
			QueueingHintFn: afterPodDelete,
		},
		{Event: framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add}},
	}
}

// afterPodDelete queues when the deleted pod had one of the pod's ports. It
// mirrors isSchedulableAfterAssignedPodDeleted.
func afterPodDelete(pod *corev1.Pod, oldObj, _ any) (framework.QueueingHint, error) {
	deleted, _, err := framework.As[*corev1.Pod](oldObj, nil)
	if err != nil || deleted == nil {
		return framework.Queue, err
	}
	if deleted.Spec.NodeName == "" && deleted.Status.NominatedNodeName == "" {
		return framework.QueueSkip, nil
	}
	if conflict(framework.HostPortsOf(pod), portsOf(framework.HostPortsOf(deleted))) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}
