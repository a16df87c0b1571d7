// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podcontrol is what the controllers of all workloads do alike with their
// pods: it creates, deletes, adopts and releases them, waits until the cache shows
// what was done, and remembers what was refused. What is to be done is planned by
// internal/workload.
package podcontrol

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// parallelWrites bounds the requests that one workload has under way.
const parallelWrites = 32

// Control looks after the pods of the workloads of one kind. A workload is to be
// handled by one worker at a time.
type Control struct {
	kind         string
	client       client.Client
	live         client.Reader
	events       events.EventRecorder
	expectations *expectations
	refused      refusals
	// tracking is the finalizer that all pods have, see Tracking; empty for none.
	tracking string
}

// New returns the control of a kind, such as SimReplicaSet. The manager's cache
// must have the indexes of internal/index. recorder receives SuccessfulCreate,
// FailedCreate, SuccessfulDelete and FailedDelete, as upstream.
func New(mgr ctrl.Manager, kind string, recorder events.EventRecorder) *Control {
	return &Control{
		kind: kind, client: mgr.GetClient(), live: mgr.GetAPIReader(), events: recorder,
		expectations: newExpectations(), refused: newRefusals(),
	}
}

// Forget drops what is known of a workload that is gone.
func (c *Control) Forget(owner types.NamespacedName) {
	c.expectations.forget(owner)
	c.refused.forget(owner)
}

// Create creates pods of the owner in batches that grow while they succeed, and
// expects those that exist then in the cache, even if others failed. In a namespace
// that ends nothing can be created, and nothing needs to: that is no error.
func (c *Control) Create(ctx context.Context, owner client.Object, pods []*v1alpha1.SimPod, now time.Time) (created []*v1alpha1.SimPod, err error) {
	var mu sync.Mutex
	next := pods
	for _, size := range workload.Batches(len(pods)) {
		var batch errgroup.Group
		batch.SetLimit(parallelWrites)
		for _, pod := range next[:size] {
			batch.Go(func() error {
				if err := c.client.Create(ctx, pod); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				created = append(created, pod)
				return nil
			})
		}
		next = next[size:]
		if err = batch.Wait(); err != nil {
			break
		}
	}
	c.expectations.created(client.ObjectKeyFromObject(owner), created, now)
	for _, pod := range created {
		c.events.Eventf(owner, pod, corev1.EventTypeNormal, "SuccessfulCreate", "Create", "Created pod: %s", pod.Name)
	}
	if err == nil || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return created, nil
	}
	c.events.Eventf(owner, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedCreate, "Create", "Error creating: %v", err)
	return created, fmt.Errorf("creating a pod: %w", err)
}

// Delete deletes pods of the owner, and expects those that it deleted to be gone
// from the cache, even if others failed. One that is gone already is no error.
func (c *Control) Delete(ctx context.Context, owner client.Object, pods []*v1alpha1.SimPod, now time.Time) error {
	var mu sync.Mutex
	var deleted []*v1alpha1.SimPod
	var errs []error
	var group errgroup.Group
	group.SetLimit(parallelWrites)
	for _, pod := range pods {
		group.Go(func() error {
			target := &v1alpha1.SimPod{ObjectMeta: *pod.ObjectMeta.DeepCopy()}
			err := c.client.Delete(ctx, target, client.Preconditions(metav1.Preconditions{UID: &pod.UID}))
			mu.Lock()
			defer mu.Unlock()
			if client.IgnoreNotFound(err) != nil {
				errs = append(errs, fmt.Errorf("deleting pod %s: %w", pod.Name, err))
				return nil
			}
			deleted = append(deleted, pod)
			return nil
		})
	}
	_ = group.Wait() // errors are collected in errs
	c.expectations.deleted(client.ObjectKeyFromObject(owner), deleted, now)
	for _, pod := range deleted {
		c.events.Eventf(owner, pod, corev1.EventTypeNormal, "SuccessfulDelete", "Delete", "Deleted pod: %s", pod.Name)
	}
	err := errors.Join(errs...)
	if err != nil {
		c.events.Eventf(owner, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedDelete, "Delete", "Error deleting: %v", err)
	}
	return err
}
