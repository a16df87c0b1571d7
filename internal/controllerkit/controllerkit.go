// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllerkit is what all controllers do alike: how often they try
// again, how they write, and what they make of a write that was refused.
package controllerkit

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// firstRetry is the pause after a first failure; it doubles up to MaxRetry.
	firstRetry = 5 * time.Millisecond
	// MaxRetry bounds how long what failed waits for another try: what was in the
	// way for an hour must not be in the way for another hour after it is gone.
	MaxRetry = time.Minute
	// StaleRetry is how long a write that was refused as stale waits for the cache.
	StaleRetry = 50 * time.Millisecond
)

// Options returns the options of a controller with that many workers.
func Options(workers int) controller.Options {
	return controller.Options{MaxConcurrentReconciles: workers, RateLimiter: RateLimiter[reconcile.Request]()}
}

// RateLimiter returns a limiter whose pauses grow with each failure, up to MaxRetry.
func RateLimiter[T comparable]() workqueue.TypedRateLimiter[T] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[T](firstRetry, MaxRetry)
}

// Patch writes what differs between changed and base, but for the status, in one
// merge patch that fails where anybody wrote the object since base was read.
func Patch(ctx context.Context, w client.Writer, changed, base client.Object) error {
	return w.Patch(ctx, changed, locked(base))
}

// PatchStatus is Patch for the status.
func PatchStatus(ctx context.Context, w client.StatusClient, changed, base client.Object) error {
	return w.Status().Patch(ctx, changed, locked(base))
}

func locked(base client.Object) client.Patch {
	return client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
}

// Outcome is what came of a pass over an object: what failed, and when the
// object is to be looked at again. The zero value is that of a pass that did all
// that there is to do.
type Outcome struct {
	wake  time.Time
	stale bool
	errs  []error
}

// WakeAt notes that the object has to be looked at again then. The earliest time counts.
func (o *Outcome) WakeAt(t time.Time) {
	if !t.IsZero() && (o.wake.IsZero() || t.Before(o.wake)) {
		o.wake = t
	}
}

// Add notes an error, if it is one, with what was being done. A write that was
// refused as stale is tried again, quietly, once the cache had time to follow; an
// object that is gone needs nothing more.
func (o *Outcome) Add(doing string, err error) {
	switch {
	case err == nil || apierrors.IsNotFound(err):
	case apierrors.IsConflict(err):
		o.stale = true
	default:
		o.errs = append(o.errs, fmt.Errorf("%s: %w", doing, err))
	}
}

// Result is what a reconciler returns: an error or a time, never both, because
// controller-runtime ignores the time where there is an error.
func (o *Outcome) Result(now time.Time) (ctrl.Result, error) {
	if len(o.errs) > 0 {
		return ctrl.Result{}, errors.Join(o.errs...)
	}
	wake := o.wake
	if stale := now.Add(StaleRetry); o.stale && (wake.IsZero() || stale.Before(wake)) {
		wake = stale
	}
	if wake.IsZero() {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: max(wake.Sub(now), 1)}, nil
}
