// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
)

// gatedMessage is what the API server says of a Pod with scheduling gates
// (applySchedulingGatedCondition of k8s.io/kubernetes/pkg/registry/core/pod).
const gatedMessage = "Scheduling is blocked due to non-empty scheduling gates"

// maxConditionMessage is the limit of metav1.Condition, in bytes.
const maxConditionMessage = 32768

// notScheduled is what a pod's status is to say.
type notScheduled struct {
	// reason and message of the condition PodScheduled=False.
	reason, message string
	// nominatedNode is status.nominatedNodeName, empty for none; nil leaves it as it is.
	nominatedNode *string
}

// setNotScheduled writes what say returns for the pod as it is, and tells of it,
// where that changes anything; nil changes nothing. It is true where the API
// server's pod waits for a node and says so. A write that fails is logged: the
// next attempt writes again.
func (s *Scheduler) setNotScheduled(ctx context.Context, pod *corev1.Pod, say func(*simv1alpha1.SimPod) *notScheduled) bool {
	var status *notScheduled
	changed := false
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := &simv1alpha1.SimPod{}
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(pod), current); err != nil {
			return err
		}
		if current.UID != pod.UID || current.Spec.NodeName != "" {
			status = nil
			return nil // another pod of that name, or bound meanwhile
		}
		if status = say(current); status == nil {
			return nil
		}
		written, err := s.patchNotScheduled(ctx, current, status)
		if err != nil || written == nil {
			return err
		}
		changed = true
		if info, err := s.podInfo(written); err == nil {
			s.queue.Refresh(info, s.clock.Now())
		}
		return nil
	})
	switch {
	case apierrors.IsNotFound(err):
		return false
	case err != nil:
		s.log.Error(err, "Writing the condition of a pod failed", "namespace", pod.Namespace, "pod", pod.Name)
		return false
	case changed && status.reason != simv1alpha1.ReasonSchedulingGated:
		s.events.event(pod, corev1.EventTypeWarning, "FailedScheduling", "Scheduling", status.message)
	}
	return status != nil
}

// patchNotScheduled sends one status merge patch that the API server refuses
// where the pod has changed; none where the pod says so already. It returns the
// pod as it was written; nil where nothing was.
func (s *Scheduler) patchNotScheduled(ctx context.Context, pod *simv1alpha1.SimPod, say *notScheduled) (*simv1alpha1.SimPod, error) {
	conditions := slices.Clone(pod.Status.Conditions)
	changed := meta.SetStatusCondition(&conditions, metav1.Condition{
		Type: simv1alpha1.SimPodScheduled, Status: metav1.ConditionFalse, Reason: say.reason,
		Message:            say.message[:min(len(say.message), maxConditionMessage)],
		ObservedGeneration: pod.Generation, LastTransitionTime: metav1.NewTime(s.clock.Now()),
	})
	status := map[string]any{"conditions": conditions}
	if node := say.nominatedNode; node != nil && *node != pod.Status.NominatedNodeName {
		status["nominatedNodeName"] = nullIfEmpty(*node)
		changed = true
	}
	if !changed {
		return nil, nil
	}
	maps.Copy(status, waiting(pod, say.reason))
	return s.patchStatus(ctx, pod, status)
}

// waiting is what kubectl shows of a pod that waits for a node. For a core/v1 Pod
// the API server sets the phase and kubectl works out the rest (printPod of
// k8s.io/kubernetes/pkg/printers/internalversion).
func waiting(pod *simv1alpha1.SimPod, reason string) map[string]any {
	summary := string(corev1.PodPending)
	if reason == simv1alpha1.ReasonSchedulingGated {
		summary = reason
	}
	return map[string]any{
		"phase": corev1.PodPending, "summary": summary,
		"ready": fmt.Sprintf("0/%d", len(pod.Spec.Containers)), "restarts": 0,
	}
}

// patchStatus sends one merge patch of the status that the API server refuses
// where the pod has changed. It returns the pod as it was written.
func (s *Scheduler) patchStatus(ctx context.Context, pod *simv1alpha1.SimPod, status map[string]any) (*simv1alpha1.SimPod, error) {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": pod.ResourceVersion},
		"status":   status,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the status: %w", err)
	}
	written := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	err = s.client.Status().Patch(ctx, written, client.RawPatch(types.MergePatchType, body), client.FieldOwner(binder.FieldManager))
	if err != nil {
		return nil, fmt.Errorf("writing the status: %w", err)
	}
	return written, nil
}

// nullIfEmpty removes the field where there is nothing to say.
func nullIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// heldPod is a pod that may not be tried; its condition has to say why.
type heldPod struct {
	key types.NamespacedName
	uid types.UID
}

// hold has the condition written beside the watch, once for each pod however
// often it changes. Pods that say so already are left alone.
func (s *Scheduler) hold(pod *corev1.Pod, reason, message string) {
	if slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == reason && c.Message == message
	}) {
		return
	}
	s.held.Add(heldPod{key: client.ObjectKeyFromObject(pod), uid: pod.UID})
}

// writeHeld writes the conditions of held pods until the queue is shut down.
func (s *Scheduler) writeHeld(ctx context.Context) {
	for {
		pod, done := s.held.Get()
		if done {
			return
		}
		if ctx.Err() == nil {
			s.setNotScheduled(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Namespace: pod.key.Namespace, Name: pod.key.Name, UID: pod.uid,
			}}, s.holds)
		}
		s.held.Done(pod)
	}
}

// holds says what keeps the pod from being tried by now; nil where nothing does.
func (s *Scheduler) holds(pod *simv1alpha1.SimPod) *notScheduled {
	if err := s.classes.Resolve(pod.ToPod()); err != nil {
		return &notScheduled{reason: simv1alpha1.ReasonUnschedulable, message: err.Error()}
	}
	if len(pod.Spec.SchedulingGates) > 0 {
		return &notScheduled{reason: simv1alpha1.ReasonSchedulingGated, message: gatedMessage}
	}
	return nil
}
