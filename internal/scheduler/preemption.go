// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// makeRoom deletes the pods that stand in the way of a pod. While it runs the
// pod is in flight, so that it is not tried again before the victims have been
// asked to go; their going wakes it. It mirrors prepareCandidate of
// k8s.io/kubernetes/pkg/scheduler/framework/preemption. Done twice it does no
// more than once.
func (s *Scheduler) makeRoom(ctx context.Context, pod *framework.PodInfo, room *framework.PostFilterResult) error {
	errs := s.endNominations(ctx, pod, room.NominatedNode)
	for _, victim := range room.Victims {
		if victim.Pod.DeletionTimestamp != nil {
			continue
		}
		if err := s.evict(ctx, pod.Pod, victim.Pod, room.NominatedNode); err != nil {
			errs = append(errs, fmt.Errorf("evicting pod %s/%s: %w", victim.Pod.Namespace, victim.Pod.Name, err))
		}
	}
	return errors.Join(errs...)
}

// endNominations takes the node away from less important pods that wait for it:
// they may not fit there any more, and should be tried elsewhere sooner than
// their victims are gone.
func (s *Scheduler) endNominations(ctx context.Context, pod *framework.PodInfo, node string) (errs []error) {
	for _, waiting := range s.nominator.lessImportant(node, pod.Priority) {
		s.nominator.remove(waiting.Pod.UID)
		err := s.changeStatus(ctx, waiting.Pod, func(current *simv1alpha1.SimPod) map[string]any {
			if current.Spec.NodeName != "" || current.Status.NominatedNodeName != node {
				return nil
			}
			return map[string]any{"nominatedNodeName": nil}
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("ending the nomination of pod %s/%s: %w", waiting.Pod.Namespace, waiting.Pod.Name, err))
		}
	}
	return errs
}

// endNomination forgets that room is kept for a pod. Pods that were rejected
// because of it may fit now, also where the pod's status never named the node.
func (s *Scheduler) endNomination(pod *corev1.Pod) {
	node := s.nominator.remove(pod.UID)
	if node == "" {
		return
	}
	nominated := *pod
	nominated.Status.NominatedNodeName = node
	s.move(framework.AssignedPod, framework.Delete, &nominated, nil)
}

// evict says on the victim why it goes, and deletes it: its kubelet stops it
// gracefully. A victim that is gone or going already is fine.
func (s *Scheduler) evict(ctx context.Context, pod, victim *corev1.Pod, node string) error {
	going := false
	err := s.changeStatus(ctx, victim, func(current *simv1alpha1.SimPod) map[string]any {
		if going = current.DeletionTimestamp != nil; going {
			return nil
		}
		conditions := slices.Clone(current.Status.Conditions)
		if !meta.SetStatusCondition(&conditions, metav1.Condition{
			Type: simv1alpha1.SimPodDisruptionTarget, Status: metav1.ConditionTrue, Reason: simv1alpha1.ReasonPreemptionByScheduler,
			Message:            pod.Spec.SchedulerName + ": preempting to accommodate a higher priority pod",
			ObservedGeneration: current.Generation, LastTransitionTime: metav1.NewTime(s.clock.Now()),
		}) {
			return nil
		}
		return map[string]any{"conditions": conditions}
	})
	if err != nil || going {
		return err
	}
	obj := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: victim.Namespace, Name: victim.Name}}
	err = s.client.Delete(ctx, obj, client.Preconditions{UID: &victim.UID})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err): // gone, or another pod of that name
		return nil
	case err != nil:
		return err
	}
	s.metrics.victims.Inc()
	s.events.event(victim, corev1.EventTypeNormal, "Preempted", "Preempting",
		fmt.Sprintf("Preempted by pod %s on node %s", pod.UID, node))
	return nil
}

// changeStatus writes what change returns for the pod as it is; nil changes
// nothing. A pod that is gone is left alone.
func (s *Scheduler) changeStatus(ctx context.Context, pod *corev1.Pod, change func(*simv1alpha1.SimPod) map[string]any) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		current := &simv1alpha1.SimPod{}
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(pod), current); err != nil {
			return err
		}
		if current.UID != pod.UID {
			return nil
		}
		status := change(current)
		if status == nil {
			return nil
		}
		_, err := s.patchStatus(ctx, current, status)
		return err
	})
	return client.IgnoreNotFound(err)
}
