// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
	"github.com/glassplane/glassplane/internal/tolerations"
)

const (
	// DefaultNodeMonitorGracePeriod is the default of kube-controller-manager's
	// --node-monitor-grace-period: 50 s in 1.37
	// (pkg/controller/nodelifecycle/config/v1alpha1/defaults.go).
	DefaultNodeMonitorGracePeriod = 50 * time.Second
	// DefaultTolerationSeconds is the default of kube-apiserver's
	// --default-not-ready-toleration-seconds and its twin for unreachable nodes.
	DefaultTolerationSeconds int64 = 300
)

// Probe is what the node lifecycle controller remembers of a node's heartbeat,
// as nodeHealthData in k8s.io/kubernetes/pkg/controller/nodelifecycle: when,
// by its own clock, it saw the Lease renewed. The clock of who renews it is not
// trusted, and a controller that starts gives every node a full grace period.
type Probe struct {
	// Renewed is the renew time in the Lease; zero where there is no Lease.
	Renewed time.Time
	// At is when that renew time was seen first.
	At time.Time
}

// Observe returns the probe after a look at the node's Lease. The zero Probe is
// that of a node that was never looked at.
func (p Probe) Observe(renewed, now time.Time) Probe {
	if p.At.IsZero() || renewed.After(p.Renewed) {
		return Probe{Renewed: renewed, At: now}
	}
	return p
}

// Stale returns when a node with this probe is taken for dead, if it is not
// probed again.
func (p Probe) Stale(grace time.Duration) time.Time { return p.At.Add(grace) }

// MarkUnknown returns the status of a node whose heartbeat is stale, as
// tryUpdateNodeHealth in k8s.io/kubernetes/pkg/controller/nodelifecycle sets
// it, and whether that is a change. A node that never registered is left alone.
func MarkUnknown(node *v1alpha1.SimNode, now time.Time) (v1alpha1.SimNodeStatus, bool) {
	status := *node.Status.DeepCopy()
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.SimNodeReady)
	if ready == nil || ready.Status == metav1.ConditionUnknown {
		return status, false
	}
	setReady(&status, node.Generation, metav1.ConditionUnknown, v1alpha1.ReasonNodeStatusUnknown,
		"Kubelet stopped posting node status.", now)
	status.Summary = NodeSummary(node, status.Conditions)
	return status, true
}

// ConditionTaints returns the taints that a node should have given its Ready
// condition, and whether that differs from those it has: not-ready while it is
// False, unreachable while it is Unknown, both with the effects NoSchedule and
// NoExecute, none of them while it is True. Other taints are kept. It mirrors
// doNoScheduleTaintingPass and processTaintBaseEviction in
// k8s.io/kubernetes/pkg/controller/nodelifecycle.
//
// A node that has not booted yet runs no pods, so it is not tainted NoExecute.
func ConditionTaints(node *v1alpha1.SimNode, now time.Time) ([]corev1.Taint, bool) {
	ready := meta.FindStatusCondition(node.Status.Conditions, v1alpha1.SimNodeReady)
	if ready == nil {
		return node.Spec.Taints, false
	}
	var want []corev1.Taint
	switch {
	case ready.Status == metav1.ConditionFalse && ready.Reason == v1alpha1.ReasonNodeBooting:
		want = []corev1.Taint{{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}}
	case ready.Status == metav1.ConditionFalse:
		want = bothEffects(corev1.TaintNodeNotReady)
	case ready.Status == metav1.ConditionUnknown:
		want = bothEffects(corev1.TaintNodeUnreachable)
	}
	matches := func(list []corev1.Taint, t corev1.Taint) bool {
		return slices.ContainsFunc(list, func(o corev1.Taint) bool { return o.MatchTaint(&t) })
	}
	changed := false
	var out []corev1.Taint
	for _, t := range node.Spec.Taints {
		owned := t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable
		if owned && t.Effect != corev1.TaintEffectPreferNoSchedule && !matches(want, t) {
			changed = true
			continue
		}
		out = append(out, t)
	}
	for _, t := range want {
		if !matches(node.Spec.Taints, t) {
			changed = true
			t.TimeAdded = &metav1.Time{Time: now}
			out = append(out, t)
		}
	}
	return out, changed
}

func bothEffects(key string) []corev1.Taint {
	return []corev1.Taint{
		{Key: key, Effect: corev1.TaintEffectNoSchedule},
		{Key: key, Effect: corev1.TaintEffectNoExecute},
	}
}

// NoExecuteTaints returns those of the taints that evict pods.
func NoExecuteTaints(taints []corev1.Taint) []corev1.Taint {
	var out []corev1.Taint
	for _, t := range taints {
		if t.Effect == corev1.TaintEffectNoExecute {
			out = append(out, t)
		}
	}
	return out
}

// EvictAt returns when the pod has to be deleted because of the taints, which
// are all NoExecute, and false where it tolerates them for ever. since is when
// the pod and a taint came together: the later of the time the taint was seen
// and the time the pod was accepted. The time can be past.
//
// Each taint counts with the first toleration that matches it, as in
// GetMatchingTolerations and processPodOnNode of
// k8s.io/kubernetes/pkg/controller/tainteviction; where several taints have
// tolerations with seconds, each counts from its own time, where upstream lets
// the shortest count from the last change.
func EvictAt(pod *v1alpha1.SimPod, taints []corev1.Taint, defaultSeconds int64, since func(corev1.Taint) time.Time) (time.Time, bool) {
	tolerated := withDefaultTolerations(pod.Spec.Tolerations, defaultSeconds)
	var at time.Time
	evict := false
	for _, taint := range taints {
		when := since(taint)
		if t := tolerations.First(tolerated, &taint); t != nil {
			if t.TolerationSeconds == nil {
				continue
			}
			when = when.Add(wholeDuration(max(0, *t.TolerationSeconds)))
		}
		if !evict || when.Before(at) {
			at, evict = when, true
		}
	}
	return at, evict
}

// withDefaultTolerations adds what the admission plugin DefaultTolerationSeconds
// of kube-apiserver adds to core/v1 pods. A negative number of seconds adds none.
func withDefaultTolerations(given []corev1.Toleration, seconds int64) []corev1.Toleration {
	if seconds < 0 {
		return given
	}
	out := slices.Clone(given)
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		has := slices.ContainsFunc(given, func(t corev1.Toleration) bool {
			return (t.Key == key || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "")
		})
		if !has {
			out = append(out, corev1.Toleration{
				Key: key, Operator: corev1.TolerationOpExists,
				Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds,
			})
		}
	}
	return out
}

// MarkNotReady returns the status of a pod on a node that is not ready, as
// MarkPodsNotReady in k8s.io/kubernetes/pkg/controller/util/node sets it, and
// whether that is a change: only the status of Ready changes.
func MarkNotReady(pod *v1alpha1.SimPod, now time.Time) (v1alpha1.SimPodStatus, bool) {
	status := *pod.Status.DeepCopy()
	ready := meta.FindStatusCondition(status.Conditions, v1alpha1.SimPodReady)
	if ready == nil || ready.Status != metav1.ConditionTrue {
		return status, false
	}
	ready.Status = metav1.ConditionFalse
	ready.LastTransitionTime = metav1.Time{Time: now}
	return status, true
}

// MarkTerminating returns the status of a pod that is being deleted while its own
// kubelet cannot report, and whether that is a change: only what kubectl shows
// changes.
func MarkTerminating(pod *v1alpha1.SimPod) (v1alpha1.SimPodStatus, bool) {
	status := *pod.Status.DeepCopy()
	if pod.DeletionTimestamp == nil || terminal(status.Phase) || status.Summary == SummaryTerminating {
		return status, false
	}
	Summarize(pod, &status)
	return status, true
}

// MarkDisrupted returns the status of a pod that a controller is about to
// delete, with the condition DisruptionTarget, and whether that is a change.
func MarkDisrupted(pod *v1alpha1.SimPod, reason, message string, now time.Time) (v1alpha1.SimPodStatus, bool) {
	status := *pod.Status.DeepCopy()
	changed := conditions.Set(&status.Conditions, metav1.Condition{
		Type: v1alpha1.SimPodDisruptionTarget, Status: metav1.ConditionTrue,
		Reason: reason, Message: message, ObservedGeneration: pod.Generation,
		LastTransitionTime: metav1.Time{Time: now},
	})
	return status, changed
}

// MarkLost returns the status of a pod whose node no longer exists, as
// markFailedAndDeletePodWithCondition in k8s.io/kubernetes/pkg/controller/podgc
// sets it, and whether that is a change. A pod that has ended is left alone.
// Beyond upstream the pod is no longer ready: there is nothing that would serve.
func MarkLost(pod *v1alpha1.SimPod, now time.Time) (v1alpha1.SimPodStatus, bool) {
	if terminal(pod.Status.Phase) {
		return *pod.Status.DeepCopy(), false
	}
	lost := *pod
	lost.Status, _ = MarkDisrupted(pod, v1alpha1.ReasonDeletionByPodGC, "PodGC: node no longer exists", now)
	lost.Status, _ = MarkNotReady(&lost, now)
	return MarkFailed(&lost)
}

// MarkFailed returns the status of a pod that no kubelet will report the end of,
// as markFailedAndDeletePod in k8s.io/kubernetes/pkg/controller/podgc sets it, and
// whether that is a change. A pod that has ended is left alone.
func MarkFailed(pod *v1alpha1.SimPod) (v1alpha1.SimPodStatus, bool) {
	status := *pod.Status.DeepCopy()
	if terminal(status.Phase) {
		return status, false
	}
	status.Phase = corev1.PodFailed
	status.ObservedGeneration = pod.Generation
	Summarize(pod, &status)
	return status, true
}

// OutOfService says whether an administrator has said that a node is down for
// good while it is not ready, so that nobody waits for its kubelet: gcTerminating
// in k8s.io/kubernetes/pkg/controller/podgc.
func OutOfService(node *v1alpha1.SimNode) bool {
	return !Operational(node) && slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool {
		return t.Key == corev1.TaintNodeOutOfService
	})
}
