// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package tainttoleration

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func tolerate(key string, operator corev1.TolerationOperator, value string, effect corev1.TaintEffect) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: operator, Value: value, Effect: effect}
}

func info(w *wrappers.NodeWrapper) *framework.NodeInfo {
	n := framework.NewNodeInfo()
	n.SetNode(w.Name("n").Obj())
	return n
}

func TestFilter(t *testing.T) {
	tainted := func(effect corev1.TaintEffect) *wrappers.NodeWrapper {
		return wrappers.MakeNode().Taint("k", "v", effect)
	}
	tests := map[string]struct {
		pod  *wrappers.PodWrapper
		node *wrappers.NodeWrapper
		fits bool
	}{
		"no taint":                   {wrappers.MakePod(), wrappers.MakeNode(), true},
		"NoSchedule":                 {wrappers.MakePod(), tainted(corev1.TaintEffectNoSchedule), false},
		"NoExecute":                  {wrappers.MakePod(), tainted(corev1.TaintEffectNoExecute), false},
		"PreferNoSchedule":           {wrappers.MakePod(), tainted(corev1.TaintEffectPreferNoSchedule), true},
		"tolerated by value":         {wrappers.MakePod().Toleration(tolerate("k", corev1.TolerationOpEqual, "v", "")), tainted(corev1.TaintEffectNoSchedule), true},
		"tolerated without operator": {wrappers.MakePod().Toleration(tolerate("k", "", "v", "")), tainted(corev1.TaintEffectNoSchedule), true},
		"another value":              {wrappers.MakePod().Toleration(tolerate("k", corev1.TolerationOpEqual, "w", "")), tainted(corev1.TaintEffectNoSchedule), false},
		"tolerated by key":           {wrappers.MakePod().Toleration(tolerate("k", corev1.TolerationOpExists, "", "")), tainted(corev1.TaintEffectNoSchedule), true},
		"another effect":             {wrappers.MakePod().Toleration(tolerate("k", corev1.TolerationOpExists, "", corev1.TaintEffectNoExecute)), tainted(corev1.TaintEffectNoSchedule), false},
		"everything is tolerated":    {wrappers.MakePod().Toleration(tolerate("", corev1.TolerationOpExists, "", "")), tainted(corev1.TaintEffectNoExecute), true},
		"one of two is tolerated": {
			wrappers.MakePod().Toleration(tolerate("k", corev1.TolerationOpExists, "", "")),
			tainted(corev1.TaintEffectNoSchedule).Taint("l", "", corev1.TaintEffectNoSchedule), false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := New().Filter(nil, framework.NewPodInfo(test.pod.Obj()), info(test.node))
			if s.IsSuccess() != test.fits || !test.fits && (s.Message() != ErrReasonUntolerated || s.Code() != framework.UnschedulableAndUnresolvable) {
				t.Errorf("got %s %q, want fit %t", s.Code(), s.Message(), test.fits)
			}
		})
	}
}

func TestScore(t *testing.T) {
	prefer := corev1.TaintEffectPreferNoSchedule
	nodes := []*framework.NodeInfo{
		info(wrappers.MakeNode()), info(wrappers.MakeNode().Taint("a", "", prefer)),
		info(wrappers.MakeNode().Taint("a", "", prefer).Taint("b", "", prefer)),
		info(wrappers.MakeNode().Taint("a", "", corev1.TaintEffectNoSchedule)),
	}
	tests := map[string]struct {
		pod     *wrappers.PodWrapper
		wantRaw []int64
		want    []int64
	}{
		"no toleration":       {wrappers.MakePod(), []int64{0, 1, 2, 0}, []int64{100, 50, 0, 100}},
		"one is tolerated":    {wrappers.MakePod().Toleration(tolerate("a", corev1.TolerationOpExists, "", "")), []int64{0, 0, 1, 0}, []int64{100, 100, 0, 100}},
		"all are tolerated":   {wrappers.MakePod().Toleration(tolerate("", corev1.TolerationOpExists, "", prefer)), []int64{0, 0, 0, 0}, []int64{100, 100, 100, 100}},
		"only for NoSchedule": {wrappers.MakePod().Toleration(tolerate("a", corev1.TolerationOpExists, "", corev1.TaintEffectNoSchedule)), []int64{0, 1, 2, 0}, []int64{100, 50, 0, 100}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state, pod := framework.NewCycleState(nil), framework.NewPodInfo(test.pod.Obj())
			New().PreScore(state, pod, nodes)
			var scores []int64
			for _, n := range nodes {
				score, _ := New().Score(state, pod, n)
				scores = append(scores, score)
			}
			if !slices.Equal(scores, test.wantRaw) {
				t.Errorf("raw %v, want %v", scores, test.wantRaw)
			}
			if New().NormalizeScore(state, pod, nodes, scores); !slices.Equal(scores, test.want) {
				t.Errorf("normalized %v, want %v", scores, test.want)
			}
		})
	}
}

func TestHints(t *testing.T) {
	plain, tainted := wrappers.MakeNode().Obj(), wrappers.MakeNode().Taint("k", "", corev1.TaintEffectNoSchedule).Obj()
	tests := map[string]struct {
		before, after any
		want          framework.QueueingHint
	}{
		"added":              {nil, plain, framework.Queue},
		"added with a taint": {nil, tainted, framework.QueueSkip},
		"taint removed":      {tainted, plain, framework.Queue},
		"taint added":        {plain, tainted, framework.QueueSkip},
		"tolerated before":   {plain, plain, framework.QueueSkip},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := afterNodeChange(wrappers.MakePod().Obj(), test.before, test.after); got != test.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}
