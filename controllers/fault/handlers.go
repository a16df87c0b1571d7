// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"maps"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
)

type queue = workqueue.TypedRateLimitingInterface[ctrl.Request]

// onNode enqueues the Faults of nodes when a node comes, goes or gets other labels.
func (r *Reconciler) onNode() handler.EventHandler {
	all := func(ctx context.Context, q queue) {
		r.enqueue(ctx, q, func(t v1alpha1.FaultTarget) bool { return t.Nodes != nil })
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, _ event.CreateEvent, q queue) { all(ctx, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if !maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) {
				all(ctx, q)
			}
		},
		DeleteFunc: func(ctx context.Context, _ event.DeleteEvent, q queue) { all(ctx, q) },
	}
}

// onPod enqueues the Faults of pods when a pod begins or ceases to fail to start.
func (r *Reconciler) onPod() handler.EventHandler {
	fails := func(o client.Object) bool {
		pod, ok := o.(*v1alpha1.SimPod)
		return ok && fault.FailsToStart(pod)
	}
	all := func(ctx context.Context, q queue) {
		r.enqueue(ctx, q, func(t v1alpha1.FaultTarget) bool { return t.Pods != nil })
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if fails(e.Object) {
				all(ctx, q)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if fails(e.ObjectOld) != fails(e.ObjectNew) {
				all(ctx, q)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			if fails(e.Object) {
				all(ctx, q)
			}
		},
	}
}

func (r *Reconciler) enqueue(ctx context.Context, q queue, of func(v1alpha1.FaultTarget) bool) {
	faults := r.faultsOf(ctx, of)
	for i := range faults {
		q.Add(ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&faults[i])})
	}
}
