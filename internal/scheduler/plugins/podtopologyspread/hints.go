// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// EventsToRegister implements framework.EnqueueExtensions. Default constraints
// have no selector here: they count as selecting every pod of the namespace.
func (p *PodTopologySpread) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event: framework.ClusterEvent{
				Resource: framework.AssignedPod, ActionType: framework.Add | framework.UpdatePodLabel | framework.Delete,
			},
			QueueingHintFn: p.afterAssignedPodChange,
		},
		{
			Event: framework.ClusterEvent{
				Resource: framework.TargetPod, ActionType: framework.UpdatePodToleration | framework.UpdatePodLabel,
			},
			QueueingHintFn: p.afterTargetPodChange,
		},
		{
			Event: framework.ClusterEvent{
				Resource:   framework.Node,
				ActionType: framework.Add | framework.Delete | framework.UpdateNodeLabel | framework.UpdateNodeTaint,
			},
			QueueingHintFn: p.afterNodeChange,
		},
	}
}

func hint(queue bool) framework.QueueingHint {
	if queue {
		return framework.Queue
	}
	return framework.QueueSkip
}

// afterAssignedPodChange queues when a pod that counts came, went, or began or
// ceased to count. It mirrors isSchedulableAfterAssignedPodChange.
func (p *PodTopologySpread) afterAssignedPodChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if !involved(before, pod) || !involved(after, pod) {
		return framework.QueueSkip, nil
	}
	constraints, err := p.hardConstraints(nil, pod)
	if err != nil {
		return framework.Queue, err
	}
	switch {
	case before != nil && after != nil:
		return hint(selectionChanged(constraints, before, after)), nil
	case before != nil:
		return hint(anySelects(constraints, before)), nil
	case after != nil:
		return hint(anySelects(constraints, after)), nil
	}
	return framework.QueueSkip, nil
}

// involved is false for a pod that does not count: one of another namespace, or
// without a node. It mirrors involvedInTopologySpreading; no pod is involved.
func involved(changed, pod *corev1.Pod) bool {
	return changed == nil ||
		changed.Namespace == pod.Namespace && (changed.Spec.NodeName != "" || changed.Status.NominatedNodeName != "")
}

func anySelects(constraints []constraint, pod *corev1.Pod) bool {
	return slices.ContainsFunc(constraints, func(c constraint) bool { return c.selects(pod.Labels) })
}

// selectionChanged is true where a change of labels made a constraint select
// the pod or not select it any more. It mirrors isSchedulableAfterPodLabelChange.
func selectionChanged(constraints []constraint, before, after *corev1.Pod) bool {
	if equality.Semantic.DeepEqual(before.Labels, after.Labels) {
		return false
	}
	return slices.ContainsFunc(constraints, func(c constraint) bool {
		return c.selector == nil || c.selects(before.Labels) != c.selects(after.Labels)
	})
}

// afterTargetPodChange mirrors isSchedulableAfterTargetPodChange.
func (p *PodTopologySpread) afterTargetPodChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil || before == nil || after == nil {
		return framework.Queue, err
	}
	constraints, err := p.hardConstraints(nil, pod)
	if err != nil {
		return framework.Queue, err
	}
	honorTaints := slices.ContainsFunc(constraints, func(c constraint) bool { return c.honorTaints })
	if honorTaints && !equality.Semantic.DeepEqual(before.Spec.Tolerations, after.Spec.Tolerations) {
		return framework.Queue, nil
	}
	return hint(selectionChanged(constraints, before, after)), nil
}

// afterNodeChange queues when a node of all topologies came, went, or changed
// its domains or taints. It mirrors isSchedulableAfterNodeChange.
func (p *PodTopologySpread) afterNodeChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	constraints, err := p.hardConstraints(nil, pod)
	if err != nil {
		return framework.Queue, err
	}
	was := before != nil && hasAllKeys(before.Labels, constraints)
	is := after != nil && hasAllKeys(after.Labels, constraints)
	if before == nil || after == nil || was != is {
		return hint(was || is), nil
	}
	return hint(is && (domainsChanged(constraints, before, after) ||
		!equality.Semantic.DeepEqual(before.Spec.Taints, after.Spec.Taints))), nil
}

func domainsChanged(constraints []constraint, before, after *corev1.Node) bool {
	return slices.ContainsFunc(constraints, func(c constraint) bool {
		return before.Labels[c.topologyKey] != after.Labels[c.topologyKey]
	})
}
