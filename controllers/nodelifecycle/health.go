// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// health takes a node whose heartbeat is stale for dead. A node comes back to
// life by its kubelet, not here.
func (r *Reconciler) health(ctx context.Context, s *scope) error {
	lease, err := leaseOrNil(ctx, r.client, s.node.Name)
	if err != nil {
		return err
	}
	probe := r.memory.probe(s.node, renewTime(lease), s.now)
	stale := probe.Stale(r.graceOf(lease))
	if s.now.Before(stale) {
		s.WakeAt(stale)
		return nil
	}
	status, changed := kubelet.MarkUnknown(s.node, s.now)
	if !changed {
		return nil
	}
	// As upstream, the API server is asked before a cache that may be behind is
	// believed: a delayed watch must not take a whole cluster for dead.
	fresh, err := leaseOrNil(ctx, r.live, s.node.Name)
	if err != nil {
		return err
	}
	if renewTime(fresh).After(probe.Renewed) {
		r.memory.probe(s.node, renewTime(fresh), s.now)
		s.WakeAt(s.now.Add(r.graceOf(fresh)))
		return nil
	}
	base := s.node.DeepCopy()
	s.node.Status = status
	if err := controllerkit.PatchStatus(ctx, r.client, s.node, base); err != nil {
		s.node = base // what was refused must not guide the phases that follow
		return err
	}
	r.events.Eventf(s.node, nil, corev1.EventTypeNormal, "NodeNotReady", "MarkingNode",
		"Node %s status is now: NodeNotReady", s.node.Name)
	return nil
}

// taint keeps the taints that follow from the Ready condition.
func (r *Reconciler) taint(ctx context.Context, s *scope) error {
	taints, changed := kubelet.ConditionTaints(s.node, s.now)
	if !changed {
		return nil
	}
	base := s.node.DeepCopy()
	s.node.Spec.Taints = taints
	err := controllerkit.Patch(ctx, r.client, s.node, base)
	if err != nil {
		s.node = base // what was refused must not guide the phases that follow
	}
	return err
}

func (r *Reconciler) graceOf(lease *coordinationv1.Lease) time.Duration {
	if lease == nil || lease.Spec.LeaseDurationSeconds == nil {
		return r.grace
	}
	return max(r.grace, time.Duration(*lease.Spec.LeaseDurationSeconds)*time.Second)
}

// leaseOrNil returns the node's Lease; nil where it has none.
func leaseOrNil(ctx context.Context, reader client.Reader, node string) (*coordinationv1.Lease, error) {
	out := &coordinationv1.Lease{}
	err := reader.Get(ctx, client.ObjectKey{Namespace: v1alpha1.NodeLeaseNamespace, Name: node}, out)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return out, err
}

func renewTime(lease *coordinationv1.Lease) time.Time {
	if lease == nil || lease.Spec.RenewTime == nil {
		return time.Time{}
	}
	return lease.Spec.RenewTime.Time
}
