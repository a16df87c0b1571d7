// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simnodepool keeps as many SimNodes in existence as a SimNodePool wants.
// What to do is planned by internal/nodepool; this package reads and writes.
package simnodepool

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/nodepool"
	"github.com/glassplane/glassplane/internal/podcontrol"
)

// defaultBatchPeriod is how long a change of a node waits for those of others, so
// that the status is not written once per node that boots.
const defaultBatchPeriod = time.Second

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives SuccessfulCreate, FailedCreate, SuccessfulDelete and
	// FailedDelete, as those of pods. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 2.
	MaxConcurrentReconciles int
	// BatchPeriod is how long a change of a node's health waits for those of others.
	// Defaults to 1 s.
	BatchPeriod time.Duration
}

// Reconciler looks after one SimNodePool. It takes requests, not objects, because
// it must see that one is gone.
type Reconciler struct {
	client client.Client
	clock  clock.PassiveClock
	events events.EventRecorder
	batch  time.Duration
	nodes  *nodes
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simnodepool: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 2
	}
	if o.BatchPeriod <= 0 {
		o.BatchPeriod = defaultBatchPeriod
	}
	r := &Reconciler{client: mgr.GetClient(), clock: o.Clock, events: o.Events, batch: o.BatchPeriod, nodes: newNodes(mgr.GetClient(), mgr.GetAPIReader())}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simnodepool").
		For(&v1alpha1.SimNodePool{}).
		Watches(&v1alpha1.SimNode{}, r.onNode()).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	pool  *v1alpha1.SimNodePool
	now   time.Time
	nodes []*v1alpha1.SimNode
}

// Reconcile creates or deletes nodes where their number differs from what is
// wanted, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{pool: &v1alpha1.SimNodePool{}, now: r.clock.Now()}
	if err := r.client.Get(ctx, req.NamespacedName, s.pool); err != nil {
		if apierrors.IsNotFound(err) {
			r.nodes.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	var err error
	if s.nodes, err = r.owned(ctx, s.pool); err != nil {
		return ctrl.Result{}, err
	}
	if !r.nodes.settled(ctx, s.pool.Name, s.nodes, s.now) {
		// What the cache shows is not what this controller made: neither act nor
		// report on it. The watch is likely to be back here before the delay is over.
		s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
		return s.Result(r.clock.Now())
	}
	failure := r.manage(ctx, s)
	s.Add("managing nodes", failure)
	s.Add("reporting", r.report(ctx, s, failure))
	return s.Result(r.clock.Now())
}

// owned are the nodes that the pool controls, as the cache has them. They are not
// copied: they must not be changed.
func (r *Reconciler) owned(ctx context.Context, pool *v1alpha1.SimNodePool) ([]*v1alpha1.SimNode, error) {
	var list v1alpha1.SimNodeList
	err := r.client.List(ctx, &list, client.MatchingFields{index.NodeController: string(pool.UID)}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing the nodes of pool %s: %w", pool.Name, err)
	}
	out := make([]*v1alpha1.SimNode, len(list.Items))
	for i := range list.Items {
		out[i] = &list.Items[i]
	}
	return out, nil
}

// report writes the status if it changed.
func (r *Reconciler) report(ctx context.Context, s *scope, failure error) error {
	status, changed := nodepool.Status(s.pool, s.nodes, failure, s.now)
	if !changed {
		return nil
	}
	base := s.pool.DeepCopy()
	s.pool.Status = status
	return controllerkit.PatchStatus(ctx, r.client, s.pool, base)
}
