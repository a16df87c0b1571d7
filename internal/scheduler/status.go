// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/binder"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// gatedMessage is what the API server says of a Pod with scheduling gates
// (applySchedulingGatedCondition of k8s.io/kubernetes/pkg/registry/core/pod).
const gatedMessage = "Scheduling is blocked due to non-empty scheduling gates"

// maxConditionMessage is the limit of metav1.Condition, in bytes.
const maxConditionMessage = 32768

// setNotScheduled writes PodScheduled=False, and tells of it, where that changes
// anything. A write that fails is logged: the next attempt writes again.
func (s *Scheduler) setNotScheduled(ctx context.Context, pod *corev1.Pod, reason, message, nominatedNode string) {
	if len(message) > maxConditionMessage {
		message = message[:maxConditionMessage]
	}
	changed := false
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := &simv1alpha1.SimPod{}
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(pod), current); err != nil {
			return err
		}
		if current.UID != pod.UID || current.Spec.NodeName != "" {
			return nil // another pod of that name, or bound meanwhile
		}
		if reason == simv1alpha1.ReasonSchedulingGated && len(current.Spec.SchedulingGates) == 0 {
			return nil // its gates are gone
		}
		written, err := s.patchNotScheduled(ctx, current, reason, message, nominatedNode)
		if err != nil || written == nil {
			return err
		}
		changed = true
		s.queue.Refresh(framework.NewPodInfo(written.ToPod()), s.clock.Now())
		return nil
	})
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		s.log.Error(err, "Writing the condition of a pod failed", "namespace", pod.Namespace, "pod", pod.Name)
	case changed && reason != simv1alpha1.ReasonSchedulingGated:
		s.events.event(pod, corev1.EventTypeWarning, "FailedScheduling", "Scheduling", message)
	}
}

// patchNotScheduled sends one status merge patch that the API server refuses
// where the pod has changed; none where the pod says so already. It returns the
// pod as it was written; nil where nothing was.
func (s *Scheduler) patchNotScheduled(
	ctx context.Context, pod *simv1alpha1.SimPod, reason, message, nominatedNode string,
) (*simv1alpha1.SimPod, error) {
	conditions := slices.Clone(pod.Status.Conditions)
	changed := meta.SetStatusCondition(&conditions, metav1.Condition{
		Type: simv1alpha1.SimPodScheduled, Status: metav1.ConditionFalse, Reason: reason, Message: message,
		ObservedGeneration: pod.Generation, LastTransitionTime: metav1.NewTime(s.clock.Now()),
	})
	status := map[string]any{"conditions": conditions}
	if nominatedNode != "" && nominatedNode != pod.Status.NominatedNodeName {
		status["nominatedNodeName"] = nominatedNode
		changed = true
	}
	if !changed {
		return nil, nil
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": pod.ResourceVersion},
		"status":   status,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the condition: %w", err)
	}
	written := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	err = s.client.Status().Patch(ctx, written, client.RawPatch(types.MergePatchType, body), client.FieldOwner(binder.FieldManager))
	if err != nil {
		return nil, fmt.Errorf("writing the condition: %w", err)
	}
	return written, nil
}

// gatedPod is a pod whose condition has to say that it waits for its gates.
type gatedPod struct {
	key types.NamespacedName
	uid types.UID
}

// setGated has the condition written beside the watch, once for each pod
// however often it changes. Pods that say so already are left alone.
func (s *Scheduler) setGated(pod *corev1.Pod) {
	if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == simv1alpha1.ReasonSchedulingGated
	}) {
		return
	}
	s.gated.Add(gatedPod{key: client.ObjectKeyFromObject(pod), uid: pod.UID})
}

// writeGated writes the conditions of gated pods until the queue is shut down.
func (s *Scheduler) writeGated(ctx context.Context) {
	for {
		pod, done := s.gated.Get()
		if done {
			return
		}
		if ctx.Err() == nil {
			s.setNotScheduled(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Namespace: pod.key.Namespace, Name: pod.key.Name, UID: pod.uid,
			}}, simv1alpha1.ReasonSchedulingGated, gatedMessage, "")
		}
		s.gated.Done(pod)
	}
}

// evict deletes the pods that make room. Their kubelets stop them gracefully;
// the deletions wake the pod that waits. A victim that is gone already is fine.
func (s *Scheduler) evict(ctx context.Context, pod *corev1.Pod, room *framework.PostFilterResult) {
	var errs []error
	for _, victim := range room.Victims {
		obj := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: victim.Pod.Namespace, Name: victim.Pod.Name}}
		err := s.client.Delete(ctx, obj, client.Preconditions{UID: &victim.Pod.UID})
		if client.IgnoreNotFound(err) != nil && !apierrors.IsConflict(err) {
			errs = append(errs, fmt.Errorf("deleting %s/%s: %w", victim.Pod.Namespace, victim.Pod.Name, err))
			continue
		}
		s.events.event(victim.Pod, corev1.EventTypeNormal, "Preempted", "Preempting",
			fmt.Sprintf("Preempted by pod %s on node %s", pod.UID, room.NominatedNode))
	}
	if err := errors.Join(errs...); err != nil {
		s.log.Error(err, "Preemption failed in part", "namespace", pod.Namespace, "pod", pod.Name)
	}
}
