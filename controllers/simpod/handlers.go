// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/kubelet"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// onPod enqueues bound pods, and notes when the watch delivered them: later
// nobody could tell.
func (r *Reconciler) onPod() handler.EventHandler {
	seen := func(o client.Object, q queue) {
		pod, ok := o.(*v1alpha1.SimPod)
		if !ok || pod.Spec.NodeName == "" {
			return
		}
		r.memory.observe(pod, r.clock.Now())
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pod)})
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { seen(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { seen(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ queue) { r.memory.forget(e.Object.GetUID()) },
	}
}

// onNode enqueues the pods of a node whose kubelet comes, or comes back.
func (r *Reconciler) onNode() handler.EventHandler {
	operational := func(o client.Object) bool {
		node, ok := o.(*v1alpha1.SimNode)
		return ok && !kubelet.Silent(node)
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if operational(e.Object) {
				r.enqueuePods(ctx, e.Object, q)
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if operational(e.ObjectNew) && !operational(e.ObjectOld) {
				r.enqueuePods(ctx, e.ObjectNew, q)
			}
		},
	}
}

// enqueuePods enqueues the pods of a node.
func (r *Reconciler) enqueuePods(ctx context.Context, node client.Object, q queue) {
	var pods v1alpha1.SimPodList
	if err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node.GetName()}, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list the pods of a node from the cache", "node", node.GetName())
		return
	}
	for i := range pods.Items {
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pods.Items[i])})
	}
}
