// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Count is what a budget counts.
type Count struct {
	// Pods are all that the budget selects, Healthy those that are ready, are not
	// being deleted and are not about to be.
	Pods, Healthy int32
	// Scale is how many pods their controllers want in all. It matters where
	// NeedsScale says so.
	Scale int32
}

// NeedsScale says whether a budget depends on how many pods controllers want.
func NeedsScale(spec *policyv1.PodDisruptionBudgetSpec) bool {
	return spec.MaxUnavailable != nil || spec.MinAvailable != nil && spec.MinAvailable.Type == intstr.String
}

// Status computes the counts of a budget's status. It mirrors updatePdbStatus of the
// disruption controller.
func Status(spec *policyv1.PodDisruptionBudgetSpec, c Count) policyv1.PodDisruptionBudgetStatus {
	expected, desired := expectation(spec, c)
	allowed := c.Healthy - desired
	if expected <= 0 {
		allowed = 0
	}
	return policyv1.PodDisruptionBudgetStatus{
		DisruptionsAllowed: max(allowed, 0), CurrentHealthy: c.Healthy, DesiredHealthy: desired, ExpectedPods: expected,
	}
}

// expectation mirrors getExpectedPodCount. A number that cannot be read lets nothing
// be disrupted.
func expectation(spec *policyv1.PodDisruptionBudgetSpec, c Count) (expected, desired int32) {
	limit := spec.MinAvailable
	switch {
	case spec.MaxUnavailable != nil:
		limit = spec.MaxUnavailable
	case limit == nil:
		return c.Pods, 0
	case limit.Type == intstr.Int:
		return c.Pods, limit.IntVal
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(limit, int(c.Scale), true)
	if err != nil {
		return 0, 0
	}
	if spec.MaxUnavailable != nil {
		return c.Scale, max(c.Scale-int32(n), 0)
	}
	return c.Scale, int32(n)
}
