// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simnodepool

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/nodepool"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// onNode enqueues the pool of a node that appears, goes, or becomes ready or not:
// what a heartbeat changes is none of its business.
func (r *Reconciler) onNode() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { enqueue(e.Object, q, 0) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			before, ok := e.ObjectOld.(*v1alpha1.SimNode)
			after, ok2 := e.ObjectNew.(*v1alpha1.SimNode)
			switch {
			case !ok || !ok2:
			case poolOf(before) != poolOf(after):
				enqueue(before, q, 0)
				enqueue(after, q, 0)
			case (before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil):
				enqueue(after, q, 0)
			case nodepool.Ready(before) != nodepool.Ready(after):
				enqueue(after, q, r.batch)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueue(e.Object, q, 0) },
	}
}

func enqueue(node client.Object, q queue, delay time.Duration) {
	if pool := poolOf(node); pool != "" {
		q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: pool}}, delay)
	}
}

// poolOf is the name of the pool that controls a node; empty where none does.
func poolOf(node client.Object) string {
	owner := metav1.GetControllerOfNoCopy(node)
	if owner == nil || owner.Kind != nodepool.Kind || owner.APIVersion != v1alpha1.GroupVersion.String() {
		return ""
	}
	return owner.Name
}
