// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"math"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/shape"
)

// UtilizationShapePoint is a point of the function that RequestedToCapacityRatio
// scores with.
type UtilizationShapePoint = shape.Point

// requestedToCapacityRatio is the weighted mean of the function's value for each
// resource, without those for which it is 0. It mirrors
// buildRequestedToCapacityRatioScorerFunction.
func requestedToCapacityRatio(points []UtilizationShapePoint) func([]allocation) int64 {
	return func(resources []allocation) int64 {
		var sum, weights int64
		for _, r := range resources {
			utilization := int64(shape.MaxUtilization)
			if r.requested <= r.allocatable {
				utilization = framework.Percentage(r.requested, r.allocatable)
			}
			if score := shape.ValueAt(points, utilization); score > 0 {
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
