// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

func simNode(boot time.Duration) *v1alpha1.SimNode {
	return &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: "n1", Generation: 1, CreationTimestamp: metav1.Time{Time: start}},
		Spec: v1alpha1.SimNodeSpec{
			Capacity:   v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("1Gi")},
			Reserved:   v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse("1500m"), corev1.ResourceMemory: resource.MustParse("2Gi")},
			Simulation: &v1alpha1.NodeSimulation{BootDelay: &metav1.Duration{Duration: boot}},
		},
	}
}

func readyStatus(node *v1alpha1.SimNode) string {
	c := meta.FindStatusCondition(node.Status.Conditions, v1alpha1.SimNodeReady)
	if c == nil {
		return ""
	}
	return string(c.Status) + "/" + c.Reason
}

func TestNextNodeLife(t *testing.T) {
	nodeFacts := NodeFacts{KubeletVersion: "v1", Address: "172.16.0.1"}
	node := simNode(30 * time.Second)

	booting := NextNode(node, nodeFacts, start)
	if len(booting.Labels) != 3 || len(booting.Taints) != 1 || booting.Taints[0].Key != corev1.TaintNodeNotReady {
		t.Fatalf("labels %v, taints %v", booting.Labels, booting.Taints)
	}
	if !booting.Wake.Equal(start.Add(30*time.Second)) || booting.Status.Summary != "NotReady" {
		t.Errorf("wake %s, summary %s", booting.Wake, booting.Status.Summary)
	}
	for name, want := range map[corev1.ResourceName]string{corev1.ResourceCPU: "2500m", corev1.ResourceMemory: "0", corev1.ResourcePods: "110"} {
		if got := booting.Status.Allocatable[name]; got.String() != want {
			t.Errorf("allocatable %s is %s, want %s", name, got.String(), want)
		}
	}
	node.Labels, node.Spec.Taints, node.Status = booting.Labels, booting.Taints, booting.Status
	if again := NextNode(node, nodeFacts, start.Add(time.Second)); again.Changed || again.Taints != nil || len(again.Labels) > 0 {
		t.Errorf("a second look changes the node: %s", cmp.Diff(booting, again))
	}

	ready := NextNode(node, nodeFacts, booting.Wake)
	node.Status = ready.Status
	if got := readyStatus(node); got != "True/KubeletReady" || !ready.Wake.IsZero() || ready.Status.Summary != "Ready" {
		t.Errorf("ready %s, wake %s", got, ready.Wake)
	}
	if taints, changed := ConditionTaints(node, booting.Wake); !changed || len(taints) != 0 {
		t.Errorf("taints %v of a ready node", taints)
	}

	unknown, changed := MarkUnknown(node, start.Add(time.Hour))
	node.Status = unknown
	if got := readyStatus(node); !changed || got != "Unknown/NodeStatusUnknown" || Operational(node) || !TakenForDead(node) {
		t.Errorf("ready %s", got)
	}
	if _, changed := MarkUnknown(node, start.Add(2*time.Hour)); changed {
		t.Error("a dead node dies again")
	}
	back := NextNode(node, nodeFacts, start.Add(2*time.Hour))
	node.Status = back.Status
	if got := readyStatus(node); got != "True/KubeletReady" {
		t.Errorf("ready %s after it is back", got)
	}
}

func TestConditionTaints(t *testing.T) {
	own := corev1.Taint{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}
	tests := []struct {
		name   string
		status metav1.ConditionStatus
		reason string
		taints []corev1.Taint
		want   []string
	}{
		{name: "ready", status: metav1.ConditionTrue, reason: "x",
			taints: append(bothEffects(corev1.TaintNodeNotReady), own), want: []string{"gpu:NoSchedule"}},
		{name: "booting", status: metav1.ConditionFalse, reason: v1alpha1.ReasonNodeBooting,
			want: []string{"node.kubernetes.io/not-ready:NoSchedule"}},
		{name: "not ready", status: metav1.ConditionFalse, reason: "KubeletNotReady", taints: []corev1.Taint{own},
			want: []string{"gpu:NoSchedule", "node.kubernetes.io/not-ready:NoSchedule", "node.kubernetes.io/not-ready:NoExecute"}},
		{name: "unknown after not ready", status: metav1.ConditionUnknown, reason: "x", taints: bothEffects(corev1.TaintNodeNotReady),
			want: []string{"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			node := simNode(0)
			node.Spec.Taints = tt.taints
			setReady(&node.Status, 1, tt.status, tt.reason, "", start)
			taints, changed := ConditionTaints(node, start)
			got := []string{}
			for i := range taints {
				got = append(got, taints[i].ToString())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || !changed {
				t.Errorf("changed %v, taints (-want +got):\n%s", changed, diff)
			}
			node.Spec.Taints = taints
			if _, changed := ConditionTaints(node, start); changed {
				t.Error("the right taints are changed")
			}
		})
	}
}

func TestEvictAt(t *testing.T) {
	unreachable := corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute}
	custom := corev1.Taint{Key: "maintenance", Effect: corev1.TaintEffectNoExecute}
	tolerate := func(key string, seconds *int64) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, TolerationSeconds: seconds, Effect: corev1.TaintEffectNoExecute}
	}
	never := time.Duration(-1)
	tests := []struct {
		name        string
		tolerations []corev1.Toleration
		taints      []corev1.Taint
		defaults    int64
		want        time.Duration
	}{
		{name: "default seconds", taints: []corev1.Taint{unreachable}, defaults: 300, want: 300 * time.Second},
		{name: "defaults are off", taints: []corev1.Taint{unreachable}, defaults: -1, want: 0},
		{name: "own seconds", tolerations: []corev1.Toleration{tolerate(unreachable.Key, new(int64(7)))},
			taints: []corev1.Taint{unreachable}, defaults: 300, want: 7 * time.Second},
		{name: "for ever", tolerations: []corev1.Toleration{tolerate("", nil)}, taints: []corev1.Taint{unreachable, custom}, defaults: 300, want: never},
		{name: "negative seconds are at once", tolerations: []corev1.Toleration{tolerate(unreachable.Key, new(int64(-5)))},
			taints: []corev1.Taint{unreachable}, defaults: 300, want: 0},
		{name: "not tolerated", taints: []corev1.Taint{unreachable, custom}, defaults: 300, want: 0},
		{name: "shortest counts", tolerations: []corev1.Toleration{tolerate(custom.Key, new(int64(9)))},
			taints: []corev1.Taint{unreachable, custom}, defaults: 300, want: 9 * time.Second},
		{name: "no taints", defaults: 300, want: never},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := boundPod(nil, func(s *v1alpha1.SimPodSpec) { s.Tolerations = tt.tolerations })
			at, evict := EvictAt(pod, tt.taints, tt.defaults, func(corev1.Taint) time.Time { return start })
			if got := at.Sub(start); evict != (tt.want != never) || (evict && got != tt.want) {
				t.Errorf("evict %v after %s, want %s", evict, got, tt.want)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	p := Probe{}.Observe(time.Time{}, start)
	if got := p.Stale(50 * time.Second); !got.Equal(start.Add(50 * time.Second)) {
		t.Errorf("a node without a lease is stale at %s", got)
	}
	p = p.Observe(start.Add(-time.Hour), start.Add(10*time.Second))
	if got := p.Stale(50 * time.Second); !got.Equal(start.Add(60 * time.Second)) {
		t.Errorf("a renewal counts from when it was seen, not from what the other clock says: %s", got)
	}
	if same := p.Observe(start.Add(-time.Hour), start.Add(20*time.Second)); same != p {
		t.Error("a renewal is counted twice")
	}
}

func TestNextHeartbeatSpreadsAndDoesNotDrift(t *testing.T) {
	seconds := map[int]int{}
	for i := range 5000 {
		node := &v1alpha1.SimNode{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%d", i)}}
		first := NextHeartbeat(node, start)
		if gap := first.Sub(start); gap <= 0 || gap > DefaultHeartbeatInterval {
			t.Fatalf("first renewal after %s", gap)
		}
		if second := NextHeartbeat(node, first.Add(300*time.Millisecond)); second.Sub(first) != DefaultHeartbeatInterval {
			t.Fatalf("a late renewal shifts the next one by %s", second.Sub(first)-DefaultHeartbeatInterval)
		}
		seconds[first.Second()]++
	}
	for s, n := range seconds {
		if n > 700 {
			t.Errorf("%d of 5000 nodes renew in second %d", n, s)
		}
	}
}

func TestAllocated(t *testing.T) {
	request := func(cpu string, phase corev1.PodPhase) v1alpha1.SimPod {
		pod := boundPod(nil, nil)
		pod.Spec.Containers[0].Resources.Requests = v1alpha1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
		pod.Status.Phase = phase
		return *pod
	}
	got, count := Allocated([]v1alpha1.SimPod{
		request("1", corev1.PodRunning), request("250m", ""), request("8", corev1.PodSucceeded),
	})
	if cpu := got[corev1.ResourceCPU]; cpu.String() != "1250m" || count != 2 {
		t.Errorf("cpu %s of %d pods, want 1250m of 2", cpu.String(), count)
	}
}

func TestMarkLost(t *testing.T) {
	pod := boundPod(nil, nil)
	pod.Status = Next(pod, facts, start).Status
	status, changed := MarkLost(pod, start)
	if !changed || status.Phase != corev1.PodFailed || status.Summary != "Failed" ||
		!meta.IsStatusConditionTrue(status.Conditions, v1alpha1.SimPodDisruptionTarget) {
		t.Errorf("changed %v, status %+v", changed, status)
	}
	pod.Status.Phase = corev1.PodSucceeded
	if _, changed := MarkLost(pod, start); changed {
		t.Error("a pod that has succeeded fails")
	}
}

// However long a node was silent, it tries again within ten seconds.
func TestHeartbeat(t *testing.T) {
	node := func(interval time.Duration, ready metav1.ConditionStatus) *v1alpha1.SimNode {
		n := simNode(0)
		n.Spec.Simulation = &v1alpha1.NodeSimulation{HeartbeatInterval: &metav1.Duration{Duration: interval}}
		n.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimNodeReady, Status: ready}}
		return n
	}
	alive, dead := metav1.ConditionTrue, metav1.ConditionUnknown
	tests := []struct {
		name  string
		node  *v1alpha1.SimNode
		facts HeartbeatFacts
		now   time.Time
		due   bool
		next  time.Time
	}{
		{name: "a kubelet that has just started", node: node(10*time.Second, alive), now: start, due: true, next: start},
		{name: "renewed just now", node: node(10*time.Second, alive), facts: HeartbeatFacts{Renewed: start}, now: start,
			next: NextHeartbeat(node(10*time.Second, alive), start)},
		{name: "taken for dead", node: node(10*time.Second, dead), facts: HeartbeatFacts{Renewed: start}, now: start, due: true, next: start},
		{name: "failed a moment ago, after an hour of failures", node: node(10*time.Second, dead),
			facts: HeartbeatFacts{Renewed: start.Add(-time.Hour), Failed: start}, now: start.Add(time.Second), next: start.Add(10 * time.Second)},
		{name: "failed ten seconds ago", node: node(10*time.Second, dead),
			facts: HeartbeatFacts{Renewed: start.Add(-time.Hour), Failed: start}, now: start.Add(10 * time.Second), due: true, next: start.Add(10 * time.Second)},
		{name: "failed for the first time", node: node(10*time.Second, alive), facts: HeartbeatFacts{Failed: start}, now: start, next: start.Add(10 * time.Second)},
		{name: "a slow node is no slower", node: node(5*time.Minute, alive), facts: HeartbeatFacts{Failed: start}, now: start, next: start.Add(10 * time.Second)},
		{name: "a fast node is as fast", node: node(time.Second, alive), facts: HeartbeatFacts{Failed: start}, now: start, next: start.Add(time.Second)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			due, next := Heartbeat(tt.node, tt.facts, tt.now)
			if due != tt.due || !next.Equal(tt.next) {
				t.Errorf("due %v at %s, want %v at %s", due, next, tt.due, tt.next)
			}
		})
	}
}

func TestEvictAtGivesComparisonOperatorsNoMeaning(t *testing.T) {
	pod := boundPod(nil, func(s *v1alpha1.SimPodSpec) {
		s.Tolerations = []corev1.Toleration{{Key: "level", Operator: corev1.TolerationOpGt, Value: "3", Effect: corev1.TaintEffectNoExecute}}
	})
	taints := []corev1.Taint{{Key: "level", Value: "5", Effect: corev1.TaintEffectNoExecute}}
	at, evict := EvictAt(pod, taints, 300, func(corev1.Taint) time.Time { return start })
	if !evict || !at.Equal(start) {
		t.Errorf("evict %v at %s, want at once: the scheduler would not place the pod there", evict, at)
	}
}

func TestMarksOfPodsWithoutKubelet(t *testing.T) {
	pod := boundPod(nil, nil)
	pod.Status = Next(pod, facts, start).Status
	if _, changed := MarkTerminating(pod); changed {
		t.Error("a pod that is not deleted terminates")
	}
	pod.DeletionTimestamp = &metav1.Time{Time: start}
	status, changed := MarkTerminating(pod)
	if !changed || status.Summary != SummaryTerminating || status.Ready != "1/1" || status.Phase != corev1.PodRunning {
		t.Errorf("changed %v, summary %s, ready %s, phase %s", changed, status.Summary, status.Ready, status.Phase)
	}
	pod.Status = status
	if _, changed := MarkTerminating(pod); changed {
		t.Error("the mark is written twice")
	}
	failed, changed := MarkFailed(pod)
	if !changed || failed.Phase != corev1.PodFailed || failed.Summary == SummaryTerminating {
		t.Errorf("changed %v, phase %s, summary %s", changed, failed.Phase, failed.Summary)
	}
	lost, changed := MarkLost(pod, start)
	if !changed || lost.Phase != corev1.PodFailed || meta.IsStatusConditionTrue(lost.Conditions, v1alpha1.SimPodReady) ||
		!meta.IsStatusConditionTrue(lost.Conditions, v1alpha1.SimPodDisruptionTarget) {
		t.Errorf("changed %v, status %+v", changed, lost)
	}
	pod.Status = failed
	if _, changed := MarkTerminating(pod); changed {
		t.Error("a pod that has ended terminates")
	}
}

func TestOutOfService(t *testing.T) {
	node := simNode(0)
	node.Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeOutOfService, Effect: corev1.TaintEffectNoExecute}}
	if !OutOfService(node) {
		t.Error("a tainted node that is not ready is in service")
	}
	node.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimNodeReady, Status: metav1.ConditionTrue}}
	if OutOfService(node) {
		t.Error("a node that is ready is out of service")
	}
	node.Status.Conditions[0].Status, node.Spec.Taints = metav1.ConditionUnknown, nil
	if OutOfService(node) {
		t.Error("a node without the taint is out of service")
	}
}
