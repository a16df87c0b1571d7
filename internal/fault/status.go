// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Words of a Fault's summary.
const (
	SummaryPending  = "Pending"
	SummaryActive   = "Active"
	SummaryNoTarget = "NoTarget"
	SummaryEnded    = "Ended"
)

// Finding is what whom a fault is meant for found out about it.
type Finding struct {
	// Targets are the names of what is hit, in any order.
	Targets []string
	// Done says that what is to be broken is: a component that is to stop has
	// stopped. Until then the fault is pending.
	Done bool
	// Reason and Message say why the fault hits nothing, or waits. Message may be
	// left out where the fault hits something.
	Reason, Message string
}

// Status returns the status that a fault is to have, given what was found about
// it, and whether that is a change. A fault that is being deleted keeps its status:
// what was broken is healed, and the object goes.
func Status(f *v1alpha1.Fault, found Finding, now time.Time) (v1alpha1.FaultStatus, bool) {
	status := *f.Status.DeepCopy()
	if f.DeletionTimestamp != nil {
		return status, false
	}
	status.ObservedGeneration = f.Generation
	status.EndsAt = nil
	if end, ends := Ends(f); ends {
		status.EndsAt = wholeSeconds(end)
	}
	active := condition(f, found, now)
	if active.Reason != v1alpha1.ReasonDurationElapsed {
		status.Targets, status.TargetCount = first(found.Targets)
	}
	switch {
	case active.Status == metav1.ConditionTrue:
		status.Summary = SummaryActive
		if status.StartedAt == nil {
			status.StartedAt = wholeSeconds(now)
		}
	case active.Reason == v1alpha1.ReasonDurationElapsed:
		status.Summary = SummaryEnded
	case active.Reason == v1alpha1.ReasonPending:
		status.Summary = SummaryPending
	default:
		status.Summary = SummaryNoTarget
	}
	meta.SetStatusCondition(&status.Conditions, active)
	return status, !equality.Semantic.DeepEqual(status, f.Status)
}

func condition(f *v1alpha1.Fault, found Finding, now time.Time) metav1.Condition {
	c := metav1.Condition{
		Type: v1alpha1.FaultActive, Status: metav1.ConditionFalse, ObservedGeneration: f.Generation,
		LastTransitionTime: metav1.Time{Time: now}, Reason: found.Reason, Message: found.Message,
	}
	switch {
	case !InEffect(f, now):
		c.Reason, c.Message = v1alpha1.ReasonDurationElapsed, fmt.Sprintf("ended by itself after %s", f.Spec.Duration.Duration)
		if f.Status.StartedAt == nil {
			c.Message += ", and hit nothing"
		}
	case len(found.Targets) == 0:
	case !found.Done:
		c.Reason = v1alpha1.ReasonPending
	default:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonInEffect
		if c.Message == "" {
			c.Message = fmt.Sprintf("hits %d of what it is meant for", len(found.Targets))
		}
	}
	return c
}

// Active says whether the status of a fault says that it breaks something.
func Active(status *v1alpha1.FaultStatus) bool {
	return meta.IsStatusConditionTrue(status.Conditions, v1alpha1.FaultActive)
}

// Wake returns when the status of a fault has to be looked at again because its
// duration ends; zero where there is no such time.
func Wake(f *v1alpha1.Fault, now time.Time) time.Time {
	if end, ends := Ends(f); ends && now.Before(end) {
		return end
	}
	return time.Time{}
}

// wholeSeconds is the time as the API keeps it.
func wholeSeconds(t time.Time) *metav1.Time { return &metav1.Time{Time: t.Truncate(time.Second)} }
