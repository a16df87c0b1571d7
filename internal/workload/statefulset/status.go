// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package statefulset

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Failure is why pods could not be created or deleted.
type Failure struct {
	// Reason is FailedCreate or FailedDelete.
	Reason string
	// Err is nil where nothing failed.
	Err error
}

// Status counts pods as computeReplicaStatus of
// k8s.io/kubernetes/pkg/controller/statefulset does: those that have ended or are
// being deleted are replicas too. It also says whether that is a change, and when a
// pod becomes available that is not yet; the zero time where there is none.
func Status(f Facts, collisions *int32, failure Failure) (status v1alpha1.SimStatefulSetStatus, changed bool, next time.Time) {
	status = v1alpha1.SimStatefulSetStatus{
		ObservedGeneration: f.Set.Generation,
		CurrentRevision:    f.Current.Name,
		UpdateRevision:     f.Update.Name,
		CollisionCount:     collisions,
		Conditions:         f.Set.DeepCopy().Status.Conditions,
	}
	if selector, err := workload.Selector(f.Set.Spec.Selector); err == nil {
		status.Selector = selector.String()
	}
	v := newView(f)
	for _, pod := range append(v.condemned, v.replicas...) {
		if pod == nil {
			continue
		}
		v.count(&status, pod)
		if at, ready := workload.AvailableAt(pod, f.Set.Spec.MinReadySeconds); ready && at.After(f.Now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if complete(f.Set, &status) {
		status.CurrentRevision, status.CurrentReplicas = status.UpdateRevision, status.UpdatedReplicas
	}
	workload.SetReplicaFailure(&status.Conditions, f.Set.Generation, failure.Reason, failure.Err, f.Now)
	return status, !equality.Semantic.DeepEqual(status, f.Set.Status), next
}

func (v view) count(status *v1alpha1.SimStatefulSetStatus, pod *v1alpha1.SimPod) {
	status.Replicas++
	if v.running(pod) {
		status.ReadyReplicas++
		if v.available(pod) {
			status.AvailableReplicas++
		}
	}
	if pod.DeletionTimestamp != nil {
		return
	}
	if RevisionOf(pod) == v.Current.Name {
		status.CurrentReplicas++
	}
	if RevisionOf(pod) == v.Update.Name {
		status.UpdatedReplicas++
	}
}
