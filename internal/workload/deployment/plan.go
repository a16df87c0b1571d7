// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// State is what a pass over a deployment knows.
type State struct {
	Deployment *v1alpha1.SimDeployment
	// Sets are those that the deployment controls. They are not changed.
	Sets []*v1alpha1.SimReplicaSet
	Now  time.Time
}

// Update is a change of a set.
type Update struct {
	Before, After *v1alpha1.SimReplicaSet
}

// Plan is what a pass does. Where one write fails, those after it are to be left
// out: they may depend on it.
type Plan struct {
	// Present is the set of the present template as it is to be, Old are the others;
	// nil where there is none.
	Present *v1alpha1.SimReplicaSet
	Old     []*v1alpha1.SimReplicaSet
	// Create says that Present does not exist yet.
	Create bool
	// Update are the changes of sets that exist, in their order.
	Update []Update
	// Delete are sets of templates that nobody can go back to any more.
	Delete []*v1alpha1.SimReplicaSet
	// Rollout says that the pass is about replacing pods, and not about scaling or
	// ending: whether that makes progress is then to be said.
	Rollout bool
}

// Next plans the next step. It mirrors syncDeployment of upstream.
func Next(s State) (Plan, error) {
	p := newPlan(s)
	d := s.Deployment
	scales := p.scales(d)
	p.Rollout = d.DeletionTimestamp == nil && !d.Spec.Paused && !scales
	if d.DeletionTimestamp != nil || slices.ContainsFunc(s.Sets, func(set *v1alpha1.SimReplicaSet) bool { return !observed(set) }) {
		return p, nil
	}
	p.syncPresent(d)
	var err error
	switch {
	case d.Spec.Paused:
		p.resize(d)
		p.cleanUp(d)
	case scales:
		p.resize(d)
	case Rolling(d):
		err = p.roll(d)
	default:
		err = p.recreate(d)
	}
	p.compare(s.Sets)
	return p, err
}

// newPlan returns one with copies of the sets, which are changed and compared in
// the end.
func newPlan(s State) Plan {
	present, old := Split(s.Deployment, s.Sets)
	p := Plan{Present: present.DeepCopy()}
	for _, set := range old {
		p.Old = append(p.Old, set.DeepCopy())
	}
	return p
}

func (p *Plan) compare(before []*v1alpha1.SimReplicaSet) {
	for _, after := range p.all() {
		i := slices.IndexFunc(before, func(set *v1alpha1.SimReplicaSet) bool { return set.Name == after.Name })
		if i >= 0 && !equality.Semantic.DeepEqual(before[i], after) {
			p.Update = append(p.Update, Update{Before: before[i], After: after})
		}
	}
}

// all are the sets of all templates; those that are to be deleted too.
func (p *Plan) all() []*v1alpha1.SimReplicaSet {
	if p.Present == nil {
		return slices.Clone(p.Old)
	}
	return append(slices.Clone(p.Old), p.Present)
}

func active(sets []*v1alpha1.SimReplicaSet) (out []*v1alpha1.SimReplicaSet) {
	for _, set := range sets {
		if workload.Replicas(set) > 0 {
			out = append(out, set)
		}
	}
	return out
}

// syncPresent gives the set of the present template the highest revision, and what
// else of the deployment it must follow.
func (p *Plan) syncPresent(d *v1alpha1.SimDeployment) {
	if p.Present == nil {
		return
	}
	annotate(d, p.Present, latestRevision(p.Old)+1)
	p.Present.Spec.MinReadySeconds = d.Spec.MinReadySeconds
}

// create adds the set of the present template where there is none.
func (p *Plan) create(d *v1alpha1.SimDeployment) error {
	if p.Present != nil {
		return nil
	}
	set, err := newSet(d)
	if err != nil {
		return err
	}
	p.Present, p.Create = set, true
	set.Spec.Replicas = new(p.presentReplicas(d))
	annotate(d, set, latestRevision(p.Old)+1)
	noteReplicas(d, set)
	return nil
}

// scale changes the size of a set. Where forced it writes down for which size of
// the deployment, even if the set's stays. It is scaleReplicaSet of upstream.
func (p *Plan) scale(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet, replicas int32, forced bool) (scaled bool) {
	scaled = workload.Replicas(set) != replicas
	if !scaled && !forced {
		return false
	}
	set.Spec.Replicas = &replicas
	noteReplicas(d, set)
	return scaled
}

// cleanUp deletes the oldest sets that have no pods any more, beyond
// revisionHistoryLimit: cleanupDeployment of upstream.
func (p *Plan) cleanUp(d *v1alpha1.SimDeployment) {
	if d.Spec.RevisionHistoryLimit == nil {
		return
	}
	var kept []*v1alpha1.SimReplicaSet
	for _, set := range p.Old {
		if set.DeletionTimestamp == nil {
			kept = append(kept, set)
		}
	}
	slices.SortFunc(kept, ByRevision)
	for _, set := range kept[:max(0, len(kept)-int(*d.Spec.RevisionHistoryLimit))] {
		if set.Status.Replicas == 0 && workload.Replicas(set) == 0 && observed(set) {
			p.Delete = append(p.Delete, set)
		}
	}
}
