// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// ActionType is a set of kinds of changes. Names and meaning are those of
// k8s.io/kube-scheduler/framework.ActionType.
type ActionType int64

// Kinds of changes.
const (
	Add ActionType = 1 << iota
	Delete
	// UpdateNodeAllocatable is a change of a node's status.allocatable.
	UpdateNodeAllocatable
	// UpdateNodeLabel is a change of a node's labels.
	UpdateNodeLabel
	// UpdateNodeTaint is a change of a node's taints, or that it became schedulable.
	UpdateNodeTaint
	// UpdateNodeCondition is a change of the status of a node's condition.
	UpdateNodeCondition
	// UpdatePodLabel is a change of a pod's labels.
	UpdatePodLabel
	// UpdatePodScaleDown is a request of a pod that became smaller.
	UpdatePodScaleDown
	// UpdatePodToleration is a toleration that was added to a pod.
	UpdatePodToleration
	// UpdatePodSchedulingGatesEliminated is the removal of a pod's last scheduling gate.
	UpdatePodSchedulingGatesEliminated
	// UpdateOther is any other update.
	UpdateOther

	// Update is any update.
	Update = UpdateNodeAllocatable | UpdateNodeLabel | UpdateNodeTaint | UpdateNodeCondition |
		UpdatePodLabel | UpdatePodScaleDown | UpdatePodToleration | UpdatePodSchedulingGatesEliminated | UpdateOther
	// All is any change.
	All = Add | Delete | Update
)

// EventResource is the kind of object that changed.
type EventResource string

// Kinds of objects.
const (
	// AssignedPod is a pod that has a node.
	AssignedPod EventResource = "AssignedPod"
	// UnscheduledPod is another pod that has no node yet.
	UnscheduledPod EventResource = "UnscheduledPod"
	// TargetPod is the very pod that waits in the queue.
	TargetPod EventResource = "TargetPod"
	// Pod is any of the three.
	Pod EventResource = "Pod"
	// Node is a node.
	Node EventResource = "Node"
	// Namespace is a namespace: its labels count for namespace selectors.
	Namespace EventResource = "Namespace"
	// WildCard is any object.
	WildCard EventResource = "*"
)

// ClusterEvent is a change in the cluster that may make a pod schedulable.
type ClusterEvent struct {
	Resource   EventResource
	ActionType ActionType
}

// Matches is true where other is one of the changes that e stands for. It
// mirrors MatchClusterEvents of kube-scheduler.
func (e ClusterEvent) Matches(other ClusterEvent) bool {
	if e.ActionType&other.ActionType == 0 {
		return false
	}
	switch e.Resource {
	case WildCard, other.Resource:
		return true
	case Pod:
		return other.Resource == AssignedPod || other.Resource == UnscheduledPod || other.Resource == TargetPod
	}
	return false
}

// String returns the kind of object and of change, such as Node/Add.
func (e ClusterEvent) String() string {
	if name, ok := actionNames[e.ActionType]; ok {
		return string(e.Resource) + "/" + name
	}
	return string(e.Resource) + "/" + actionNames[Update]
}

// actionNames has the names of single kinds of changes.
var actionNames = map[ActionType]string{
	Add: "Add", Delete: "Delete", Update: "Update", All: "*",
	UpdateNodeAllocatable: "UpdateAllocatable", UpdateNodeLabel: "UpdateLabel", UpdateNodeTaint: "UpdateTaint",
	UpdateNodeCondition: "UpdateCondition", UpdatePodLabel: "UpdateLabel", UpdatePodScaleDown: "UpdateScaleDown",
	UpdatePodToleration: "UpdateToleration", UpdatePodSchedulingGatesEliminated: "UpdateSchedulingGatesEliminated",
	UpdateOther: "Update",
}

// QueueingHint says whether an event can help a pod.
type QueueingHint int

const (
	// QueueSkip means that the event cannot help.
	QueueSkip QueueingHint = iota
	// Queue means that the pod should be tried again.
	Queue
)

// QueueingHintFn says whether the event can make the pod schedulable, which the
// plugin rejected. oldObj and newObj are *corev1.Pod or *corev1.Node; oldObj is
// nil for an addition, newObj for a deletion. An error counts as Queue, so that
// no pod is forgotten.
type QueueingHintFn func(pod *corev1.Pod, oldObj, newObj any) (QueueingHint, error)

// ClusterEventWithHint is an event that a plugin waits for. Without a hint the
// event always queues the pod.
type ClusterEventWithHint struct {
	Event          ClusterEvent
	QueueingHintFn QueueingHintFn
}

// As returns the objects of an event as T; a nil object stays nil. It fails
// where an object has another type.
func As[T *corev1.Pod | *corev1.Node | *corev1.Namespace](oldObj, newObj any) (oldT, newT T, err error) {
	if oldObj != nil {
		var ok bool
		if oldT, ok = oldObj.(T); !ok {
			return nil, nil, fmt.Errorf("unexpected type %T of the old object", oldObj)
		}
	}
	if newObj != nil {
		var ok bool
		if newT, ok = newObj.(T); !ok {
			return nil, nil, fmt.Errorf("unexpected type %T of the new object", newObj)
		}
	}
	return oldT, newT, nil
}
