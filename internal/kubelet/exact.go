// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Exact returns the status to give to Next for a pod whose stored status is
// stored, where written is the status that Next returned before and that was
// written: written, if that is what is stored, else stored.
//
// The API keeps whole seconds of times. A delay of half a second that is counted
// from a stored time would be over up to a second too early; counted from the
// time that was written it is exact. A caller that has lost what it wrote loses
// no more than that fraction of a second.
func Exact(stored v1alpha1.SimPodStatus, written *v1alpha1.SimPodStatus) v1alpha1.SimPodStatus {
	if written == nil {
		return stored
	}
	if whole := wholeSeconds(*written.DeepCopy()); !equality.Semantic.DeepEqual(whole, stored) {
		return stored
	}
	return *written.DeepCopy()
}

// wholeSeconds cuts every time of the status to whole seconds, in place.
func wholeSeconds(status v1alpha1.SimPodStatus) v1alpha1.SimPodStatus {
	if status.StartTime != nil {
		cut(status.StartTime)
	}
	for i := range status.Conditions {
		cut(&status.Conditions[i].LastTransitionTime)
	}
	for c := range containers(&status) {
		if c.State.Running != nil {
			cut(&c.State.Running.StartedAt)
		}
		if c.State.Terminated != nil {
			cut(&c.State.Terminated.StartedAt)
			cut(&c.State.Terminated.FinishedAt)
		}
		if c.LastState.Terminated != nil {
			cut(&c.LastState.Terminated.StartedAt)
			cut(&c.LastState.Terminated.FinishedAt)
		}
	}
	return status
}

// Cut as encoding does: RFC 3339 without fractions.
func cut(t *metav1.Time) { t.Time = t.Truncate(time.Second) }
