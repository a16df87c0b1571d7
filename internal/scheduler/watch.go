// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/queue"
)

// watch has the informers tell cache and queue of every change, and waits until
// both know all that exists. The returned function ends it.
func (s *Scheduler) watch(ctx context.Context) (stop func(), err error) {
	var removers []func() error
	stop = func() {
		for _, remove := range removers {
			if err := remove(); err != nil {
				s.log.Error(err, "Removing a watch handler failed")
			}
		}
	}
	// Pods last: none is tried before everything else is known.
	for _, w := range []struct {
		object  client.Object
		handler toolscache.ResourceEventHandler
	}{
		{&corev1.Namespace{}, handler(s.onNamespace)},
		{&schedulingv1.PriorityClass{}, handler(s.onPriorityClass)},
		{&policyv1.PodDisruptionBudget{}, handler(s.onBudget)},
		{&corev1.Service{}, handler(s.onService)},
		{&simv1alpha1.SimReplicaSet{}, handler(s.onReplicaSet)},
		{&simv1alpha1.SimStatefulSet{}, handler(s.onStatefulSet)},
		{&simv1alpha1.SimNode{}, handler(s.onNode)},
		{&simv1alpha1.SimPod{}, handler(s.onPod)},
	} {
		remove, err := s.handle(ctx, w.object, w.handler)
		if err != nil {
			stop()
			return nil, fmt.Errorf("watching %T: %w", w.object, err)
		}
		removers = append(removers, remove)
	}
	return stop, nil
}

// handle adds a handler to an informer and waits until it has seen all objects.
func (s *Scheduler) handle(ctx context.Context, obj client.Object, h toolscache.ResourceEventHandler) (remove func() error, err error) {
	informer, err := s.informers.GetInformer(ctx, obj)
	if err != nil {
		return nil, err
	}
	registration, err := informer.AddEventHandler(h)
	if err != nil {
		return nil, err
	}
	remove = func() error { return informer.RemoveEventHandler(registration) }
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil, errors.Join(context.Cause(ctx), remove())
	}
	return remove, nil
}

// handler calls fn with the object before and after a change; before is nil for
// an addition, after for a deletion.
func handler[T any, P interface {
	*T
	client.Object
}](fn func(before, after P)) toolscache.ResourceEventHandler {
	return toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(obj any) {
			if after, ok := obj.(P); ok {
				fn(nil, after)
			}
		},
		UpdateFunc: func(oldObj, newObj any) {
			before, ok := oldObj.(P)
			after, alsoOK := newObj.(P)
			if !ok || !alsoOK {
				return
			}
			if before.GetUID() != after.GetUID() { // the deletion in between was not seen
				fn(before, nil)
				before = nil
			}
			fn(before, after)
		},
		DeleteFunc: func(obj any) {
			if unknown, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = unknown.Obj
			}
			if before, ok := obj.(P); ok {
				fn(before, nil)
			}
		},
	}
}

func (s *Scheduler) onNamespace(before, after *corev1.Namespace) {
	switch {
	case after == nil:
		s.cache.RemoveNamespace(before.Name)
	case before == nil:
		s.cache.SetNamespace(after.Name, labels.Set(after.Labels))
		s.move(framework.Namespace, framework.Add, nil, after)
	case !maps.Equal(before.Labels, after.Labels):
		s.cache.SetNamespace(after.Name, labels.Set(after.Labels))
		s.move(framework.Namespace, framework.UpdateOther, before, after)
	}
}

func (s *Scheduler) onNode(before, after *simv1alpha1.SimNode) {
	switch {
	case after == nil:
		s.cache.RemoveNode(before.Name)
		s.move(framework.Node, framework.Delete, before.ToNode(), nil)
	case before == nil:
		node := after.ToNode()
		s.cache.SetNode(node)
		s.move(framework.Node, framework.Add, nil, node)
	case sameForScheduling(before, after): // a heartbeat
	default:
		oldNode, newNode := before.ToNode(), after.ToNode()
		s.cache.SetNode(newNode)
		for _, event := range queue.NodeChanges(oldNode, newNode) {
			s.queue.Move(event, oldNode, newNode)
		}
	}
}

func sameForScheduling(a, b *simv1alpha1.SimNode) bool {
	return a.Generation == b.Generation && maps.Equal(a.Labels, b.Labels) &&
		equality.Semantic.DeepEqual(a.Status.Allocatable, b.Status.Allocatable)
}

// onPod sorts a pod's versions into those that wait for a node, those that are
// on one, and those that are over.
func (s *Scheduler) onPod(before, after *simv1alpha1.SimPod) {
	s.pods.Lock()
	defer s.pods.Unlock()
	if after != nil {
		delete(s.unresolved, after.UID)
	} else {
		delete(s.unresolved, before.UID)
	}
	switch {
	case after == nil:
		s.podGone(before)
	case after.Status.Phase == corev1.PodSucceeded || after.Status.Phase == corev1.PodFailed:
		s.podGone(after)
	case after.Spec.NodeName != "":
		s.podAssigned(before, after)
	case after.DeletionTimestamp != nil:
		s.queue.Delete(after.UID)
		s.nominator.remove(after.UID)
	case s.profiles[after.Spec.SchedulerName] == nil: // another scheduler's
	case s.cache.IsAssumed(after.UID) && !s.queue.InFlight(after.UID): // bound, but the watch lags
	default:
		s.podWaits(before, after)
	}
}

// podWaits queues a pod, or holds it where its PriorityClass does not exist.
func (s *Scheduler) podWaits(before, after *simv1alpha1.SimPod) {
	info, err := s.podInfo(after)
	if err != nil {
		s.unresolved[after.UID] = after
		s.hold(info.Pod, simv1alpha1.ReasonUnschedulable, err.Error())
		return
	}
	nominatedBefore := ""
	if before != nil {
		nominatedBefore = before.Status.NominatedNodeName
	}
	s.nominator.observe(info, nominatedBefore)
	if gated := s.queue.Set(info, s.clock.Now()); gated != nil {
		s.hold(gated.Pod, simv1alpha1.ReasonSchedulingGated, gatedMessage)
	}
	if nominatedBefore != "" && nominatedBefore != after.Status.NominatedNodeName {
		// To others it was as if the pod were there already.
		s.move(framework.AssignedPod, framework.Delete, before.ToPod(), nil)
	}
}

// podInfo returns what scheduling needs of a pod, with the priority that it had
// when it was read for the first time; an error says that its PriorityClass does
// not exist.
func (s *Scheduler) podInfo(pod *simv1alpha1.SimPod) (*framework.PodInfo, error) {
	out := pod.ToPod()
	err := s.priorities.Resolve(out)
	return framework.NewPodInfo(out), err
}

// podGone forgets a pod that was deleted or has ended.
func (s *Scheduler) podGone(pod *simv1alpha1.SimPod) {
	s.queue.Delete(pod.UID)
	s.priorities.Forget(pod.UID)
	gone := pod.ToPod()
	s.endNomination(gone)
	node, onNode := s.cache.RemovePod(pod.UID)
	if onNode {
		gone.Spec.NodeName = node // an assumed pod's own last version names none
	}
	switch {
	case onNode || pod.Status.NominatedNodeName != "":
		s.move(framework.AssignedPod, framework.Delete, gone, nil)
	case pod.Spec.NodeName == "":
		s.move(framework.UnscheduledPod, framework.Delete, gone, nil)
	}
}

// podAssigned confirms or updates a pod on a node.
func (s *Scheduler) podAssigned(before, after *simv1alpha1.SimPod) {
	assumed := s.cache.IsAssumed(after.UID)
	known := s.cache.Pod(after.UID) != nil
	if known && !assumed && before != nil && samePod(before, after) { // its status changed
		return
	}
	// A pod that was bound counts, also where its PriorityClass is gone.
	info, err := s.podInfo(after)
	pod := info.Pod
	if err == nil && after.Spec.Priority == nil { // somebody else bound it
		s.held.Add(heldPod{key: client.ObjectKeyFromObject(after), uid: after.UID})
	}
	s.cache.SetPod(info)
	s.queue.Delete(after.UID)
	s.nominator.remove(after.UID)
	if before == nil || before.Spec.NodeName == "" {
		s.move(framework.AssignedPod, framework.Add, nil, pod)
		return
	}
	oldPod := before.ToPod()
	for _, event := range queue.PodChanges(oldPod, pod, framework.AssignedPod) {
		s.queue.Move(event, oldPod, pod)
	}
}

// samePod is true where nothing changed that scheduling looks at:
// PodDisruptionBudgets count the pods that are ready.
func samePod(a, b *simv1alpha1.SimPod) bool {
	return a.Generation == b.Generation && maps.Equal(a.Labels, b.Labels) &&
		a.DeletionTimestamp.Equal(b.DeletionTimestamp) && a.Status.StartTime.Equal(b.Status.StartTime) &&
		meta.IsStatusConditionTrue(a.Status.Conditions, simv1alpha1.SimPodReady) ==
			meta.IsStatusConditionTrue(b.Status.Conditions, simv1alpha1.SimPodReady)
}

func (s *Scheduler) move(resource framework.EventResource, action framework.ActionType, oldObj, newObj any) {
	s.queue.Move(framework.ClusterEvent{Resource: resource, ActionType: action}, oldObj, newObj)
}
