// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
)

// Faults reads all Faults from a cache. They must not be changed.
func Faults(ctx context.Context, r client.Reader) ([]v1alpha1.Fault, error) {
	var list v1alpha1.FaultList
	if err := r.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the Faults: %w", err)
	}
	return list.Items, nil
}

// OnNodeFault calls hit for each node that a Fault of nodes is meant for, when the
// Fault comes, changes or goes. What it does itself is of no interest: its status.
func OnNodeFault(r client.Reader, hit func(ctx context.Context, node client.Object, q queue)) handler.EventHandler {
	each := func(ctx context.Context, o client.Object, q queue) {
		f, ok := o.(*v1alpha1.Fault)
		if !ok || f.Spec.Target.Nodes == nil {
			return
		}
		var nodes v1alpha1.SimNodeList
		if err := r.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
			log.FromContext(ctx).Error(err, "Cannot list the nodes of a Fault from the cache", "fault", f.Name)
			return
		}
		for i := range nodes.Items {
			if fault.HitsNode(f, &nodes.Items[i]) {
				hit(ctx, &nodes.Items[i], q)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { each(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			deleted := (e.ObjectNew.GetDeletionTimestamp() == nil) != (e.ObjectOld.GetDeletionTimestamp() == nil)
			if deleted || e.ObjectNew.GetGeneration() != e.ObjectOld.GetGeneration() {
				each(ctx, e.ObjectNew, q)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { each(ctx, e.Object, q) },
	}
}
