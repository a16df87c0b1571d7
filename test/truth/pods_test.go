// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package truth

import (
	"context"
	"net/http"
)

// The lives of Pods: no kubelet and no kube-scheduler run beside the local
// control plane, so that their requests are sent in their place.

func (w *work) binds(ctx context.Context, pod object) func() error {
	return w.sends(ctx, w.scheduler, call{method: http.MethodPost, path: pod.path("binding"), body: m{
		"apiVersion": "v1", "kind": "Binding", "metadata": m{"name": pod.name, "namespace": pod.namespace},
		"target": m{"apiVersion": "v1", "kind": "Node", "name": "node-of-pods"},
	}})
}

func (w *work) reports(ctx context.Context, pod object, phase, ready string) func() error {
	return w.sends(ctx, w.kubelet, call{method: http.MethodPatch, path: pod.path("status"), media: mergePatch, body: m{"status": m{
		"phase": phase, "conditions": []any{m{"type": "Ready", "status": ready}},
	}}})
}

func (w *work) letsGo(ctx context.Context, pod object) func() error {
	return w.sends(ctx, w.kubelet, call{method: http.MethodDelete, path: pod.path(), body: grace(0)})
}

func (w *work) evicts(ctx context.Context, pod object) func() error {
	return w.sends(ctx, w.admin, call{method: http.MethodPost, path: pod.path("eviction"), body: m{
		"apiVersion": "policy/v1", "kind": "Eviction", "metadata": m{"name": pod.name, "namespace": pod.namespace},
	}})
}

func podByKubelet(ctx context.Context, w *work, name string) error {
	pod := corePod(w.namespace, name)
	return inTurn(
		w.creates(ctx, pod), w.binds(ctx, pod), w.reports(ctx, pod, "Running", "True"),
		w.patches(ctx, pod, mergePatch, labelled("a", "1")),
		w.deletes(ctx, pod, nil), w.reports(ctx, pod, "Succeeded", "False"), w.letsGo(ctx, pod), w.gone(ctx, pod))
}

func podUnbound(ctx context.Context, w *work, name string) error {
	pod := corePod(w.namespace, name)
	return inTurn(w.creates(ctx, pod), w.deletes(ctx, pod, nil), w.gone(ctx, pod))
}

func podEvicted(ctx context.Context, w *work, name string) error {
	bound, pending := corePod(w.namespace, name+"-bound"), corePod(w.namespace, name+"-pending")
	return inTurn(
		w.creates(ctx, bound), w.binds(ctx, bound), w.reports(ctx, bound, "Running", "True"),
		w.evicts(ctx, bound), w.reports(ctx, bound, "Failed", "False"), w.letsGo(ctx, bound), w.gone(ctx, bound),
		w.creates(ctx, pending), w.evicts(ctx, pending), w.gone(ctx, pending))
}

func podForced(ctx context.Context, w *work, name string) error {
	pod := corePod(w.namespace, name)
	return inTurn(w.creates(ctx, pod), w.binds(ctx, pod), w.reports(ctx, pod, "Running", "True"),
		w.deletes(ctx, pod, grace(0)), w.gone(ctx, pod))
}

func podFinalizer(ctx context.Context, w *work, name string) error {
	pod := corePod(w.namespace, name)
	return inTurn(w.creates(ctx, pod, finalizers("example.com/hold")), w.binds(ctx, pod),
		w.deletes(ctx, pod, grace(0)), w.patches(ctx, pod, mergePatch, finalizers()), w.gone(ctx, pod))
}

func podShorterGrace(ctx context.Context, w *work, name string) error {
	pod := corePod(w.namespace, name)
	return inTurn(w.creates(ctx, pod), w.binds(ctx, pod), w.reports(ctx, pod, "Running", "True"),
		w.deletes(ctx, pod, grace(20)), w.deletes(ctx, pod, grace(10)), w.letsGo(ctx, pod), w.gone(ctx, pod))
}

func podCollection(ctx context.Context, w *work, name string) error {
	bound, pending := corePod(w.namespace, name+"-bound"), corePod(w.namespace, name+"-pending")
	group := labelled("collection", name)
	return inTurn(
		w.creates(ctx, bound, group), w.binds(ctx, bound), w.creates(ctx, pending, group),
		w.sends(ctx, w.admin, call{method: http.MethodDelete, path: bound.collection().path(), query: options("labelSelector", "collection="+name)}),
		w.gone(ctx, pending), w.letsGo(ctx, bound), w.gone(ctx, bound))
}
