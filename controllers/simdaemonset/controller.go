// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simdaemonset keeps a SimPod on each SimNode that a SimDaemonSet selects.
// What to do is planned by internal/workload/daemonset; this package reads and
// writes.
package simdaemonset

import (
	"context"
	"errors"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/revisioncontrol"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/daemonset"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives SuccessfulCreate, FailedCreate, SuccessfulDelete, FailedDelete,
	// FailedDaemonPod and SucceededDaemonPod, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 2, the default
	// of kube-controller-manager's --concurrent-daemonset-syncs.
	MaxConcurrentReconciles int
}

// Reconciler looks after one SimDaemonSet. It takes requests, not objects, because
// it must see that one is gone.
type Reconciler struct {
	client    client.Client
	clock     clock.PassiveClock
	events    events.EventRecorder
	pods      *podcontrol.Control
	revisions *revisioncontrol.Control
	backoff   *podcontrol.Backoff
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simdaemonset: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 2
	}
	r := &Reconciler{
		client: mgr.GetClient(), clock: o.Clock, events: o.Events,
		pods: podcontrol.New(mgr, daemonset.Kind, o.Events), revisions: revisioncontrol.New(mgr, daemonset.Kind),
		backoff: podcontrol.NewBackoff(),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simdaemonset").
		For(&v1alpha1.SimDaemonSet{}).
		Owns(&appsv1.ControllerRevision{}).
		Watches(&v1alpha1.SimPod{}, r.pods.OnPod(r.adopters)).
		Watches(&v1alpha1.SimNode{}, r.onNode()).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	set      *v1alpha1.SimDaemonSet
	selector labels.Selector
	now      time.Time
	// history of the set's templates.
	history *revisioncontrol.History
	// facts are what the plan and the status depend on.
	facts daemonset.Facts
}

// Reconcile claims the pods that match, makes sure that the template is stored,
// creates and deletes pods, forgets old templates, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{set: &v1alpha1.SimDaemonSet{}, now: r.clock.Now()}
	if err := r.client.Get(ctx, req.NamespacedName, s.set); err != nil {
		if apierrors.IsNotFound(err) {
			r.pods.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if s.set.DeletionTimestamp != nil {
		// As upstream: its history may be gone, so nothing can be said of its pods.
		return ctrl.Result{}, nil
	}
	var err error
	if s.selector, err = workload.Selector(s.set.Spec.Selector); err != nil {
		// Only a new spec can help, and it brings the set back here.
		return ctrl.Result{}, reconcile.TerminalError(fmt.Errorf("reading the selector: %w", err))
	}
	ready, err := r.observe(ctx, s)
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		// Nothing can be created there, and nothing needs to.
	case err != nil:
		s.Add("observing", err)
	case !ready:
		// What the cache shows is not what this controller made: neither act nor
		// report on it. The watch is likely to be back here before the delay is over.
		s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
	default:
		failure := r.manage(ctx, s)
		s.Add("forgetting old templates", r.truncate(ctx, s))
		s.Add("reporting", r.report(ctx, s, failure))
	}
	return s.Result(r.clock.Now())
}

// observe reads what the plan depends on, and stores the template. It is not ready
// while the cache does not show what was written last.
func (r *Reconciler) observe(ctx context.Context, s *scope) (ready bool, err error) {
	owned, err := r.pods.Claim(ctx, s.set, s.selector)
	if err != nil {
		return false, fmt.Errorf("claiming pods: %w", err)
	}
	if !r.pods.Met(ctx, s.set, owned, s.now) {
		return false, nil
	}
	s.history, err = r.revisions.Sync(ctx, revisioncontrol.Subject{
		Object: s.set, Selector: s.selector, Template: &s.set.Spec.Template, Collisions: s.set.Status.CollisionCount,
	})
	if err != nil {
		return false, err
	}
	nodes, err := r.nodes(ctx)
	s.facts = daemonset.Facts{
		Set: s.set, Nodes: nodes, Pods: owned, Now: s.now, Hash: hashOf(s.history.Update),
		Backoff: func(node string) time.Duration { return r.backoff.Remaining(backoffKey(s.set, node), s.now) },
	}
	return true, err
}

// nodes are all there are. They are not copied: they must not be changed.
func (r *Reconciler) nodes(ctx context.Context) ([]*v1alpha1.SimNode, error) {
	var list v1alpha1.SimNodeList
	if err := r.client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	out := make([]*v1alpha1.SimNode, len(list.Items))
	for i := range list.Items {
		out[i] = &list.Items[i]
	}
	return out, nil
}

// truncate deletes old templates. Those of pods that exist are kept.
func (r *Reconciler) truncate(ctx context.Context, s *scope) error {
	live := map[string]bool{hashOf(s.history.Update): true}
	for _, pod := range s.facts.Pods {
		live[pod.Labels[appsv1.ControllerRevisionHashLabelKey]] = true
	}
	return r.revisions.Truncate(ctx, s.history,
		func(revision *appsv1.ControllerRevision) bool { return live[hashOf(revision)] }, s.set.Spec.RevisionHistoryLimit)
}

// report writes the status if it changed.
func (r *Reconciler) report(ctx context.Context, s *scope, failure daemonset.Failure) error {
	status, changed, next := daemonset.Status(s.facts, s.history.Collisions, failure)
	s.WakeAt(next)
	if !changed {
		return nil
	}
	base := s.set.DeepCopy()
	s.set.Status = status
	return controllerkit.PatchStatus(ctx, r.client, s.set, base)
}
