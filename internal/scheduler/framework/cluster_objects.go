// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// DefaultSelectorSnapshot is a Snapshot that knows which pods belong together.
// PodTopologySpread asks it for the selector of its default constraints; on
// another Snapshot the default constraints apply to no pod.
type DefaultSelectorSnapshot interface {
	Snapshot
	// DefaultSelector selects the pods that belong together with the given one, as
	// MergeDefaultSelector says; nil where it belongs to nothing.
	DefaultSelector(pod *corev1.Pod) labels.Selector
}

// DefaultSelector returns what a DefaultSelectorSnapshot says; nil on another Snapshot.
func DefaultSelector(snapshot Snapshot, pod *corev1.Pod) labels.Selector {
	if s, ok := snapshot.(DefaultSelectorSnapshot); ok {
		return s.DefaultSelector(pod)
	}
	return nil
}

// MergeDefaultSelector returns the selector of the pods that belong together
// with a pod: those that have all labels that the services of its namespace
// select that select the pod too, and that its owner selects. services are the
// selectors of all services of the namespace; owner is the selector of the
// ReplicaSet or StatefulSet, real or simulated, that controls the pod, nil where
// none does. It mirrors DefaultSelector of k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper.
func MergeDefaultSelector(pod *corev1.Pod, services []labels.Set, owner labels.Selector) labels.Selector {
	merged := labels.Set{}
	for _, selector := range services {
		// A service without a selector matches nothing, not everything.
		if selector != nil && selector.AsSelectorPreValidated().Matches(labels.Set(pod.Labels)) {
			merged = labels.Merge(merged, selector)
		}
	}
	out := merged.AsSelector()
	if owner == nil {
		return out
	}
	if requirements, selectable := owner.Requirements(); selectable {
		out = out.Add(requirements...)
	}
	return out
}

// DisruptionBudgetSnapshot is a Snapshot that knows PodDisruptionBudgets. On
// another Snapshot preemption violates none.
type DisruptionBudgetSnapshot interface {
	Snapshot
	// DisruptionBudgets returns those of all namespaces, always in the same order.
	// They must not be changed.
	DisruptionBudgets() []*policyv1.PodDisruptionBudget
}

// DisruptionBudgets returns what a DisruptionBudgetSnapshot says; nil on another Snapshot.
func DisruptionBudgets(snapshot Snapshot) []*policyv1.PodDisruptionBudget {
	if s, ok := snapshot.(DisruptionBudgetSnapshot); ok {
		return s.DisruptionBudgets()
	}
	return nil
}

// CycleInput is what a cycle depends on beside the snapshot and the pod. Who
// runs the cycle writes it to the state before PostFilter plugins run; without
// it they work with the zero value.
type CycleInput struct {
	// Seed of random choices.
	Seed int64
	// Nominated holds the pods that wait for a node to be freed for them, by node.
	Nominated map[string][]*PodInfo
}

// Clone implements StateData.
func (c *CycleInput) Clone() StateData { return c }

var cycleInputKey = NewStateKey[*CycleInput]()

// SetInput keeps the cycle's input for plugins.
func (s *CycleState) SetInput(input *CycleInput) { cycleInputKey.Write(s, input) }

// Input returns the cycle's input. It is never nil and must not be changed.
func (s *CycleState) Input() *CycleInput {
	if input, ok := cycleInputKey.Read(s); ok {
		return input
	}
	return &CycleInput{}
}

// HostPortsOf returns the ports of its node that a pod uses. Queueing hints need
// it, for they see pods without a PodInfo.
func HostPortsOf(pod *corev1.Pod) []HostPort { return hostPorts(pod) }

// NewAffinityInfo returns a PodInfo that holds only the pod's terms of affinity
// and anti-affinity. Queueing hints need no more, and are called often.
func NewAffinityInfo(pod *corev1.Pod) *PodInfo {
	info := &PodInfo{Pod: pod}
	info.setAffinity()
	return info
}
