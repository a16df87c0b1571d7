// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simdeployment replaces the SimPods of one template of a SimDeployment by
// those of another: it makes and scales SimReplicaSets, which create and delete the
// pods. What to do is planned by internal/workload/deployment; this package reads and
// writes.
package simdeployment

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

var kind = v1alpha1.GroupVersion.WithKind(deployment.Kind)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives ScalingReplicaSet and ReplicaSetCreateError, as upstream.
	// Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 5, the default
	// of kube-controller-manager's --concurrent-deployment-syncs.
	MaxConcurrentReconciles int
}

// Reconciler looks after one SimDeployment. It takes requests, not objects, because it
// must see that one is gone.
type Reconciler struct {
	client client.Client
	live   client.Reader
	clock  clock.PassiveClock
	events events.EventRecorder
	// writes of sets that the cache does not show yet.
	writes *controllerkit.Writes
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simdeployment: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 5
	}
	r := &Reconciler{
		client: mgr.GetClient(), live: mgr.GetAPIReader(), clock: o.Clock, events: o.Events,
		writes: controllerkit.NewWrites(v1alpha1.GroupVersion.WithKind("SimReplicaSet")),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("simdeployment").
		For(&v1alpha1.SimDeployment{}).
		Watches(&v1alpha1.SimReplicaSet{}, controllerkit.OnOwned(kind, r.adopters)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	state deployment.State
	plan  deployment.Plan
}

// cached returns a set that is owned by its UID; nil where there is none.
func (s *scope) cached(uid types.UID) client.Object {
	i := slices.IndexFunc(s.state.Sets, func(set *v1alpha1.SimReplicaSet) bool { return set.UID == uid })
	if i < 0 {
		return nil
	}
	return s.state.Sets[i]
}

// Reconcile claims the sets that match, takes the next step of a rollout, and
// reports.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	d := &v1alpha1.SimDeployment{}
	if err := r.client.Get(ctx, req.NamespacedName, d); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	selector, err := workload.Selector(d.Spec.Selector)
	if err != nil {
		// Only a new spec can help, and it brings the deployment back here.
		return ctrl.Result{}, reconcile.TerminalError(fmt.Errorf("reading the selector: %w", err))
	}
	s := &scope{state: deployment.State{Deployment: d, Now: r.clock.Now()}}
	if s.state.Sets, err = r.claim(ctx, d, selector); err != nil {
		s.Add("claiming sets", err)
		return s.Result(r.clock.Now())
	}
	if !r.writes.Shown(ctx, r.live, req.NamespacedName, s.cached, s.state.Now) {
		// What the cache shows is not what this controller made: neither act nor report
		// on it. The watch is likely to be back here before the delay is over.
		s.WakeAt(s.state.Now.Add(controllerkit.RecheckDelay))
		return s.Result(r.clock.Now())
	}
	if s.plan, err = deployment.Next(s.state); err != nil {
		s.Add("planning", err)
		return s.Result(r.clock.Now())
	}
	outcome, err := r.carryOut(ctx, s)
	if s.Add("rolling out", err); err == nil || outcome.Err != nil {
		s.Add("reporting", r.report(ctx, s, outcome))
	}
	return s.Result(r.clock.Now())
}

// report writes the revision and the status, if they changed.
func (r *Reconciler) report(ctx context.Context, s *scope, outcome deployment.Outcome) error {
	status, changed, next := deployment.Status(s.state, s.plan, outcome)
	s.WakeAt(next)
	d := s.state.Deployment.DeepCopy()
	if err := r.reportRevision(ctx, d, s.plan.Present); err != nil {
		return err
	}
	if !changed {
		return nil
	}
	base := d.DeepCopy()
	d.Status = status
	return controllerkit.PatchStatus(ctx, r.client, d, base)
}

// reportRevision gives the deployment the revision of its present set. Upstream
// writes it with the status, which the API server lets through for Deployments only.
func (r *Reconciler) reportRevision(ctx context.Context, d *v1alpha1.SimDeployment, present *v1alpha1.SimReplicaSet) error {
	if present == nil || present.UID == "" || deployment.Revision(present) == deployment.Revision(d) {
		return nil
	}
	base := d.DeepCopy()
	metav1.SetMetaDataAnnotation(&d.ObjectMeta, deployment.RevisionAnnotation, present.Annotations[deployment.RevisionAnnotation])
	return controllerkit.Patch(ctx, r.client, d, base)
}

// adopters are the deployments whose selectors match an orphaned set.
func (r *Reconciler) adopters(ctx context.Context, set client.Object) (requests []reconcile.Request) {
	var list v1alpha1.SimDeploymentList
	if err := r.client.List(ctx, &list, client.InNamespace(set.GetNamespace()), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Cannot list SimDeployments from the cache")
		return nil
	}
	for i := range list.Items {
		selector, err := workload.Selector(list.Items[i].Spec.Selector)
		if err == nil && selector.Matches(labels.Set(set.GetLabels())) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}
