// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package daemonset

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

// Status counts nodes as updateDaemonSetStatus of
// k8s.io/kubernetes/pkg/controller/daemon does; of two pods on one node, the oldest
// counts. It also says whether that is a change, and when a pod becomes available
// that is not yet; the zero time where there is none.
func Status(f Facts, collisions *int32, failure Failure) (status v1alpha1.SimDaemonSetStatus, changed bool, next time.Time) {
	status = v1alpha1.SimDaemonSetStatus{
		ObservedGeneration: f.Set.Generation,
		CollisionCount:     collisions,
		Conditions:         f.Set.DeepCopy().Status.Conditions,
	}
	v := newView(f)
	for _, node := range v.nodes {
		switch {
		case !node.run && len(node.pods) > 0:
			status.NumberMisscheduled++
		case node.run:
			status.DesiredNumberScheduled++
		}
		if !node.run || len(node.pods) == 0 {
			continue
		}
		status.CurrentNumberScheduled++
		pod := node.pods[0]
		if v.updated(pod) {
			status.UpdatedNumberScheduled++
		}
		at, ready := workload.AvailableAt(pod, f.Set.Spec.MinReadySeconds)
		switch {
		case ready && v.available(pod):
			status.NumberReady++
			status.NumberAvailable++
		case ready:
			status.NumberReady++
			next = sooner(next, at)
		}
	}
	status.NumberUnavailable = status.DesiredNumberScheduled - status.NumberAvailable
	workload.SetReplicaFailure(&status.Conditions, f.Set.Generation, failure.Reason, failure.Err, f.Now)
	return status, !equality.Semantic.DeepEqual(status, f.Set.Status), next
}
