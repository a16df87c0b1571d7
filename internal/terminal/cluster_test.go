// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/overview"
)

// TestDeltas applies changes and compares with what a snapshot of the same state gives.
func TestDeltas(t *testing.T) {
	var c cluster
	c.load(snapshot())
	changed := overview.Pods{ID: []uint32{2, 5}, Namespace: []uint32{0, 0}, Namespaces: []string{"default"}, Name: []string{"api", "new"},
		Node: []uint32{2, 1}, Phases: []string{"Running"}}
	changed.Phase, changed.Real = append(changed.Phase, 0, 0), append(changed.Real, 0, 1)
	c.apply(overview.Delta{Epoch: "e1", From: 7, To: 8, Changed: &changed, Removed: []uint32{3}, NodesRemoved: []uint32{3},
		Nodes: []overview.Node{{ID: 4, Name: "node-0", Kind: "SimNode"}}})

	if d := cmp.Diff(map[string]int{"Running": 3, "Starting": 0, "Unschedulable": 1}, c.phases); d != "" {
		t.Errorf("phases (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"SimNode/node-0", "SimNode/node-1", "SimNode/node-2"}, nodeKeys(c.sorted())); d != "" {
		t.Errorf("nodes (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[string]int{"Running": 2}, c.phasesOf(1)); d != "" {
		t.Errorf("phases on node-1 (-want +got):\n%s", d)
	}
	if got := c.podsOf(2); len(got) != 1 || got[0].name != "api" {
		t.Errorf("pods of node-2: %v, want the moved one", got)
	}
	if !c.pods[5].real || c.pods[2].real {
		t.Error("a Pod is not told from a SimPod")
	}
}

// TestDeltasThatDoNotFollow checks that a change of another state is left out.
func TestDeltasThatDoNotFollow(t *testing.T) {
	for name, delta := range map[string]overview.Delta{
		"another epoch":  {Epoch: "e2", From: 7, To: 8, Removed: []uint32{1}},
		"a gap":          {Epoch: "e1", From: 8, To: 9, Removed: []uint32{1}},
		"one once again": {Epoch: "e1", From: 6, To: 7, Removed: []uint32{1}},
	} {
		t.Run(name, func(t *testing.T) {
			var c cluster
			c.load(snapshot())
			c.apply(delta)
			if len(c.pods) != 4 || c.sequence != 7 {
				t.Errorf("%d pods at %d, want the 4 of the snapshot at 7", len(c.pods), c.sequence)
			}
		})
	}
	var c cluster
	c.apply(overview.Delta{Removed: []uint32{1}})
	if c.known {
		t.Error("a change makes a cluster known of which there is no snapshot")
	}
}

func TestBrokenColumns(t *testing.T) {
	s := snapshot()
	s.Pods.Name = s.Pods.Name[:2]
	s.Pods.Namespace[0] = 99
	var c cluster
	c.load(s)
	if len(c.pods) != 2 {
		t.Errorf("%d pods of columns with 2 names", len(c.pods))
	}
}
