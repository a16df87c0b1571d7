// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// State is what has become of a pod since it was decided about.
type State struct {
	// Outcome is Deleted, Terminating, Succeeded or Failed.
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
	p := &Priority{Value: decided, Class: pod.Spec.PriorityClassName}
	if pod.Spec.Priority != nil {
		p.Value, p.Stored = *pod.Spec.Priority, true
	}
	return p
}
