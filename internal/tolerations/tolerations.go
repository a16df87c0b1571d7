// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tolerations asks whether tolerations tolerate taints. The scheduler and
// node lifecycle ask the same functions, so that no pod is bound to a node from
// which it is evicted at once, or the other way round.
package tolerations

import (
	"slices"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
)

// comparisonOperators is the default of the feature gate
// TaintTolerationComparisonOperators in Kubernetes 1.37: alpha and off, so that
// a toleration with the operator Gt or Lt tolerates nothing.
const comparisonOperators = false

// First returns the first of the tolerations that tolerates the taint, whose
// seconds count; nil where none does.
func First(tolerations []corev1.Toleration, taint *corev1.Taint) *corev1.Toleration {
	for i := range tolerations {
		if tolerations[i].ToleratesTaint(logr.Discard(), taint, comparisonOperators) {
			return &tolerations[i]
		}
	}
	return nil
}

// Tolerate is true where one of the tolerations tolerates the taint.
func Tolerate(tolerations []corev1.Toleration, taint *corev1.Taint) bool {
	return First(tolerations, taint) != nil
}

// TolerateScheduling is true where every taint that keeps pods from being
// scheduled (NoSchedule and NoExecute) is tolerated. It mirrors
// FindMatchingUntoleratedTaint with DoNotScheduleTaintsFilterFunc of kube-scheduler.
func TolerateScheduling(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	return tolerateEffects(tolerations, taints, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute)
}

// TolerateExecution is true where every taint that evicts pods (NoExecute) is tolerated.
func TolerateExecution(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	return tolerateEffects(tolerations, taints, corev1.TaintEffectNoExecute)
}

func tolerateEffects(tolerations []corev1.Toleration, taints []corev1.Taint, effects ...corev1.TaintEffect) bool {
	for i := range taints {
		if slices.Contains(effects, taints[i].Effect) && !Tolerate(tolerations, &taints[i]) {
			return false
		}
	}
	return true
}
