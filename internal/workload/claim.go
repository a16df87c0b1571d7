// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Selector returns a selector, or an error where it is invalid.
func Selector(selector v1alpha1.LabelSelector) (labels.Selector, error) {
	in := metav1.LabelSelector{
		MatchLabels:      make(map[string]string, len(selector.MatchLabels)),
		MatchExpressions: selector.MatchExpressions,
	}
	for k, v := range selector.MatchLabels {
		in.MatchLabels[k] = string(v)
	}
	return metav1.LabelSelectorAsSelector(&in)
}

// Claims says what becomes of the pods of a namespace.
type Claims struct {
	// Owned are owned already and match the selector.
	Owned []*v1alpha1.SimPod
	// Adopt are orphans that match the selector and are not being deleted.
	Adopt []*v1alpha1.SimPod
	// Release are owned but no longer match the selector.
	Release []*v1alpha1.SimPod
}

// Claim sorts pods by what a workload is to do about their ownership, as
// ClaimObject in k8s.io/kubernetes/pkg/controller does. One that is being
// deleted neither adopts nor releases. Where there are filters, a pod must pass
// them to match.
func Claim(owner metav1.Object, selector labels.Selector, pods []*v1alpha1.SimPod, filters ...func(*v1alpha1.SimPod) bool) Claims {
	var c Claims
	for _, pod := range pods {
		controller := metav1.GetControllerOfNoCopy(pod)
		matches := selector.Matches(labels.Set(pod.Labels)) &&
			!slices.ContainsFunc(filters, func(passes func(*v1alpha1.SimPod) bool) bool { return !passes(pod) })
		switch {
		case controller != nil && controller.UID != owner.GetUID():
		case controller != nil && matches:
			c.Owned = append(c.Owned, pod)
		case owner.GetDeletionTimestamp() != nil:
		case controller != nil:
			c.Release = append(c.Release, pod)
		case matches && Active(pod):
			c.Adopt = append(c.Adopt, pod)
		}
	}
	return c
}
