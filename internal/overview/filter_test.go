// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

func TestSelect(t *testing.T) {
	c := NewCluster("e", Limits{LabelBytes: 30})
	for _, p := range []Pod{
		{Namespace: "a", Name: "web-1", Phase: PhaseRunning, Labels: map[string]string{"app": "web", "tier": "1"}},
		{Namespace: "a", Name: "web-2", Phase: PhaseFailed, Labels: map[string]string{"app": "web", "tier": "2"}},
		{Namespace: "b", Name: "web-3", Phase: PhaseRunning, Labels: map[string]string{"app": "web", "tier": "1"}},
		{Namespace: "b", Name: "db", Phase: PhasePending},
		{Namespace: "c", Name: "large", Phase: PhasePending, Labels: map[string]string{"app": strings.Repeat("x", 30)}},
	} {
		p.UID = types.UID(p.Name)
		c.SetPod(p)
	}
	c.DeletePod("none")
	selector := func(text string) labels.Selector {
		s, err := labels.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	phases := func(names ...string) (indices []int) {
		for _, name := range names {
			indices = append(indices, slices.Index(Phases, name))
		}
		return indices
	}
	for name, tc := range map[string]struct {
		filter      Filter
		limit       int
		want        []uint32
		wantTotal   int
		wantUnknown bool
	}{
		"all":                   {limit: 9, want: []uint32{1, 2, 3, 4, 5}, wantTotal: 5},
		"more than the limit":   {limit: 2, want: []uint32{1, 2}, wantTotal: 5},
		"only how many":         {limit: 0, want: []uint32{}, wantTotal: 5},
		"namespace":             {filter: Filter{Namespace: "b"}, limit: 9, want: []uint32{3, 4}, wantTotal: 2},
		"no such namespace":     {filter: Filter{Namespace: "z"}, limit: 9, want: []uint32{}},
		"a phase":               {filter: Filter{Phases: phases(PhaseRunning)}, limit: 9, want: []uint32{1, 3}, wantTotal: 2},
		"two phases":            {filter: Filter{Phases: phases(PhaseRunning, PhaseFailed)}, limit: 9, want: []uint32{1, 2, 3}, wantTotal: 3},
		"part of a name":        {filter: Filter{Search: "eb"}, limit: 9, want: []uint32{1, 2, 3}, wantTotal: 3},
		"namespace and name":    {filter: Filter{Search: "b/web"}, limit: 9, want: []uint32{3}, wantTotal: 1},
		"label":                 {filter: Filter{Selector: selector("app=web,tier!=2")}, limit: 9, want: []uint32{1, 3}, wantTotal: 2, wantUnknown: true},
		"label that is missing": {filter: Filter{Selector: selector("!app")}, limit: 9, want: []uint32{4}, wantTotal: 1, wantUnknown: true},
		"all of it":             {filter: Filter{Namespace: "a", Phases: phases(PhaseFailed), Search: "web", Selector: selector("tier in (1,2)")}, limit: 9, want: []uint32{2}, wantTotal: 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.Select(tc.filter, tc.limit)
			if diff := cmp.Diff(tc.want, got.IDs); diff != "" || got.Total != tc.wantTotal || got.Epoch != "e" {
				t.Errorf("%d in all; IDs (-want +got):\n%s", got.Total, diff)
			}
			if (got.Unavailable != "") != tc.wantUnknown {
				t.Errorf("unavailable: %q", got.Unavailable)
			}
		})
	}
}
