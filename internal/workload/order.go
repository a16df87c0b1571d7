// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Active says whether a pod counts as a replica: it has not ended and is not
// being deleted. It is IsPodActive of k8s.io/kubernetes/pkg/controller.
func Active(pod *v1alpha1.SimPod) bool {
	return !Ended(pod) && pod.DeletionTimestamp == nil
}

// Terminating says whether a pod is being deleted and has not ended. It is
// IsPodTerminating of k8s.io/kubernetes/pkg/controller.
func Terminating(pod *v1alpha1.SimPod) bool {
	return !Ended(pod) && pod.DeletionTimestamp != nil
}

// Ended says whether a pod has succeeded or failed.
func Ended(pod *v1alpha1.SimPod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Ready says whether a pod's condition Ready is True.
func Ready(pod *v1alpha1.SimPod) bool {
	return meta.IsStatusConditionTrue(pod.Status.Conditions, v1alpha1.SimPodReady)
}

// readySince returns when a pod became ready; the zero time where it is not.
func readySince(pod *v1alpha1.SimPod) time.Time {
	c := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodReady)
	if c == nil || c.Status != metav1.ConditionTrue {
		return time.Time{}
	}
	return c.LastTransitionTime.Time
}

// AvailableAt returns when a pod counts as available, and false where it is not
// ready. It is IsPodAvailable of k8s.io/kubernetes/pkg/api/v1/pod.
func AvailableAt(pod *v1alpha1.SimPod, minReadySeconds int32) (time.Time, bool) {
	if !Ready(pod) {
		return time.Time{}, false
	}
	return readySince(pod).Add(time.Duration(minReadySeconds) * time.Second), true
}

// Available says whether a pod has been ready for minReadySeconds.
func Available(pod *v1alpha1.SimPod, minReadySeconds int32, now time.Time) bool {
	at, ready := AvailableAt(pod, minReadySeconds)
	return ready && (minReadySeconds == 0 || !now.Before(at))
}

// DeletionOrder sorts pods so that those that are to be deleted first come
// first, as ActivePodsWithRanks of k8s.io/kubernetes/pkg/controller does:
//
//  1. not assigned to a node before assigned,
//  2. Pending before Unknown before Running,
//  3. not ready before ready,
//  4. lower before higher annotation controller.kubernetes.io/pod-deletion-cost,
//  5. more related pods on the same node before fewer,
//  6. ready for a shorter before a longer time, on a logarithmic scale,
//  7. more restarts of a container before fewer,
//  8. newer before older, on a logarithmic scale.
//
// Pods that are equal on a logarithmic scale come in the order of their UIDs,
// which is random but repeatable. related are all pods of the sets that have the
// same controller as the pods' own set, the pods themselves included; none where
// that has no controller, so that rule 5 tells nothing: getIndirectlyRelatedPods
// in k8s.io/kubernetes/pkg/controller/replicaset.
func DeletionOrder(pods, related []*v1alpha1.SimPod, now time.Time) []*v1alpha1.SimPod {
	rank := make(map[string]int)
	for _, pod := range related {
		if Active(pod) {
			rank[pod.Spec.NodeName]++
		}
	}
	out := slices.Clone(pods)
	slices.SortStableFunc(out, func(a, b *v1alpha1.SimPod) int {
		return cmp.Or(
			falseFirst(a.Spec.NodeName != "", b.Spec.NodeName != ""),
			cmp.Compare(phaseOrdinal(a), phaseOrdinal(b)),
			falseFirst(Ready(a), Ready(b)),
			cmp.Compare(deletionCost(a), deletionCost(b)),
			cmp.Compare(rank[b.Spec.NodeName], rank[a.Spec.NodeName]),
			newerFirst(readySince(a), readySince(b), a, b, now),
			cmp.Compare(maxRestarts(b), maxRestarts(a)),
			newerFirst(a.CreationTimestamp.Time, b.CreationTimestamp.Time, a, b, now),
		)
	})
	return out
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// phaseOrdinal is podPhaseToOrdinal of k8s.io/kubernetes/pkg/controller. A
// phase that is not reported yet means Pending.
func phaseOrdinal(pod *v1alpha1.SimPod) int {
	switch pod.Status.Phase {
	case corev1.PodUnknown:
		return 1
	case corev1.PodRunning:
		return 2
	}
	return 0
}

// deletionCost is GetDeletionCostFromPodAnnotations of
// k8s.io/kubernetes/pkg/apis/core/helper: a value that is not a plain number
// counts as 0.
func deletionCost(pod *v1alpha1.SimPod) int64 {
	value := pod.Annotations[corev1.PodDeletionCost]
	cost, err := strconv.ParseInt(value, 10, 32)
	if err != nil || value[0] == '+' || (value[0] == '0' && value != "0") {
		return 0
	}
	return cost
}

func maxRestarts(pod *v1alpha1.SimPod) int32 {
	var most int32
	for _, c := range pod.Status.ContainerStatuses {
		most = max(most, c.RestartCount)
	}
	return most
}

// newerFirst compares two times as logarithmicRankDiff does, with a time that
// is not known before one that is.
func newerFirst(a, b time.Time, podA, podB *v1alpha1.SimPod, now time.Time) int {
	switch {
	case a.Equal(b):
		return 0
	case a.IsZero():
		return -1
	case b.IsZero():
		return 1
	}
	return cmp.Or(cmp.Compare(logarithmicAge(a, now), logarithmicAge(b, now)), cmp.Compare(podA.UID, podB.UID))
}

func logarithmicAge(t, now time.Time) int64 {
	if age := now.Sub(t); age > 0 {
		return int64(math.Log2(float64(age)))
	}
	return -1
}
