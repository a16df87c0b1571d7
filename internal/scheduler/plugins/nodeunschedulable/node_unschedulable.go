// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodeunschedulable keeps pods off cordoned nodes. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeunschedulable.
package nodeunschedulable

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/tolerations"
)

// Name of the plugin.
const Name = "NodeUnschedulable"

// ErrReasonUnschedulable is the reason of a cordoned node.
const ErrReasonUnschedulable = "node(s) were unschedulable"

var (
	_ framework.FilterPlugin      = NodeUnschedulable{}
	_ framework.EnqueueExtensions = NodeUnschedulable{}

	rejected = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonUnschedulable)
)

// NodeUnschedulable rejects nodes with spec.unschedulable, unless the pod
// tolerates the taint that stands for it.
type NodeUnschedulable struct{}

// New returns the plugin.
func New() NodeUnschedulable { return NodeUnschedulable{} }

// Name implements framework.Plugin.
func (NodeUnschedulable) Name() string { return Name }

// Filter implements framework.FilterPlugin.
func (NodeUnschedulable) Filter(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	if !node.Node().Spec.Unschedulable || toleratesUnschedulable(pod.Pod) {
		return nil
	}
	return rejected
}

func toleratesUnschedulable(pod *corev1.Pod) bool {
	return tolerations.Tolerate(pod.Spec.Tolerations, &corev1.Taint{
		Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule,
	})
}

// EventsToRegister implements framework.EnqueueExtensions.
func (NodeUnschedulable) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event:          framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add | framework.UpdateNodeTaint},
			QueueingHintFn: afterNodeChange,
		},
		{
			Event:          framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodToleration},
			QueueingHintFn: afterTolerationChange,
		},
	}
}

// afterNodeChange queues when a node became schedulable.
func afterNodeChange(_ *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if after != nil && !after.Spec.Unschedulable && (before == nil || before.Spec.Unschedulable) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}

func afterTolerationChange(_ *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	_, after, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if after != nil && toleratesUnschedulable(after) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}
