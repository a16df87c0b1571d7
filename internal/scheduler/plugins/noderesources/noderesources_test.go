// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func nodeWith(w *wrappers.NodeWrapper, pods ...*wrappers.PodWrapper) *framework.NodeInfo {
	n := framework.NewNodeInfo()
	n.SetNode(w.Name("n").Obj())
	for _, pod := range pods {
		n.AddPod(framework.NewPodInfo(pod.Obj()))
	}
	return n
}

func TestFitFilter(t *testing.T) {
	node := func() *wrappers.NodeWrapper {
		return wrappers.MakeNode().Capacity("cpu", "4", "memory", "8Gi", "ephemeral-storage", "10Gi", "example.com/gpu", "2", "hugepages-2Mi", "4Mi", "pods", "2")
	}
	busy := wrappers.MakePod().Req("cpu", "3", "memory", "6Gi", "ephemeral-storage", "8Gi", "example.com/gpu", "2")
	tests := map[string]struct {
		pod      *wrappers.PodWrapper
		existing []*wrappers.PodWrapper
		args     FitArgs
		want     []string
		wantCode framework.Code
	}{
		"nothing requested":        {pod: wrappers.MakePod(), existing: []*wrappers.PodWrapper{busy}},
		"exactly what is left":     {pod: wrappers.MakePod().Req("cpu", "1", "memory", "2Gi"), existing: []*wrappers.PodWrapper{busy}},
		"too much cpu":             {pod: wrappers.MakePod().Req("cpu", "1001m"), existing: []*wrappers.PodWrapper{busy}, want: []string{"Insufficient cpu"}, wantCode: framework.Unschedulable},
		"more than the node has":   {pod: wrappers.MakePod().Req("cpu", "4001m"), want: []string{"Insufficient cpu"}, wantCode: framework.UnschedulableAndUnresolvable},
		"several resources":        {pod: wrappers.MakePod().Req("cpu", "2", "memory", "3Gi", "ephemeral-storage", "3Gi"), existing: []*wrappers.PodWrapper{busy}, want: []string{"Insufficient cpu", "Insufficient memory", "Insufficient ephemeral-storage"}, wantCode: framework.Unschedulable},
		"one of them unresolvable": {pod: wrappers.MakePod().Req("cpu", "2", "memory", "9Gi"), existing: []*wrappers.PodWrapper{busy}, want: []string{"Insufficient cpu", "Insufficient memory"}, wantCode: framework.UnschedulableAndUnresolvable},
		"too many pods":            {pod: wrappers.MakePod(), existing: []*wrappers.PodWrapper{wrappers.MakePod(), wrappers.MakePod()}, want: []string{"Too many pods"}, wantCode: framework.Unschedulable},
		"an extended resource":     {pod: wrappers.MakePod().Req("example.com/gpu", "1"), existing: []*wrappers.PodWrapper{busy}, want: []string{"Insufficient example.com/gpu"}, wantCode: framework.Unschedulable},
		"an unknown one":           {pod: wrappers.MakePod().Req("example.com/tpu", "1"), want: []string{"Insufficient example.com/tpu"}, wantCode: framework.UnschedulableAndUnresolvable},
		"an ignored one":           {pod: wrappers.MakePod().Req("example.com/tpu", "1"), args: FitArgs{IgnoredResources: []string{"example.com/tpu"}}},
		"an ignored group":         {pod: wrappers.MakePod().Req("example.com/tpu", "1", "example.org/x", "1"), args: FitArgs{IgnoredResourceGroups: []string{"example.com"}}, want: []string{"Insufficient example.org/x"}, wantCode: framework.UnschedulableAndUnresolvable},
		"none of an unknown one":   {pod: wrappers.MakePod().Req("example.com/tpu", "0")},
		"huge pages":               {pod: wrappers.MakePod().Req("hugepages-2Mi", "6Mi"), want: []string{"Insufficient hugepages-2Mi"}, wantCode: framework.UnschedulableAndUnresolvable},
		"init containers run before: the largest counts": {
			pod: wrappers.MakePod().Req("cpu", "1").InitContainer("i1", "cpu", "3").InitContainer("i2", "cpu", "4"),
		},
		"an init container that is too large": {
			pod: wrappers.MakePod().Req("cpu", "1").InitContainer("i", "cpu", "5"), want: []string{"Insufficient cpu"}, wantCode: framework.UnschedulableAndUnresolvable,
		},
		"containers add up": {
			pod: wrappers.MakePod().Req("cpu", "2").Container("c", "cpu", "2500m"), want: []string{"Insufficient cpu"}, wantCode: framework.UnschedulableAndUnresolvable,
		},
		"overhead counts": {
			pod: wrappers.MakePod().Req("cpu", "3500m").Overhead("cpu", "1"), want: []string{"Insufficient cpu"}, wantCode: framework.UnschedulableAndUnresolvable,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			fit, err := NewFit(test.args)
			if err != nil {
				t.Fatal(err)
			}
			s := fit.Filter(nil, framework.NewPodInfo(test.pod.Obj()), nodeWith(node(), test.existing...))
			if !slices.Equal(s.Reasons(), test.want) || s.Code() != test.wantCode {
				t.Errorf("got %s %q, want %s %q", s.Code(), s.Reasons(), test.wantCode, test.want)
			}
		})
	}
}

func TestScores(t *testing.T) {
	small := func() *wrappers.NodeWrapper { return wrappers.MakeNode().Capacity("cpu", "4", "memory", "10000") }
	tests := map[string]struct {
		pod          *wrappers.PodWrapper
		node         *framework.NodeInfo
		wantLeast    int64
		wantBalanced int64
		wantSkip     bool
	}{
		// The cases and scores of TestNodeResourcesLeastAllocated and
		// TestNodeResourcesBalancedAllocation: cpu (4000-3000)*100/4000 = 25,
		// memory (10000-5000)*100/10000 = 50, so 37; the shares 75 % and 50 %
		// differ by a deviation of 12.5 %: 50 + (50 + 87 - 100)/2.
		"an empty node":         {wrappers.MakePod().Req("cpu", "3", "memory", "5000"), nodeWith(small()), 37, 68, false},
		"evens out":             {wrappers.MakePod().Req("memory", "5000"), nodeWith(small(), wrappers.MakePod().Req("cpu", "2", "memory", "0")), 48, 87, false},
		"more than is left":     {wrappers.MakePod().Req("cpu", "3", "memory", "20000"), nodeWith(small()), 12, 68, false},
		"a node with nothing":   {wrappers.MakePod().Req("cpu", "1"), nodeWith(wrappers.MakeNode()), 0, 75, false},
		"a pod without request": {wrappers.MakePod(), nodeWith(wrappers.MakeNode().Capacity("cpu", "1", "memory", "400Mi")), 70, 0, true},
	}
	fit, err := NewFit(FitArgs{})
	if err != nil {
		t.Fatal(err)
	}
	balanced, err := NewBalancedAllocation()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			state, pod := framework.NewCycleState(nil), framework.NewPodInfo(test.pod.Obj())
			fit.PreScore(state, pod, nil)
			if got, _ := fit.Score(state, pod, test.node); got != test.wantLeast {
				t.Errorf("LeastAllocated %d, want %d", got, test.wantLeast)
			}
			if s := balanced.PreScore(state, pod, nil); s.IsSkip() != test.wantSkip {
				t.Fatalf("skip %t, want %t", s.IsSkip(), test.wantSkip)
			} else if s.IsSkip() {
				return
			}
			if got, _ := balanced.Score(state, pod, test.node); got != test.wantBalanced {
				t.Errorf("balanced %d, want %d", got, test.wantBalanced)
			}
		})
	}
}

func TestArgs(t *testing.T) {
	for name, strategy := range map[string]ScoringStrategy{
		"unknown type": {Type: "Best", Resources: defaultResources()},
		"no resource":  {Type: LeastAllocated},
		"weight":       {Type: LeastAllocated, Resources: []ResourceSpec{{Name: "cpu", Weight: 0}}},
	} {
		if _, err := NewFit(FitArgs{ScoringStrategy: &strategy}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestHints(t *testing.T) {
	waiting := wrappers.MakePod().Name("p").Req("cpu", "2").Obj()
	node := func(cpu string) *corev1.Node {
		return wrappers.MakeNode().Name("n").Capacity("cpu", cpu, "memory", "1Gi").Obj()
	}
	pod := func(cpu, memory string) *wrappers.PodWrapper {
		return wrappers.MakePod().Name("o").Req("cpu", cpu, "memory", memory).Node("n")
	}
	tests := map[string]struct {
		hint          framework.QueueingHintFn
		before, after any
		want          framework.QueueingHint
	}{
		"a node with room":             {afterNodeChange, nil, node("2"), framework.Queue},
		"a node without room":          {afterNodeChange, nil, node("1"), framework.QueueSkip},
		"a node that grew":             {afterNodeChange, node("3"), node("4"), framework.Queue},
		"a node that shrank":           {afterNodeChange, node("4"), node("3"), framework.QueueSkip},
		"a pod that left a node":       {afterPodDelete, pod("1", "1").Obj(), nil, framework.Queue},
		"a pod that was on no node":    {afterPodDelete, pod("1", "1").Node("").Obj(), nil, framework.QueueSkip},
		"a pod that room was made for": {afterPodDelete, pod("1", "1").Node("").NominatedNode("n").Obj(), nil, framework.Queue},
		"a pod gives back cpu":         {afterPodScaleDown, pod("2", "1").Obj(), pod("1", "1").Obj(), framework.Queue},
		"a pod gives back memory":      {afterPodScaleDown, pod("1", "2").Obj(), pod("1", "1").Obj(), framework.QueueSkip},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := test.hint(waiting, test.before, test.after); got != test.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}
