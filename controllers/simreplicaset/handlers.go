// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// onPod enqueues the set that owns a pod, the one that owned it before, and for
// an orphan those that could adopt it.
func (r *Reconciler) onPod() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { r.enqueue(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			enqueueOwner(e.ObjectOld, q)
			r.enqueue(ctx, e.ObjectNew, q)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueueOwner(e.Object, q) },
	}
}

func (r *Reconciler) enqueue(ctx context.Context, pod client.Object, q queue) {
	if metav1.GetControllerOfNoCopy(pod) != nil {
		enqueueOwner(pod, q)
		return
	}
	if len(pod.GetLabels()) == 0 || pod.GetDeletionTimestamp() != nil {
		return
	}
	var sets v1alpha1.SimReplicaSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(pod.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list SimReplicaSets from the cache")
		return
	}
	for i := range sets.Items {
		selector, err := workload.Selector(&sets.Items[i])
		if err == nil && selector.Matches(labels.Set(pod.GetLabels())) {
			q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&sets.Items[i])})
		}
	}
}

func enqueueOwner(pod client.Object, q queue) {
	if owner := metav1.GetControllerOfNoCopy(pod); isOurs(owner) {
		q.Add(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: owner.Name}})
	}
}

func isOurs(owner *metav1.OwnerReference) bool {
	return owner != nil && owner.Kind == "SimReplicaSet" && owner.APIVersion == v1alpha1.GroupVersion.String()
}

func ownedBy(pod *v1alpha1.SimPod, set *v1alpha1.SimReplicaSet) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	return owner != nil && owner.UID == set.UID
}
