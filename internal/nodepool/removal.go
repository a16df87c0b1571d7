// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// rank is how much a node is missed. Of two nodes, the one with the lower rank goes.
type rank struct {
	class class
	pods  int
}

type class int

// The classes of nodes, in the order in which they are deleted.
const (
	notReady class = iota
	cordoned
	empty
	occupied
)

func rankOf(node *v1alpha1.SimNode, pods Pods) rank {
	switch {
	case !Ready(node):
		return rank{class: notReady}
	case node.Spec.Unschedulable:
		return rank{class: cordoned}
	}
	if n := pods(node.Name); n > 0 {
		return rank{class: occupied, pods: n}
	}
	return rank{class: empty}
}

func (r rank) compare(other rank) int {
	return cmp.Or(cmp.Compare(r.class, other.class), cmp.Compare(r.pods, other.pods))
}

// String says why a node of that rank goes before others.
func (r rank) String() string {
	switch r.class {
	case notReady:
		return "not ready"
	case cordoned:
		return "cordoned"
	case empty:
		return "empty"
	}
	if r.pods == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", r.pods)
}

// removals sorts nodes so that those to be deleted first come first: not ready,
// cordoned, empty, then those with the fewest pods. Of equal ones, first those of
// zones that the pool no longer has, then each time one of the zone that has the
// most nodes left, and there the newest.
func removals(pool *v1alpha1.SimNodePool, nodes []*v1alpha1.SimNode, pods Pods) []Removal {
	ranks := make(map[*v1alpha1.SimNode]rank, len(nodes))
	for _, node := range nodes {
		ranks[node] = rankOf(node, pods)
	}
	sorted := slices.SortedFunc(slices.Values(nodes), func(a, b *v1alpha1.SimNode) int {
		return cmp.Or(ranks[a].compare(ranks[b]), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	left := perZone(nodes)
	out := make([]Removal, 0, len(nodes))
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && ranks[sorted[n]] == ranks[sorted[0]] {
			n++
		}
		why := ranks[sorted[0]].String()
		for _, node := range balanced(sorted[:n], pool.Spec.Zones, left) {
			out = append(out, Removal{node, why})
		}
		sorted = sorted[n:]
	}
	return out
}

// balanced takes nodes in an order that leaves the zones as even as it can. left
// has the nodes of each zone, and is kept up to date.
func balanced(nodes []*v1alpha1.SimNode, zones []string, left map[string]int) []*v1alpha1.SimNode {
	queues := make(map[string][]*v1alpha1.SimNode)
	var names []string
	for _, node := range nodes {
		zone := zoneOf(node)
		if queues[zone] == nil {
			names = append(names, zone)
		}
		queues[zone] = append(queues[zone], node)
	}
	slices.Sort(names)
	unwanted := func(zone string) int {
		if len(zones) > 0 && !slices.Contains(zones, zone) {
			return 0
		}
		return 1
	}
	out := make([]*v1alpha1.SimNode, 0, len(nodes))
	for len(names) > 0 {
		next := slices.MinFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(unwanted(a), unwanted(b)), cmp.Compare(left[b], left[a]))
		})
		out = append(out, queues[next][0])
		left[next]--
		if queues[next] = queues[next][1:]; len(queues[next]) == 0 {
			names = slices.DeleteFunc(names, func(name string) bool { return name == next })
		}
	}
	return out
}
