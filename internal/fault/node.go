// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"slices"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// NodeEffect is what is broken of a node. The zero value is nothing.
type NodeEffect struct {
	// CrashedBy names the fault that has the node switched off; empty where none has.
	CrashedBy string
	// CutOff says that nothing reaches the API server from the node, nor the other
	// way round.
	CutOff bool
	// Delay is how late its kubelet does what it does with its pods.
	Delay time.Duration
	// LeaseDelay is how late it renews its Lease.
	LeaseDelay time.Duration
	// Until is when one of the faults ends by itself; zero where none does.
	Until time.Time
}

// OnNode returns what is broken of a node at a time. Of several delays the
// longest counts.
func OnNode(faults []v1alpha1.Fault, node *v1alpha1.SimNode, now time.Time) NodeEffect {
	var effect NodeEffect
	var h horizon
	for i := range faults {
		f := &faults[i]
		if !HitsNode(f, node) || !h.take(f, now) {
			continue
		}
		switch f.Spec.Type {
		case v1alpha1.FaultNodeCrash:
			if effect.CrashedBy == "" || f.Name < effect.CrashedBy {
				effect.CrashedBy = f.Name
			}
		case v1alpha1.FaultNodePartition:
			effect.CutOff = true
		case v1alpha1.FaultNodeSlow:
			effect.Delay = max(effect.Delay, delayOf(f))
		case v1alpha1.FaultLeaseDelay:
			effect.LeaseDelay = max(effect.LeaseDelay, delayOf(f))
		}
	}
	effect.Until = h.until
	return effect
}

// HitsNode says whether a fault is meant for the node, in effect or not.
func HitsNode(f *v1alpha1.Fault, node *v1alpha1.SimNode) bool {
	target := f.Spec.Target.Nodes
	if target == nil {
		return false
	}
	if len(target.Names) > 0 {
		return slices.Contains(target.Names, node.Name)
	}
	return target.Selector != nil && matches(target.Selector, node.Labels)
}
