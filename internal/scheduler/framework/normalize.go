// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

// DefaultNormalizeScore scales scores so that the highest becomes
// MaxNodeScore; with reverse the highest becomes 0. It mirrors
// DefaultNormalizeScore of k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper.
func DefaultNormalizeScore(scores []int64, reverse bool) {
	var highest int64
	for _, s := range scores {
		highest = max(highest, s)
	}
	for i, s := range scores {
		if highest > 0 {
			s = MaxNodeScore * s / highest
		}
		if reverse {
			s = MaxNodeScore - s
		}
		scores[i] = s
	}
}
