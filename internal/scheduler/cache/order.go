// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// nodeOrder is the order in which nodes are tried: one of each zone in turn, so
// that a search that ends early spreads over zones. It mirrors nodeTree of
// kube-scheduler.
type nodeOrder struct {
	zones []zone
	count int
}

type zone struct {
	name  string
	nodes []string
}

// zoneOf mirrors GetZoneKey of k8s.io/component-helpers/node/topology, for the
// labels that are not deprecated. Nodes without labels are a zone of their own.
func zoneOf(node *corev1.Node) string {
	region, z := node.Labels[corev1.LabelTopologyRegion], node.Labels[corev1.LabelTopologyZone]
	if region == "" && z == "" {
		return ""
	}
	return region + ":\x00:" + z
}

func (o *nodeOrder) add(node *corev1.Node) {
	o.count++
	name := zoneOf(node)
	for i := range o.zones {
		if o.zones[i].name == name {
			o.zones[i].nodes = append(o.zones[i].nodes, node.Name)
			return
		}
	}
	o.zones = append(o.zones, zone{name: name, nodes: []string{node.Name}})
}

func (o *nodeOrder) remove(node *corev1.Node) {
	name := zoneOf(node)
	for i := range o.zones {
		if o.zones[i].name != name {
			continue
		}
		at := slices.Index(o.zones[i].nodes, node.Name)
		if at < 0 {
			return
		}
		o.count--
		o.zones[i].nodes = slices.Delete(o.zones[i].nodes, at, at+1)
		if len(o.zones[i].nodes) == 0 {
			o.zones = slices.Delete(o.zones, i, i+1)
		}
		return
	}
}

func (o *nodeOrder) list() []string {
	out := make([]string, 0, o.count)
	for i := 0; len(out) < o.count; i++ {
		for _, z := range o.zones {
			if i < len(z.nodes) {
				out = append(out, z.nodes[i])
			}
		}
	}
	return out
}
