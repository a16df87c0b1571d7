// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// OnOwned enqueues the owner of a kind that controls an object, the one that
// controlled it before, and for an orphan those that could adopt it, which adopters
// finds by its labels; nil where none does.
func OnOwned(kind schema.GroupVersionKind, adopters func(ctx context.Context, object client.Object) []reconcile.Request) handler.EventHandler {
	enqueueOwner := func(object client.Object, q queue) {
		owner := metav1.GetControllerOfNoCopy(object)
		if owner != nil && owner.Kind == kind.Kind && owner.APIVersion == kind.GroupVersion().String() {
			q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name}})
		}
	}
	enqueue := func(ctx context.Context, object client.Object, q queue) {
		switch {
		case metav1.GetControllerOfNoCopy(object) != nil:
			enqueueOwner(object, q)
		case adopters != nil && len(object.GetLabels()) > 0 && object.GetDeletionTimestamp() == nil:
			for _, request := range adopters(ctx, object) {
				q.Add(request)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { enqueue(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			enqueueOwner(e.ObjectOld, q)
			enqueue(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueueOwner(e.Object, q) },
	}
}

// Batched lets what a handler enqueues wait, so that one pass over an object serves
// all events of that time.
func Batched(h handler.EventHandler, period time.Duration) handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { h.Create(ctx, e, delayed{q, period}) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) { h.Update(ctx, e, delayed{q, period}) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { h.Delete(ctx, e, delayed{q, period}) },
	}
}

// delayed is a queue that adds all after a time.
type delayed struct {
	queue
	period time.Duration
}

func (d delayed) Add(r reconcile.Request) { d.AddAfter(r, d.period) }
