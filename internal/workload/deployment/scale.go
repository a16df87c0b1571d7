// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"math"
	"slices"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// scales says whether the deployment has been scaled since its sets were:
// isScalingEvent of upstream.
func (p *Plan) scales(d *v1alpha1.SimDeployment) bool {
	return slices.ContainsFunc(active(p.all()), func(set *v1alpha1.SimReplicaSet) bool {
		desired, ok := noted(set, DesiredReplicasAnnotation)
		return ok && desired != Replicas(d)
	})
}

// resize follows a change of replicas. In the midst of a rollout all sets change in
// proportion to their sizes, so that scaling does not hasten the rollout. It is
// scale of upstream.
func (p *Plan) resize(d *v1alpha1.SimDeployment) {
	if len(p.all()) == 0 {
		return
	}
	if set := p.onlyActive(); set != nil {
		// Forced, so that the new size is written down even if somebody has given it to
		// the set already: otherwise the deployment would count as scaled for ever.
		p.scale(d, set, Replicas(d), true)
		return
	}
	if p.saturated(d) {
		for _, set := range active(p.Old) {
			p.scale(d, set, 0, false)
		}
		return
	}
	if Rolling(d) {
		p.resizeInProportion(d)
	}
}

// onlyActive returns the only set that has pods, the newest where none has, nil
// where several have: FindActiveOrLatest of upstream.
func (p *Plan) onlyActive() *v1alpha1.SimReplicaSet {
	switch sets := active(p.all()); {
	case len(sets) == 1:
		return sets[0]
	case len(sets) > 1:
		return nil
	case p.Present != nil:
		return p.Present
	}
	return p.Old[len(p.Old)-1]
}

// saturated says whether the present set has all pods, and they are available:
// IsSaturated of upstream.
func (p *Plan) saturated(d *v1alpha1.SimDeployment) bool {
	if p.Present == nil {
		return false
	}
	desired, ok := noted(p.Present, DesiredReplicasAnnotation)
	return ok && desired == Replicas(d) && workload.Replicas(p.Present) == Replicas(d) && p.Present.Status.AvailableReplicas == Replicas(d)
}

func (p *Plan) resizeInProportion(d *v1alpha1.SimDeployment) {
	sets := active(p.all())
	allowed := int32(0)
	if Replicas(d) > 0 {
		surge, _ := Bounds(d)
		allowed = Replicas(d) + surge
	}
	toAdd := allowed - sum(sets, workload.Replicas)
	slices.SortFunc(sets, bySize(toAdd > 0))
	sizes, left := make([]int32, len(sets)), toAdd
	for i, set := range sets {
		share := proportion(d, set, toAdd, left)
		sizes[i] = workload.Replicas(set) + share
		left -= share
	}
	// What rounding leaves over goes to the largest.
	sizes[0] = max(0, sizes[0]+left)
	for i, set := range sets {
		p.scale(d, set, sizes[i], true)
	}
}

// proportion returns how much of what is to be added, or taken away, is for a set;
// left is what the sets before it have left. It is GetReplicaSetProportion of
// upstream.
func proportion(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet, toAdd, left int32) int32 {
	share := fraction(d, set)
	switch {
	case left == 0:
		return 0
	case toAdd > 0:
		return min(share, left)
	}
	return max(share, left)
}

// fraction returns by how much a set would change if all changed by one factor:
// getReplicaSetFraction of upstream.
func fraction(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet) int32 {
	size := workload.Replicas(set)
	if Replicas(d) == 0 {
		return -size
	}
	surge, _ := Bounds(d)
	before, ok := noted(set, MaxReplicasAnnotation)
	if !ok || before == 0 {
		// Somebody has removed the annotation: the present size has to do.
		if before = d.Status.Replicas; before == 0 {
			return 0
		}
	}
	return int32(math.Round(float64(size)*float64(Replicas(d)+surge)/float64(before))) - size
}
