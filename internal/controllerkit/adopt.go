// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package controllerkit

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// MayAdopt asks the API server whether an owner still exists and is not being
// deleted; it returns why it may not adopt anything. It is RecheckDeletionTimestamp
// of k8s.io/kubernetes/pkg/controller.
func MayAdopt(ctx context.Context, live client.Reader, owner client.Object, kind schema.GroupVersionKind) error {
	fresh := &metav1.PartialObjectMetadata{}
	fresh.SetGroupVersionKind(kind)
	if err := live.Get(ctx, client.ObjectKeyFromObject(owner), fresh); err != nil {
		return fmt.Errorf("checking before adoption: %w", err)
	}
	if fresh.UID != owner.GetUID() || fresh.DeletionTimestamp != nil {
		return fmt.Errorf("cannot adopt: %s/%s is being deleted or is another object", owner.GetNamespace(), owner.GetName())
	}
	return nil
}

// Adopt adds a controller reference to an object, and finalizers that its owner sets.
// Where the object changed since it was read, that is a conflict.
func Adopt(ctx context.Context, w client.Writer, object client.Object, owner metav1.OwnerReference, finalizers ...string) error {
	base := object.DeepCopyObject().(client.Object)
	for _, name := range finalizers {
		controllerutil.AddFinalizer(object, name)
	}
	object.SetOwnerReferences(append(object.GetOwnerReferences(), owner))
	return Patch(ctx, w, object, base)
}

// Release removes the reference to an owner from an object, and the finalizers that
// the owner had set. Where the object changed since it was read, that is a conflict.
func Release(ctx context.Context, w client.Writer, object client.Object, owner types.UID, finalizers ...string) error {
	base := object.DeepCopyObject().(client.Object)
	for _, name := range finalizers {
		controllerutil.RemoveFinalizer(object, name)
	}
	object.SetOwnerReferences(slices.DeleteFunc(object.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == owner }))
	return Patch(ctx, w, object, base)
}
