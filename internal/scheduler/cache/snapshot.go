// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"maps"

	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var _ framework.Snapshot = (*Snapshot)(nil)

// Snapshot is the cache at one moment. It belongs to one goroutine and changes
// only in UpdateSnapshot.
type Snapshot struct {
	nodes        map[string]*framework.NodeInfo
	list         []*framework.NodeInfo
	affinity     []*framework.NodeInfo
	antiAffinity []*framework.NodeInfo
	namespaces   map[string]labels.Set
	groups       groups
	budgets      []*policyv1.PodDisruptionBudget

	generation, orderGen, namespacesGen, groupsGen, budgetsGen int64
}

// NewSnapshot returns a snapshot of nothing.
func NewSnapshot() *Snapshot {
	return &Snapshot{nodes: make(map[string]*framework.NodeInfo)}
}

// List implements framework.Snapshot.
func (s *Snapshot) List() []*framework.NodeInfo { return s.list }

// Get implements framework.Snapshot.
func (s *Snapshot) Get(name string) *framework.NodeInfo { return s.nodes[name] }

// HavePodsWithAffinity implements framework.Snapshot.
func (s *Snapshot) HavePodsWithAffinity() []*framework.NodeInfo { return s.affinity }

// HavePodsWithRequiredAntiAffinity implements framework.Snapshot.
func (s *Snapshot) HavePodsWithRequiredAntiAffinity() []*framework.NodeInfo { return s.antiAffinity }

// NamespaceLabels implements framework.Snapshot.
func (s *Snapshot) NamespaceLabels(namespace string) labels.Set { return s.namespaces[namespace] }

// UpdateSnapshot brings the snapshot to the present. It copies only nodes that
// have changed since the last time, so that its cost depends on the number of
// changes and not of nodes; only where nodes came or went are all listed again.
func (c *Cache) UpdateSnapshot(s *Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	affinityChanged := false
	for e := c.head; e != nil && e.info.Generation > s.generation; e = e.next {
		node := e.info.Node()
		if node == nil { // its pods have not been removed yet, or came before it
			continue
		}
		clone := c.cloneForSnapshot(e.info)
		old := s.nodes[node.Name]
		if old == nil {
			s.nodes[node.Name] = clone
			affinityChanged = true
			continue
		}
		affinityChanged = affinityChanged ||
			len(old.PodsWithAffinity) > 0 != (len(clone.PodsWithAffinity) > 0) ||
			len(old.PodsWithRequiredAntiAffinity) > 0 != (len(clone.PodsWithRequiredAntiAffinity) > 0)
		*old = *clone // the lists keep pointing at it
	}
	s.generation = c.generation
	if s.orderGen != c.orderGen {
		c.list(s)
		affinityChanged = true
	}
	if affinityChanged {
		s.listAffinity()
	}
	if s.namespacesGen != c.namespacesGen {
		s.namespaces, s.namespacesGen = maps.Clone(c.namespaces), c.namespacesGen
	}
	if s.groupsGen != c.groupsGen {
		s.groups, s.groupsGen = c.groups.clone(), c.groupsGen
	}
	if s.budgetsGen != c.budgets.generation {
		s.budgets, s.budgetsGen = c.budgets.list(c.groups.owners), c.budgets.generation
	}
}

// cloneForSnapshot sets the numbers of nodes that have an image as of now.
func (c *Cache) cloneForSnapshot(info *framework.NodeInfo) *framework.NodeInfo {
	clone := info.Clone()
	for name, state := range clone.ImageStates {
		state.NumNodes = len(c.images[name])
		clone.ImageStates[name] = state
	}
	return clone
}

// list lists the nodes again and drops those that are gone.
func (c *Cache) list(s *Snapshot) {
	names := c.order.list()
	nodes := make(map[string]*framework.NodeInfo, len(names))
	s.list = make([]*framework.NodeInfo, 0, len(names))
	for _, name := range names {
		nodes[name] = s.nodes[name]
		s.list = append(s.list, s.nodes[name])
	}
	s.nodes, s.orderGen = nodes, c.orderGen
}

func (s *Snapshot) listAffinity() {
	s.affinity, s.antiAffinity = nil, nil
	for _, n := range s.list {
		if len(n.PodsWithAffinity) > 0 {
			s.affinity = append(s.affinity, n)
		}
		if len(n.PodsWithRequiredAntiAffinity) > 0 {
			s.antiAffinity = append(s.antiAffinity, n)
		}
	}
}

// StaticSnapshot returns a snapshot of the given nodes, for what-if and tests.
// The nodes are tried in their order.
func StaticSnapshot(nodes []*framework.NodeInfo, namespaces map[string]labels.Set) *Snapshot {
	s := NewSnapshot()
	s.list, s.namespaces = nodes, namespaces
	for _, n := range nodes {
		s.nodes[n.Node().Name] = n
	}
	s.listAffinity()
	return s
}
