// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"fmt"
	"math"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// UtilizationShapePoint is a point of the function that RequestedToCapacityRatio
// scores with. It is linear between points, and constant before the first and
// after the last.
type UtilizationShapePoint struct {
	// Utilization of a resource in percent, from 0 to 100.
	Utilization int32
	// Score from 0 to 10.
	Score int32
}

const (
	maxUtilization         = 100
	maxCustomPriorityScore = 10
)

// validateShape mirrors validateFunctionShape of kube-scheduler.
func validateShape(shape []UtilizationShapePoint) error {
	if len(shape) == 0 {
		return fmt.Errorf("scoring strategy %q needs a shape of at least one point", RequestedToCapacityRatio)
	}
	for i, point := range shape {
		switch {
		case i > 0 && shape[i-1].Utilization >= point.Utilization:
			return fmt.Errorf("shape[%d].utilization: %d is not more than that of the point before it", i, point.Utilization)
		case point.Utilization < 0 || point.Utilization > maxUtilization:
			return fmt.Errorf("shape[%d].utilization: %d is not from 0 to %d", i, point.Utilization, maxUtilization)
		case point.Score < 0 || point.Score > maxCustomPriorityScore:
			return fmt.Errorf("shape[%d].score: %d is not from 0 to %d", i, point.Score, maxCustomPriorityScore)
		}
	}
	return nil
}

// requestedToCapacityRatio is the weighted mean of the function's value for each
// resource, without those for which it is 0. It mirrors
// buildRequestedToCapacityRatioScorerFunction.
func requestedToCapacityRatio(shape []UtilizationShapePoint) func([]allocation) int64 {
	return func(resources []allocation) int64 {
		var sum, weights int64
		for _, r := range resources {
			utilization := int64(maxUtilization)
			if r.requested <= r.allocatable {
				utilization = framework.Percentage(r.requested, r.allocatable)
			}
			if score := valueAt(shape, utilization); score > 0 {
				sum += score * r.weight
				weights += r.weight
			}
		}
		if weights == 0 {
			return 0
		}
		return int64(math.Round(float64(sum) / float64(weights)))
	}
}

// valueAt is the function's value, from 0 to 100. It mirrors
// BuildBrokenLinearFunction of
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper.
func valueAt(shape []UtilizationShapePoint, utilization int64) int64 {
	const scale = framework.MaxNodeScore / maxCustomPriorityScore
	for i, point := range shape {
		x, y := int64(point.Utilization), int64(point.Score)*scale
		if utilization > x {
			continue
		}
		if i == 0 {
			return y
		}
		x0, y0 := int64(shape[i-1].Utilization), int64(shape[i-1].Score)*scale
		return y0 + (y-y0)*(utilization-x0)/(x-x0)
	}
	return int64(shape[len(shape)-1].Score) * scale
}
