// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// endedPod ran from a time for as long as given.
func endedPod(from time.Time, ran time.Duration) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Time{Time: from}},
		Status: v1alpha1.SimPodStatus{Phase: corev1.PodFailed, ContainerStatuses: []v1alpha1.ContainerStatus{{
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: metav1.Time{Time: from.Add(ran)}}},
		}}},
	}
}

func TestRestartAt(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	deleted := endedPod(begin, time.Second)
	deleted.DeletionTimestamp = &metav1.Time{Time: begin}
	active := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Time{Time: begin}}}
	many := func(n int) (out []*v1alpha1.SimPod) {
		for range n {
			out = append(out, endedPod(begin, time.Second))
		}
		return out
	}
	tests := []struct {
		name     string
		owned    []*v1alpha1.SimPod
		replicas int
		want     time.Duration // after the end of those that ran for a second; negative for at once
	}{
		{name: "nothing has ended", owned: []*v1alpha1.SimPod{active}, replicas: 1, want: -1},
		{name: "one of one", owned: many(1), replicas: 1, want: 10 * time.Second},
		{name: "one of ten", owned: many(1), replicas: 10, want: -1},
		{name: "ten of ten", owned: many(10), replicas: 10, want: 10 * time.Second},
		{name: "each round doubles", owned: many(30), replicas: 10, want: 40 * time.Second},
		{name: "up to a bound", owned: many(1000), replicas: 1, want: 5 * time.Minute},
		{name: "no replicas wanted", owned: many(1), replicas: 0, want: 10 * time.Second},
		{name: "one that was deleted", owned: []*v1alpha1.SimPod{deleted}, replicas: 1, want: -1},
		{name: "one that ran for long", owned: []*v1alpha1.SimPod{endedPod(begin, time.Hour)}, replicas: 1, want: -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := time.Time{}
			if tt.want >= 0 {
				want = begin.Add(time.Second + tt.want)
			}
			if got := RestartAt(tt.owned, tt.replicas); !got.Equal(want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestPlanReplicasWaitsWherePodsEndAtOnce(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	set := &v1alpha1.SimReplicaSet{Spec: v1alpha1.SimReplicaSetSpec{Replicas: new(int32(1))}}
	owned := []*v1alpha1.SimPod{endedPod(now, time.Second)}
	if got := PlanReplicas(set, owned, nil, now.Add(2*time.Second)); got.Create != 0 || !got.Wait.Equal(now.Add(11*time.Second)) {
		t.Errorf("creates %d now, waits until %s", got.Create, got.Wait)
	}
	if got := PlanReplicas(set, owned, nil, now.Add(11*time.Second)); got.Create != 1 || !got.Wait.IsZero() {
		t.Errorf("creates %d, waits until %s", got.Create, got.Wait)
	}
}

// A set without a controller has no related pods: which node has more of its
// pods does not matter, how long they are ready does.
func TestDeletionOrderWithoutRelatedPods(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pod := func(name, node string, ready time.Duration) *v1alpha1.SimPod {
		at := metav1.Time{Time: now.Add(-ready)}
		return &v1alpha1.SimPod{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: at},
			Spec:       v1alpha1.SimPodSpec{NodeName: node},
			Status: v1alpha1.SimPodStatus{Phase: corev1.PodRunning, Conditions: []metav1.Condition{
				{Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, LastTransitionTime: at}}},
		}
	}
	pods := []*v1alpha1.SimPod{pod("a1", "a", 38*time.Second), pod("a2", "a", 38*time.Second), pod("b1", "b", 12*time.Second)}
	if got := DeletionOrder(pods, nil, now)[0].Name; got != "b1" {
		t.Errorf("%s goes first, want b1, which is ready for the shortest time", got)
	}
	if got := DeletionOrder(pods, pods, now)[0].Name; got == "b1" {
		t.Error("with related pods, one of the node that has two goes first")
	}
}
