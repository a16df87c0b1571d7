// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package shape holds the function from utilization to score that users give to
// plugins. It mirrors FunctionShape of
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper.
package shape

import (
	"errors"
	"fmt"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Limits of a point.
const (
	MaxUtilization = 100
	MaxScore       = 10
)

// Point of the function. It is linear between points, and constant before the
// first and after the last.
type Point struct {
	// Utilization in percent, from 0 to 100.
	Utilization int32
	// Score from 0 to 10.
	Score int32
}

// Validate mirrors validateFunctionShape of kube-scheduler.
func Validate(points []Point) error {
	if len(points) == 0 {
		return errors.New("shape: at least one point must be specified")
	}
	for i, point := range points {
		switch {
		case i > 0 && points[i-1].Utilization >= point.Utilization:
			return fmt.Errorf("shape[%d].utilization: %d is not more than that of the point before it", i, point.Utilization)
		case point.Utilization < 0 || point.Utilization > MaxUtilization:
			return fmt.Errorf("shape[%d].utilization: %d is not from 0 to %d", i, point.Utilization, MaxUtilization)
		case point.Score < 0 || point.Score > MaxScore:
			return fmt.Errorf("shape[%d].score: %d is not from 0 to %d", i, point.Score, MaxScore)
		}
	}
	return nil
}

// ValueAt is the function's value, from 0 to 100. It mirrors
// BuildBrokenLinearFunction.
func ValueAt(points []Point, utilization int64) int64 {
	const scale = framework.MaxNodeScore / MaxScore
	for i, point := range points {
		x, y := int64(point.Utilization), int64(point.Score)*scale
		if utilization > x {
			continue
		}
		if i == 0 {
			return y
		}
		x0, y0 := int64(points[i-1].Utilization), int64(points[i-1].Score)*scale
		return y0 + (y-y0)*(utilization-x0)/(x-x0)
	}
	return int64(points[len(points)-1].Score) * scale
}
