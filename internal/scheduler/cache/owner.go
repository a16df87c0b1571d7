// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// OwnerOf returns what is to be known of a set that controls pods. A selector that
// cannot be read selects nothing, as in kube-scheduler.
func OwnerOf(set metav1.Object, replicas *int32, selector simv1alpha1.LabelSelector) Owner {
	owner := Owner{UID: set.GetUID(), Namespace: set.GetNamespace(), Replicas: 1}
	if replicas != nil {
		owner.Replicas = *replicas
	}
	if parsed, err := workload.Selector(selector); err == nil {
		owner.Selector = parsed
	}
	return owner
}
