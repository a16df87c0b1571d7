// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package imagelocality

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

func TestScore(t *testing.T) {
	node := plugintest.MakeNode
	volume := plugintest.MakePod("p").Image("absent").Obj()
	volume.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "data"}}}}
	initContainer := plugintest.MakePod("p").Image("absent").Obj()
	initContainer.Spec.InitContainers = []corev1.Container{{Image: "data"}}

	for _, tc := range []struct {
		name  string
		pod   *corev1.Pod
		nodes []*corev1.Node
		want  map[string]int64
	}{
		{
			// 100 * (250*1/2 - 23) / (1000 - 23) and 100 * (40*1/2, at least 23 - 23) / 977
			name:  "bigger images count more",
			pod:   plugintest.MakePod("p").Image("big").Obj(),
			nodes: []*corev1.Node{node("a").Image(250*mb, "big:latest").Obj(), node("b").Image(40*mb, "small:latest").Obj()},
			want:  map[string]int64{"a": 10, "b": 0},
		},
		{
			// 100 * (500 - 23) / 977: each of both nodes has it
			name:  "images that are everywhere count in full",
			pod:   plugintest.MakePod("p").Image("all:v1").Obj(),
			nodes: []*corev1.Node{node("a").Image(500*mb, "all:v1").Obj(), node("b").Image(500*mb, "all:v1").Obj()},
			want:  map[string]int64{"a": 48, "b": 48},
		},
		{
			name:  "a registry port is not a tag",
			pod:   plugintest.MakePod("p").Image("reg:5000/x").Obj(),
			nodes: []*corev1.Node{node("a").Image(500*mb, "reg:5000/x:latest").Obj()},
			want:  map[string]int64{"a": 48},
		},
		{
			// sum 4000 is cut at 1000 per image of the pod
			name:  "no more than the highest score",
			pod:   plugintest.MakePod("p").Image("huge").Obj(),
			nodes: []*corev1.Node{node("a").Image(4000*mb, "huge:latest").Obj()},
			want:  map[string]int64{"a": 100},
		},
		{
			// 100 * (1000 - 23) / (2*1000 - 23)
			name: "init containers", pod: initContainer,
			nodes: []*corev1.Node{node("a").Image(1000*mb, "data:latest").Obj()},
			want:  map[string]int64{"a": 49},
		},
		{
			name: "image volumes", pod: volume,
			nodes: []*corev1.Node{node("a").Image(1000*mb, "data:latest").Obj()},
			want:  map[string]int64{"a": 49},
		},
		{
			name:  "absurd sizes stay in range",
			pod:   plugintest.MakePod("p").Image("x", "y", "z").Obj(),
			nodes: []*corev1.Node{node("a").Image(math.MaxInt64/2, "x:latest").Image(math.MinInt64, "y:latest").Image(math.MaxInt64/2, "z:latest").Obj()},
			want:  map[string]int64{"a": 0},
		},
		{
			name: "no container", pod: plugintest.MakePod("p").Image().Obj(),
			nodes: []*corev1.Node{node("a").Obj()}, want: map[string]int64{"a": 0},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, s := plugintest.Score(New(), plugintest.NewSnapshot(tc.nodes, nil), tc.pod)
			if !s.IsSuccess() {
				t.Fatal(s.AsError())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("scores (-want +got):\n%s", diff)
			}
		})
	}
}
