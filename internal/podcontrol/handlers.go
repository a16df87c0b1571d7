// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// OnPod enqueues the workload that owns a pod, the one that owned it before, and
// for an orphan those that could adopt it, which adopters finds by its labels; nil
// where none does.
func (c *Control) OnPod(adopters func(ctx context.Context, pod client.Object) []reconcile.Request) handler.EventHandler {
	enqueue := func(ctx context.Context, pod client.Object, q queue) {
		switch {
		case metav1.GetControllerOfNoCopy(pod) != nil:
			c.enqueueOwner(pod, q)
		case adopters != nil && len(pod.GetLabels()) > 0 && pod.GetDeletionTimestamp() == nil:
			for _, request := range adopters(ctx, pod) {
				q.Add(request)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { enqueue(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			c.enqueueOwner(e.ObjectOld, q)
			enqueue(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { c.enqueueOwner(e.Object, q) },
	}
}

func (c *Control) enqueueOwner(pod client.Object, q queue) {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner != nil && owner.Kind == c.kind && owner.APIVersion == v1alpha1.GroupVersion.String() {
		q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: owner.Name}})
	}
}
