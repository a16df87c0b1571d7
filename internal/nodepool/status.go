// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
)

// Status computes the status of a pool from its nodes, and whether that is a
// change. failure is why creating or deleting nodes failed; nil where it did not.
func Status(pool *v1alpha1.SimNodePool, nodes []*v1alpha1.SimNode, failure error, now time.Time) (v1alpha1.SimNodePoolStatus, bool) {
	status := *pool.Status.DeepCopy()
	status.ObservedGeneration = pool.Generation
	status.Selector = Selector(pool).String()
	status.Replicas, status.ReadyReplicas = 0, 0
	for _, node := range Active(nodes) {
		status.Replicas++
		if Ready(node) {
			status.ReadyReplicas++
		}
	}
	setReplicaFailure(&status, pool, failure, now)
	return status, !equality.Semantic.DeepEqual(status, pool.Status)
}

func setReplicaFailure(status *v1alpha1.SimNodePoolStatus, pool *v1alpha1.SimNodePool, failure error, now time.Time) {
	if failure == nil {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.SimNodePoolReplicaFailure)
		return
	}
	if c := meta.FindStatusCondition(status.Conditions, v1alpha1.SimNodePoolReplicaFailure); c != nil && c.ObservedGeneration == pool.Generation {
		// The first failure of a spec stays: the messages of later ones differ in the
		// generated name, and would cost a write each.
		return
	}
	reason := v1alpha1.ReasonFailedCreate
	if int(status.Replicas) > replicas(pool) {
		reason = v1alpha1.ReasonFailedDelete
	}
	conditions.Set(&status.Conditions, metav1.Condition{
		Type: v1alpha1.SimNodePoolReplicaFailure, Status: metav1.ConditionTrue,
		Reason: reason, Message: failure.Error(), ObservedGeneration: pool.Generation,
		LastTransitionTime: metav1.Time{Time: now},
	})
}
