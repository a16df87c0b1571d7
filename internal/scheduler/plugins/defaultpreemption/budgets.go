// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package defaultpreemption

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// budget is a PodDisruptionBudget, parsed.
type budget struct {
	*policyv1.PodDisruptionBudget
	selector labels.Selector
}

// parseBudgets leaves out those that select nothing: with an empty selector, or
// one that cannot be read.
func parseBudgets(list []*policyv1.PodDisruptionBudget) []budget {
	var out []budget
	for _, pdb := range list {
		selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
		if err == nil && !selector.Empty() {
			out = append(out, budget{pdb, selector})
		}
	}
	return out
}

// covers is true where deleting the pod uses up the budget. The API server has
// already counted the pods in disruptedPods.
func (b *budget) covers(pod *corev1.Pod) bool {
	if len(pod.Labels) == 0 || b.Namespace != pod.Namespace || !b.selector.Matches(labels.Set(pod.Labels)) {
		return false
	}
	_, counted := b.Status.DisruptedPods[pod.Name]
	return !counted
}

// violations separates the pods whose deletion violates a budget, when they are
// deleted in the given order, from the others. It mirrors
// FilterVictimsWithPDBViolation: a pod uses up budgets until one is overdrawn.
func violations(pods []*framework.PodInfo, budgets []budget) (violating, others []*framework.PodInfo) {
	if len(budgets) == 0 {
		return nil, pods
	}
	allowed := make([]int32, len(budgets))
	for i := range budgets {
		allowed[i] = budgets[i].Status.DisruptionsAllowed
	}
	violates := func(pod *corev1.Pod) bool {
		for i := range budgets {
			if budgets[i].covers(pod) {
				if allowed[i]--; allowed[i] < 0 {
					return true
				}
			}
		}
		return false
	}
	for _, pod := range pods {
		if violates(pod.Pod) {
			violating = append(violating, pod)
		} else {
			others = append(others, pod)
		}
	}
	return violating, others
}
