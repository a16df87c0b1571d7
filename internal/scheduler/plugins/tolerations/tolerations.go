// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tolerations asks whether tolerations tolerate taints, for the plugins
// that need it.
package tolerations

import (
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
)

// comparisonOperators is the default of the feature gate
// TaintTolerationComparisonOperators in Kubernetes 1.37: alpha and off.
const comparisonOperators = false

// Tolerate is true where one of the tolerations tolerates the taint.
func Tolerate(tolerations []corev1.Toleration, taint *corev1.Taint) bool {
	return corev1helpers.TolerationsTolerateTaint(logr.Discard(), tolerations, taint, comparisonOperators)
}

// TolerateScheduling is true where every taint that keeps pods from being
// scheduled (NoSchedule and NoExecute) is tolerated. It mirrors
// FindMatchingUntoleratedTaint with DoNotScheduleTaintsFilterFunc of kube-scheduler.
func TolerateScheduling(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	for i := range taints {
		effect := taints[i].Effect
		if effect != corev1.TaintEffectNoSchedule && effect != corev1.TaintEffectNoExecute {
			continue
		}
		if !Tolerate(tolerations, &taints[i]) {
			return false
		}
	}
	return true
}
