// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
)

// Tracking lets all pods have a finalizer while the workload has still to count
// their end: a pod that is adopted gets it, one that is released loses it.
func (c *Control) Tracking(finalizer string) *Control {
	c.tracking = finalizer
	return c
}

// finalizers are those that the owner of a pod sets.
func (c *Control) finalizers() []string {
	if c.tracking == "" {
		return nil
	}
	return []string{c.tracking}
}

// Track gives pods the tracking finalizer, and returns them as they are then.
func (c *Control) Track(ctx context.Context, pods []*v1alpha1.SimPod) ([]*v1alpha1.SimPod, error) {
	return c.change(ctx, pods, "tracking", func(pod *v1alpha1.SimPod) bool { return controllerutil.AddFinalizer(pod, c.tracking) })
}

// Untrack takes the tracking finalizer off pods, and returns those that have none
// any more, as they are then. One that is gone is among them. Other finalizers stay.
func (c *Control) Untrack(ctx context.Context, pods []*v1alpha1.SimPod) ([]*v1alpha1.SimPod, error) {
	return c.change(ctx, pods, "removing the tracking finalizer of", func(pod *v1alpha1.SimPod) bool {
		return controllerutil.RemoveFinalizer(pod, c.tracking)
	})
}

// change writes what edit changes of pods, and returns those for which that is done.
func (c *Control) change(ctx context.Context, pods []*v1alpha1.SimPod, doing string, edit func(*v1alpha1.SimPod) bool) (changed []*v1alpha1.SimPod, err error) {
	var mu sync.Mutex
	var errs []error
	var group errgroup.Group
	group.SetLimit(parallelWrites)
	for _, pod := range pods {
		group.Go(func() error {
			edited := pod.DeepCopy()
			var err error
			if edit(edited) {
				err = ignoreGone(controllerkit.Patch(ctx, c.client, edited, pod), doing, pod)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return nil
			}
			changed = append(changed, edited)
			return nil
		})
	}
	_ = group.Wait() // errors are collected in errs
	return changed, errors.Join(errs...)
}
