// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/tainttoleration"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/volumebinding"
)

// deafPorts is NodePorts with a bug: it objects to nothing.
type deafPorts struct{ nodeports.NodePorts }

func (deafPorts) Filter(*framework.CycleState, *framework.PodInfo, *framework.NodeInfo) *framework.Status {
	return nil
}

// proudTaints is TaintToleration with a bug: it gives each node a point too much.
type proudTaints struct {
	tainttoleration.TaintToleration
}

func (p proudTaints) Score(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	score, status := p.TaintToleration.Score(state, pod, node)
	return score + 1, status
}

// deafVolumes is VolumeBinding with a bug: it objects to no node.
type deafVolumes struct{ *volumebinding.VolumeBinding }

func (deafVolumes) Filter(*framework.CycleState, *framework.PodInfo, *framework.NodeInfo) *framework.Status {
	return nil
}

// TestFindsDisagreements puts a bug into our side: it must be found, shrunk and
// described.
func TestFindsDisagreements(t *testing.T) {
	binding, err := volumebinding.New(volumebinding.Args{})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		plugin framework.Plugin
		weight int64
		kind   string
		// maxPods is how many bound pods it takes to show the bug.
		maxPods int
	}{
		"a filter that passes all": {plugin: deafPorts{nodeports.New()}, kind: "NodePorts Filter", maxPods: 1},
		"volumes anywhere":         {plugin: deafVolumes{binding}, weight: 1, kind: "VolumeBinding Filter"},
		"a score off by one":       {plugin: proudTaints{tainttoleration.New()}, weight: 3, kind: "TaintToleration Score"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := NewHarness(t.Context(), []Variation{{Name: "buggy", Ours: func() ([]framework.WeightedPlugin, error) {
				list, err := ourPlugins(arguments{})
				for i := range list {
					if list[i].Name() == tt.plugin.Name() {
						list[i] = framework.WeightedPlugin{Plugin: tt.plugin, Weight: tt.weight}
					}
				}
				return list, err
			}}})
			if err != nil {
				t.Fatal(err)
			}
			for i := range uint64(1000) {
				s := NewGenerator(1, i, false).Scenario(fmt.Sprintf("scenario %d", i), "buggy")
				if small := h.shrink(t.Context(), s, tt.kind); small != nil {
					checkShrunk(t, h, small, tt.kind, tt.maxPods)
					return
				}
			}
			t.Fatal("the bug was not found")
		})
	}
}

func checkShrunk(t *testing.T, h *Harness, small *Scenario, kind string, maxPods int) {
	t.Helper()
	if len(small.Nodes) != 1 || len(small.Pods) > maxPods {
		t.Errorf("%d nodes and %d pods are left, want 1 and at most %d:\n%s", len(small.Nodes), len(small.Pods), maxPods, small.Manifest())
	}
	if text := h.Explain(t.Context(), small, Disagreement{Kind: kind}); !strings.Contains(text, "# "+kind) || !strings.Contains(text, "#   ours: ") {
		t.Errorf("the verdicts are missing:\n%s", text)
	}
}
