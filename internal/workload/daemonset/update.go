// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package daemonset

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// update replaces pods of a template before, within the bounds of the strategy. It
// is rollingUpdate of k8s.io/kubernetes/pkg/controller/daemon.
func (v view) update() Plan {
	surge, unavailable := v.bounds()
	if surge > 0 {
		return v.surge(surge)
	}
	return v.replace(unavailable)
}

// surges says whether a node may have two pods.
func (v view) surges() bool {
	rolling := v.Set.Spec.UpdateStrategy.RollingUpdate
	return v.Set.Spec.UpdateStrategy.Type != v1alpha1.OnDeleteSet && rolling != nil && scaled(rolling.MaxSurge, 1, 0) > 0
}

// bounds are on how many nodes there may be two pods, and none that is available.
func (v view) bounds() (surge, unavailable int) {
	desired := v.desired()
	unavailable = 1
	if rolling := v.Set.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		surge, unavailable = scaled(rolling.MaxSurge, desired, 0), scaled(rolling.MaxUnavailable, desired, 1)
	}
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// scaled is a number, or that percentage of the nodes, rounded up.
func scaled(value *intstr.IntOrString, nodes, missing int) int {
	if value == nil {
		return missing
	}
	out, err := intstr.GetScaledValueFromIntOrPercent(value, nodes, true)
	if err != nil {
		return missing // the schema lets nothing through that cannot be read
	}
	return out
}

func (v view) desired() (count int) {
	for _, node := range v.nodes {
		if node.run {
			count++
		}
	}
	return count
}

// considered are the nodes that should have a pod or have one.
func (v view) considered() (out []nodeView) {
	for _, node := range v.nodes {
		if node.run || len(node.pods) > 0 {
			out = append(out, node)
		}
	}
	return out
}

// pair finds the pods of the present template and of one before on a node; not ok
// where there are two of one: manage makes one of them.
func (v view) pair(node nodeView) (updated, before *v1alpha1.SimPod, ok bool) {
	for _, pod := range undeleted(node.pods) {
		slot := &before
		if v.updated(pod) {
			slot = &updated
		}
		if *slot != nil {
			return nil, nil, false
		}
		*slot = pod
	}
	return updated, before, true
}

// replace deletes old pods, and lets manage create new ones in their place. An old
// pod that is not available costs nothing to replace; of the others, so many are
// deleted that no more nodes than the bound are without one that is available.
func (v view) replace(unavailable int) Plan {
	var missing int
	var broken, candidates []*v1alpha1.SimPod
	for _, node := range v.considered() {
		updated, before, ok := v.pair(node)
		switch {
		case !ok, (updated == nil) == (before == nil):
			missing++ // manage will see to it
		case updated != nil:
			if !v.available(updated) {
				missing++
			}
		case !v.available(before):
			broken = append(broken, before)
			missing++
		default:
			candidates = append(candidates, before)
		}
	}
	room := min(max(unavailable-missing, 0), len(candidates))
	return Plan{Delete: append(broken, candidates[:room]...)}
}

// surge creates new pods beside old ones, and deletes an old one when the new one is
// available. An old pod that is not available gets its new one at once.
func (v view) surge(bound int) Plan {
	var plan Plan
	var surging, available int
	var candidates []string
	var unwanted []*v1alpha1.SimPod
	for _, node := range v.considered() {
		updated, before, ok := v.pair(node)
		if !ok {
			surging++
			continue
		}
		// Where there are two, the old one is the one that counts.
		if counts := firstOf(before, updated); counts != nil && v.available(counts) {
			available++
		}
		switch {
		case before == nil: // manage will see to it
		case updated != nil && v.available(updated):
			plan.Delete = append(plan.Delete, before)
		case updated != nil:
			surging++
		case !node.run && !v.available(before):
			plan.Delete = append(plan.Delete, before)
		case !node.run:
			unwanted = append(unwanted, before)
		case !v.available(before):
			plan.Create = append(plan.Create, node.name)
		default:
			candidates = append(candidates, node.name)
		}
	}
	// Where the nodes that should have a pod have changed, one leaves its old node
	// only when there is one in its place.
	plan.Delete = append(plan.Delete, unwanted[:min(max(available-v.desired(), 0), len(unwanted))]...)
	plan.Create = append(plan.Create, candidates[:min(max(bound-surging, 0), len(candidates))]...)
	return plan
}

func firstOf(a, b *v1alpha1.SimPod) *v1alpha1.SimPod {
	if a != nil {
		return a
	}
	return b
}
