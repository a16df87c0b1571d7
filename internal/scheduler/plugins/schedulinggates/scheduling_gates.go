// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schedulinggates keeps pods with scheduling gates from being tried. It
// mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/schedulinggates.
package schedulinggates

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "SchedulingGates"

var (
	_ framework.PreEnqueuePlugin  = SchedulingGates{}
	_ framework.EnqueueExtensions = SchedulingGates{}
)

// SchedulingGates rejects pods while spec.schedulingGates is not empty.
type SchedulingGates struct{}

// New returns the plugin.
func New() SchedulingGates { return SchedulingGates{} }

// Name implements framework.Plugin.
func (SchedulingGates) Name() string { return Name }

// PreEnqueue implements framework.PreEnqueuePlugin.
func (SchedulingGates) PreEnqueue(pod *corev1.Pod) *framework.Status {
	if len(pod.Spec.SchedulingGates) == 0 {
		return nil
	}
	names := make([]string, len(pod.Spec.SchedulingGates))
	for i, gate := range pod.Spec.SchedulingGates {
		names[i] = gate.Name
	}
	return framework.NewStatus(framework.UnschedulableAndUnresolvable, fmt.Sprintf("waiting for scheduling gates: %v", names))
}

// EventsToRegister implements framework.EnqueueExtensions.
func (SchedulingGates) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{{
		Event: framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodSchedulingGatesEliminated},
	}}
}
