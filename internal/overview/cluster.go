// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"cmp"
	"maps"
	"slices"
	"unique"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// Limits bound a cluster. The zero value takes the defaults.
type Limits struct {
	// Nodes and Pods that are kept; those beyond are counted.
	Nodes, Pods int
	// Changes that are remembered: whoever is further behind needs a snapshot.
	Changes int
	// LabelBytes of a pod's labels. Those of a pod with more are not kept.
	LabelBytes int
}

// The limits where nothing else is said.
const (
	DefaultMaxNodes      = 20_000
	DefaultMaxPods       = 200_000
	DefaultMaxChanges    = 1 << 16
	DefaultMaxLabelBytes = 4 << 10
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Nodes: cmp.Or(l.Nodes, DefaultMaxNodes), Pods: cmp.Or(l.Pods, DefaultMaxPods),
		Changes: cmp.Or(l.Changes, DefaultMaxChanges), LabelBytes: cmp.Or(l.LabelBytes, DefaultMaxLabelBytes),
	}
}

// Cluster is the nodes and pods of a cluster as they are now, and which of them
// changed last. It is not safe for use by several goroutines.
type Cluster struct {
	epoch  string
	limits Limits

	// rows are the pods in the order of their IDs, with those that are gone until
	// they are compacted.
	rows    []row
	gone    int
	byUID   map[types.UID]uint32
	lastPod uint32

	nodes    map[uint32]*node
	byName   map[nodeName]uint32
	nodeUIDs map[types.UID]uint32
	lastNode uint32

	// The objects that are beyond the limits.
	omittedPods  map[types.UID]struct{}
	omittedNodes map[types.UID]struct{}

	// sequence counts the changes; change n is at n modulo the length of changes.
	sequence uint64
	changes  []change
}

// row is a pod.
type row struct {
	name string
	uid  types.UID
	// namespace and labels (as of labels.Set) are shared by all that have the same.
	namespace, labels unique.Handle[string]
	cpu, memory       int64
	id, node          uint32
	phase             uint8
	real, gone        bool
}

// ended is true for a pod that takes up nothing any more.
func (r *row) ended() bool {
	return Phases[r.phase] == PhaseSucceeded || Phases[r.phase] == PhaseFailed
}

// node is a node, or what pods say is one.
type node struct {
	Node
	// uid is empty where the node is unseen.
	uid types.UID
	// pods that name it, those that have ended too.
	pods int
}

type nodeName struct{ kind, name string }

// change says what changed, by its ID.
type change struct {
	id     uint32
	isNode bool
}

// NewCluster returns an empty cluster. The epoch must differ from that of any
// other one that readers may have seen.
func NewCluster(epoch string, limits Limits) *Cluster {
	limits = limits.withDefaults()
	return &Cluster{
		epoch: epoch, limits: limits,
		byUID: map[types.UID]uint32{}, nodes: map[uint32]*node{}, byName: map[nodeName]uint32{}, nodeUIDs: map[types.UID]uint32{},
		omittedPods: map[types.UID]struct{}{}, omittedNodes: map[types.UID]struct{}{},
		changes: make([]change, limits.Changes),
	}
}

// Sequence is the number of the last change.
func (c *Cluster) Sequence() uint64 { return c.sequence }

// Epoch names this cluster's numbering.
func (c *Cluster) Epoch() string { return c.epoch }

func (c *Cluster) changed(id uint32, isNode bool) {
	c.sequence++
	c.changes[c.sequence%uint64(len(c.changes))] = change{id: id, isNode: isNode}
}

// SetPod adds a pod or replaces its older version.
func (c *Cluster) SetPod(p Pod) {
	r := c.row(p.UID)
	if r == nil {
		if len(c.byUID) >= c.limits.Pods {
			c.omittedPods[p.UID] = struct{}{}
			return
		}
		delete(c.omittedPods, p.UID)
		c.lastPod++
		c.rows = append(c.rows, row{id: c.lastPod, uid: p.UID, name: p.Name, namespace: unique.Make(p.Namespace)})
		r = &c.rows[len(c.rows)-1]
		c.byUID[p.UID] = r.id
	}
	before, isNew := *r, r.labels == unique.Handle[string]{}
	r.labels, r.real, r.cpu, r.memory = c.labelsOf(p.Labels), p.Real, p.CPU, p.Memory
	r.phase = uint8(max(0, slices.Index(Phases, p.Phase)))
	r.node = 0
	if p.NodeName != "" {
		r.node = c.nodeNamed(nodeName{p.nodeKind(), p.NodeName})
	}
	if *r == before {
		return
	}
	c.move(&before, r, isNew)
	c.changed(r.id, false)
}

// move brings the requests of the nodes to the present.
func (c *Cluster) move(before, after *row, isNew bool) {
	if !isNew && before.node == after.node && before.ended() == after.ended() &&
		before.cpu == after.cpu && before.memory == after.memory {
		return
	}
	// In this order a node that both name is not forgotten in between.
	c.charge(after, 1)
	if !isNew {
		c.charge(before, -1)
	}
}

// charge adds a pod to its node, or takes it off. A node that only pods name
// goes with the last of them.
func (c *Cluster) charge(r *row, sign int) {
	n := c.nodes[r.node]
	if n == nil {
		return
	}
	n.pods += sign
	if !r.ended() {
		n.Requested.CPU += int64(sign) * r.cpu
		n.Requested.Memory += int64(sign) * r.memory
		n.Requested.Pods += int64(sign)
	}
	c.changed(n.ID, true)
	c.forgetUnnamed(n)
}

func (c *Cluster) forgetUnnamed(n *node) {
	if n.Unseen && n.pods == 0 {
		delete(c.nodes, n.ID)
		delete(c.byName, nodeName{n.Kind, n.Name})
	}
}

// DeletePod removes a pod.
func (c *Cluster) DeletePod(uid types.UID) {
	delete(c.omittedPods, uid)
	r := c.row(uid)
	if r == nil {
		return
	}
	c.charge(r, -1)
	c.changed(r.id, false)
	delete(c.byUID, uid)
	*r = row{id: r.id, gone: true}
	if c.gone++; c.gone > len(c.rows)/2 {
		c.rows = slices.DeleteFunc(c.rows, func(r row) bool { return r.gone })
		c.rows = slices.Clip(slices.Clone(c.rows))
		c.gone = 0
	}
}

// row returns a pod; nil where there is none. It is valid until the next change.
func (c *Cluster) row(uid types.UID) *row {
	id, ok := c.byUID[uid]
	if !ok {
		return nil
	}
	return c.rowOf(id)
}

func (c *Cluster) rowOf(id uint32) *row {
	i, ok := slices.BinarySearchFunc(c.rows, id, func(r row, id uint32) int { return cmp.Compare(r.id, id) })
	if !ok || c.rows[i].gone {
		return nil
	}
	return &c.rows[i]
}

func (c *Cluster) labelsOf(set map[string]string) unique.Handle[string] {
	text := labels.Set(set).String()
	if len(text) > c.limits.LabelBytes {
		text = labelsLeftOut
	}
	return unique.Make(text)
}

// labelsLeftOut stands for labels that are too large to be kept. No label's name
// begins with a dash.
const labelsLeftOut = "-"

// nodeNamed returns the ID of the node that a pod names; 0 where nodes are beyond
// the limit.
func (c *Cluster) nodeNamed(name nodeName) uint32 {
	if id, ok := c.byName[name]; ok {
		return id
	}
	if len(c.nodes) >= c.limits.Nodes {
		return 0
	}
	c.lastNode++
	c.byName[name] = c.lastNode
	c.nodes[c.lastNode] = &node{Node: Node{ID: c.lastNode, Name: name.name, Kind: name.kind, Unseen: true}}
	return c.lastNode
}

// SetNode adds a node or replaces its older version. Its ID and what is requested
// of it are the cluster's own.
func (c *Cluster) SetNode(uid types.UID, n Node) {
	id := c.nodeNamed(nodeName{n.Kind, n.Name})
	if id == 0 {
		c.omittedNodes[uid] = struct{}{}
		return
	}
	delete(c.omittedNodes, uid)
	known := c.nodes[id]
	if known.uid != uid {
		delete(c.nodeUIDs, known.uid)
		known.uid, c.nodeUIDs[uid] = uid, id
	}
	n.ID, n.Requested, n.Unseen = id, known.Requested, false
	if equalNodes(&known.Node, &n) {
		return
	}
	known.Node = n
	c.changed(id, true)
}

// DeleteNode removes a node. While pods name it, that is all that is known of it.
func (c *Cluster) DeleteNode(uid types.UID) {
	delete(c.omittedNodes, uid)
	n := c.nodes[c.nodeUIDs[uid]]
	if n == nil {
		return
	}
	delete(c.nodeUIDs, uid)
	n.uid, n.Node = "", Node{ID: n.ID, Name: n.Name, Kind: n.Kind, Requested: n.Requested, Unseen: true}
	c.changed(n.ID, true)
	c.forgetUnnamed(n)
}

func equalNodes(a, b *Node) bool {
	return a.Zone == b.Zone && a.Ready == b.Ready && a.Unschedulable == b.Unschedulable && a.Unseen == b.Unseen &&
		a.Allocatable == b.Allocatable && slices.Equal(a.Taints, b.Taints) && maps.Equal(a.Labels, b.Labels)
}
