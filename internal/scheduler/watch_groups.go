// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
)

// onPriorityClass queues the pods that waited for the class. Pods that have been
// read already keep their priority, as Pods keep theirs.
func (s *Scheduler) onPriorityClass(before, after *schedulingv1.PriorityClass) {
	s.pods.Lock()
	defer s.pods.Unlock()
	if after == nil {
		s.priorities.Remove(before.Name)
		return
	}
	s.priorities.Set(after)
	for uid, pod := range s.unresolved {
		if pod.Spec.PriorityClassName == after.Name {
			delete(s.unresolved, uid)
			s.podWaits(nil, pod)
		}
	}
}

// onBudget ignores the status, which counts Pods.
func (s *Scheduler) onBudget(before, after *policyv1.PodDisruptionBudget) {
	switch {
	case after == nil:
		s.cache.RemoveBudget(before.Namespace, before.Name)
	case before == nil || !equality.Semantic.DeepEqual(before.Spec, after.Spec):
		s.cache.SetBudget(after)
	}
}

func (s *Scheduler) onService(before, after *corev1.Service) {
	switch {
	case after == nil:
		s.cache.RemoveService(before.Namespace, before.Name)
	case before == nil || !maps.Equal(before.Spec.Selector, after.Spec.Selector):
		s.cache.SetService(after.Namespace, after.Name, labels.Set(after.Spec.Selector))
	}
}

func (s *Scheduler) onReplicaSet(before, after *simv1alpha1.SimReplicaSet) {
	switch {
	case after == nil:
		s.cache.RemoveOwner(before.UID)
	case before == nil || before.Generation != after.Generation:
		s.cache.SetOwner(cache.OwnerOf(after, after.Spec.Replicas, after.Spec.Selector))
	}
}

func (s *Scheduler) onStatefulSet(before, after *simv1alpha1.SimStatefulSet) {
	switch {
	case after == nil:
		s.cache.RemoveOwner(before.UID)
	case before == nil || before.Generation != after.Generation:
		s.cache.SetOwner(cache.OwnerOf(after, after.Spec.Replicas, after.Spec.Selector))
	}
}
