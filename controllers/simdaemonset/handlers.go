// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simdaemonset

import (
	"context"
	"maps"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/labels"
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

// onNode enqueues all sets when a node comes, goes, or changes in what decides
// whether it has a pod.
func (r *Reconciler) onNode() handler.EventHandler {
	every := func(ctx context.Context, q queue) {
		for _, request := range r.sets(ctx, "", func(*v1alpha1.SimDaemonSet) bool { return true }) {
			q.Add(request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, _ event.CreateEvent, q queue) { every(ctx, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			before, ok := e.ObjectOld.(*v1alpha1.SimNode)
			after, ok2 := e.ObjectNew.(*v1alpha1.SimNode)
			if ok && ok2 && !alike(before, after) {
				every(ctx, q)
			}
		},
		DeleteFunc: func(ctx context.Context, _ event.DeleteEvent, q queue) { every(ctx, q) },
	}
}

// alike is shouldIgnoreNodeUpdate of k8s.io/kubernetes/pkg/controller/daemon.
func alike(before, after *v1alpha1.SimNode) bool {
	return maps.Equal(before.Labels, after.Labels) &&
		equality.Semantic.DeepEqual(before.ToNode().Spec.Taints, after.ToNode().Spec.Taints)
}

// adopters are the sets whose selectors match an orphan.
func (r *Reconciler) adopters(ctx context.Context, pod client.Object) []reconcile.Request {
	return r.sets(ctx, pod.GetNamespace(), func(set *v1alpha1.SimDaemonSet) bool {
		selector, err := workload.Selector(set.Spec.Selector)
		return err == nil && selector.Matches(labels.Set(pod.GetLabels()))
	})
}

func (r *Reconciler) sets(ctx context.Context, namespace string, wanted func(*v1alpha1.SimDaemonSet) bool) (requests []reconcile.Request) {
	var list v1alpha1.SimDaemonSetList
	if err := r.client.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list SimDaemonSets from the cache")
		return nil
	}
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}
