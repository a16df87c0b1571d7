// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fault says what became of Faults: the status of those of nodes and pods,
// whose effects the controllers of nodes and pods decide on by themselves. Those of
// components have their status from the component's supervisor, which reports in
// the same way.
package fault

import (
	"context"
	"errors"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
)

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives FaultBegan and FaultEnded. Required.
	Events events.EventRecorder
}

// Reconciler reports on one Fault of nodes or pods. It takes requests, not objects,
// because it must see that a Fault is gone.
type Reconciler struct {
	client client.Client
	clock  clock.PassiveClock
	report Reporter

	mu sync.Mutex
	// active are the Faults that were seen active.
	active map[string]*v1alpha1.Fault
}

// SetupWithManager adds the controller to the manager.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("fault: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	r := &Reconciler{
		client: mgr.GetClient(), clock: o.Clock, report: Reporter{Client: mgr.GetClient(), Events: o.Events},
		active: make(map[string]*v1alpha1.Fault),
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("fault").
		For(&v1alpha1.Fault{}).
		Watches(&v1alpha1.SimNode{}, r.onNode()).
		Watches(&v1alpha1.SimPod{}, r.onPod()).
		WithOptions(controllerkit.Options(1)).
		Complete(r)
}

// Reconcile writes what the Fault hits, and wakes when it ends by itself.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	f := &v1alpha1.Fault{}
	err := r.client.Get(ctx, req.NamespacedName, f)
	if apierrors.IsNotFound(err) || (err == nil && f.DeletionTimestamp != nil) {
		r.healed(req.Name)
		return ctrl.Result{}, nil
	}
	if err != nil || (f.Spec.Target.Nodes == nil && f.Spec.Target.Pods == nil) {
		return ctrl.Result{}, err
	}
	now := r.clock.Now()
	found, err := r.find(ctx, f)
	if err != nil {
		return ctrl.Result{}, err
	}
	var outcome controllerkit.Outcome
	outcome.Add("reporting on the Fault", r.report.Report(ctx, f, found, now))
	outcome.WakeAt(fault.Wake(f, now))
	r.remember(f)
	return outcome.Result(r.clock.Now())
}

// remember notes whether the Fault is active, as its status says.
func (r *Reconciler) remember(f *v1alpha1.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if fault.Active(&f.Status) {
		r.active[f.Name] = f
	} else {
		delete(r.active, f.Name)
	}
}

func (r *Reconciler) healed(name string) {
	r.mu.Lock()
	f := r.active[name]
	delete(r.active, name)
	r.mu.Unlock()
	if f != nil {
		r.report.Healed(f)
	}
}
