// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package statefulset plans what a controller does to keep pods with fixed names in
// existence: which is created, replaced or deleted next, and what the status says.
// It is pure; the rules are those of k8s.io/kubernetes/pkg/controller/statefulset.
package statefulset

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Revision is a template that the set has or had.
type Revision struct {
	// Name is that of its ControllerRevision.
	Name     string
	Template *v1alpha1.SimPodTemplateSpec
}

// Facts are what a plan depends on.
type Facts struct {
	Set *v1alpha1.SimStatefulSet
	// Current is what pods below the partition are made of, Update the present
	// template. They are the same while nothing is being replaced.
	Current, Update Revision
	// Pods are those that the set owns, those that have ended or are being deleted too.
	Pods []*v1alpha1.SimPod
	// Backoff says for how long a pod that has ended is not to be deleted yet; nil for
	// never. Upstream knows no such pause, and a pod that ends at once keeps it busy.
	Backoff func(pod string) time.Duration
	Now     time.Time
}

// Plan is what to do, in the order of the fields.
type Plan struct {
	// Create are the pods to create, the lowest number first.
	Create []*v1alpha1.SimPod
	// Identify are pods that lack the labels that name them, see Identified.
	Identify []*v1alpha1.SimPod
	// Delete are the pods to delete.
	Delete []*v1alpha1.SimPod
	// Ended are those of them that have ended, and are to be created again.
	Ended []*v1alpha1.SimPod
	// Wake is when to plan again although nothing happened; zero for never.
	Wake time.Time
}

// NewPlan compares pods and ordinals. With OrderedReady there is at most one pod to
// create or to make room for, and nothing to do while one is not available; it is
// updateStatefulSet upstream.
func NewPlan(f Facts) Plan {
	if f.Set.DeletionTimestamp != nil {
		return Plan{}
	}
	v := newView(f)
	plan := &Plan{}
	goOn := v.fill(plan) && v.scaleDown(plan)
	if goOn && f.Set.Spec.UpdateStrategy.Type != v1alpha1.OnDeleteSet {
		v.update(plan)
	}
	return *plan
}

// view is the facts in the order in which they are asked for.
type view struct {
	Facts
	// replicas has a place for each ordinal that is wanted, with the pod that has it,
	// nil where there is none.
	replicas []*v1alpha1.SimPod
	// condemned are the pods with other ordinals, the highest first.
	condemned []*v1alpha1.SimPod
}

func newView(f Facts) view {
	v := view{Facts: f, replicas: make([]*v1alpha1.SimPod, Replicas(f.Set))}
	start := Start(f.Set)
	for _, pod := range f.Pods {
		switch ordinal, ok := Ordinal(f.Set, pod); {
		case !ok:
		case ordinal >= start && ordinal < start+len(v.replicas):
			v.replicas[ordinal-start] = pod
		default:
			v.condemned = append(v.condemned, pod)
		}
	}
	slices.SortFunc(v.condemned, func(a, b *v1alpha1.SimPod) int {
		left, _ := Ordinal(f.Set, a)
		right, _ := Ordinal(f.Set, b)
		return cmp.Compare(right, left)
	})
	return v
}

// Replicas returns the number of pods that is wanted.
func Replicas(set *v1alpha1.SimStatefulSet) int {
	if set.Spec.Replicas == nil {
		return 1
	}
	return int(*set.Spec.Replicas)
}

// Start is the number of the first pod.
func Start(set *v1alpha1.SimStatefulSet) int {
	if set.Spec.Ordinals == nil {
		return 0
	}
	return int(set.Spec.Ordinals.Start)
}

func (v view) ordered() bool {
	return v.Set.Spec.PodManagementPolicy != v1alpha1.ParallelPodManagement
}

// fill makes sure that there is a pod for each ordinal, and that it runs. It says
// whether there is more to do now: processReplica upstream, for all.
func (v view) fill(plan *Plan) bool {
	for i, pod := range v.replicas {
		ordinal := Start(v.Set) + i
		if pod == nil {
			plan.Create = append(plan.Create, newPod(v.Set, v.revisionFor(i), ordinal))
			if v.ordered() {
				return false
			}
			continue
		}
		if workload.Ended(pod) {
			v.replaceEnded(pod, plan)
			if v.ordered() {
				return false
			}
			continue
		}
		if v.ordered() && v.unavailable(pod) {
			v.wakeAt(pod, plan)
			return false
		}
		if !identified(pod) {
			plan.Identify = append(plan.Identify, pod)
		}
	}
	return true
}

// revisionFor is the template that a pod in that place is created of:
// newVersionedStatefulSetPod upstream.
func (v view) revisionFor(place int) Revision {
	strategy := v.Set.Spec.UpdateStrategy
	if strategy.Type != v1alpha1.OnDeleteSet && strategy.RollingUpdate != nil && place < int(strategy.RollingUpdate.Partition) {
		return v.Current
	}
	return v.Update
}

// replaceEnded deletes a pod that has ended, however it did, so that it is created
// again under its name once it is gone.
func (v view) replaceEnded(pod *v1alpha1.SimPod, plan *Plan) {
	if pod.DeletionTimestamp != nil {
		return
	}
	if v.Backoff != nil {
		if delay := v.Backoff(pod.Name); delay > 0 {
			plan.wake(v.Now.Add(delay))
			return
		}
	}
	plan.Delete = append(plan.Delete, pod)
	plan.Ended = append(plan.Ended, pod)
}

// scaleDown deletes pods that are not wanted, the highest number first. With
// OrderedReady one that is not available waits for the lower ones, unless it is the
// only such one: processCondemned upstream, for all.
func (v view) scaleDown(plan *Plan) bool {
	first := v.firstUnavailable()
	for _, pod := range v.condemned {
		if pod.DeletionTimestamp != nil {
			if v.ordered() {
				return false
			}
			continue
		}
		if v.ordered() && pod != first && (!v.running(pod) || !v.available(pod)) {
			v.wakeAt(pod, plan)
			return false
		}
		plan.Delete = append(plan.Delete, pod)
		if v.ordered() {
			return false
		}
	}
	return true
}

// firstUnavailable is the pod with the lowest number that is not available, where
// those that are wanted come before those that are not.
func (v view) firstUnavailable() *v1alpha1.SimPod {
	for _, pod := range v.replicas {
		if pod != nil && v.unavailable(pod) {
			return pod
		}
	}
	for i := len(v.condemned) - 1; i >= 0; i-- {
		if v.unavailable(v.condemned[i]) {
			return v.condemned[i]
		}
	}
	return nil
}

func (v view) running(pod *v1alpha1.SimPod) bool {
	return pod.Status.Phase == corev1.PodRunning && workload.Ready(pod)
}

func (v view) available(pod *v1alpha1.SimPod) bool {
	return workload.Available(pod, v.Set.Spec.MinReadySeconds, v.Now)
}

// unavailable is true of a pod that does not exist, too.
func (v view) unavailable(pod *v1alpha1.SimPod) bool {
	return pod == nil || pod.DeletionTimestamp != nil || !v.running(pod) || !v.available(pod)
}

// wakeAt notes when a pod that is ready becomes available.
func (v view) wakeAt(pod *v1alpha1.SimPod, plan *Plan) {
	if at, ready := workload.AvailableAt(pod, v.Set.Spec.MinReadySeconds); ready && at.After(v.Now) {
		plan.wake(at)
	}
}

func (p *Plan) wake(at time.Time) {
	if p.Wake.IsZero() || at.Before(p.Wake) {
		p.Wake = at
	}
}
