// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"cmp"
	"slices"
	"unique"
)

// Snapshot returns the nodes and the pods, both by ID. Time, queues and rates are
// not the cluster's to tell.
func (c *Cluster) Snapshot() Snapshot {
	pods := newColumns(len(c.byUID))
	for i := range c.rows {
		if !c.rows[i].gone {
			pods.add(&c.rows[i])
		}
	}
	nodes := make([]Node, 0, len(c.nodes))
	for _, n := range c.nodes {
		nodes = append(nodes, n.Node)
	}
	slices.SortFunc(nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return Snapshot{
		Epoch: c.epoch, Sequence: c.sequence, Nodes: nodes, Pods: pods.Pods,
		NodesOmitted: len(c.omittedNodes), PodsOmitted: len(c.omittedPods),
	}
}

// Delta returns what changed since a sequence number. ok is false where that is
// too long ago, or was another numbering: then a snapshot is needed.
func (c *Cluster) Delta(epoch string, from uint64) (delta Delta, ok bool) {
	if epoch != c.epoch || from > c.sequence || c.sequence-from > uint64(len(c.changes)) {
		return Delta{}, false
	}
	delta = Delta{
		Epoch: epoch, From: from, To: c.sequence,
		NodesOmitted: len(c.omittedNodes), PodsOmitted: len(c.omittedPods),
	}
	nodes, pods := c.changedSince(from)
	for _, id := range nodes {
		if n := c.nodes[id]; n != nil {
			delta.Nodes = append(delta.Nodes, n.Node)
		} else {
			delta.NodesRemoved = append(delta.NodesRemoved, id)
		}
	}
	changed := newColumns(0)
	for _, id := range pods {
		if r := c.rowOf(id); r != nil {
			changed.add(r)
		} else {
			delta.Removed = append(delta.Removed, id)
		}
	}
	if len(changed.ID) > 0 {
		delta.Changed = &changed.Pods
	}
	return delta, true
}

// changedSince returns the IDs of what changed, each once, in their order.
func (c *Cluster) changedSince(from uint64) (nodes, pods []uint32) {
	for n := from + 1; n <= c.sequence; n++ {
		if change := c.changes[n%uint64(len(c.changes))]; change.isNode {
			nodes = append(nodes, change.id)
		} else {
			pods = append(pods, change.id)
		}
	}
	slices.Sort(nodes)
	slices.Sort(pods)
	return slices.Compact(nodes), slices.Compact(pods)
}

// columns are pods that are being added.
type columns struct {
	Pods
	namespaces map[unique.Handle[string]]uint32
}

func newColumns(size int) *columns {
	return &columns{
		Pods: Pods{
			ID: make([]uint32, 0, size), Namespace: make([]uint32, 0, size), Namespaces: []string{}, Name: make([]string, 0, size),
			Node: make([]uint32, 0, size), Phase: make([]int, 0, size), Phases: Phases,
			CPU: make([]int64, 0, size), Memory: make([]int64, 0, size), Real: make([]int, 0, size),
		},
		namespaces: map[unique.Handle[string]]uint32{},
	}
}

func (c *columns) add(r *row) {
	namespace, ok := c.namespaces[r.namespace]
	if !ok {
		namespace = uint32(len(c.Namespaces))
		c.namespaces[r.namespace] = namespace
		c.Namespaces = append(c.Namespaces, r.namespace.Value())
	}
	real := 0
	if r.real {
		real = 1
	}
	c.ID, c.Namespace, c.Name = append(c.ID, r.id), append(c.Namespace, namespace), append(c.Name, r.name)
	c.Node, c.Phase, c.Real = append(c.Node, r.node), append(c.Phase, int(r.phase)), append(c.Real, real)
	c.CPU, c.Memory = append(c.CPU, r.cpu), append(c.Memory, mebibytes(r.memory))
}

// mebibytes rounds up, so that a pod that requests something is not said to
// request nothing.
func mebibytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
