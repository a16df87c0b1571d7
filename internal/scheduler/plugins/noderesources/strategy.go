// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
)

// ScoringStrategyType says which nodes NodeResourcesFit prefers.
type ScoringStrategyType string

const (
	// LeastAllocated prefers nodes with the most left.
	LeastAllocated ScoringStrategyType = "LeastAllocated"
	// MostAllocated prefers nodes with the least left, so that others become empty.
	MostAllocated ScoringStrategyType = "MostAllocated"
	// RequestedToCapacityRatio prefers nodes by a function of their use.
	RequestedToCapacityRatio ScoringStrategyType = "RequestedToCapacityRatio"
)

// ScoringStrategy configures how NodeResourcesFit scores.
type ScoringStrategy struct {
	Type ScoringStrategyType
	// Resources that count and their weights.
	Resources []ResourceSpec
	// Shape is the function of RequestedToCapacityRatio, and only of it.
	Shape []UtilizationShapePoint
}

// DefaultScoringStrategy is kube-scheduler's: LeastAllocated of cpu and memory,
// which count the same.
func DefaultScoringStrategy() *ScoringStrategy {
	return &ScoringStrategy{Type: LeastAllocated, Resources: defaultResources()}
}

func defaultResources() []ResourceSpec {
	return []ResourceSpec{{Name: corev1.ResourceCPU, Weight: 1}, {Name: corev1.ResourceMemory, Weight: 1}}
}

// newStrategyScorer is the one place where a strategy's name becomes its
// function. It mirrors ValidateNodeResourcesFitArgs of kube-scheduler.
func newStrategyScorer(strategy ScoringStrategy) (*allocationScorer, error) {
	if strategy.Type != RequestedToCapacityRatio && len(strategy.Shape) > 0 {
		return nil, fmt.Errorf("scoring strategy %q has no shape", strategy.Type)
	}
	switch strategy.Type {
	case LeastAllocated:
		return newAllocationScorer(strategy.Resources, false, leastAllocated)
	case MostAllocated:
		return newAllocationScorer(strategy.Resources, false, mostAllocated)
	case RequestedToCapacityRatio:
		if err := shape.Validate(strategy.Shape); err != nil {
			return nil, err
		}
		return newAllocationScorer(strategy.Resources, false, requestedToCapacityRatio(strategy.Shape))
	}
	return nil, fmt.Errorf("scoring strategy %q is not supported", strategy.Type)
}

// leastAllocated is the weighted mean of the free shares. It mirrors
// leastResourceScorer.
func leastAllocated(resources []allocation) int64 {
	var sum, weights int64
	for _, r := range resources {
		if r.requested <= r.allocatable {
			sum += framework.Percentage(r.allocatable-r.requested, r.allocatable) * r.weight
		}
		weights += r.weight
	}
	if weights == 0 {
		return 0
	}
	return sum / weights
}
