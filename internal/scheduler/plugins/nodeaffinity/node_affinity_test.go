// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeaffinity

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func op(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: operator, Values: values}
}

func plugin(t *testing.T, added *corev1.NodeAffinity) *NodeAffinity {
	t.Helper()
	p, err := New(added)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFilter(t *testing.T) {
	term, fields, in := wrappers.Expressions, wrappers.Fields, wrappers.In
	name := "metadata.name"
	tests := map[string]struct {
		pod       *wrappers.PodWrapper
		added     *corev1.NodeAffinity
		wantSkip  bool
		wantPre   string
		wantNodes sets.Set[string]
		want      string
	}{
		"nothing wanted":         {pod: wrappers.MakePod(), wantSkip: true},
		"selector":               {pod: wrappers.MakePod().NodeSelector("zone", "a")},
		"selector of another":    {pod: wrappers.MakePod().NodeSelector("zone", "b"), want: ErrReasonPod},
		"In":                     {pod: wrappers.MakePod().NodeAffinity(term(in("zone", "b", "a")))},
		"NotIn":                  {pod: wrappers.MakePod().NodeAffinity(term(op("zone", corev1.NodeSelectorOpNotIn, "a"))), want: ErrReasonPod},
		"Exists":                 {pod: wrappers.MakePod().NodeAffinity(term(op("zone", corev1.NodeSelectorOpExists)))},
		"DoesNotExist":           {pod: wrappers.MakePod().NodeAffinity(term(op("gpu", corev1.NodeSelectorOpDoesNotExist)))},
		"Gt":                     {pod: wrappers.MakePod().NodeAffinity(term(op("cores", corev1.NodeSelectorOpGt, "7")))},
		"Lt":                     {pod: wrappers.MakePod().NodeAffinity(term(op("cores", corev1.NodeSelectorOpLt, "8"))), want: ErrReasonPod},
		"an unknown operator":    {pod: wrappers.MakePod().NodeAffinity(term(op("zone", "Near", "a"))), want: ErrReasonPod},
		"terms are alternatives": {pod: wrappers.MakePod().NodeAffinity(term(in("zone", "b")), term(in("zone", "a")))},
		"requirements are not":   {pod: wrappers.MakePod().NodeAffinity(term(in("zone", "a"), in("zone", "b"))), want: ErrReasonPod},
		"no term":                {pod: wrappers.MakePod().NodeAffinity(), want: ErrReasonPod},
		"an empty term":          {pod: wrappers.MakePod().NodeAffinity(term()), want: ErrReasonPod},
		"selector and affinity":  {pod: wrappers.MakePod().NodeSelector("zone", "a").NodeAffinity(term(in("zone", "b"))), want: ErrReasonPod},
		"by name":                {pod: wrappers.MakePod().NodeAffinity(fields(in(name, "n"))), wantNodes: sets.New("n")},
		"one of two names":       {pod: wrappers.MakePod().NodeAffinity(fields(in(name, "m")), fields(in(name, "n"))), wantNodes: sets.New("m", "n")},
		"by another name":        {pod: wrappers.MakePod().NodeAffinity(fields(in(name, "m"))), wantNodes: sets.New("m"), want: ErrReasonPod},
		"by name or by label":    {pod: wrappers.MakePod().NodeAffinity(fields(in(name, "m")), term(in("zone", "a")))},
		"not by name":            {pod: wrappers.MakePod().NodeAffinity(fields(op(name, corev1.NodeSelectorOpNotIn, "n"))), want: ErrReasonPod},
		"two names at once":      {pod: wrappers.MakePod().NodeAffinity(fields(in(name, "m"), in(name, "n"))), wantPre: ErrReasonConflict, want: ErrReasonPod},
		"added affinity": {
			pod:   wrappers.MakePod(),
			added: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term(in("zone", "b"))}}},
			want:  ErrReasonEnforced,
		},
	}
	for testName, test := range tests {
		t.Run(testName, func(t *testing.T) {
			p, state, pod := plugin(t, test.added), framework.NewCycleState(nil), framework.NewPodInfo(test.pod.Obj())
			result, s := p.PreFilter(state, pod)
			if s.IsSkip() != test.wantSkip || s.Message() != test.wantPre {
				t.Errorf("PreFilter: %s %q", s.Code(), s.Message())
			}
			if (result == nil) != (test.wantNodes == nil) || result != nil && !result.NodeNames.Equal(test.wantNodes) {
				t.Errorf("nodes %+v, want %v", result, test.wantNodes)
			}
			node := framework.NewNodeInfo()
			node.SetNode(wrappers.MakeNode().Name("n").Label("zone", "a").Label("cores", "8").Obj())
			if got := p.Filter(state, pod, node); got.Message() != test.want || test.want != "" && got.Code() != framework.UnschedulableAndUnresolvable {
				t.Errorf("Filter: %s %q, want %q", got.Code(), got.Message(), test.want)
			}
		})
	}
}

func TestScore(t *testing.T) {
	prefer := func(weight int32, zone string) corev1.PreferredSchedulingTerm {
		return corev1.PreferredSchedulingTerm{Weight: weight, Preference: wrappers.Expressions(wrappers.In("zone", zone))}
	}
	tests := map[string]struct {
		preferred, added []corev1.PreferredSchedulingTerm
		wantSkip         bool
		wantError        bool
		wantRaw, want    []int64
	}{
		"no preference": {wantSkip: true},
		"weights":       {preferred: []corev1.PreferredSchedulingTerm{prefer(2, "a"), prefer(8, "b")}, wantRaw: []int64{2, 8, 0}, want: []int64{25, 100, 0}},
		"weights add":   {preferred: []corev1.PreferredSchedulingTerm{prefer(2, "a"), prefer(3, "a")}, wantRaw: []int64{5, 0, 0}, want: []int64{100, 0, 0}},
		"none matches":  {preferred: []corev1.PreferredSchedulingTerm{prefer(2, "x")}, wantRaw: []int64{0, 0, 0}, want: []int64{0, 0, 0}},
		"added":         {added: []corev1.PreferredSchedulingTerm{prefer(4, "b")}, preferred: []corev1.PreferredSchedulingTerm{prefer(1, "a")}, wantRaw: []int64{1, 4, 0}, want: []int64{25, 100, 0}},
		"not valid":     {preferred: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: wrappers.Expressions(op("zone", "Near"))}}, wantError: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := plugin(t, &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: test.added})
			w := wrappers.MakePod()
			for _, term := range test.preferred {
				w.PreferredNodeAffinity(term.Weight, term.Preference)
			}
			state, pod := framework.NewCycleState(nil), framework.NewPodInfo(w.Obj())
			s := p.PreScore(state, pod, nil)
			if s.IsSkip() != test.wantSkip || (s.Code() == framework.Error) != test.wantError {
				t.Fatalf("PreScore: %s %q", s.Code(), s.Message())
			}
			if !s.IsSuccess() {
				return
			}
			var scores []int64
			for _, zone := range []string{"a", "b", "c"} {
				node := framework.NewNodeInfo()
				node.SetNode(wrappers.MakeNode().Name(zone).Label("zone", zone).Obj())
				score, _ := p.Score(state, pod, node)
				scores = append(scores, score)
			}
			if !slices.Equal(scores, test.wantRaw) {
				t.Errorf("raw %v, want %v", scores, test.wantRaw)
			}
			if p.NormalizeScore(state, pod, nil, scores); !slices.Equal(scores, test.want) {
				t.Errorf("normalized %v, want %v", scores, test.want)
			}
		})
	}
}

func TestNewRefusesWhatItCannotParse(t *testing.T) {
	bad := wrappers.Expressions(op("zone", "Near"))
	for want, added := range map[string]*corev1.NodeAffinity{
		"requiredDuringScheduling":  {RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{bad}}},
		"preferredDuringScheduling": {PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1, Preference: bad}}},
	} {
		if _, err := New(added); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error about %s", err, want)
		}
	}
}

func TestHints(t *testing.T) {
	a, b := wrappers.MakeNode().Label("zone", "a").Obj(), wrappers.MakeNode().Label("zone", "b").Obj()
	tests := map[string]struct {
		before, after any
		want          framework.QueueingHint
	}{
		"added and selected":     {nil, a, framework.Queue},
		"added and not selected": {nil, b, framework.QueueSkip},
		"selected now":           {b, a, framework.Queue},
		"selected before":        {a, a, framework.QueueSkip},
		"not selected any more":  {a, b, framework.QueueSkip},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := plugin(t, nil).afterNodeChange(wrappers.MakePod().NodeSelector("zone", "a").Obj(), test.before, test.after)
			if got != test.want || err != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}
