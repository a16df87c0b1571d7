// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simstatefulset keeps the SimPods of a SimStatefulSet in existence, each
// under its name. What to do is planned by internal/workload/statefulset; this
// package reads and writes.
package simstatefulset

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
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/revisioncontrol"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/history"
	"github.com/glassplane/glassplane/internal/workload/statefulset"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives SuccessfulCreate, FailedCreate, SuccessfulDelete and
	// FailedDelete, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 5, the default
	// of kube-controller-manager's --concurrent-statefulset-syncs.
	MaxConcurrentReconciles int
}

// Reconciler looks after one SimStatefulSet. It takes requests, not objects,
// because it must see that one is gone.
type Reconciler struct {
	client    client.Client
	clock     clock.PassiveClock
	pods      *podcontrol.Control
	revisions *revisioncontrol.Control
	backoff   *podcontrol.Backoff
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simstatefulset: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 5
	}
	r := &Reconciler{
		client: mgr.GetClient(), clock: o.Clock, pods: podcontrol.New(mgr, statefulset.Kind, o.Events),
		revisions: revisioncontrol.New(mgr, statefulset.Kind), backoff: podcontrol.NewBackoff(),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simstatefulset").
		For(&v1alpha1.SimStatefulSet{}).
		Owns(&appsv1.ControllerRevision{}).
		Watches(&v1alpha1.SimPod{}, r.pods.OnPod(r.adopters)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	set      *v1alpha1.SimStatefulSet
	selector labels.Selector
	now      time.Time
	// history of the set's templates.
	history *revisioncontrol.History
	// facts are what the plan and the status depend on.
	facts statefulset.Facts
}

// Reconcile claims the pods that have the set's names and match, makes sure that the
// template is stored, creates and deletes pods, forgets old templates, and reports.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{set: &v1alpha1.SimStatefulSet{}, now: r.clock.Now()}
	if err := r.client.Get(ctx, req.NamespacedName, s.set); err != nil {
		if apierrors.IsNotFound(err) {
			r.pods.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if s.set.DeletionTimestamp != nil {
		// Its history may be gone, so nothing can be said of its pods.
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
	owned, err := r.pods.Claim(ctx, s.set, s.selector, statefulset.Member(s.set))
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
	s.facts = statefulset.Facts{
		Set: s.set, Pods: owned, Now: s.now,
		Update:  statefulset.Revision{Name: s.history.Update.Name, Template: &s.set.Spec.Template},
		Backoff: func(pod string) time.Duration { return r.backoff.Remaining(backoffKey(s.set, pod), s.now) },
	}
	s.facts.Current, err = currentOf(s)
	return true, err
}

// currentOf is the template that is being replaced: the present one where nothing
// is, or where it is known no more.
func currentOf(s *scope) (statefulset.Revision, error) {
	current := s.history.Find(s.set.Status.CurrentRevision)
	if current == nil || current.Name == s.facts.Update.Name {
		return s.facts.Update, nil
	}
	template, err := history.Template(current)
	return statefulset.Revision{Name: current.Name, Template: template}, err
}

// manage creates, labels and deletes pods, and notes them as expected in the cache.
// It returns what failed, for the set's status; when it is tried again is noted.
func (r *Reconciler) manage(ctx context.Context, s *scope) statefulset.Failure {
	plan := statefulset.NewPlan(s.facts)
	s.WakeAt(plan.Wake)
	created, retry, err := r.pods.TryCreate(ctx, s.set, plan.Create[:min(len(plan.Create), workload.BurstReplicas)], s.now)
	s.facts.Pods = append(s.facts.Pods, created...)
	s.WakeAt(retry)
	if err != nil {
		// As upstream, nothing is deleted while something cannot be created.
		return statefulset.Failure{Reason: v1alpha1.ReasonFailedCreate, Err: err}
	}
	for _, pod := range plan.Identify {
		s.Add("labelling pod "+pod.Name, controllerkit.Patch(ctx, r.client, statefulset.Identified(s.set, pod), pod))
	}
	for _, pod := range plan.Ended {
		r.backoff.Note(backoffKey(s.set, pod.Name), s.now)
	}
	err = r.pods.Delete(ctx, s.set, plan.Delete[:min(len(plan.Delete), workload.BurstReplicas)], s.now)
	s.Add("deleting pods", err)
	return statefulset.Failure{Reason: v1alpha1.ReasonFailedDelete, Err: err}
}

// backoffKey names a pod's place in one generation of a set: a changed set starts
// afresh.
func backoffKey(set *v1alpha1.SimStatefulSet, pod string) string {
	return fmt.Sprintf("%s/%d/%s", set.UID, set.Generation, pod)
}

// truncate deletes old templates. Those of pods that exist are kept, and the one
// that is being replaced.
func (r *Reconciler) truncate(ctx context.Context, s *scope) error {
	live := map[string]bool{s.facts.Update.Name: true, s.facts.Current.Name: true}
	for _, pod := range s.facts.Pods {
		live[statefulset.RevisionOf(pod)] = true
	}
	return r.revisions.Truncate(ctx, s.history,
		func(revision *appsv1.ControllerRevision) bool { return live[revision.Name] }, s.set.Spec.RevisionHistoryLimit)
}

// report writes the status if it changed.
func (r *Reconciler) report(ctx context.Context, s *scope, failure statefulset.Failure) error {
	status, changed, next := statefulset.Status(s.facts, s.history.Collisions, failure)
	s.WakeAt(next)
	if !changed {
		return nil
	}
	base := s.set.DeepCopy()
	s.set.Status = status
	return controllerkit.PatchStatus(ctx, r.client, s.set, base)
}

// adopters are the sets whose names and selectors match an orphan.
func (r *Reconciler) adopters(ctx context.Context, object client.Object) (requests []reconcile.Request) {
	pod, ok := object.(*v1alpha1.SimPod)
	if !ok {
		return nil
	}
	var sets v1alpha1.SimStatefulSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(pod.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list SimStatefulSets from the cache")
		return nil
	}
	for i := range sets.Items {
		set := &sets.Items[i]
		selector, err := workload.Selector(set.Spec.Selector)
		if err == nil && statefulset.Member(set)(pod) && selector.Matches(labels.Set(pod.Labels)) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(set)})
		}
	}
	return requests
}
