// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// parallelWrites bounds the requests that one set has under way.
const parallelWrites = 32

// manage creates or deletes pods, and notes them as expected in the cache. It
// returns why that failed, for the set's status; when it is tried again is noted.
func (r *Reconciler) manage(ctx context.Context, s *scope) error {
	related, err := r.related(ctx, s.set)
	if err != nil {
		s.Add("finding related pods", err)
		return nil
	}
	key := client.ObjectKeyFromObject(s.set)
	refused := r.refused.of(s.set)
	plan := workload.PlanReplicas(s.set, s.owned, related, s.now)
	s.WakeAt(plan.Wait)
	switch {
	case plan.Create > 0 && s.now.Before(refused.until):
		// The refusal stands: an event of a pod must not undo the pause.
		s.WakeAt(refused.until)
		return refused.err
	case plan.Create > 0:
		err = r.create(ctx, s, plan.Create)
	case len(plan.Delete) > 0:
		err = r.delete(ctx, s, plan.Delete)
		s.Add("deleting pods", err)
		return err
	}
	if err == nil {
		r.refused.forget(key)
		return nil
	}
	until, news := r.refused.note(s.set, err, s.now)
	s.WakeAt(until)
	if news {
		log.FromContext(ctx).Error(err, "Pods of a SimReplicaSet cannot be created; it is tried again quietly", "simReplicaSet", key)
	}
	return err
}

// related are the pods of all sets that the set's own controller controls; none
// where it has no controller.
func (r *Reconciler) related(ctx context.Context, set *v1alpha1.SimReplicaSet) ([]*v1alpha1.SimPod, error) {
	owner := metav1.GetControllerOfNoCopy(set)
	if owner == nil {
		return nil, nil
	}
	var sets v1alpha1.SimReplicaSetList
	if err := r.client.List(ctx, &sets, client.InNamespace(set.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing sets: %w", err)
	}
	var out []*v1alpha1.SimPod
	for i := range sets.Items {
		sibling := &sets.Items[i]
		if other := metav1.GetControllerOfNoCopy(sibling); other == nil || other.UID != owner.UID {
			continue
		}
		pods, err := r.controlled(ctx, set.Namespace, string(sibling.UID))
		if err != nil {
			return nil, err
		}
		out = append(out, pods...)
	}
	return out, nil
}

// create sends creates in batches that grow while they succeed. The pods that
// exist then are expected in the cache, even if others failed.
func (r *Reconciler) create(ctx context.Context, s *scope, count int) error {
	var mu sync.Mutex
	var created []*v1alpha1.SimPod
	var err error
	for _, size := range workload.Batches(count) {
		var batch errgroup.Group
		batch.SetLimit(parallelWrites)
		for range size {
			batch.Go(func() error {
				pod := workload.NewPod(s.set)
				if err := r.client.Create(ctx, pod); err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				created = append(created, pod)
				return nil
			})
		}
		if err = batch.Wait(); err != nil {
			break
		}
	}
	r.expectations.created(client.ObjectKeyFromObject(s.set), created, s.now)
	for _, pod := range created {
		r.events.Eventf(s.set, pod, corev1.EventTypeNormal, "SuccessfulCreate", "Create", "Created pod: %s", pod.Name)
	}
	s.owned = append(s.owned, created...)
	if err == nil || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		// Nothing can be created in a namespace that ends, and nothing needs to.
		return nil
	}
	r.events.Eventf(s.set, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedCreate, "Create", "Error creating: %v", err)
	return fmt.Errorf("creating a pod: %w", err)
}

func (r *Reconciler) delete(ctx context.Context, s *scope, pods []*v1alpha1.SimPod) error {
	var mu sync.Mutex
	var deleted []*v1alpha1.SimPod
	var errs []error
	var group errgroup.Group
	group.SetLimit(parallelWrites)
	for _, pod := range pods {
		group.Go(func() error {
			target := &v1alpha1.SimPod{ObjectMeta: *pod.ObjectMeta.DeepCopy()}
			err := r.client.Delete(ctx, target, uidPrecondition(pod))
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
	r.expectations.deleted(client.ObjectKeyFromObject(s.set), deleted, s.now)
	for _, pod := range deleted {
		r.events.Eventf(s.set, pod, corev1.EventTypeNormal, "SuccessfulDelete", "Delete", "Deleted pod: %s", pod.Name)
	}
	err := errors.Join(errs...)
	if err != nil {
		r.events.Eventf(s.set, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedDelete, "Delete", "Error deleting: %v", err)
	}
	return err
}
