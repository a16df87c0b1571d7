// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeports

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func TestFilter(t *testing.T) {
	const taken = "Unschedulable: node(s) didn't have free ports for the requested pod ports"
	port := func(ip string, protocol corev1.Protocol, port int32) *corev1.Pod {
		return plugintest.MakePod("p").HostPort(ip, protocol, port).Obj()
	}
	for _, tc := range []struct {
		name     string
		pod      *corev1.Pod
		existing *corev1.Pod
		want     string
	}{
		{name: "no port at all", pod: plugintest.MakePod("p").Obj(), existing: port("", "TCP", 80), want: "Skip"},
		{name: "free", pod: port("", "TCP", 80), existing: port("", "TCP", 81)},
		{name: "taken", pod: port("", "TCP", 80), existing: port("", "TCP", 80), want: taken},
		{name: "other protocol", pod: port("", "UDP", 80), existing: port("", "TCP", 80)},
		{name: "protocol defaults to TCP", pod: port("", "", 80), existing: port("", "TCP", 80), want: taken},
		{name: "other address", pod: port("10.0.0.1", "TCP", 80), existing: port("10.0.0.2", "TCP", 80)},
		{name: "same address", pod: port("10.0.0.1", "TCP", 80), existing: port("10.0.0.1", "TCP", 80), want: taken},
		{name: "all addresses wanted", pod: port("", "TCP", 80), existing: port("10.0.0.1", "TCP", 80), want: taken},
		{name: "all addresses taken", pod: port("10.0.0.1", "TCP", 80), existing: port("0.0.0.0", "TCP", 80), want: taken},
		{
			name:     "one of several taken",
			pod:      plugintest.MakePod("p").HostPort("", "TCP", 80).HostPort("", "UDP", 53).Obj(),
			existing: port("", "UDP", 53), want: taken,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			existing := tc.existing.DeepCopy()
			existing.UID, existing.Spec.NodeName = "existing", "n1"
			snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n1").Obj()}, []*corev1.Pod{existing})
			got := plugintest.Filter(New(), snapshot, tc.pod)
			if diff := cmp.Diff(map[string]string{"n1": tc.want}, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHints(t *testing.T) {
	pod := plugintest.MakePod("p").HostPort("", "TCP", 80).Obj()
	deleted := framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.Delete}
	for _, tc := range []struct {
		name  string
		event framework.ClusterEvent
		old   any
		want  framework.QueueingHint
		fails bool
	}{
		{name: "frees the port", event: deleted, old: plugintest.MakePod("o").On("n1").HostPort("", "TCP", 80).Obj(), want: framework.Queue},
		{name: "nominated only", event: deleted, old: plugintest.MakePod("o").Nominated("n1").HostPort("", "TCP", 80).Obj(), want: framework.Queue},
		{name: "frees another port", event: deleted, old: plugintest.MakePod("o").On("n1").HostPort("", "TCP", 81).Obj()},
		{name: "had no port", event: deleted, old: plugintest.MakePod("o").On("n1").Obj()},
		{name: "was on no node", event: deleted, old: plugintest.MakePod("o").HostPort("", "TCP", 80).Obj()},
		{name: "not a pod", event: deleted, old: plugintest.MakeNode("n1").Obj(), want: framework.Queue, fails: true},
		{name: "new node", event: framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add}, want: framework.Queue},
		{name: "node labels", event: framework.ClusterEvent{Resource: framework.Node, ActionType: framework.UpdateNodeLabel}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := plugintest.Hint(New(), tc.event, pod, tc.old, nil)
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("got %v, %v; want %v, error: %v", got, err, tc.want, tc.fails)
			}
		})
	}
}
