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

// Claims says what becomes of the objects of a namespace, such as its pods.
type Claims[T metav1.Object] struct {
	// Owned are owned already and match the selector.
	Owned []T
	// Adopt are orphans that match the selector and may be adopted.
	Adopt []T
	// Release are owned but no longer match the selector.
	Release []T
}

// Claim sorts objects by what a workload is to do about their ownership, as
// ClaimObject in k8s.io/kubernetes/pkg/controller does. One that is being deleted
// neither adopts nor releases, and what is being deleted or is not adoptable is not
// adopted. Where there are filters, an object must pass them to match.
func Claim[T metav1.Object](owner metav1.Object, selector labels.Selector, objects []T, adoptable func(T) bool, filters ...func(T) bool) Claims[T] {
	var c Claims[T]
	for _, object := range objects {
		controller := metav1.GetControllerOfNoCopy(object)
		matches := selector.Matches(labels.Set(object.GetLabels())) &&
			!slices.ContainsFunc(filters, func(passes func(T) bool) bool { return !passes(object) })
		switch {
		case controller != nil && controller.UID != owner.GetUID():
		case controller != nil && matches:
			c.Owned = append(c.Owned, object)
		case owner.GetDeletionTimestamp() != nil:
		case controller != nil:
			c.Release = append(c.Release, object)
		case matches && object.GetDeletionTimestamp() == nil && adoptable(object):
			c.Adopt = append(c.Adopt, object)
		}
	}
	return c
}
