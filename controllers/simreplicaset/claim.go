// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/workload"
)

// claim adopts and releases pods, as PodControllerRefManager in
// k8s.io/kubernetes/pkg/controller does, and notes those that are owned then.
func (r *Reconciler) claim(ctx context.Context, s *scope) error {
	pods, err := r.candidates(ctx, s.set)
	if err != nil {
		return err
	}
	claims := workload.Claim(s.set, s.selector, pods)
	s.owned = claims.Owned
	var errs []error
	for _, pod := range claims.Release {
		errs = append(errs, r.release(ctx, s.set, pod))
	}
	if len(claims.Adopt) > 0 {
		if err := r.mayAdopt(ctx, s.set); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	for _, pod := range claims.Adopt {
		adopted, err := r.adopt(ctx, s.set, pod)
		errs = append(errs, err)
		if adopted != nil {
			s.owned = append(s.owned, adopted)
		}
	}
	return errors.Join(errs...)
}

// candidates are the set's pods and those without a controller. They are not
// copied: they must not be changed.
func (r *Reconciler) candidates(ctx context.Context, set *v1alpha1.SimReplicaSet) ([]*v1alpha1.SimPod, error) {
	var out []*v1alpha1.SimPod
	for _, controller := range []string{string(set.UID), index.Orphan} {
		var pods v1alpha1.SimPodList
		err := r.client.List(ctx, &pods, client.InNamespace(set.Namespace),
			client.MatchingFields{index.PodController: controller}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("listing pods: %w", err)
		}
		for i := range pods.Items {
			out = append(out, &pods.Items[i])
		}
	}
	return out, nil
}

// mayAdopt asks the API server whether the set still exists and is not being
// deleted: RecheckDeletionTimestamp of k8s.io/kubernetes/pkg/controller.
func (r *Reconciler) mayAdopt(ctx context.Context, set *v1alpha1.SimReplicaSet) error {
	fresh := &v1alpha1.SimReplicaSet{}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(set), fresh); err != nil {
		return fmt.Errorf("checking before adoption: %w", err)
	}
	if fresh.UID != set.UID || fresh.DeletionTimestamp != nil {
		return fmt.Errorf("cannot adopt: %s/%s is being deleted or is another object", set.Namespace, set.Name)
	}
	return nil
}

func (r *Reconciler) adopt(ctx context.Context, set *v1alpha1.SimReplicaSet, pod *v1alpha1.SimPod) (*v1alpha1.SimPod, error) {
	adopted := pod.DeepCopy()
	adopted.OwnerReferences = append(adopted.OwnerReferences, workload.OwnerReference(set))
	if err := r.client.Patch(ctx, adopted, lockedPatch(pod)); err != nil {
		return nil, ignoreGone(err, "adopting", pod)
	}
	return adopted, nil
}

func (r *Reconciler) release(ctx context.Context, set *v1alpha1.SimReplicaSet, pod *v1alpha1.SimPod) error {
	released := pod.DeepCopy()
	released.OwnerReferences = nil
	for _, owner := range pod.OwnerReferences {
		if owner.UID != set.UID {
			released.OwnerReferences = append(released.OwnerReferences, owner)
		}
	}
	return ignoreGone(r.client.Patch(ctx, released, lockedPatch(pod)), "releasing", pod)
}

func ignoreGone(err error, doing string, pod *v1alpha1.SimPod) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s pod %s: %w", doing, pod.Name, err)
}

func lockedPatch(base *v1alpha1.SimPod) client.Patch {
	return client.MergeFromWithOptions(base, client.MergeFromWithOptimisticLock{})
}

func uidPrecondition(pod *v1alpha1.SimPod) client.DeleteOption {
	return client.Preconditions(metav1.Preconditions{UID: &pod.UID})
}
