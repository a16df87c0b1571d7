// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// inTheWay lists the budgets that do not let all of the pods go at once. Their
// status is what the disruption controller wrote.
func inTheWay(budgets []policyv1.PodDisruptionBudget, pods []*corev1.Pod) []Budget {
	protected := map[string][]string{} // pods by the names of the budgets that select them
	of := map[string][]*policyv1.PodDisruptionBudget{}
	for _, pod := range pods {
		if pod.Status.Phase == corev1.PodPending { // canIgnorePDB of the eviction subresource
			continue
		}
		selecting := selecting(budgets, pod)
		if len(selecting) == 0 {
			continue
		}
		key := strings.Join(budgetNames(selecting), ", ")
		protected[key] = append(protected[key], nameOf(pod))
		of[key] = selecting
	}
	var out []Budget
	for _, key := range slices.Sorted(maps.Keys(protected)) {
		b := Budget{Names: budgetNames(of[key]), Pods: protected[key]}
		status := of[key][0].Status
		switch b.Allowed = status.DisruptionsAllowed; {
		case len(b.Names) > 1:
			b.Allowed, b.Why = 0, "more than one budget selects these pods, which evictions do not support"
		case b.Allowed == 0:
			b.Why = fmt.Sprintf("lets no pod go now: %d are healthy, %d must be", status.CurrentHealthy, status.DesiredHealthy)
		case int(b.Allowed) < len(b.Pods):
			b.Why = fmt.Sprintf("lets %d of the %d pods go now, the others once those are healthy elsewhere", b.Allowed, len(b.Pods))
		default:
			continue
		}
		out = append(out, b)
	}
	slices.SortStableFunc(out, func(a, b Budget) int { return cmp.Compare(a.Allowed, b.Allowed) })
	return out
}

// selecting returns the budgets that select a pod. One whose selector cannot be read
// selects none.
func selecting(budgets []policyv1.PodDisruptionBudget, pod *corev1.Pod) []*policyv1.PodDisruptionBudget {
	var out []*policyv1.PodDisruptionBudget
	for i := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(budgets[i].Spec.Selector)
		if err == nil && budgets[i].Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels)) {
			out = append(out, &budgets[i])
		}
	}
	return out
}

func budgetNames(budgets []*policyv1.PodDisruptionBudget) []string {
	var out []string
	for _, b := range budgets {
		out = append(out, b.Namespace+"/"+b.Name)
	}
	slices.Sort(out)
	return out
}
