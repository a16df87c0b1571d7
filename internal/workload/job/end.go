// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// finishedBy returns the condition that says that a job is over; nil where it is not.
func finishedBy(job *v1alpha1.SimJob) *metav1.Condition {
	for _, kind := range []string{v1alpha1.SimJobComplete, v1alpha1.SimJobFailed} {
		if c := meta.FindStatusCondition(job.Status.Conditions, kind); c != nil && c.Status == metav1.ConditionTrue {
			return c
		}
	}
	return nil
}

// ExpiresAt returns when a job that is over is to be deleted, and false where it
// is not over or may stay: timeLeft in
// k8s.io/kubernetes/pkg/controller/ttlafterfinished.
func ExpiresAt(job *v1alpha1.SimJob) (time.Time, bool) {
	end := finishedBy(job)
	if end == nil || job.Spec.TTLSecondsAfterFinished == nil || job.DeletionTimestamp != nil {
		return time.Time{}, false
	}
	return end.LastTransitionTime.Add(time.Duration(*job.Spec.TTLSecondsAfterFinished) * time.Second), true
}
