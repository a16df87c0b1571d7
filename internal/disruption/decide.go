// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Unprotected says whether no budget is asked for a pod, because it does not serve:
// canIgnorePDB of the eviction subresource. A phase that is not reported yet means
// Pending.
func Unprotected(pod *v1alpha1.SimPod) bool {
	return workload.Ended(pod) || pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodPending || pod.Status.Phase == ""
}

// Selecting returns the budgets of a namespace that select a pod. One whose selector
// cannot be read selects none; an empty one selects all, one that is missing none.
func Selecting(budgets []policyv1.PodDisruptionBudget, pod *v1alpha1.SimPod) (out []*policyv1.PodDisruptionBudget) {
	for i := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(budgets[i].Spec.Selector)
		if err == nil && budgets[i].Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels)) {
			out = append(out, &budgets[i])
		}
	}
	return out
}

// TooManyError says that several budgets select one pod: as with the eviction
// subresource, it then cannot be evicted at all.
type TooManyError struct {
	Budgets []string
}

func (e *TooManyError) Error() string {
	return "This pod has more than one PodDisruptionBudget, which evictions do not support: " + strings.Join(e.Budgets, ", ")
}

// HeldError says that a budget does not let a pod go now. Later it may.
type HeldError struct {
	// Budget is its name.
	Budget string
	// Why is what keeps the pod.
	Why string
}

func (e *HeldError) Error() string {
	return "Cannot evict pod as it would violate the pod's disruption budget: " + e.Why
}

// Only returns the budget of a pod; nil where it has none. Several are a TooManyError.
func Only(budgets []*policyv1.PodDisruptionBudget) (*policyv1.PodDisruptionBudget, error) {
	switch len(budgets) {
	case 0:
		return nil, nil
	case 1:
		return budgets[0], nil
	}
	var names []string
	for _, b := range budgets {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return nil, &TooManyError{Budgets: names}
}

// CountPods counts the pods that a budget selects: countHealthyPods of the
// disruption controller.
func CountPods(pods []v1alpha1.SimPod, recorded map[string]time.Time) Count {
	var c Count
	for i := range pods {
		c.Pods++
		if _, going := recorded[pods[i].Name]; !going && pods[i].DeletionTimestamp == nil && workload.Ready(&pods[i]) {
			c.Healthy++
		}
	}
	return c
}

// Verdict is what a budget says of a pod that it lets go.
type Verdict int

const (
	// Spend takes one of the disruptions that the budget allows: it must be
	// recorded first.
	Spend Verdict = iota
	// Free takes none, because the pod is not ready, and holds only while it is not.
	Free
)

// Decide says whether a budget lets one of the pods that it selects go; if not, the
// error is a HeldError. It mirrors Create and checkAndDecrement of the eviction
// subresource.
func Decide(budget *policyv1.PodDisruptionBudget, pod *v1alpha1.SimPod, recorded map[string]time.Time, c Count) (Verdict, error) {
	status := Status(&budget.Spec, c)
	if !workload.Ready(pod) {
		policy := budget.Spec.UnhealthyPodEvictionPolicy
		if policy != nil && *policy == policyv1.AlwaysAllow {
			return Free, nil
		}
		if status.CurrentHealthy >= status.DesiredHealthy && status.DesiredHealthy > 0 {
			return Free, nil
		}
	}
	held := func(why string, args ...any) error {
		return &HeldError{Budget: budget.Name, Why: fmt.Sprintf("The disruption budget %s "+why, append([]any{budget.Name}, args...)...)}
	}
	_, again := recorded[pod.Name]
	switch {
	case again:
		return Spend, nil // it was let go already, but not deleted
	case len(recorded) >= MaxRecorded:
		return Spend, held("does not allow evicting pods currently: too many pending evictions")
	case status.DisruptionsAllowed > 0:
		return Spend, nil
	case status.CurrentHealthy <= status.DesiredHealthy:
		return Spend, held("needs %d healthy pods and has %d currently", status.DesiredHealthy, status.CurrentHealthy)
	}
	return Spend, held("does not allow evicting pods currently: its pods have no controller that says how many there are to be")
}
