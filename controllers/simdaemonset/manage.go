// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simdaemonset

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload/daemonset"
	"github.com/glassplane/glassplane/internal/workload/history"
)

// Reasons of events, as in k8s.io/kubernetes/pkg/controller/daemon.
const (
	reasonFailedDaemonPod    = "FailedDaemonPod"
	reasonSucceededDaemonPod = "SucceededDaemonPod"
)

// manage creates and deletes pods, and notes them as expected in the cache. It
// returns what failed, for the set's status; when it is tried again is noted.
func (r *Reconciler) manage(ctx context.Context, s *scope) daemonset.Failure {
	plan := daemonset.NewPlan(s.facts)
	s.WakeAt(plan.Wake)
	r.tell(s, plan)
	pods := make([]*v1alpha1.SimPod, len(plan.Create))
	for i, node := range plan.Create {
		pods[i] = daemonset.NewPod(s.set, node, s.facts.Hash)
	}
	created, retry, createErr := r.pods.TryCreate(ctx, s.set, pods, s.now)
	s.facts.Pods = append(s.facts.Pods, created...)
	s.WakeAt(retry)
	deleteErr := r.pods.Delete(ctx, s.set, plan.Delete, s.now)
	s.Add("deleting pods", deleteErr)
	if createErr != nil {
		return daemonset.Failure{Reason: v1alpha1.ReasonFailedCreate, Err: createErr}
	}
	return daemonset.Failure{Reason: v1alpha1.ReasonFailedDelete, Err: deleteErr}
}

// tell says of pods that have ended that they are deleted, and remembers on which
// nodes one has failed.
func (r *Reconciler) tell(s *scope, plan daemonset.Plan) {
	for _, pod := range plan.Failed {
		r.backoff.Note(backoffKey(s.set, daemonset.Target(pod)), s.now)
		r.events.Eventf(s.set, pod, corev1.EventTypeWarning, reasonFailedDaemonPod, "Delete",
			"Found failed daemon pod %s/%s on node %s, will try to kill it", pod.Namespace, pod.Name, daemonset.Target(pod))
	}
	for _, pod := range plan.Succeeded {
		r.events.Eventf(s.set, pod, corev1.EventTypeNormal, reasonSucceededDaemonPod, "Delete",
			"Found succeeded daemon pod %s/%s on node %s, will try to delete it", pod.Namespace, pod.Name, daemonset.Target(pod))
	}
}

// backoffKey is failedPodsBackoffKey of k8s.io/kubernetes/pkg/controller/daemon: a
// changed set starts afresh.
func backoffKey(set *v1alpha1.SimDaemonSet, node string) string {
	return fmt.Sprintf("%s/%d/%s", set.UID, set.Status.ObservedGeneration, node)
}

func hashOf(revision *appsv1.ControllerRevision) string { return history.Hash(revision) }
