// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// Release is the end of a hold: the revision with which a gate was taken off a pod.
type Release struct {
	// Since is the first revision with the gate, By the first without it.
	Since, By *timeline.Revision
	// Gates are the names of what held the pod.
	Gates []string
}

// Ungated says when the last scheduling gate of the pod was taken off; nil where
// none was. A pod may be bound or deleted with that revision only.
func (s *Story) Ungated() *Release {
	return s.release(func(state timeline.State) []string {
		if !state.Gated {
			return nil
		}
		return gateNames(state)
	})
}

// StartUngated says the same of its start gate, from the bind on: before that there
// is nothing that it could hold.
func (s *Story) StartUngated() *Release {
	return s.release(func(state timeline.State) []string {
		if state.StartGate == "" || state.Node == "" {
			return nil
		}
		return []string{state.StartGate}
	})
}

// release finds the first revision after one with gates that has none.
func (s *Story) release(gates func(timeline.State) []string) *Release {
	var found *Release
	for _, r := range s.Revisions {
		switch names := gates(r.State); {
		case len(names) > 0 && found == nil:
			found = &Release{Since: r, Gates: names}
		case len(names) == 0 && found != nil && !r.State.Removed:
			found.By = r
			return found
		}
	}
	return nil
}

func gateNames(state timeline.State) []string {
	var names []string
	if state.Object != nil {
		for _, g := range state.Object.Spec.SchedulingGates {
			names = append(names, g.Name)
		}
	}
	return names
}

// startGateReason says what keeps the kubelet from accepting the pod; empty for
// nothing.
func startGateReason(now timeline.State) string {
	if now.StartGate == "" || now.Object != nil && now.Object.Status.StartTime != nil {
		return ""
	}
	return fmt.Sprintf("; the start gate %s keeps the kubelet from accepting it", prose.Clip(now.StartGate, prose.MaxValue))
}

func gates(now timeline.State) string {
	names := strings.Join(gateNames(now), ", ")
	if names == "" {
		names = "not recorded"
	}
	return prose.Clip(names, prose.MaxLine)
}
