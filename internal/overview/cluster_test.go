// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
)

// pod is one that asks for 100 millicores and 1 MiB.
func pod(name, node, phase string) Pod {
	return Pod{
		UID: types.UID("uid-" + name), Namespace: "ns", Name: name, NodeName: node, Phase: phase,
		CPU: 100, Memory: 1 << 20, Labels: map[string]string{"app": name},
	}
}

// shown is a cluster as a reader has it.
type shown struct {
	Nodes map[uint32]Node
	Pods  map[uint32]shownPod
}

type shownPod struct {
	Namespace, Name, Phase string
	Node                   uint32
	CPU, Memory            int64
	Real                   int
}

func show(s Snapshot) shown {
	out := shown{Nodes: map[uint32]Node{}, Pods: map[uint32]shownPod{}}
	for _, n := range s.Nodes {
		out.Nodes[n.ID] = n
	}
	out.set(&s.Pods)
	return out
}

func (s shown) set(pods *Pods) {
	for i, id := range pods.ID {
		s.Pods[id] = shownPod{
			Namespace: pods.Namespaces[pods.Namespace[i]], Name: pods.Name[i], Phase: pods.Phases[pods.Phase[i]],
			Node: pods.Node[i], CPU: pods.CPU[i], Memory: pods.Memory[i], Real: pods.Real[i],
		}
	}
}

// apply does what a reader does with a delta.
func (s shown) apply(d Delta) {
	for _, n := range d.Nodes {
		s.Nodes[n.ID] = n
	}
	for _, id := range d.NodesRemoved {
		delete(s.Nodes, id)
	}
	if d.Changed != nil {
		s.set(d.Changed)
	}
	for _, id := range d.Removed {
		delete(s.Pods, id)
	}
}

func (s shown) node(t *testing.T, name string) Node {
	t.Helper()
	for _, n := range s.Nodes {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("there is no node %s in %v", name, s.Nodes)
	return Node{}
}

func TestRequested(t *testing.T) {
	two := pod("two", "n1", PhaseRunning)
	larger := two
	larger.CPU = 300
	moved := two
	moved.NodeName = "n2"
	tests := map[string]struct {
		change func(*Cluster)
		want   Amounts
	}{
		"two pods":           {func(*Cluster) {}, Amounts{CPU: 200, Memory: 2 << 20, Pods: 2}},
		"the same again":     {func(c *Cluster) { c.SetPod(two) }, Amounts{CPU: 200, Memory: 2 << 20, Pods: 2}},
		"one asks for more":  {func(c *Cluster) { c.SetPod(larger) }, Amounts{CPU: 400, Memory: 2 << 20, Pods: 2}},
		"one has ended":      {func(c *Cluster) { c.SetPod(pod("two", "n1", PhaseSucceeded)) }, Amounts{CPU: 100, Memory: 1 << 20, Pods: 1}},
		"one is terminating": {func(c *Cluster) { c.SetPod(pod("two", "n1", PhaseTerminating)) }, Amounts{CPU: 200, Memory: 2 << 20, Pods: 2}},
		"one is deleted":     {func(c *Cluster) { c.DeletePod(two.UID) }, Amounts{CPU: 100, Memory: 1 << 20, Pods: 1}},
		"deleted twice":      {func(c *Cluster) { c.DeletePod(two.UID); c.DeletePod(two.UID) }, Amounts{CPU: 100, Memory: 1 << 20, Pods: 1}},
		"ended, then deleted": {func(c *Cluster) {
			c.SetPod(pod("two", "n1", PhaseFailed))
			c.DeletePod(two.UID)
		}, Amounts{CPU: 100, Memory: 1 << 20, Pods: 1}},
		"one is elsewhere": {func(c *Cluster) { c.SetPod(moved) }, Amounts{CPU: 100, Memory: 1 << 20, Pods: 1}},
		"the node changes": {func(c *Cluster) { c.SetNode("u-n1", Node{Name: "n1", Kind: KindSimNode, Zone: "b"}) }, Amounts{CPU: 200, Memory: 2 << 20, Pods: 2}},
		"a Pod on a Node of that name": {func(c *Cluster) {
			real := pod("three", "n1", PhaseRunning)
			real.Real = true
			c.SetPod(real)
		}, Amounts{CPU: 200, Memory: 2 << 20, Pods: 2}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewCluster("e", Limits{})
			c.SetPod(pod("one", "n1", PhaseRunning)) // before its node
			c.SetNode("u-n1", Node{Name: "n1", Kind: KindSimNode})
			c.SetPod(two)
			tc.change(c)
			id := c.byName[nodeName{KindSimNode, "n1"}]
			if diff := cmp.Diff(tc.want, show(c.Snapshot()).Nodes[id].Requested); diff != "" {
				t.Errorf("requested (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodeThatOnlyPodsName(t *testing.T) {
	c := NewCluster("e", Limits{})
	c.SetPod(pod("one", "n1", PhaseRunning))
	before := show(c.Snapshot()).node(t, "n1")
	if !before.Unseen || before.Requested.Pods != 1 {
		t.Errorf("before it is watched: %+v", before)
	}
	c.SetNode("u-n1", Node{Name: "n1", Kind: KindSimNode, Ready: true})
	if seen := show(c.Snapshot()).node(t, "n1"); seen.Unseen || !seen.Ready || seen.ID != before.ID || seen.Requested.Pods != 1 {
		t.Errorf("watched: %+v", seen)
	}
	c.DeleteNode("another")
	c.DeleteNode("u-n1")
	if gone := show(c.Snapshot()).node(t, "n1"); !gone.Unseen || gone.Ready || gone.Requested.Pods != 1 {
		t.Errorf("deleted: %+v", gone)
	}
	c.DeletePod("uid-one")
	if snapshot := c.Snapshot(); len(snapshot.Nodes) != 0 {
		t.Errorf("with the last pod gone: %+v", snapshot.Nodes)
	}
	// A name that is used again is another node.
	c.SetNode("u-n1-2", Node{Name: "n1", Kind: KindSimNode})
	if again := show(c.Snapshot()).node(t, "n1"); again.ID == before.ID {
		t.Errorf("the ID %d is used again", again.ID)
	}
}

func TestWhatIsTheSameIsNoChange(t *testing.T) {
	c := NewCluster("e", Limits{})
	node := Node{Name: "n1", Kind: KindSimNode, Ready: true, Labels: map[string]string{"a": "b"}, Taints: []string{"x"}}
	c.SetNode("u-n1", node)
	c.SetPod(pod("one", "n1", PhaseRunning))
	before := c.Sequence()
	c.SetNode("u-n1", node) // a heartbeat
	c.SetPod(pod("one", "n1", PhaseRunning))
	if c.Sequence() != before {
		t.Errorf("%d changes", c.Sequence()-before)
	}
}

func TestLimits(t *testing.T) {
	c := NewCluster("e", Limits{Nodes: 1, Pods: 2})
	for _, name := range []string{"n1", "n2"} {
		c.SetNode(types.UID("u-"+name), Node{Name: name, Kind: KindSimNode})
	}
	for _, name := range []string{"a", "b", "c", "c"} {
		c.SetPod(pod(name, "n2", PhaseRunning))
	}
	check := func(when string, nodesOmitted, podsOmitted, pods int) {
		t.Helper()
		s := c.Snapshot()
		d, ok := c.Delta("e", c.Sequence())
		if s.NodesOmitted != nodesOmitted || s.PodsOmitted != podsOmitted || len(s.Pods.ID) != pods ||
			!ok || d.NodesOmitted != nodesOmitted || d.PodsOmitted != podsOmitted {
			t.Errorf("%s: %d nodes and %d pods are omitted, %d pods shown; delta %+v", when, s.NodesOmitted, s.PodsOmitted, len(s.Pods.ID), d)
		}
	}
	check("full", 1, 1, 2)
	c.DeletePod("uid-a")
	c.SetPod(pod("c", "n2", PhaseFailed))
	check("a pod went", 1, 0, 2)
	c.SetPod(pod("d", "", PhasePending))
	c.DeletePod("uid-d")
	c.DeleteNode("u-n2")
	check("what was omitted went", 0, 0, 2)
}

func TestDeltaNeedsASnapshot(t *testing.T) {
	c := NewCluster("e", Limits{Changes: 3})
	for i := range 5 {
		c.SetPod(pod(fmt.Sprint(i), "", PhasePending))
	}
	for name, tc := range map[string]struct {
		epoch string
		from  uint64
		want  bool
	}{
		"nothing new":       {"e", 5, true},
		"as far as is kept": {"e", 2, true},
		"too long ago":      {"e", 1, false},
		"not counted yet":   {"e", 6, false},
		"another epoch":     {"f", 5, false},
		"no epoch":          {"", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, ok := c.Delta(tc.epoch, tc.from)
			if ok != tc.want {
				t.Fatalf("ok is %v", ok)
			}
			if ok && (d.From != tc.from || d.To != 5 || d.Epoch != "e") {
				t.Errorf("delta %+v", d)
			}
		})
	}
}

// TestDeltasLeadToTheSnapshot applies deltas of random changes, whatever part of
// them each covers.
func TestDeltasLeadToTheSnapshot(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := NewCluster("e", Limits{Nodes: 6, Pods: 30})
	reader := show(c.Snapshot())
	at, deltas := uint64(0), 0
	for range 5000 {
		changeRandomly(c, random)
		if random.IntN(7) > 0 {
			continue
		}
		delta, ok := c.Delta("e", at)
		if !ok {
			t.Fatalf("no delta from %d to %d", at, c.Sequence())
		}
		reader.apply(delta)
		at, deltas = delta.To, deltas+1
		if diff := cmp.Diff(show(c.Snapshot()), reader); diff != "" {
			t.Fatalf("after delta %d (-snapshot +applied):\n%s", deltas, diff)
		}
	}
	if len(c.rows) > 2*len(c.byUID)+2 {
		t.Errorf("%d rows for %d pods", len(c.rows), len(c.byUID))
	}
	for uid := range c.byUID {
		c.DeletePod(uid)
	}
	for _, n := range c.Snapshot().Nodes {
		if n.Requested != (Amounts{}) {
			t.Errorf("without pods, %+v is requested of %s", n.Requested, n.Name)
		}
	}
}

// changeRandomly does one of the things that can happen.
func changeRandomly(c *Cluster, random *rand.Rand) {
	name, node := fmt.Sprint(random.IntN(40)), ""
	if n := random.IntN(9); n > 0 {
		node = fmt.Sprintf("n%d", n)
	}
	switch random.IntN(10) {
	case 0:
		c.SetNode(types.UID("u-"+node), Node{Name: node, Kind: KindSimNode, Ready: random.IntN(2) > 0})
	case 1:
		c.DeleteNode(types.UID("u-" + node))
	case 2, 3, 4:
		c.DeletePod(types.UID("uid-" + name))
	default:
		p := pod(name, node, Phases[random.IntN(len(Phases))])
		p.CPU, p.Real = int64(random.IntN(3)), random.IntN(4) == 0
		c.SetPod(p)
	}
}
