// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// What the plugin NodeResourcesFit says of a resource of which too little is free.
const (
	fitPlugin    = "NodeResourcesFit"
	insufficient = "Insufficient "
	tooManyPods  = "Too many pods"
)

// shortage sums up what nodes lack of one resource.
type shortage struct {
	nodes, alone         int
	request, total, most int64
	where                string
}

// scarce says of which resources the nodes that refuse a pod have too little.
func scarce(what whatif.Case, nodes []evidence.NodeVerdict) []Scarce {
	requests := framework.NewPodInfo(what.Pod).Requests
	short := map[corev1.ResourceName]*shortage{}
	for _, n := range nodes {
		objections := whatif.Objections(n)
		node := what.Snapshot.Get(n.Name)
		for _, v := range objections {
			if v.Plugin != fitPlugin || node == nil {
				continue
			}
			for _, reason := range v.Reasons {
				if name := scarceName(reason); name != "" {
					addShort(short, name, &requests, node, len(objections) == 1 && len(v.Reasons) == 1)
				}
			}
		}
	}
	var out []Scarce
	for _, name := range slices.Sorted(maps.Keys(short)) {
		s := short[name]
		out = append(out, Scarce{
			Resource: string(name), Nodes: s.nodes, Alone: s.alone, Where: s.where,
			Request: text(name, s.request), MostFree: text(name, s.most), Free: text(name, s.total),
		})
	}
	slices.SortStableFunc(out, func(a, b Scarce) int { return cmp.Or(cmp.Compare(b.Nodes, a.Nodes), cmp.Compare(b.Alone, a.Alone)) })
	return out
}

// scarceName is the resource that a reason names; empty for none.
func scarceName(reason string) corev1.ResourceName {
	if reason == tooManyPods {
		return corev1.ResourcePods
	}
	if name, ok := strings.CutPrefix(reason, insufficient); ok {
		return corev1.ResourceName(name)
	}
	return ""
}

func addShort(short map[corev1.ResourceName]*shortage, name corev1.ResourceName, requests *framework.Resource, node *framework.NodeInfo, alone bool) {
	free := amount(&node.Allocatable, name) - amount(&node.Requested, name)
	request := amount(requests, name)
	if name == corev1.ResourcePods {
		free, request = int64(node.Allocatable.AllowedPodNumber-len(node.Pods)), 1
	}
	s := short[name]
	if s == nil {
		s = &shortage{request: request, most: free, where: node.Node().Name}
		short[name] = s
	}
	s.nodes++
	if alone {
		s.alone++
	}
	s.total = framework.AddSaturated(s.total, max(free, 0))
	if free > s.most {
		s.most, s.where = free, node.Node().Name
	}
}

// amount of a resource: of cpu in thousandths, of others in whole units.
func amount(r *framework.Resource, name corev1.ResourceName) int64 {
	switch name {
	case corev1.ResourceCPU:
		return r.MilliCPU
	case corev1.ResourceMemory:
		return r.Memory
	case corev1.ResourceEphemeralStorage:
		return r.EphemeralStorage
	}
	return r.ScalarResources[name]
}

// text is the amount as people write it.
func text(name corev1.ResourceName, n int64) string {
	switch {
	case name == corev1.ResourceCPU:
		return resource.NewMilliQuantity(n, resource.DecimalSI).String()
	case name == corev1.ResourceMemory, name == corev1.ResourceEphemeralStorage, strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix):
		return resource.NewQuantity(n, resource.BinarySI).String()
	}
	return resource.NewQuantity(n, resource.DecimalSI).String()
}
