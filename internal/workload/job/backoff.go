// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

const (
	// InitialBackoff is how long after a first failure a pod is replaced; it doubles
	// with each further failure. DefaultJobPodFailureBackOff in
	// k8s.io/kubernetes/pkg/controller/job.
	InitialBackoff = 10 * time.Second
	// MaxBackoff bounds it: MaxJobPodFailureBackOff.
	MaxBackoff = 10 * time.Minute
)

// Backoff is what delays the replacement of pods: the failures since the last
// success. It is kept in memory, as upstream; a controller that starts reads it
// from the pods that are still there, see BackoffOf.
type Backoff struct {
	Failures int
	// Last is when the last of them happened.
	Last time.Time
}

// Until returns when failed pods may be replaced; the zero time for at once.
func (b Backoff) Until() time.Time {
	if b.Failures == 0 {
		return time.Time{}
	}
	return b.Last.Add(min(InitialBackoff<<min(b.Failures-1, 16), MaxBackoff))
}

// after returns the back-off after further ends, as newBackoffRecord in
// k8s.io/kubernetes/pkg/controller/job does.
func (b Backoff) after(succeeded, failed []*v1alpha1.SimPod) Backoff {
	if len(succeeded)+len(failed) == 0 {
		return b
	}
	var success time.Time
	if len(succeeded) > 0 {
		b = Backoff{}
		success = finishedAt(slices.MaxFunc(succeeded, byFinish))
	}
	for _, pod := range failed {
		at := finishedAt(pod)
		if len(succeeded) > 0 && !at.After(success) {
			continue
		}
		b.Failures++
		if at.After(b.Last) {
			b.Last = at
		}
	}
	return b
}

// BackoffOf returns the back-off that follows from the pods of a job whose end was
// counted already. Upstream forgets it when the controller restarts.
func BackoffOf(job *v1alpha1.SimJob, pods []*v1alpha1.SimPod) Backoff {
	var succeeded, ended []*v1alpha1.SimPod
	for _, pod := range pods {
		switch {
		case Tracked(pod):
		case pod.Status.Phase == corev1.PodSucceeded:
			succeeded = append(succeeded, pod)
		case failed(job, pod):
			ended = append(ended, pod)
		}
	}
	return Backoff{}.after(succeeded, ended)
}

func byFinish(a, b *v1alpha1.SimPod) int { return finishedAt(a).Compare(finishedAt(b)) }

// finishedAt returns when a pod ended, as well as it is known: when its last
// container did, else when it stopped being ready, else when it was deleted, else
// when it was created. It is getFinishedTime in
// k8s.io/kubernetes/pkg/controller/job.
func finishedAt(pod *v1alpha1.SimPod) time.Time {
	if at, ok := containersFinishedAt(pod); ok {
		return at
	}
	if c := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodReady); c != nil && c.Status == metav1.ConditionFalse && workload.Ended(pod) {
		return c.LastTransitionTime.Time
	}
	if pod.DeletionTimestamp != nil {
		return pod.DeletionTimestamp.Time
	}
	return pod.CreationTimestamp.Time
}

// containersFinishedAt returns when the last container ended; sidecars end after
// the others.
func containersFinishedAt(pod *v1alpha1.SimPod) (last time.Time, ok bool) {
	for _, list := range [][]v1alpha1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			end := list[i].State.Terminated
			if end == nil || end.FinishedAt.IsZero() {
				return time.Time{}, false
			}
			if end.FinishedAt.After(last) {
				last = end.FinishedAt.Time
			}
		}
	}
	return last, !last.IsZero()
}
