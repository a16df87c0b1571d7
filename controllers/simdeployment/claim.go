// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simdeployment

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

// claim adopts and releases sets, as ReplicaSetControllerRefManager in
// k8s.io/kubernetes/pkg/controller does, and returns those that are owned then. They
// are not copied: they must not be changed.
func (r *Reconciler) claim(ctx context.Context, d *v1alpha1.SimDeployment, selector labels.Selector) ([]*v1alpha1.SimReplicaSet, error) {
	sets, err := r.controlled(ctx, d.Namespace, string(d.UID), index.Orphan)
	if err != nil {
		return nil, err
	}
	claims := workload.Claim(d, selector, sets, func(*v1alpha1.SimReplicaSet) bool { return true })
	var errs []error
	for _, set := range claims.Release {
		if err := controllerkit.Release(ctx, r.client, set.DeepCopy(), d.UID); client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("releasing set %s: %w", set.Name, err))
		}
	}
	if len(claims.Adopt) > 0 {
		if err := controllerkit.MayAdopt(ctx, r.live, d, kind); err != nil {
			return nil, errors.Join(append(errs, err)...)
		}
	}
	owned := claims.Owned
	for _, set := range claims.Adopt {
		adopted := set.DeepCopy()
		switch err := controllerkit.Adopt(ctx, r.client, adopted, workload.OwnerReference(d, deployment.Kind)); {
		case err == nil:
			owned = append(owned, adopted)
		case client.IgnoreNotFound(err) != nil:
			errs = append(errs, fmt.Errorf("adopting set %s: %w", set.Name, err))
		}
	}
	return owned, errors.Join(errs...)
}

// controlled are the sets of these controllers, as the cache has them.
func (r *Reconciler) controlled(ctx context.Context, namespace string, controllers ...string) (out []*v1alpha1.SimReplicaSet, err error) {
	for _, controller := range controllers {
		var list v1alpha1.SimReplicaSetList
		err := r.client.List(ctx, &list, client.InNamespace(namespace),
			client.MatchingFields{index.SetController: controller}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("listing sets: %w", err)
		}
		for i := range list.Items {
			out = append(out, &list.Items[i])
		}
	}
	return out, nil
}
