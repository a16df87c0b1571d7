// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package walkthroughstatus writes into the status of a Walkthrough what the
// observer has recorded of its subject. It runs in the observer and is the only
// one who writes that status.
package walkthroughstatus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

const (
	// minInterval and maxInterval bound how often a Walkthrough is looked at
	// while its request is not finished: often at first, less as it grows old.
	minInterval = 500 * time.Millisecond
	maxInterval = 30 * time.Second
	// ageFraction is the part of a Walkthrough's age that the pause lasts.
	ageFraction = 10
)

// Tracer explains what is recorded of an object. apierrors.IsNotFound is true
// for the error where nothing is.
type Tracer interface {
	Trace(ctx context.Context, object evidence.Object) (explain.Trace, error)
}

// Options of the controller.
type Options struct {
	// Tracer explains the subject. Required.
	Tracer Tracer
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// MaxConcurrentReconciles is the number of workers. Defaults to 4.
	MaxConcurrentReconciles int
}

// Reconciler keeps the status of one Walkthrough.
type Reconciler struct {
	client client.Client
	tracer Tracer
	clock  clock.PassiveClock
}

// New returns a reconciler that reads and writes with the client.
func New(c client.Client, tracer Tracer, clock clock.PassiveClock) *Reconciler {
	return &Reconciler{client: c, tracer: tracer, clock: clock}
}

// SetupWithManager adds the controller to the manager.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Tracer == nil {
		return errors.New("walkthroughstatus: a tracer is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 4
	}
	options := controllerkit.Options(o.MaxConcurrentReconciles)
	options.NeedLeaderElection = new(false)
	return ctrl.NewControllerManagedBy(mgr).
		Named("walkthroughstatus").
		For(&v1alpha1.Walkthrough{}, builder.WithPredicates(triggers())).
		WithOptions(options).
		Complete(reconcile.AsReconciler(mgr.GetClient(), New(mgr.GetClient(), o.Tracer, o.Clock)))
}

// triggers lets through what somebody else changes. What this controller writes
// into the status is no reason to look again: the status may say something new
// each time, such as how much the journal has dropped by now, and each write would
// cause the next one. A request in progress is looked at again after a while.
func triggers() predicate.Predicate { return predicate.GenerationChangedPredicate{} }

// Reconcile asks what is recorded, writes the status where it has changed, and
// comes back until the request is finished. From then on the status stays.
func (r *Reconciler) Reconcile(ctx context.Context, walkthrough *v1alpha1.Walkthrough) (ctrl.Result, error) {
	if !walkthrough.DeletionTimestamp.IsZero() ||
		meta.IsStatusConditionTrue(walkthrough.Status.Conditions, v1alpha1.WalkthroughComplete) {
		return ctrl.Result{}, nil
	}
	status, err := r.status(ctx, walkthrough)
	if err != nil {
		return ctrl.Result{}, err
	}
	var outcome controllerkit.Outcome
	outcome.Add("writing the status", r.write(ctx, walkthrough, status))
	now := r.clock.Now()
	if !meta.IsStatusConditionTrue(status.Conditions, v1alpha1.WalkthroughComplete) {
		outcome.WakeAt(now.Add(r.interval(walkthrough)))
	}
	return outcome.Result(now)
}

func (r *Reconciler) interval(walkthrough *v1alpha1.Walkthrough) time.Duration {
	age := r.clock.Since(walkthrough.CreationTimestamp.Time)
	return min(max(age/ageFraction, minInterval), maxInterval)
}

// status computes the status from the record of the subject.
func (r *Reconciler) status(ctx context.Context, walkthrough *v1alpha1.Walkthrough) (*v1alpha1.WalkthroughStatus, error) {
	status := walkthrough.Status.DeepCopy()
	status.ObservedGeneration = walkthrough.Generation
	subject, conflict, err := r.subject(ctx, walkthrough)
	if err != nil {
		return nil, err
	}
	if conflict {
		reset(status)
		setComplete(walkthrough, status, metav1.ConditionFalse, v1alpha1.ReasonSubjectConflict,
			fmt.Sprintf("SimPod %s does not belong to this Walkthrough: delete it, or choose another name", subject.Name))
		return status, nil
	}
	trace, err := r.tracer.Trace(ctx, subject)
	switch {
	case apierrors.IsNotFound(err):
		// What was recorded once stays, even if the journal does not have it any more.
		if subject.UID == "" {
			reset(status)
		}
		setComplete(walkthrough, status, metav1.ConditionFalse, v1alpha1.ReasonSubjectNotFound, err.Error())
		return status, nil
	case err != nil:
		return nil, fmt.Errorf("explain SimPod %s: %w", subject.Name, err)
	}
	fill(status, trace)
	value, reason, message := judge(walkthrough, trace)
	setComplete(walkthrough, status, value, reason, message)
	return status, nil
}

// subject is the object that is followed: once it is known, the one with that
// UID, so that a later one with the same name does not take its place. conflict
// is true where a pod of the template's name belongs to somebody else.
func (r *Reconciler) subject(ctx context.Context, walkthrough *v1alpha1.Walkthrough) (subject evidence.Object, conflict bool, err error) {
	subject = evidence.Object{
		Group: v1alpha1.GroupName, Resource: "simpods", Namespace: walkthrough.Namespace, Name: walkthrough.Name,
	}
	ref := walkthrough.Spec.SubjectRef
	if ref != nil {
		subject.Name, subject.UID = ref.Name, types.UID(ref.UID)
	}
	if known := walkthrough.Status.Subject; known != nil && known.UID != "" {
		subject.UID = types.UID(known.UID)
		return subject, false, nil
	}
	if ref != nil {
		return subject, false, nil
	}
	pod := &v1alpha1.SimPod{}
	err = r.client.Get(ctx, client.ObjectKeyFromObject(walkthrough), pod)
	switch {
	case apierrors.IsNotFound(err):
		return subject, false, nil
	case err != nil:
		return subject, false, fmt.Errorf("read SimPod %s: %w", subject.Name, err)
	}
	subject.UID = pod.UID
	return subject, !metav1.IsControlledBy(pod, walkthrough), nil
}

// write patches the status if it has changed. The lock keeps a stale status from
// replacing a newer one.
func (r *Reconciler) write(ctx context.Context, walkthrough *v1alpha1.Walkthrough, status *v1alpha1.WalkthroughStatus) error {
	// As JSON, because that is what is stored: times lose what is below a microsecond.
	before, beforeErr := json.Marshal(walkthrough.Status)
	after, afterErr := json.Marshal(status)
	if err := errors.Join(beforeErr, afterErr); err != nil {
		return fmt.Errorf("encode the status of Walkthrough %s: %w", walkthrough.Name, err)
	}
	if bytes.Equal(before, after) {
		return nil
	}
	changed := walkthrough.DeepCopy()
	changed.Status = *status
	return controllerkit.PatchStatus(ctx, r.client, changed, walkthrough)
}
