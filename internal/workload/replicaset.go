// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Plan says how many pods to create, or which to delete.
type Plan struct {
	// Create is the number of pods to create.
	Create int
	// Wait is when pods that are missing may be created, where not now; else zero.
	Wait time.Time
	// Delete are the pods to delete, those to be deleted first first.
	Delete []*v1alpha1.SimPod
}

// PlanReplicas compares the active ones of the pods that are owned with the number
// that is wanted, as manageReplicas in
// k8s.io/kubernetes/pkg/controller/replicaset does, but creates pods more slowly
// the more of them have ended, see RestartAt. related is as for DeletionOrder.
func PlanReplicas(rs *v1alpha1.SimReplicaSet, owned, related []*v1alpha1.SimPod, now time.Time) Plan {
	if rs.DeletionTimestamp != nil {
		return Plan{}
	}
	var active []*v1alpha1.SimPod
	for _, pod := range owned {
		if Active(pod) {
			active = append(active, pod)
		}
	}
	surplus := len(active) - int(Replicas(rs))
	switch {
	case surplus < 0:
		if at := RestartAt(owned, int(Replicas(rs))); now.Before(at) {
			return Plan{Wait: at}
		}
		return Plan{Create: min(-surplus, BurstReplicas)}
	case surplus > 0:
		return Plan{Delete: DeletionOrder(active, related, now)[:min(surplus, BurstReplicas)]}
	}
	return Plan{}
}

// Replicas returns the number of pods that is wanted.
func Replicas(rs *v1alpha1.SimReplicaSet) int32 {
	if rs.Spec.Replicas == nil {
		return 1
	}
	return *rs.Spec.Replicas
}

// Status computes the status of a SimReplicaSet from the pods that it owns, as
// calculateStatus in k8s.io/kubernetes/pkg/controller/replicaset does, whether
// that is a change, and when a pod becomes available that is not yet; the zero
// time where there is none. manageErr is why creating or deleting pods failed.
func Status(rs *v1alpha1.SimReplicaSet, owned []*v1alpha1.SimPod, manageErr error, now time.Time) (v1alpha1.SimReplicaSetStatus, bool, time.Time) {
	status := *rs.Status.DeepCopy()
	status.ObservedGeneration = rs.Generation
	status.Replicas, status.FullyLabeledReplicas, status.ReadyReplicas = 0, 0, 0
	status.AvailableReplicas, status.TerminatingReplicas = 0, 0
	if selector, err := Selector(rs.Spec.Selector); err == nil {
		status.Selector = selector.String()
	}
	var next time.Time
	for _, pod := range owned {
		if Terminating(pod) {
			status.TerminatingReplicas++
		}
		if !Active(pod) {
			continue
		}
		status.Replicas++
		if FullyLabeled(&rs.Spec.Template, pod) {
			status.FullyLabeledReplicas++
		}
		at, ready := AvailableAt(pod, rs.Spec.MinReadySeconds)
		if !ready {
			continue
		}
		status.ReadyReplicas++
		switch {
		case rs.Spec.MinReadySeconds == 0 || !now.Before(at):
			status.AvailableReplicas++
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	reason := v1alpha1.ReasonFailedCreate
	if status.Replicas > Replicas(rs) {
		reason = v1alpha1.ReasonFailedDelete
	}
	SetReplicaFailure(&status.Conditions, rs.Generation, reason, manageErr, now)
	return status, !equality.Semantic.DeepEqual(status, rs.Status), next
}
