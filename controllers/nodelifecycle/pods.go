// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// markPods reports on the pods of a node that is not ready what their own kubelet
// cannot: that they are not ready, and that they are being deleted. A node that
// has never reported was never ready, so its pods keep their conditions.
func (r *Reconciler) markPods(ctx context.Context, s *scope) error {
	if kubelet.Operational(s.node) {
		return nil
	}
	pods, err := r.pods(ctx, s.node.Name)
	if err != nil {
		return err
	}
	for i := range pods {
		s.Add("marking pod "+pods[i].Name, r.markPod(ctx, s, &pods[i]))
	}
	return nil
}

func (r *Reconciler) markPod(ctx context.Context, s *scope, pod *v1alpha1.SimPod) error {
	base := pod.DeepCopy()
	notReady := false
	if len(s.node.Status.Conditions) > 0 {
		pod.Status, notReady = kubelet.MarkNotReady(pod, s.now)
	}
	status, terminating := kubelet.MarkTerminating(pod)
	if !notReady && !terminating {
		return nil
	}
	pod.Status = status
	if err := controllerkit.PatchStatus(ctx, r.client, pod, base); err != nil {
		return err
	}
	if notReady {
		r.events.Eventf(pod, nil, corev1.EventTypeWarning, "NodeNotReady", "MarkingPod", "Node is not ready")
	}
	return nil
}

// count reports what is allocated on a node that was taken for dead, which its own
// kubelet does otherwise.
func (r *Reconciler) count(ctx context.Context, s *scope) error {
	if !kubelet.TakenForDead(s.node) {
		return nil
	}
	pods, err := r.pods(ctx, s.node.Name)
	if err != nil {
		return err
	}
	base := s.node.DeepCopy()
	if !kubelet.CountPods(&s.node.Status, pods) {
		return nil
	}
	return controllerkit.PatchStatus(ctx, r.client, s.node, base)
}

// evict deletes the pods that do not tolerate the node's NoExecute taints, once
// their tolerations' seconds are over.
func (r *Reconciler) evict(ctx context.Context, s *scope) error {
	taints := kubelet.NoExecuteTaints(s.node.Spec.Taints)
	seen := r.memory.taints(s.node, taints, s.now)
	waiting := r.memory.waiting(s.node)
	if len(taints) == 0 && len(waiting) == 0 {
		return nil
	}
	pods, err := r.pods(ctx, s.node.Name)
	if err != nil {
		return err
	}
	still := make(map[types.UID]struct{})
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil {
			continue
		}
		_, waited := waiting[pod.UID]
		since := func(t corev1.Taint) time.Time { return later(seen[t.ToString()], arrived(pod)) }
		at, evict := kubelet.EvictAt(pod, taints, r.tolerationSeconds, since)
		switch {
		case !evict && waited:
			r.events.Eventf(pod, nil, corev1.EventTypeNormal, reasonEviction, "CancellingEviction",
				"Cancelling deletion of Pod %s", client.ObjectKeyFromObject(pod))
		case !evict:
		case s.now.Before(at):
			still[pod.UID] = struct{}{}
			s.WakeAt(at)
		default:
			s.Add("evicting pod "+pod.Name, r.evictPod(ctx, pod, s.now))
		}
	}
	r.memory.wait(s.node, still)
	return nil
}

// reasonEviction is the reason of the events of
// k8s.io/kubernetes/pkg/controller/tainteviction.
const reasonEviction = "TaintManagerEviction"

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
		base := pod.DeepCopy()
		pod.Status = status
		if err := controllerkit.PatchStatus(ctx, r.client, pod, base); err != nil {
			return err
		}
	}
	r.events.Eventf(pod, nil, corev1.EventTypeNormal, reasonEviction, "Evicting",
		"Marking for deletion Pod %s", client.ObjectKeyFromObject(pod))
	log.FromContext(ctx).Info("Evicting a pod because of a NoExecute taint", "pod", client.ObjectKeyFromObject(pod))
	return r.client.Delete(ctx, pod, client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
}

func (r *Reconciler) pods(ctx context.Context, node string) ([]v1alpha1.SimPod, error) {
	var pods v1alpha1.SimPodList
	err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node})
	return pods.Items, err
}
