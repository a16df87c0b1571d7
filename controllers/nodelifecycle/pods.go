// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// markPods sets the pods of a node that is not ready to not ready: their own
// kubelet cannot.
func (r *Reconciler) markPods(ctx context.Context, s *scope) error {
	if len(s.node.Status.Conditions) == 0 || kubelet.Operational(s.node) {
		return nil
	}
	pods, err := r.pods(ctx, s.node.Name)
	if err != nil {
		return err
	}
	return forEach(pods, func(pod *v1alpha1.SimPod) error {
		status, changed := kubelet.MarkNotReady(pod, s.now)
		if !changed {
			return nil
		}
		return ignoreStale(r.patchStatus(ctx, pod, status), s)
	})
}

// evict deletes the pods that do not tolerate the node's NoExecute taints, once
// their tolerations' seconds are over.
func (r *Reconciler) evict(ctx context.Context, s *scope) error {
	taints := kubelet.NoExecuteTaints(s.node.Spec.Taints)
	seen := r.memory.taints(s.node, taints, s.now)
	if len(taints) == 0 {
		return nil
	}
	pods, err := r.pods(ctx, s.node.Name)
	if err != nil {
		return err
	}
	return forEach(pods, func(pod *v1alpha1.SimPod) error {
		if pod.DeletionTimestamp != nil {
			return nil
		}
		since := func(t corev1.Taint) time.Time { return later(seen[t.ToString()], arrived(pod)) }
		at, evict := kubelet.EvictAt(pod, taints, r.tolerationSeconds, since)
		if !evict {
			return nil
		}
		if s.now.Before(at) {
			s.wakeAt(at)
			return nil
		}
		return ignoreStale(r.evictPod(ctx, pod, s.now), s)
	})
}

// arrived is when the pod came to the node, as far as the API tells.
func arrived(pod *v1alpha1.SimPod) time.Time {
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return pod.CreationTimestamp.Time
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// evictPod says why before it deletes, as addConditionAndDeletePod in
// k8s.io/kubernetes/pkg/controller/tainteviction.
func (r *Reconciler) evictPod(ctx context.Context, pod *v1alpha1.SimPod, now time.Time) error {
	status, changed := kubelet.MarkDisrupted(pod, v1alpha1.ReasonDeletionByTaintManager,
		"Taint manager: deleting due to NoExecute taint", now)
	if changed {
		if err := r.patchStatus(ctx, pod, status); err != nil {
			return err
		}
	}
	log.FromContext(ctx).Info("Evicting a pod because of a NoExecute taint", "pod", client.ObjectKeyFromObject(pod))
	return r.client.Delete(ctx, pod, client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
}

func (r *Reconciler) patchStatus(ctx context.Context, pod *v1alpha1.SimPod, status v1alpha1.SimPodStatus) error {
	base := pod.DeepCopy()
	pod.Status = status
	return r.client.Status().Patch(ctx, pod, client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{}))
}

func (r *Reconciler) pods(ctx context.Context, node string) ([]v1alpha1.SimPod, error) {
	var pods v1alpha1.SimPodList
	err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node})
	return pods.Items, err
}

// forEach calls f for each pod, whatever comes of the others.
func forEach(pods []v1alpha1.SimPod, f func(*v1alpha1.SimPod) error) error {
	var errs []error
	for i := range pods {
		errs = append(errs, f(&pods[i]))
	}
	return errors.Join(errs...)
}
