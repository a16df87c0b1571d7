// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"cmp"
	"slices"

	"github.com/glassplane/glassplane/internal/overview"
)

// pod is a row of the snapshot's columns.
type pod struct {
	namespace, name, phase string
	node                   uint32
	real                   bool
}

// cluster is the last snapshot with the changes since then.
type cluster struct {
	known    bool
	epoch    string
	sequence uint64
	nodes    map[uint32]overview.Node
	pods     map[uint32]pod
	// onNode are the pods of each node, phases counts all pods.
	onNode map[uint32]map[uint32]bool
	phases map[string]int
	queues overview.Queues
	rates  overview.Rates
	// notes say what is missing.
	notes []string
	// names are the nodes by name; nil where they must be sorted anew.
	names []overview.Node
}

// load takes a whole snapshot.
func (c *cluster) load(s overview.Snapshot) {
	*c = cluster{
		known: true, epoch: s.Epoch, sequence: s.Sequence, queues: s.Queues, rates: s.Rates,
		nodes: make(map[uint32]overview.Node, len(s.Nodes)), pods: make(map[uint32]pod, len(s.Pods.ID)),
		onNode: map[uint32]map[uint32]bool{}, phases: map[string]int{}, notes: notesOf(s.Unavailable, s.NodesOmitted, s.PodsOmitted),
	}
	for _, n := range s.Nodes {
		c.nodes[n.ID] = n
	}
	c.put(s.Pods)
}

// notesOf say what is missing.
func notesOf(unavailable []string, nodes, pods int) []string {
	notes := slices.Clone(unavailable)
	if nodes > 0 {
		notes = append(notes, count(nodes, "more node")+" left out")
	}
	if pods > 0 {
		notes = append(notes, count(pods, "more pod")+" left out")
	}
	return notes
}

// apply takes a change. One that does not follow on the state is left out: the
// source sends a snapshot then.
func (c *cluster) apply(d overview.Delta) {
	if !c.known || d.Epoch != c.epoch || d.From != c.sequence {
		return
	}
	c.sequence, c.queues, c.rates = d.To, d.Queues, d.Rates
	c.notes = notesOf(d.Unavailable, d.NodesOmitted, d.PodsOmitted)
	if len(d.Nodes)+len(d.NodesRemoved) > 0 {
		c.names = nil
	}
	for _, n := range d.Nodes {
		c.nodes[n.ID] = n
	}
	for _, id := range d.NodesRemoved {
		delete(c.nodes, id)
	}
	for _, id := range d.Removed {
		c.remove(id)
	}
	if d.Changed != nil {
		c.put(*d.Changed)
	}
}

// put takes rows of columns. Columns of unequal length, which are no snapshot,
// end at the shortest one.
func (c *cluster) put(p overview.Pods) {
	rows := min(len(p.ID), len(p.Namespace), len(p.Name), len(p.Node), len(p.Phase))
	for i := range rows {
		id := p.ID[i]
		c.remove(id)
		row := pod{name: p.Name[i], node: p.Node[i], real: i < len(p.Real) && p.Real[i] == 1}
		if n := int(p.Namespace[i]); n < len(p.Namespaces) {
			row.namespace = p.Namespaces[n]
		}
		if n := int(p.Phase[i]); n < len(p.Phases) {
			row.phase = p.Phases[n]
		}
		c.pods[id] = row
		c.phases[row.phase]++
		if c.onNode[row.node] == nil {
			c.onNode[row.node] = map[uint32]bool{}
		}
		c.onNode[row.node][id] = true
	}
}

func (c *cluster) remove(id uint32) {
	row, ok := c.pods[id]
	if !ok {
		return
	}
	delete(c.pods, id)
	c.phases[row.phase]--
	delete(c.onNode[row.node], id)
	if len(c.onNode[row.node]) == 0 {
		delete(c.onNode, row.node)
	}
}

// sorted are the nodes by name: nothing jumps while pods come and go.
func (c *cluster) sorted() []overview.Node {
	if c.names == nil {
		for _, n := range c.nodes {
			c.names = append(c.names, n)
		}
		slices.SortFunc(c.names, func(a, b overview.Node) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	}
	return c.names
}

// podsOf are the pods of a node by name.
func (c *cluster) podsOf(node uint32) []pod {
	var out []pod
	for id := range c.onNode[node] {
		out = append(out, c.pods[id])
	}
	slices.SortFunc(out, func(a, b pod) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return out
}

// phasesOf counts the pods of a node by phase.
func (c *cluster) phasesOf(node uint32) map[string]int {
	counts := map[string]int{}
	for id := range c.onNode[node] {
		counts[c.pods[id].phase]++
	}
	return counts
}
