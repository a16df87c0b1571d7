// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// defaultBound is that of maxSurge and maxUnavailable in apps/v1.
var defaultBound = intstr.FromString("25%")

// Replicas returns the number of pods that is wanted.
func Replicas(d *v1alpha1.SimDeployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

// Rolling says whether pods are replaced step by step.
func Rolling(d *v1alpha1.SimDeployment) bool {
	return d.Spec.Strategy.Type != v1alpha1.RecreateStrategy
}

// Bounds returns how many pods more, and how many available ones fewer, than
// desired there may be. Percentages are rounded up for maxSurge and down for
// maxUnavailable; where both come to 0, one pod may be unavailable, or nothing could
// be replaced. It is ResolveFenceposts with MaxSurge and MaxUnavailable of upstream.
func Bounds(d *v1alpha1.SimDeployment) (maxSurge, maxUnavailable int32) {
	if !Rolling(d) {
		return 0, 0
	}
	surge, unavailable := &defaultBound, &defaultBound
	if r := d.Spec.Strategy.RollingUpdate; r != nil {
		surge, unavailable = intstr.ValueOrDefault(r.MaxSurge, defaultBound), intstr.ValueOrDefault(r.MaxUnavailable, defaultBound)
	}
	replicas := int(Replicas(d))
	// The schema lets nothing in that is neither a number nor a percentage.
	s, _ := intstr.GetScaledValueFromIntOrPercent(surge, replicas, true)
	u, _ := intstr.GetScaledValueFromIntOrPercent(unavailable, replicas, false)
	if s == 0 && u == 0 {
		u = 1
	}
	return int32(s), int32(min(u, replicas))
}

// observed says whether the controller of the set has seen its last change. One
// that is being deleted is not scaled any more.
func observed(set *v1alpha1.SimReplicaSet) bool {
	return set.DeletionTimestamp != nil || set.Status.ObservedGeneration >= set.Generation
}

// existing returns how many pods a set has or will have, whichever is more: those
// that it is about to delete are still there.
func existing(set *v1alpha1.SimReplicaSet) int32 {
	return max(workload.Replicas(set), set.Status.Replicas)
}

// available returns how many pods of a set are available and stay: which of them
// it is about to delete is not known.
func available(set *v1alpha1.SimReplicaSet) int32 {
	return min(workload.Replicas(set), set.Status.AvailableReplicas)
}

func sum(sets []*v1alpha1.SimReplicaSet, of func(*v1alpha1.SimReplicaSet) int32) (total int32) {
	for _, set := range sets {
		total += of(set)
	}
	return total
}
