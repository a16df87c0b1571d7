// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import "github.com/glassplane/glassplane/internal/scheduler/framework"

// mostAllocated is the weighted mean of the used shares. More than the node has
// counts as all of it: pods without requests count for the defaults. It mirrors
// mostResourceScorer.
func mostAllocated(resources []allocation) int64 {
	var sum, weights int64
	for _, r := range resources {
		sum += framework.Percentage(min(r.requested, r.allocatable), r.allocatable) * r.weight
		weights += r.weight
	}
	if weights == 0 {
		return 0
	}
	return sum / weights
}
