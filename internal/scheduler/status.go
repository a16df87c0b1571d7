// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"cmp"
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
	"github.com/glassplane/glassplane/internal/scheduler/framework"
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
	err := s.changePod(ctx, pod, func(current *simv1alpha1.SimPod) (*simv1alpha1.SimPod, error) {
		if status = nil; current.Spec.NodeName != "" {
			return nil, nil // bound meanwhile
		}
		if status = say(current); status == nil {
			return nil, nil
		}
		stored, err := s.storePriority(ctx, current)
		if err != nil {
			return nil, err
		}
		written, err := s.patchNotScheduled(ctx, cmp.Or(stored, current), status)
		changed = changed || written != nil
		return cmp.Or(written, stored), err
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

// changePod has change write to the pod as it is, again where it changed
// meanwhile. The queue gets the version that change returns, so that the next
// bind does not conflict with it; nil where nothing was written. A pod that is
// gone is an error of the API server, another one of that name is left alone.
func (s *Scheduler) changePod(ctx context.Context, pod *corev1.Pod, change func(*simv1alpha1.SimPod) (*simv1alpha1.SimPod, error)) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := &simv1alpha1.SimPod{}
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(pod), current); err != nil {
			return err
		}
		if current.UID != pod.UID {
			return nil
		}
		written, err := change(current)
		if err != nil || written == nil {
			return err
		}
		out := written.ToPod()
		if err := s.priorities.Lookup(out); err == nil {
			s.queue.Refresh(framework.NewPodInfo(out), s.clock.Now())
		}
		return nil
	})
}

// storePriority writes the priority of a pod that is not bound by us, and whether
// it preempts, so that both stay what they are whatever becomes of its class. The
// API server refuses it where the pod has changed. It returns the pod as it was
// written; nil where its priority is stored, or is not known because its class
// does not exist.
func (s *Scheduler) storePriority(ctx context.Context, pod *simv1alpha1.SimPod) (*simv1alpha1.SimPod, error) {
	resolved := pod.ToPod()
	if err := s.priorities.Lookup(resolved); err != nil || pod.Spec.Priority != nil {
		return nil, nil
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": pod.ResourceVersion},
		"spec": map[string]any{
			"priority": resolved.Spec.Priority, "preemptionPolicy": resolved.Spec.PreemptionPolicy,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the priority: %w", err)
	}
	written := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	err = s.client.Patch(ctx, written, client.RawPatch(types.MergePatchType, body), client.FieldOwner(binder.FieldManager))
	if err != nil {
		return nil, fmt.Errorf("storing the priority: %w", err)
	}
	return written, nil
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

// heldPod is a pod that may not be tried, whose condition has to say why, or one
// that somebody else bound, whose priority has to be stored.
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
			s.writeHeldPod(ctx, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Namespace: pod.key.Namespace, Name: pod.key.Name, UID: pod.uid,
			}})
		}
		s.held.Done(pod)
	}
}

func (s *Scheduler) writeHeldPod(ctx context.Context, pod *corev1.Pod) {
	if s.setNotScheduled(ctx, pod, s.holds) {
		return
	}
	err := s.changePod(ctx, pod, func(current *simv1alpha1.SimPod) (*simv1alpha1.SimPod, error) {
		if current.Spec.NodeName == "" {
			return nil, nil
		}
		return s.storePriority(ctx, current)
	})
	if client.IgnoreNotFound(err) != nil {
		s.log.Error(err, "Storing the priority of a pod failed", "namespace", pod.Namespace, "pod", pod.Name)
	}
}

// holds says what keeps the pod from being tried by now; nil where nothing does.
func (s *Scheduler) holds(pod *simv1alpha1.SimPod) *notScheduled {
	if err := s.priorities.Lookup(pod.ToPod()); err != nil {
		return &notScheduled{reason: simv1alpha1.ReasonUnschedulable, message: err.Error()}
	}
	if len(pod.Spec.SchedulingGates) > 0 {
		return &notScheduled{reason: simv1alpha1.ReasonSchedulingGated, message: gatedMessage}
	}
	return nil
}
