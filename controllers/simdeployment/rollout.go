// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simdeployment

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

// carryOut makes the writes of a plan, up to the first that fails. Each fails where
// the set is not what was planned from.
func (r *Reconciler) carryOut(ctx context.Context, s *scope) (deployment.Outcome, error) {
	d, plan := s.state.Deployment, &s.plan
	var outcome deployment.Outcome
	if plan.Create {
		var err error
		if outcome, err = r.create(ctx, s, plan.Present); err != nil {
			return outcome, err
		}
	}
	for _, update := range plan.Update {
		if err := controllerkit.Patch(ctx, r.client, update.After, update.Before); err != nil {
			return outcome, fmt.Errorf("changing set %s: %w", update.Before.Name, err)
		}
		r.writes.Note(client.ObjectKeyFromObject(d), update.After, false, s.state.Now)
		r.tellScaled(d, update.After, workload.Replicas(update.Before))
	}
	for _, set := range plan.Delete {
		err := r.client.Delete(ctx, &v1alpha1.SimReplicaSet{ObjectMeta: *set.ObjectMeta.DeepCopy()},
			client.Preconditions(metav1.Preconditions{UID: &set.UID, ResourceVersion: &set.ResourceVersion}))
		if client.IgnoreNotFound(err) != nil {
			return outcome, fmt.Errorf("deleting set %s: %w", set.Name, err)
		}
	}
	return outcome, nil
}

func (r *Reconciler) tellScaled(d *v1alpha1.SimDeployment, set *v1alpha1.SimReplicaSet, before int32) {
	direction, now := "up", workload.Replicas(set)
	switch {
	case now == before:
		return
	case now < before:
		direction = "down"
	}
	r.events.Eventf(d, set, corev1.EventTypeNormal, "ScalingReplicaSet", "Scale", "Scaled %s replica set %s from %d to %d", direction, set.Name, before, now)
}

// create creates the set of the present template. Its name follows from the template,
// so that it is created once, however old the cache is. In a namespace that ends
// nothing can be created, and nothing needs to: that is no error.
func (r *Reconciler) create(ctx context.Context, s *scope, set *v1alpha1.SimReplicaSet) (deployment.Outcome, error) {
	d := s.state.Deployment
	err := r.client.Create(ctx, set)
	switch {
	case err == nil:
		r.writes.Note(client.ObjectKeyFromObject(d), set, true, s.state.Now)
		r.tellScaled(d, set, 0)
		return deployment.Outcome{Created: true}, nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return deployment.Outcome{}, nil
	case apierrors.IsAlreadyExists(err):
		return r.compare(ctx, s, set)
	}
	r.events.Eventf(d, nil, corev1.EventTypeWarning, v1alpha1.ReasonReplicaSetCreateError, "Create", "Failed to create new replica set %q: %v", set.Name, err)
	return deployment.Outcome{Err: err}, fmt.Errorf("creating set %s: %w", set.Name, err)
}

// compare says whether the set that has the name already is the one that was to be
// created: then the cache will show it. Otherwise two templates have one hash, and
// the next name will be another.
func (r *Reconciler) compare(ctx context.Context, s *scope, set *v1alpha1.SimReplicaSet) (deployment.Outcome, error) {
	d := s.state.Deployment
	there := &v1alpha1.SimReplicaSet{}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(set), there); err != nil {
		return deployment.Outcome{}, fmt.Errorf("reading set %s: %w", set.Name, err)
	}
	same := metav1.IsControlledBy(there, d) && deployment.SameTemplate(&there.Spec.Template, &d.Spec.Template)
	if same {
		r.writes.Note(client.ObjectKeyFromObject(d), there, true, s.state.Now)
	}
	return deployment.Outcome{Collision: !same}, nil
}
