// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func TestMessageOfPodThatNamesItsNode(t *testing.T) {
	onNode := func(name string) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{name}}},
			}}},
		}}
	}
	node := func(name string, unschedulable bool) *corev1.Node {
		return &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       corev1.NodeSpec{Unschedulable: unschedulable},
			Status:     corev1.NodeStatus{Allocatable: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("4")}},
		}
	}
	tests := map[string]struct {
		affinity *corev1.Affinity
		want     string
	}{
		"a plugin that objects later did not name nodes": {
			affinity: onNode("cordoned"),
			want:     "0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [NodeAffinity], 1 node(s) were unschedulable.",
		},
		"the node fits": {affinity: onNode("free")},
	}
	list, err := plugins.Default()
	if err != nil {
		t.Fatal(err)
	}
	list = withoutPostFilters(list)
	profile, err := framework.NewProfile("test", 0, list...)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "p"}, Spec: corev1.PodSpec{Affinity: tt.affinity}}
			snapshot := plugintest.NewSnapshot([]*corev1.Node{node("free", false), node("cordoned", true)}, nil)
			got := Decide(Input{Snapshot: snapshot, Pod: framework.NewPodInfo(pod), Profile: profile})
			if diff := cmp.Diff(tt.want, got.Status.Message()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// withoutPostFilters leaves out what adds to the message.
func withoutPostFilters(list []framework.WeightedPlugin) []framework.WeightedPlugin {
	var out []framework.WeightedPlugin
	for _, p := range list {
		if _, ok := p.Plugin.(framework.PostFilterPlugin); !ok {
			out = append(out, p)
		}
	}
	return out
}
