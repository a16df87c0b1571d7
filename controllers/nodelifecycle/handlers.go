// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func nodeRequest(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// onLease enqueues the node of a heartbeat.
func onLease() handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		if o.GetNamespace() != v1alpha1.NodeLeaseNamespace {
			return nil
		}
		return []reconcile.Request{nodeRequest(o.GetName())}
	})
}

// onPod enqueues the node of a pod that came to it, that left it, whose
// tolerations changed, or that is being deleted.
func onPod() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			if pod, ok := e.Object.(*v1alpha1.SimPod); ok && pod.Spec.NodeName != "" {
				q.Add(nodeRequest(pod.Spec.NodeName))
			}
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			before, ok := e.ObjectOld.(*v1alpha1.SimPod)
			after, ok2 := e.ObjectNew.(*v1alpha1.SimPod)
			if !ok || !ok2 || after.Spec.NodeName == "" {
				return
			}
			if before.Spec.NodeName != after.Spec.NodeName ||
				(before.DeletionTimestamp == nil) != (after.DeletionTimestamp == nil) ||
				!equality.Semantic.DeepEqual(before.Spec.Tolerations, after.Spec.Tolerations) {
				q.Add(nodeRequest(after.Spec.NodeName))
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
			if pod, ok := e.Object.(*v1alpha1.SimPod); ok && pod.Spec.NodeName != "" {
				q.Add(nodeRequest(pod.Spec.NodeName))
			}
		},
	}
}
