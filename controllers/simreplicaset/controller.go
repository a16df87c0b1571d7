// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simreplicaset keeps the number of SimPods that a SimReplicaSet wants
// in existence. What to do is planned by internal/workload; this package reads
// and writes.
package simreplicaset

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/workload"
)

const kind = "SimReplicaSet"

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives SuccessfulCreate, FailedCreate, SuccessfulDelete and
	// FailedDelete, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 5, the
	// default of kube-controller-manager's --concurrent-replicaset-syncs.
	MaxConcurrentReconciles int
}

// Reconciler looks after one SimReplicaSet. It takes requests, not objects,
// because it must see that one is gone.
type Reconciler struct {
	client client.Client
	clock  clock.PassiveClock
	pods   *podcontrol.Control
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simreplicaset: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 5
	}
	r := &Reconciler{client: mgr.GetClient(), clock: o.Clock, pods: podcontrol.New(mgr, kind, o.Events)}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simreplicaset").
		For(&v1alpha1.SimReplicaSet{}).
		Watches(&v1alpha1.SimPod{}, r.pods.OnPod(r.adopters)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	set *v1alpha1.SimReplicaSet
	now time.Time
	// owned are the pods that are owned after adoption and release, those that
	// have ended or are being deleted too.
	owned []*v1alpha1.SimPod
}

// Reconcile claims the pods that match, creates or deletes what differs from
// the number that is wanted, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	set := &v1alpha1.SimReplicaSet{}
	if err := r.client.Get(ctx, req.NamespacedName, set); err != nil {
		if apierrors.IsNotFound(err) {
			r.pods.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	selector, err := workload.Selector(set.Spec.Selector)
	if err != nil {
		// Only a new spec can help, and it brings the set back here.
		return ctrl.Result{}, reconcile.TerminalError(fmt.Errorf("reading the selector: %w", err))
	}
	s := &scope{set: set, now: r.clock.Now()}
	var claimErr error
	s.owned, claimErr = r.pods.Claim(ctx, set, selector)
	s.Add("claiming pods", claimErr)
	if !r.pods.Met(ctx, set, s.owned, s.now) {
		// What the cache shows is not what this controller made: neither act nor
		// report on it. The watch is likely to be back here before the delay is over.
		s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
		return s.Result(r.clock.Now())
	}
	var manageErr error
	if claimErr == nil {
		manageErr = r.manage(ctx, s)
	}
	s.Add("reporting", r.report(ctx, s, manageErr))
	return s.Result(r.clock.Now())
}

// report writes the status if it changed.
func (r *Reconciler) report(ctx context.Context, s *scope, manageErr error) error {
	status, changed, next := workload.Status(s.set, s.owned, manageErr, s.now)
	s.WakeAt(next)
	if !changed {
		return nil
	}
	base := s.set.DeepCopy()
	s.set.Status = status
	return controllerkit.PatchStatus(ctx, r.client, s.set, base)
}

// adopters are the sets whose selectors match an orphan.
func (r *Reconciler) adopters(ctx context.Context, pod client.Object) (requests []reconcile.Request) {
	var sets v1alpha1.SimReplicaSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(pod.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list SimReplicaSets from the cache")
		return nil
	}
	for i := range sets.Items {
		selector, err := workload.Selector(sets.Items[i].Spec.Selector)
		if err == nil && selector.Matches(labels.Set(pod.GetLabels())) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&sets.Items[i])})
		}
	}
	return requests
}
