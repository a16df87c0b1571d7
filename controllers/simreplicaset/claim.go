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
	"github.com/glassplane/glassplane/internal/controllerkit"
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
	own, err := r.controlled(ctx, set.Namespace, string(set.UID))
	if err != nil {
		return nil, err
	}
	orphans, err := r.controlled(ctx, set.Namespace, index.Orphan)
	return append(own, orphans...), err
}

// controlled are the pods of the controller with that UID, not copied.
func (r *Reconciler) controlled(ctx context.Context, namespace, controller string) ([]*v1alpha1.SimPod, error) {
	var pods v1alpha1.SimPodList
	err := r.client.List(ctx, &pods, client.InNamespace(namespace),
		client.MatchingFields{index.PodController: controller}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	out := make([]*v1alpha1.SimPod, len(pods.Items))
	for i := range pods.Items {
		out[i] = &pods.Items[i]
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
	if err := controllerkit.Patch(ctx, r.client, adopted, pod); err != nil {
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
	return ignoreGone(controllerkit.Patch(ctx, r.client, released, pod), "releasing", pod)
}

func ignoreGone(err error, doing string, pod *v1alpha1.SimPod) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s pod %s: %w", doing, pod.Name, err)
}

func uidPrecondition(pod *v1alpha1.SimPod) client.DeleteOption {
	return client.Preconditions(metav1.Preconditions{UID: &pod.UID})
}
