// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// ResourceSpec is a resource that counts when nodes are scored.
type ResourceSpec struct {
	Name corev1.ResourceName
	// Weight from 1 to 100.
	Weight int64
}

// resourceKind says where a resource's number is found, so that the loop over
// nodes need not compare names.
type resourceKind uint8

const (
	kindCPU resourceKind = iota
	kindMemory
	kindEphemeralStorage
	kindScalar
)

// allocationScorer scores a node by what is requested of it. It mirrors
// resourceAllocationScorer.
type allocationScorer struct {
	resources []ResourceSpec
	kinds     []resourceKind
	// useRequested counts containers without requests as nothing, not as the defaults.
	useRequested bool
	// function scores the resources that count on the node.
	function func(resources []allocation) int64
}

// allocation is one resource of a node.
type allocation struct {
	// requested is what the node's pods request with the new pod, allocated without it.
	requested, allocated int64
	// allocatable is what the node has; never 0.
	allocatable int64
	// weight of the resource.
	weight int64
}

// podRequests is what the pod requests of each resource of the scorer, and room
// for the allocations of the node that is scored: a cycle is one goroutine.
type podRequests struct {
	values []int64
	room   []allocation
}

// Clone implements framework.StateData.
func (r *podRequests) Clone() framework.StateData {
	return &podRequests{values: r.values, room: make([]allocation, len(r.room))}
}

func newAllocationScorer(resources []ResourceSpec, useRequested bool, function func([]allocation) int64) (*allocationScorer, error) {
	if len(resources) == 0 {
		return nil, errors.New("no resource to score")
	}
	s := &allocationScorer{resources: resources, useRequested: useRequested, function: function}
	for _, r := range resources {
		if r.Weight < 1 || r.Weight > 100 {
			return nil, fmt.Errorf("weight of resource %q must be from 1 to 100, not %d", r.Name, r.Weight)
		}
		kind := kindScalar
		switch r.Name {
		case corev1.ResourceCPU:
			kind = kindCPU
		case corev1.ResourceMemory:
			kind = kindMemory
		case corev1.ResourceEphemeralStorage:
			kind = kindEphemeralStorage
		}
		s.kinds = append(s.kinds, kind)
	}
	return s, nil
}

func (s *allocationScorer) request(pod *framework.PodInfo) *podRequests {
	out := &podRequests{values: make([]int64, len(s.resources)), room: make([]allocation, len(s.resources))}
	for i, kind := range s.kinds {
		switch {
		case kind == kindCPU && s.useRequested:
			out.values[i] = pod.Requests.MilliCPU
		case kind == kindCPU:
			out.values[i] = pod.NonZeroMilliCPU
		case kind == kindMemory && s.useRequested:
			out.values[i] = pod.Requests.Memory
		case kind == kindMemory:
			out.values[i] = pod.NonZeroMemory
		case kind == kindEphemeralStorage:
			out.values[i] = pod.Requests.EphemeralStorage
		default:
			out.values[i] = pod.Requests.ScalarResources[s.resources[i].Name]
		}
	}
	return out
}

// score mirrors calculateNodeAllocatableRequest: a scalar resource counts only
// where the pod requests it, any resource only where the node has it.
func (s *allocationScorer) score(pod *podRequests, node *framework.NodeInfo) int64 {
	list, n := pod.room, 0
	used := &node.NonZeroRequested
	if s.useRequested {
		used = &node.Requested
	}
	for i, kind := range s.kinds {
		a := &list[n]
		switch kind {
		case kindCPU:
			a.allocatable, a.allocated = node.Allocatable.MilliCPU, used.MilliCPU
		case kindMemory:
			a.allocatable, a.allocated = node.Allocatable.Memory, used.Memory
		case kindEphemeralStorage:
			a.allocatable, a.allocated = node.Allocatable.EphemeralStorage, node.Requested.EphemeralStorage
		default:
			if pod.values[i] == 0 {
				continue
			}
			name := s.resources[i].Name
			a.allocatable, a.allocated = node.Allocatable.ScalarResources[name], node.Requested.ScalarResources[name]
		}
		if a.allocatable == 0 {
			continue
		}
		a.requested, a.weight = framework.AddSaturated(a.allocated, pod.values[i]), s.resources[i].Weight
		n++
	}
	return s.function(list[:n])
}
