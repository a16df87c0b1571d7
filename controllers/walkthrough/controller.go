// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package walkthrough sends the request that a Walkthrough with a template
// follows: it creates the SimPod, once.
//
// It writes nothing into the Walkthrough. The status is the observer's alone
// (package walkthroughstatus), which sees for itself that the create was refused,
// in the audit log, or that the name was taken, by the SimPod's owner. So the two
// cannot fight, and what the status says is evidence and not hearsay. What this
// controller has to tell people goes into events.
package walkthrough

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
)

const (
	// retryRefused is the pause after a create that the API server refused: the
	// template cannot change, but rights, quotas and policies can.
	retryRefused = time.Minute
	// retryExists is the pause after a create whose name was taken by a pod that
	// the cache did not have yet.
	retryExists = time.Second
)

// Options of the controller.
type Options struct {
	// Events receives SuccessfulCreate, SubjectRejected and SubjectConflict. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 2.
	MaxConcurrentReconciles int
}

// Reconciler creates the SimPod of one Walkthrough.
type Reconciler struct {
	client client.Client
	events events.EventRecorder
}

// New returns a reconciler that reads and creates with the client.
func New(c client.Client, events events.EventRecorder) *Reconciler {
	return &Reconciler{client: c, events: events}
}

// SetupWithManager adds the controller to the manager.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("walkthrough: an event recorder is required")
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 2
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("walkthrough").
		For(&v1alpha1.Walkthrough{}).
		// Once a pod that had the name is gone, the name is free. Both have the same.
		Watches(&v1alpha1.SimPod{}, &handler.EnqueueRequestForObject{}, builder.WithPredicates(onlyDeletions())).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(reconcile.AsReconciler(mgr.GetClient(), New(mgr.GetClient(), o.Events)))
}

func onlyDeletions() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		UpdateFunc:  func(event.UpdateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
	}
}

// Reconcile creates the pod unless it was created before. Whether it was is
// known from the pod and, once it is gone, from the status that the observer
// writes; without an observer a pod that is deleted is created again.
func (r *Reconciler) Reconcile(ctx context.Context, walkthrough *v1alpha1.Walkthrough) (ctrl.Result, error) {
	if !wantsPod(walkthrough) {
		return ctrl.Result{}, nil
	}
	existing := &v1alpha1.SimPod{}
	err := r.client.Get(ctx, client.ObjectKeyFromObject(walkthrough), existing)
	switch {
	case err == nil:
		r.reportConflict(walkthrough, existing)
		return ctrl.Result{}, nil
	case !apierrors.IsNotFound(err):
		return ctrl.Result{}, fmt.Errorf("read SimPod %s: %w", walkthrough.Name, err)
	}
	return r.create(ctx, walkthrough)
}

func wantsPod(walkthrough *v1alpha1.Walkthrough) bool {
	followed := walkthrough.Status.Subject != nil && walkthrough.Status.Subject.UID != ""
	return walkthrough.Spec.Template != nil && walkthrough.DeletionTimestamp.IsZero() && !followed &&
		!meta.IsStatusConditionTrue(walkthrough.Status.Conditions, v1alpha1.WalkthroughComplete)
}

func (r *Reconciler) reportConflict(walkthrough *v1alpha1.Walkthrough, existing *v1alpha1.SimPod) {
	if metav1.IsControlledBy(existing, walkthrough) {
		return
	}
	r.events.Eventf(walkthrough, existing, corev1.EventTypeWarning, v1alpha1.ReasonSubjectConflict, "Create",
		"SimPod %s exists already and does not belong to this Walkthrough; it is created once that one is deleted", existing.Name)
}

func (r *Reconciler) create(ctx context.Context, walkthrough *v1alpha1.Walkthrough) (ctrl.Result, error) {
	pod, err := r.newPod(walkthrough)
	if err != nil {
		return ctrl.Result{}, reconcile.TerminalError(err)
	}
	err = r.client.Create(ctx, pod)
	switch {
	case err == nil:
		r.events.Eventf(walkthrough, pod, corev1.EventTypeNormal, "SuccessfulCreate", "Create", "Created SimPod: %s", pod.Name)
		return ctrl.Result{}, nil
	case apierrors.IsAlreadyExists(err):
		return ctrl.Result{RequeueAfter: retryExists}, nil
	case isRefusal(err):
		r.events.Eventf(walkthrough, nil, corev1.EventTypeWarning, v1alpha1.ReasonSubjectRejected, "Create", "Error creating: %v", err)
		return ctrl.Result{RequeueAfter: retryRefused}, nil
	}
	return ctrl.Result{}, fmt.Errorf("create SimPod %s: %w", pod.Name, err)
}

// isRefusal tells a request that the API server will not carry out from one that
// it cannot carry out now.
func isRefusal(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err)
}

func (r *Reconciler) newPod(walkthrough *v1alpha1.Walkthrough) (*v1alpha1.SimPod, error) {
	template := walkthrough.Spec.Template.DeepCopy()
	pod := &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:   walkthrough.Namespace,
			Name:        walkthrough.Name,
			Annotations: template.Metadata.Annotations,
		},
		Spec: template.Spec,
	}
	for key, value := range template.Metadata.Labels {
		metav1.SetMetaDataLabel(&pod.ObjectMeta, key, string(value))
	}
	if err := controllerutil.SetControllerReference(walkthrough, pod, r.client.Scheme()); err != nil {
		return nil, fmt.Errorf("set the owner of SimPod %s: %w", pod.Name, err)
	}
	return pod, nil
}
