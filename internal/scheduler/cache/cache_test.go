// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func pod(name, node string) *framework.PodInfo {
	return framework.NewPodInfo(wrappers.MakePod().Name(name).Node(node).Req("cpu", "1").Obj())
}

func names(s *Snapshot) []string {
	var out []string
	for _, n := range s.List() {
		out = append(out, n.Node().Name)
	}
	return out
}

// TestPodStates walks the drawing in interface.go.
func TestPodStates(t *testing.T) {
	unbound := pod("p", "")
	tests := map[string]struct {
		steps []func(*Cache) error
		// wantA and wantB are the milli cores requested on the nodes.
		wantA, wantB int64
		want         Counts
		wantErr      bool
	}{
		"assumed": {
			steps: []func(*Cache) error{assume(unbound, "a")},
			wantA: 1000, want: Counts{2, 1, 1},
		},
		"assumed and confirmed": {
			steps: []func(*Cache) error{assume(unbound, "a"), set(pod("p", "a"))},
			wantA: 1000, want: Counts{2, 1, 0},
		},
		"assumed and confirmed elsewhere": {
			steps: []func(*Cache) error{assume(unbound, "a"), set(pod("p", "b"))},
			wantB: 1000, want: Counts{2, 1, 0},
		},
		"assumed and forgotten": {
			steps: []func(*Cache) error{assume(unbound, "a"), forget("p")},
			want:  Counts{2, 0, 0},
		},
		"assumed and removed": {
			steps: []func(*Cache) error{assume(unbound, "a"), remove("p")},
			want:  Counts{2, 0, 0},
		},
		"assumed again after it was forgotten": {
			steps: []func(*Cache) error{assume(unbound, "a"), forget("p"), assume(unbound, "b")},
			wantB: 1000, want: Counts{2, 1, 1},
		},
		"assumed twice": {
			steps: []func(*Cache) error{assume(unbound, "a"), assume(unbound, "b")},
			wantA: 1000, want: Counts{2, 1, 1}, wantErr: true,
		},
		"forgotten after it was confirmed": {
			steps: []func(*Cache) error{assume(unbound, "a"), set(pod("p", "a")), forget("p")},
			wantA: 1000, want: Counts{2, 1, 0}, wantErr: true,
		},
		"forgotten without being assumed": {
			steps: []func(*Cache) error{forget("p")}, want: Counts{2, 0, 0}, wantErr: true,
		},
		"removed without being known": {
			steps: []func(*Cache) error{remove("p")}, want: Counts{2, 0, 0},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, s := New(), NewSnapshot()
			c.SetNode(wrappers.MakeNode().Name("a").Obj())
			c.SetNode(wrappers.MakeNode().Name("b").Obj())
			var err error
			for _, step := range test.steps {
				err = step(c)
				c.UpdateSnapshot(s)
			}
			if (err != nil) != test.wantErr {
				t.Errorf("the last step returned %v", err)
			}
			if a, b := s.Get("a").Requested.MilliCPU, s.Get("b").Requested.MilliCPU; a != test.wantA || b != test.wantB {
				t.Errorf("requested %d and %d, want %d and %d", a, b, test.wantA, test.wantB)
			}
			if got := c.Counts(); got != test.want {
				t.Errorf("counts %+v, want %+v", got, test.want)
			}
		})
	}
}

func assume(p *framework.PodInfo, node string) func(*Cache) error {
	return func(c *Cache) error { return c.AssumePod(p, node) }
}
func forget(uid types.UID) func(*Cache) error {
	return func(c *Cache) error { return c.ForgetPod(uid) }
}
func set(p *framework.PodInfo) func(*Cache) error {
	return func(c *Cache) error { c.SetPod(p); return nil }
}
func remove(uid types.UID) func(*Cache) error {
	return func(c *Cache) error { c.RemovePod(uid); return nil }
}

func TestPodsWithoutTheirNode(t *testing.T) {
	c, s := New(), NewSnapshot()
	c.SetPod(pod("early", "a"))
	c.UpdateSnapshot(s)
	if len(s.List()) != 0 {
		t.Errorf("nodes without an object are listed: %v", names(s))
	}
	c.SetNode(wrappers.MakeNode().Name("a").Obj())
	c.UpdateSnapshot(s)
	if got := s.Get("a").Requested.MilliCPU; got != 1000 {
		t.Errorf("the pod that came before its node requests %d", got)
	}
	c.RemoveNode("a")
	c.UpdateSnapshot(s)
	if len(s.List()) != 0 || s.Get("a") != nil {
		t.Errorf("a node that is gone is listed: %v", names(s))
	}
	c.SetNode(wrappers.MakeNode().Name("a").Obj())
	c.UpdateSnapshot(s)
	if got := s.Get("a").Requested.MilliCPU; got != 1000 {
		t.Errorf("the pod that outlived its node requests %d", got)
	}
	c.RemoveNode("a")
	c.RemovePod("early")
	if len(c.nodes) != 0 || c.head != nil {
		t.Errorf("%d entries are kept of what is gone", len(c.nodes))
	}
}

func TestNodesOfAllZonesInTurn(t *testing.T) {
	c, s := New(), NewSnapshot()
	for _, n := range []struct{ name, zone string }{{"a1", "a"}, {"a2", "a"}, {"a3", "a"}, {"b1", "b"}, {"c1", "c"}, {"c2", "c"}} {
		c.SetNode(wrappers.MakeNode().Name(n.name).Zone(n.zone).Obj())
	}
	c.UpdateSnapshot(s)
	if got, want := names(s), []string{"a1", "b1", "c1", "a2", "c2", "a3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	c.RemoveNode("b1")
	c.SetNode(wrappers.MakeNode().Name("a2").Zone("b").Obj())
	c.UpdateSnapshot(s)
	if got, want := names(s), []string{"a1", "c1", "a2", "a3", "c2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSnapshotCopiesOnlyWhatChanged(t *testing.T) {
	c, s := New(), NewSnapshot()
	for i := range 100 {
		c.SetNode(wrappers.MakeNode().Name(fmt.Sprintf("n%d", i)).Obj())
	}
	c.UpdateSnapshot(s)
	list := slices.Clone(s.List())
	copies := testing.AllocsPerRun(1, func() { c.UpdateSnapshot(s) })
	if copies != 0 {
		t.Errorf("%v allocations although nothing changed", copies)
	}
	c.SetPod(pod("p", "n50"))
	visited := 0
	for e := c.head; e != nil && e.info.Generation > s.generation; e = e.next {
		visited++
	}
	if visited != 1 {
		t.Errorf("%d nodes are looked at after one changed", visited)
	}
	c.UpdateSnapshot(s)
	if !slices.Equal(list, s.List()) {
		t.Error("the list was made anew although no node came or went")
	}
	if got := s.Get("n50").Requested.MilliCPU; got != 1000 {
		t.Errorf("the change is missing: %d", got)
	}
}

func TestSnapshotDoesNotChange(t *testing.T) {
	c, s := New(), NewSnapshot()
	c.SetNode(wrappers.MakeNode().Name("a").Obj())
	c.SetNamespace("ns", labels.Set{"team": "x"})
	c.UpdateSnapshot(s)
	affine := framework.NewPodInfo(wrappers.MakePod().Name("p").Node("a").HostPort("", "", 80).Req("example.com/gpu", "1").
		PodAntiAffinity(hostname).Obj())
	c.SetPod(affine)
	c.SetNamespace("ns", labels.Set{"team": "y"})
	if n := s.Get("a"); len(n.Pods)+len(n.UsedPorts)+len(n.Requested.ScalarResources)+len(s.HavePodsWithAffinity()) != 0 {
		t.Errorf("the snapshot changed: %+v", n)
	}
	if got := s.NamespaceLabels("ns")["team"]; got != "x" {
		t.Errorf("the snapshot's namespace has label %q", got)
	}
	c.UpdateSnapshot(s)
	if len(s.HavePodsWithAffinity()) != 1 || len(s.HavePodsWithRequiredAntiAffinity()) != 1 {
		t.Error("the node is not among those with affinity")
	}
	if got := s.NamespaceLabels("ns")["team"]; got != "y" {
		t.Errorf("the namespace has label %q", got)
	}
	c.RemovePod("p")
	c.UpdateSnapshot(s)
	if len(s.HavePodsWithAffinity())+len(s.HavePodsWithRequiredAntiAffinity()) != 0 {
		t.Error("the node is still among those with affinity")
	}
}

func TestImages(t *testing.T) {
	c, s := New(), NewSnapshot()
	c.SetNode(wrappers.MakeNode().Name("a").Image(100, "nginx", "nginx:1").Obj())
	c.SetNode(wrappers.MakeNode().Name("b").Image(100, "nginx").Obj())
	c.UpdateSnapshot(s)
	if got, want := s.Get("b").ImageStates["nginx"], (framework.ImageStateSummary{Size: 100, NumNodes: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	c.RemoveNode("a")
	c.SetNode(wrappers.MakeNode().Name("b").Image(100, "nginx").Obj())
	c.UpdateSnapshot(s)
	if got := s.Get("b").ImageStates["nginx"].NumNodes; got != 1 || len(c.images) != 1 {
		t.Errorf("%d nodes have the image; known: %v", got, c.images)
	}
}

func TestConcurrentUse(t *testing.T) {
	c, s := New(), NewSnapshot()
	for i := range 10 {
		c.SetNode(wrappers.MakeNode().Name(fmt.Sprintf("n%d", i)).Obj())
	}
	var users sync.WaitGroup
	for u := range 4 {
		users.Go(func() {
			for i := range 200 {
				name, node := fmt.Sprintf("p%d-%d", u, i), fmt.Sprintf("n%d", i%10)
				if err := c.AssumePod(pod(name, ""), node); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := c.ForgetPod(types.UID(name)); err != nil {
						t.Error(err)
					}
					continue
				}
				c.SetPod(pod(name, node))
			}
		})
	}
	for range 50 {
		c.UpdateSnapshot(s)
	}
	users.Wait()
	c.UpdateSnapshot(s)
	var total int64
	for _, n := range s.List() {
		total += n.Requested.MilliCPU
	}
	if total != 400*1000 {
		t.Errorf("%d milli cores are requested, want %d", total, 400*1000)
	}
}

var hostname = corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname}
