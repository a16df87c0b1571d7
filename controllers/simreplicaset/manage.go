// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simreplicaset

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/workload"
)

// manage creates or deletes pods, and notes them as expected in the cache. It
// returns why that failed, for the set's status; when it is tried again is noted.
func (r *Reconciler) manage(ctx context.Context, s *scope) error {
	related, err := r.related(ctx, s.set)
	if err != nil {
		s.Add("finding related pods", err)
		return nil
	}
	plan := workload.PlanReplicas(s.set, s.owned, related, s.now)
	s.WakeAt(plan.Wait)
	if len(plan.Delete) > 0 {
		err := r.pods.Delete(ctx, s.set, plan.Delete, s.now)
		s.Add("deleting pods", err)
		return err
	}
	pods := make([]*v1alpha1.SimPod, plan.Create)
	for i := range pods {
		pods[i] = workload.NewPod(s.set, kind, &s.set.Spec.Template)
	}
	created, retry, err := r.pods.TryCreate(ctx, s.set, pods, s.now)
	s.owned = append(s.owned, created...)
	s.WakeAt(retry)
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
	err := r.client.List(ctx, &sets, client.InNamespace(set.Namespace),
		client.MatchingFields{index.SetController: string(owner.UID)}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("listing sets: %w", err)
	}
	var out []*v1alpha1.SimPod
	for i := range sets.Items {
		pods, err := r.pods.Controlled(ctx, set.Namespace, sets.Items[i].UID)
		if err != nil {
			return nil, err
		}
		out = append(out, pods...)
	}
	return out, nil
}
