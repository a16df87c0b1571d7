// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binder writes what the scheduler decided to the API server.
package binder

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// FieldManager is the name under which managedFields show the scheduler's writes.
const FieldManager = "glassplane-scheduler"

// Patcher is the part of a client that binding needs.
type Patcher interface {
	Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error
}

// Binder binds pods to nodes.
type Binder struct{ client Patcher }

// New returns a binder that writes with the client.
func New(c Patcher) *Binder { return &Binder{client: c} }

// Bind assigns the pod to the node, stores the priority that it has and adds the
// kubelet's finalizer, in one merge patch that the API server refuses where the
// pod has changed since it was read. It returns the resourceVersion of the bound pod. Errors are the API server's, wrapped.
func (b *Binder) Bind(ctx context.Context, pod *corev1.Pod, nodeName string) (resourceVersion string, err error) {
	finalizers := pod.Finalizers
	if !slices.Contains(finalizers, simv1alpha1.FinalizerKubelet) {
		finalizers = append(slices.Clone(finalizers), simv1alpha1.FinalizerKubelet)
	}
	spec := map[string]any{"nodeName": nodeName}
	if pod.Spec.Priority != nil {
		spec["priority"] = *pod.Spec.Priority
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": pod.ResourceVersion, "finalizers": finalizers},
		"spec":     spec,
	})
	if err != nil {
		return "", fmt.Errorf("encoding the bind of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	bound := &simv1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	patch := client.RawPatch(types.MergePatchType, body)
	if err := b.client.Patch(ctx, bound, patch, client.FieldOwner(FieldManager)); err != nil {
		return "", fmt.Errorf("binding pod %s/%s to node %s: %w", pod.Namespace, pod.Name, nodeName, err)
	}
	return bound.ResourceVersion, nil
}
