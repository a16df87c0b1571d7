// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ExpectationsTimeout is how long expectations hold that are not met, as
// ExpectationsTimeout in k8s.io/kubernetes/pkg/controller.
const ExpectationsTimeout = 5 * time.Minute

// Expectations are the pods, or other objects, that were created or deleted, but
// that the cache may not show yet: until it does, nothing may be counted. Both are
// known by UID, so they are met by what the cache holds, not by counting events.
type Expectations struct {
	// Created are objects that have to be in the cache, with their names.
	Created map[types.UID]string
	// Deleted are objects that have to be gone from the cache, or be seen deleted.
	Deleted map[types.UID]struct{}
	// Since is when the expectations were set.
	Since time.Time
}

// Met removes from expectations what the objects of the cache fulfil, and says
// whether nothing is left or they are too old.
func Met[T metav1.Object](e *Expectations, cached []T, now time.Time) bool {
	if e == nil || now.Sub(e.Since) >= ExpectationsTimeout {
		return true
	}
	undeleted := make(map[types.UID]struct{}, len(e.Deleted))
	for _, object := range cached {
		uid := object.GetUID()
		delete(e.Created, uid)
		if _, ok := e.Deleted[uid]; ok && object.GetDeletionTimestamp() == nil {
			undeleted[uid] = struct{}{}
		}
	}
	e.Deleted = undeleted
	return len(e.Created) == 0 && len(e.Deleted) == 0
}
