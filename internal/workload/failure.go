// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
)

// SetReplicaFailure says in the conditions of a workload why creating or deleting
// its pods failed, and removes what it said where err is nil. As upstream, the
// first failure stays: the messages of later ones differ in the generated name, and
// would cost a write each.
func SetReplicaFailure(list *[]metav1.Condition, generation int64, reason string, err error, now time.Time) {
	if err == nil {
		meta.RemoveStatusCondition(list, v1alpha1.SimReplicaSetReplicaFailure)
		return
	}
	if meta.FindStatusCondition(*list, v1alpha1.SimReplicaSetReplicaFailure) != nil {
		return
	}
	conditions.Set(list, metav1.Condition{
		Type: v1alpha1.SimReplicaSetReplicaFailure, Status: metav1.ConditionTrue,
		Reason: reason, Message: err.Error(), ObservedGeneration: generation,
		LastTransitionTime: metav1.Time{Time: now},
	})
}
