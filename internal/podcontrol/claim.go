// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/workload"
)

// Claim adopts and releases pods, as PodControllerRefManager in
// k8s.io/kubernetes/pkg/controller does, and returns those that are owned then,
// those that have ended or are being deleted too; also where there is an error.
// They are not copied: they must not be changed. A pod that one of the filters does
// not pass counts as one that does not match the selector.
func (c *Control) Claim(ctx context.Context, owner client.Object, selector labels.Selector, filters ...func(*v1alpha1.SimPod) bool) (owned []*v1alpha1.SimPod, err error) {
	pods, err := c.candidates(ctx, owner)
	if err != nil {
		return nil, err
	}
	claims := workload.Claim(owner, selector, pods, workload.Active, filters...)
	owned = claims.Owned
	var errs []error
	for _, pod := range claims.Release {
		errs = append(errs, c.release(ctx, owner, pod))
	}
	if len(claims.Adopt) > 0 {
		if err := controllerkit.MayAdopt(ctx, c.live, owner, v1alpha1.GroupVersion.WithKind(c.kind)); err != nil {
			return owned, errors.Join(append(errs, err)...)
		}
	}
	for _, pod := range claims.Adopt {
		adopted, err := c.adopt(ctx, owner, pod)
		errs = append(errs, err)
		if adopted != nil {
			owned = append(owned, adopted)
		}
	}
	return owned, errors.Join(errs...)
}

// candidates are the owner's pods and those without a controller.
func (c *Control) candidates(ctx context.Context, owner client.Object) ([]*v1alpha1.SimPod, error) {
	own, err := c.Controlled(ctx, owner.GetNamespace(), owner.GetUID())
	if err != nil {
		return nil, err
	}
	orphans, err := c.Controlled(ctx, owner.GetNamespace(), index.Orphan)
	return append(own, orphans...), err
}

// Controlled are the pods of the controller with that UID, as the cache has them.
// They are not copied: they must not be changed.
func (c *Control) Controlled(ctx context.Context, namespace string, controller types.UID) ([]*v1alpha1.SimPod, error) {
	var pods v1alpha1.SimPodList
	err := c.client.List(ctx, &pods, client.InNamespace(namespace),
		client.MatchingFields{index.PodController: string(controller)}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	out := make([]*v1alpha1.SimPod, len(pods.Items))
	for i := range pods.Items {
		out[i] = &pods.Items[i]
	}
	return out, nil
}

func (c *Control) adopt(ctx context.Context, owner client.Object, pod *v1alpha1.SimPod) (*v1alpha1.SimPod, error) {
	adopted := pod.DeepCopy()
	if err := controllerkit.Adopt(ctx, c.client, adopted, workload.OwnerReference(owner, c.kind), c.finalizers()...); err != nil {
		return nil, ignoreGone(err, "adopting", pod)
	}
	return adopted, nil
}

func (c *Control) release(ctx context.Context, owner client.Object, pod *v1alpha1.SimPod) error {
	return ignoreGone(controllerkit.Release(ctx, c.client, pod.DeepCopy(), owner.GetUID(), c.finalizers()...), "releasing", pod)
}

func ignoreGone(err error, doing string, pod *v1alpha1.SimPod) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s pod %s: %w", doing, pod.Name, err)
}
