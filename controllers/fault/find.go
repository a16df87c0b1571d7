// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
)

// find says which nodes or pods a Fault hits.
func (r *Reconciler) find(ctx context.Context, f *v1alpha1.Fault) (fault.Finding, error) {
	if err := fault.SelectorError(f); err != nil {
		return fault.Finding{Reason: v1alpha1.ReasonNoTarget, Message: fmt.Sprintf("spec.target: the selector selects nothing: %v", err)}, nil
	}
	if f.Spec.Target.Nodes != nil {
		return r.findNodes(ctx, f)
	}
	return r.findPods(ctx, f)
}

func (r *Reconciler) findNodes(ctx context.Context, f *v1alpha1.Fault) (fault.Finding, error) {
	var nodes v1alpha1.SimNodeList
	if err := r.client.List(ctx, &nodes, client.UnsafeDisableDeepCopy); err != nil {
		return fault.Finding{}, fmt.Errorf("listing the nodes: %w", err)
	}
	var hit []string
	for i := range nodes.Items {
		if fault.HitsNode(f, &nodes.Items[i]) {
			hit = append(hit, nodes.Items[i].Name)
		}
	}
	return fault.FoundNodes(f, hit), nil
}

func (r *Reconciler) findPods(ctx context.Context, f *v1alpha1.Fault) (fault.Finding, error) {
	var pods v1alpha1.SimPodList
	if err := r.client.List(ctx, &pods, client.UnsafeDisableDeepCopy); err != nil {
		return fault.Finding{}, fmt.Errorf("listing the pods: %w", err)
	}
	var hit []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; fault.FailsToStart(pod) && fault.HitsPod(f, pod) {
			hit = append(hit, client.ObjectKeyFromObject(pod).String())
		}
	}
	return fault.FoundPods(hit), nil
}

// faultsOf returns the Faults of nodes, or of pods, from the cache.
func (r *Reconciler) faultsOf(ctx context.Context, of func(v1alpha1.FaultTarget) bool) []v1alpha1.Fault {
	faults, err := controllerkit.Faults(ctx, r.client)
	if err != nil {
		return nil // its cache has not started: it will list all Faults then
	}
	var out []v1alpha1.Fault
	for i := range faults {
		if of(faults[i].Spec.Target) {
			out = append(out, faults[i])
		}
	}
	return out
}
