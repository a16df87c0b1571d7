// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"fmt"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
	"github.com/glassplane/glassplane/internal/workload"
)

// Outcome is what came of a plan.
type Outcome struct {
	// Created says that the set of the present template was created, and did not
	// exist before.
	Created bool
	// Collision says that its name belongs to another template.
	Collision bool
	// Err is why it could not be created for another reason; nil where it could.
	Err error
}

// Complete says whether all pods are of the present template and available, and no
// others exist: DeploymentComplete of upstream.
func Complete(d *v1alpha1.SimDeployment, status *v1alpha1.SimDeploymentStatus) bool {
	wanted := Replicas(d)
	return status.UpdatedReplicas == wanted && status.Replicas == wanted && status.AvailableReplicas == wanted &&
		status.ObservedGeneration >= d.Generation
}

// Status computes the status after a plan was carried out, whether that is a change,
// and when it is to be computed again without an event; the zero time for never.
func Status(s State, p Plan, o Outcome) (v1alpha1.SimDeploymentStatus, bool, time.Time) {
	r := reporter{State: s, Plan: p, status: *s.Deployment.Status.DeepCopy()}
	r.reportPause()
	r.reportSet(o)
	before := r.status
	r.count(o)
	r.reportAvailable()
	if p.Rollout {
		if o.Err == nil {
			r.reportProgress(&before)
		}
		r.reportReplicaFailure()
	}
	for i := range r.status.Conditions {
		r.status.Conditions[i].ObservedGeneration = r.Deployment.Generation
	}
	return r.status, !equality.Semantic.DeepEqual(r.status, s.Deployment.Status), r.deadline()
}

// reporter computes a status.
type reporter struct {
	State
	Plan
	status v1alpha1.SimDeploymentStatus
}

// hasDeadline says whether somebody wants to know of a lack of progress.
func (r *reporter) hasDeadline() bool {
	d := r.Deployment.Spec.ProgressDeadlineSeconds
	return d != nil && *d != math.MaxInt32
}

// reason is why the condition Progressing has its status; empty where there is none.
func (r *reporter) reason() string {
	if c := meta.FindStatusCondition(r.status.Conditions, v1alpha1.SimDeploymentProgressing); c != nil {
		return c.Reason
	}
	return ""
}

// set sets a condition, if its status or its reason changes, and says whether it
// did: SetDeploymentCondition of upstream.
func (r *reporter) set(kind string, status metav1.ConditionStatus, reason, message string) bool {
	c := meta.FindStatusCondition(r.status.Conditions, kind)
	if c != nil && c.Status == status && c.Reason == reason {
		return false
	}
	r.replace(kind, status, reason, message)
	return true
}

func (r *reporter) replace(kind string, status metav1.ConditionStatus, reason, message string) {
	conditions.Set(&r.status.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: r.now(),
	})
}

// now is the time as it is stored: in whole seconds.
func (r *reporter) now() metav1.Time { return metav1.Time{Time: r.Now.Truncate(time.Second)} }

// progress sets the condition Progressing. A change is progress by itself: from then
// on the deadline counts.
func (r *reporter) progress(status metav1.ConditionStatus, reason, message string) {
	if r.set(v1alpha1.SimDeploymentProgressing, status, reason, message) {
		r.status.LastProgressTime = new(r.now())
	}
}

// reportPause is checkPausedConditions of upstream: a pause is no lack of progress.
func (r *reporter) reportPause() {
	d := r.Deployment
	reason := r.reason()
	if !r.hasDeadline() || d.DeletionTimestamp != nil || reason == v1alpha1.ReasonProgressDeadlineExceeded {
		return
	}
	switch isPaused := reason == v1alpha1.ReasonDeploymentPaused; {
	case d.Spec.Paused && !isPaused:
		r.progress(metav1.ConditionUnknown, v1alpha1.ReasonDeploymentPaused, "SimDeployment is paused")
	case !d.Spec.Paused && isPaused:
		r.progress(metav1.ConditionUnknown, v1alpha1.ReasonDeploymentResumed, "SimDeployment is resumed")
	}
}

// reportSet says what became of the set of the present template: the conditions of
// getNewReplicaSet of upstream.
func (r *reporter) reportSet(o Outcome) {
	if o.Collision {
		count := int32(1)
		if c := r.status.CollisionCount; c != nil {
			count = *c + 1
		}
		r.status.CollisionCount = &count
	}
	if !r.hasDeadline() || r.Present == nil {
		return
	}
	switch {
	case o.Err != nil:
		r.progress(metav1.ConditionFalse, v1alpha1.ReasonReplicaSetCreateError,
			fmt.Sprintf("Failed to create new replica set %q: %v", r.Present.Name, o.Err))
	case o.Created:
		r.progress(metav1.ConditionTrue, v1alpha1.ReasonNewReplicaSetCreated, fmt.Sprintf("Created new replica set %q", r.Present.Name))
	case !r.Create && r.reason() == "" && r.Deployment.DeletionTimestamp == nil:
		r.progress(metav1.ConditionTrue, v1alpha1.ReasonFoundNewReplicaSet, fmt.Sprintf("Found new replica set %q", r.Present.Name))
	}
}

// count is calculateStatus of upstream.
func (r *reporter) count(o Outcome) {
	sets := r.all()
	if r.Create && !o.Created {
		sets = r.Old
	}
	s := &r.status
	s.ObservedGeneration = r.Deployment.Generation
	s.Replicas = sum(sets, func(set *v1alpha1.SimReplicaSet) int32 { return set.Status.Replicas })
	s.ReadyReplicas = sum(sets, func(set *v1alpha1.SimReplicaSet) int32 { return set.Status.ReadyReplicas })
	s.AvailableReplicas = sum(sets, func(set *v1alpha1.SimReplicaSet) int32 { return set.Status.AvailableReplicas })
	s.TerminatingReplicas = sum(sets, func(set *v1alpha1.SimReplicaSet) int32 { return set.Status.TerminatingReplicas })
	s.UnavailableReplicas = max(0, sum(sets, workload.Replicas)-s.AvailableReplicas)
	s.UpdatedReplicas = 0
	if r.Present != nil {
		s.UpdatedReplicas = r.Present.Status.Replicas
	}
	if selector, err := workload.Selector(r.Deployment.Spec.Selector); err == nil {
		s.Selector = selector.String()
	}
}

func (r *reporter) reportAvailable() {
	_, unavailable := Bounds(r.Deployment)
	if r.status.AvailableReplicas >= Replicas(r.Deployment)-unavailable {
		r.set(v1alpha1.SimDeploymentAvailable, metav1.ConditionTrue, v1alpha1.ReasonMinimumReplicasAvailable, "SimDeployment has minimum availability.")
		return
	}
	r.set(v1alpha1.SimDeploymentAvailable, metav1.ConditionFalse, v1alpha1.ReasonMinimumReplicasUnavailable, "SimDeployment does not have minimum availability.")
}

// reportProgress is syncRolloutStatus of upstream; before is the status that was
// last reported.
func (r *reporter) reportProgress(before *v1alpha1.SimDeploymentStatus) {
	if !r.hasDeadline() {
		meta.RemoveStatusCondition(&r.status.Conditions, v1alpha1.SimDeploymentProgressing)
		return
	}
	if r.status.Replicas == r.status.UpdatedReplicas && r.reason() == v1alpha1.ReasonNewReplicaSetAvailable {
		return // the rollout is over; pods that come and go are not its progress
	}
	what := fmt.Sprintf("SimDeployment %q", r.Deployment.Name)
	if r.Present != nil {
		what = fmt.Sprintf("SimReplicaSet %q", r.Present.Name)
	}
	switch {
	case Complete(r.Deployment, &r.status):
		r.progress(metav1.ConditionTrue, v1alpha1.ReasonNewReplicaSetAvailable, what+" has successfully progressed.")
	case progressed(before, &r.status):
		r.replace(v1alpha1.SimDeploymentProgressing, metav1.ConditionTrue, v1alpha1.ReasonReplicaSetUpdated, what+" is progressing.")
		r.status.LastProgressTime = new(r.now())
	case r.timedOut():
		// The deadline is over; when it began to count must stay known.
		r.set(v1alpha1.SimDeploymentProgressing, metav1.ConditionFalse, v1alpha1.ReasonProgressDeadlineExceeded, what+" has timed out progressing.")
	}
}

// progressed is DeploymentProgressing of upstream: there are more pods of the
// present template, fewer of others, or more that are ready or available.
func progressed(before, now *v1alpha1.SimDeploymentStatus) bool {
	return now.UpdatedReplicas > before.UpdatedReplicas ||
		now.Replicas-now.UpdatedReplicas < before.Replicas-before.UpdatedReplicas ||
		now.ReadyReplicas > before.ReadyReplicas || now.AvailableReplicas > before.AvailableReplicas
}

// timedOut is DeploymentTimedOut of upstream.
func (r *reporter) timedOut() bool {
	at := r.deadline()
	return r.reason() == v1alpha1.ReasonProgressDeadlineExceeded || !at.IsZero() && !r.Now.Before(at)
}

// deadline returns when a rollout is too late that makes no progress; the zero time
// where none is under way.
func (r *reporter) deadline() time.Time {
	reason, since := r.reason(), r.status.LastProgressTime
	switch {
	case !r.hasDeadline() || since == nil || reason == "" || !r.Rollout:
		return time.Time{}
	case reason == v1alpha1.ReasonNewReplicaSetAvailable || reason == v1alpha1.ReasonProgressDeadlineExceeded:
		return time.Time{}
	}
	// The time of progress is stored in whole seconds, so it may have been almost a
	// second later.
	return since.Add(time.Duration(*r.Deployment.Spec.ProgressDeadlineSeconds)*time.Second + time.Second)
}

// reportReplicaFailure says which set cannot create or delete pods, that of the
// present template first: getReplicaFailures of upstream.
func (r *reporter) reportReplicaFailure() {
	sets := r.Old
	if r.Present != nil {
		sets = append([]*v1alpha1.SimReplicaSet{r.Present}, sets...)
	}
	for _, set := range sets {
		if c := meta.FindStatusCondition(set.Status.Conditions, v1alpha1.SimReplicaSetReplicaFailure); c != nil {
			r.set(v1alpha1.SimDeploymentReplicaFailure, c.Status, c.Reason, c.Message)
			return
		}
	}
	meta.RemoveStatusCondition(&r.status.Conditions, v1alpha1.SimDeploymentReplicaFailure)
}
