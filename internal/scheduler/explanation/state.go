// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"cmp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// State is what has become of a pod since it was decided about.
type State struct {
	// Outcome is Deleted, Terminating, Succeeded or Failed; of a real pod on a node
	// Running.
	Outcome explain.Outcome `json:"outcome"`
	// Reason says by whom and why, and what keeps a pod that is marked for deletion.
	Reason string `json:"reason,omitempty"`
}

// StateOf reads the state from the trace of the pod's creation; nil where the pod
// waits or runs, or where that is not known. Both commands, walk and explain, so
// say the same.
func StateOf(t explain.Trace) *State {
	switch t.Outcome {
	case explain.OutcomeDeleted, explain.OutcomeTerminating, explain.OutcomeSucceeded, explain.OutcomeFailed:
		return &State{Outcome: t.Outcome, Reason: t.Reason}
	}
	return nil
}

// RealStateOf says what has become of a real pod; nil where it waits for a node.
func RealStateOf(pod *corev1.Pod) *State {
	on := ""
	if pod.Spec.NodeName != "" {
		on = "on node " + pod.Spec.NodeName
	}
	switch {
	case pod.Status.Phase == corev1.PodSucceeded:
		return &State{Outcome: explain.OutcomeSucceeded, Reason: "it ran " + on + " and has ended; it takes no room"}
	case pod.Status.Phase == corev1.PodFailed:
		return &State{Outcome: explain.OutcomeFailed, Reason: strings.TrimSpace(cmp.Or(pod.Status.Reason, "its containers failed") + " " + on)}
	case pod.DeletionTimestamp != nil:
		return &State{Outcome: explain.OutcomeTerminating, Reason: strings.TrimSpace(
			"deleted at " + pod.DeletionTimestamp.UTC().Format(time.RFC3339) + " " + on)}
	case on == "":
		return nil
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionTrue {
			on += " since " + c.LastTransitionTime.UTC().Format(time.RFC3339)
		}
	}
	return &State{Outcome: explain.OutcomeRunning, Reason: on}
}

// Priority is what a pod's priority is and where it comes from.
type Priority struct {
	Value int32 `json:"value"`
	// Class is the PriorityClass that the pod names; empty where it names none.
	Class string `json:"class,omitempty"`
	// Stored is true where it is in spec.priority, so that nothing changes it.
	Stored bool `json:"stored"`
}

// PriorityOf returns the priority that is stored in a pod, or else the one that
// it was or would be decided with.
func PriorityOf(pod *v1alpha1.SimPod, decided int32) *Priority {
	return priorityOf(pod.Spec.PriorityClassName, pod.Spec.Priority, decided)
}

// RealPriorityOf is PriorityOf for a real pod.
func RealPriorityOf(pod *corev1.Pod, decided int32) *Priority {
	return priorityOf(pod.Spec.PriorityClassName, pod.Spec.Priority, decided)
}

func priorityOf(class string, stored *int32, decided int32) *Priority {
	p := &Priority{Value: decided, Class: class}
	if stored != nil {
		p.Value, p.Stored = *stored, true
	}
	return p
}
