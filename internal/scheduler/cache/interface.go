// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cache holds what the scheduler knows of nodes and pods, with the pods
// that it has placed but that the API server has not confirmed. It mirrors
// k8s.io/kubernetes/pkg/scheduler/backend/cache.
package cache

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// The life of a pod in the cache:
//
//	              Assume                    Add (confirmed by the watch)
//	  Initial ───────────────▶ Assumed ───────────────────────────────▶ Added ◀─┐
//	   │  ▲                      │  │                                    │ │    │ Update
//	   │  │        Forget        │  │ Remove                             │ └────┘
//	   │  └──────────────────────┘  │ (deleted meanwhile)                │ Remove
//	   │                            ▼                                    ▼
//	   │ Add (bound by others)   Initial                              Deleted
//	   └──────────────────────────────────────────────────────────────▶ Added
//
// An assumed pod counts on its node as if it ran there. It never expires: it is
// confirmed by the watch, forgotten when the bind failed, or removed. Where the
// watch shows it on another node than was assumed, the watch is right.

// PodCache is what the binding side needs: it is called from several goroutines.
type PodCache interface {
	// AssumePod puts the pod on the node before the API server knows. It fails
	// where the cache already has the pod.
	AssumePod(pod *framework.PodInfo, nodeName string) error
	// ForgetPod takes an assumed pod off its node again. It fails where the pod is
	// not assumed: it was confirmed, or deleted.
	ForgetPod(uid types.UID) error
	// IsAssumed is true while the pod is assumed.
	IsAssumed(uid types.UID) bool
}

// ObjectCache is what the watch needs.
type ObjectCache interface {
	// SetPod adds or updates a pod that has a node, and confirms an assumed one.
	SetPod(pod *framework.PodInfo)
	// RemovePod removes a pod that was deleted or has ended and returns the node
	// that it was on, or was assumed to be on; ok is false for a pod that is not in
	// the cache.
	RemovePod(uid types.UID) (node string, ok bool)
	// SetNode adds or updates a node. Pods may have arrived before it.
	SetNode(node *corev1.Node)
	// RemoveNode removes a node. Its pods stay until they are removed.
	RemoveNode(name string)
}
