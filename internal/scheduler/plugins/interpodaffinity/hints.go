// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// EventsToRegister implements framework.EnqueueExtensions. Unlike
// kube-scheduler's, the hints take a term with a namespaceSelector to select all
// namespaces, because they cannot know the labels of namespaces, and such pods
// also wait for changes of namespaces; kube-scheduler would leave them
// waiting for the flush of long-unschedulable pods.
func (p *InterPodAffinity) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event: framework.ClusterEvent{
				Resource: framework.AssignedPod, ActionType: framework.Add | framework.UpdatePodLabel | framework.Delete,
			},
			QueueingHintFn: afterAssignedPodChange,
		},
		{Event: framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodLabel}},
		{
			Event:          framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add | framework.UpdateNodeLabel},
			QueueingHintFn: afterNodeChange,
		},
		{
			Event:          framework.ClusterEvent{Resource: framework.Namespace, ActionType: framework.Add | framework.Update},
			QueueingHintFn: afterNamespaceChange,
		},
	}
}

func hint(queue bool) framework.QueueingHint {
	if queue {
		return framework.Queue
	}
	return framework.QueueSkip
}

// mayMatch is matches without the labels of namespaces.
func mayMatch(term *framework.AffinityTerm, pod *corev1.Pod) bool {
	return (term.Namespaces.Has(pod.Namespace) || selectsNamespaces(term)) && term.Selector.Matches(labels.Set(pod.Labels))
}

func selectsNamespaces(term *framework.AffinityTerm) bool {
	_, selectable := term.NamespaceSelector.Requirements()
	return selectable
}

func mayMatchAll(terms []framework.AffinityTerm, pod *corev1.Pod) bool {
	for i := range terms {
		if !mayMatch(&terms[i], pod) {
			return false
		}
	}
	return len(terms) > 0
}

func mayMatchAny(terms []framework.AffinityTerm, pod *corev1.Pod) bool {
	for i := range terms {
		if mayMatch(&terms[i], pod) {
			return true
		}
	}
	return false
}

// afterAssignedPodChange queues when a pod that the pod wants to be close to
// came, or one that was in its way went. It mirrors isSchedulableAfterAssignedPodChange.
func afterAssignedPodChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if hasNoNode(before) || hasNoNode(after) {
		return framework.QueueSkip, nil
	}
	wants := framework.NewAffinityInfo(pod)
	if wants.ParseError != nil {
		return framework.Queue, wants.ParseError
	}
	affinity, antiAffinity := wants.RequiredAffinityTerms, wants.RequiredAntiAffinityTerms
	switch {
	case before != nil && after != nil:
		return hint(!mayMatchAll(affinity, before) && mayMatchAll(affinity, after) ||
			mayMatchAny(antiAffinity, before) && !mayMatchAny(antiAffinity, after)), nil
	case after != nil:
		return hint(mayMatchAll(affinity, after)), nil
	case before == nil || mayMatchAny(antiAffinity, before):
		return framework.Queue, nil
	}
	gone := framework.NewAffinityInfo(before)
	return hint(gone.ParseError != nil || mayMatchAny(gone.RequiredAntiAffinityTerms, pod)), gone.ParseError
}

func hasNoNode(pod *corev1.Pod) bool {
	return pod != nil && pod.Spec.NodeName == "" && pod.Status.NominatedNodeName == ""
}

// afterNodeChange queues when a node came into a domain or changed it. It
// mirrors isSchedulableAfterNodeChange.
func afterNodeChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil || after == nil {
		return framework.Queue, err
	}
	wants := framework.NewAffinityInfo(pod)
	if wants.ParseError != nil {
		return framework.Queue, wants.ParseError
	}
	if before == nil {
		// A node without the key may hold a pod with anti-affinity, one with it may too.
		return hint(len(wants.RequiredAntiAffinityTerms) > 0 ||
			slices.ContainsFunc(wants.RequiredAffinityTerms, func(t framework.AffinityTerm) bool {
				_, ok := after.Labels[t.TopologyKey]
				return ok
			})), nil
	}
	entered := func(t framework.AffinityTerm) bool {
		was, had := before.Labels[t.TopologyKey]
		is, has := after.Labels[t.TopologyKey]
		return has && (!had || was != is)
	}
	left := func(t framework.AffinityTerm) bool {
		was, had := before.Labels[t.TopologyKey]
		is, has := after.Labels[t.TopologyKey]
		return had && (!has || was != is)
	}
	return hint(slices.ContainsFunc(wants.RequiredAffinityTerms, entered) ||
		slices.ContainsFunc(wants.RequiredAntiAffinityTerms, left)), nil
}

// afterNamespaceChange queues where a namespaceSelector may now select another
// set of namespaces: one of the pod's own terms, or, where the pod's namespace
// changed, a term of a pod that wants to be far from it.
func afterNamespaceChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	_, after, err := framework.As[*corev1.Namespace](oldObj, newObj)
	if err != nil || after == nil || after.Name == pod.Namespace {
		return framework.Queue, err
	}
	wants := framework.NewAffinityInfo(pod)
	selects := func(t framework.AffinityTerm) bool { return selectsNamespaces(&t) }
	return hint(slices.ContainsFunc(wants.RequiredAffinityTerms, selects) ||
		slices.ContainsFunc(wants.RequiredAntiAffinityTerms, selects)), wants.ParseError
}
