// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"slices"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Plan says which pods to create or to delete.
type Plan struct {
	// Create is the number of pods to create. Indexes are theirs, where the job is
	// indexed.
	Create  int
	Indexes []int
	// Delete are the pods to delete, those to be deleted first first.
	Delete []*v1alpha1.SimPod
	// Uncounted says that the end of the pods to delete is not to be counted: they
	// lose their tracking finalizer before. It is so where fewer are wanted, and not
	// where the job is over.
	Uncounted bool
}

// Untracked are pods that run without the tracking finalizer, so that their end
// would be lost. Somebody removed it, or this controller did to delete the pod and
// was killed before it could. They are to get it before the plan is executed.
func (p *Pass) Untracked() []*v1alpha1.SimPod {
	if p.job.DeletionTimestamp != nil || p.verdict != nil {
		return nil
	}
	var out []*v1alpha1.SimPod
	for _, pod := range p.active {
		if !Tracked(pod) {
			out = append(out, pod)
		}
	}
	return out
}

// Plan compares the pods that run with those that should, as manageJob in
// k8s.io/kubernetes/pkg/controller/job does.
func (p *Pass) Plan() Plan {
	switch {
	case p.verdict != nil:
		return Plan{Delete: p.active}
	case !p.facts.Settled || p.job.DeletionTimestamp != nil:
		return Plan{}
	}
	p.managed = true
	if p.job.Spec.Suspend {
		return Plan{Delete: p.removable(len(p.active)), Uncounted: true}
	}
	wanted := p.wanted()
	if surplus := p.removable(max(len(p.active)-wanted, 0)); len(surplus) > 0 {
		// As upstream, one pass either deletes or creates.
		return Plan{Delete: surplus[:min(len(surplus), MaxCreateDelete)], Uncounted: true}
	}
	return p.create(wanted)
}

// wanted is how many pods should run.
func (p *Pass) wanted() int {
	switch {
	case p.job.Spec.Completions != nil:
		return max(min(completions(p.job)-int(p.succeeded), parallelism(p.job)), 0)
	case p.succeeded > 0:
		// The first success decides; what runs goes on.
		return len(p.active)
	}
	return parallelism(p.job)
}

func (p *Pass) create(wanted int) Plan {
	missing := wanted - len(p.active)
	if replacesOnlyFailed(p.job) {
		missing -= int(p.status.Terminating)
	}
	if missing <= 0 {
		return Plan{}
	}
	if until := p.backoff.Until(); p.facts.Now.Before(until) {
		p.wakeAt(until)
		return Plan{}
	}
	missing = min(missing, MaxCreateDelete)
	if !isIndexed(p.job) {
		return Plan{Create: missing}
	}
	pending := p.pendingIndexes(missing)
	return Plan{Create: len(pending), Indexes: pending}
}

// pendingIndexes are the first indexes that have not succeeded and have no pod.
func (p *Pass) pendingIndexes(count int) []int {
	var taken []int
	for _, pod := range p.facts.Pods {
		runs := workload.Active(pod) || (replacesOnlyFailed(p.job) && workload.Terminating(pod))
		if index := indexOf(pod); runs && index != unknownIndex {
			taken = append(taken, index)
		}
	}
	return p.succeededIndexes.withAll(taken).missing(count, completions(p.job))
}

// removable are the pods to delete where at least a number has to go: of an
// indexed job all that have no index of the job, and all but one of each index;
// then those that lose the least. It is activePodsForRemoval in
// k8s.io/kubernetes/pkg/controller/job.
func (p *Pass) removable(atLeast int) []*v1alpha1.SimPod {
	// Upstream knows no related pods here: which node has more does not matter.
	left := workload.DeletionOrder(p.active, nil, p.facts.Now)
	var out []*v1alpha1.SimPod
	if isIndexed(p.job) {
		out, left = p.doubled(left)
	}
	if n := atLeast - len(out); n > 0 {
		out = append(out, left[:n]...)
	}
	return out
}

// doubled splits pods, in the order in which they are deleted, into those that
// have no index of the job or one that another one has, and the others.
func (p *Pass) doubled(pods []*v1alpha1.SimPod) (out, left []*v1alpha1.SimPod) {
	seen := make(map[int]bool, len(pods))
	for _, pod := range slices.Backward(pods) {
		index := indexOf(pod)
		if !p.valid(pod) || seen[index] {
			out = append(out, pod)
			continue
		}
		seen[index] = true
		left = append(left, pod)
	}
	slices.Reverse(out)
	slices.Reverse(left)
	return out, left
}
