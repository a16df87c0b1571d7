// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simnodepool

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/index"
	"github.com/glassplane/glassplane/internal/nodepool"
)

// manage creates or deletes nodes, and returns why that failed.
func (r *Reconciler) manage(ctx context.Context, s *scope) error {
	plan := nodepool.New(s.pool, s.nodes, r.podsOn(ctx))
	switch {
	case len(plan.Create) > 0:
		return r.create(ctx, s, plan.Create)
	case len(plan.Delete) > 0:
		return r.delete(ctx, s, plan.Delete)
	}
	return nil
}

// podsOn counts the pods of a node in the cache.
func (r *Reconciler) podsOn(ctx context.Context) nodepool.Pods {
	return func(node string) int {
		var pods v1alpha1.SimPodList
		err := r.client.List(ctx, &pods, client.MatchingFields{index.PodNodeName: node}, client.UnsafeDisableDeepCopy)
		if err != nil {
			log.FromContext(ctx).Error(err, "Cannot list the pods of a node from the cache", "node", node)
		}
		n := 0
		for i := range pods.Items {
			if nodepool.Counts(&pods.Items[i]) {
				n++
			}
		}
		return n
	}
}

func (r *Reconciler) create(ctx context.Context, s *scope, zones []string) error {
	wanted := make([]*v1alpha1.SimNode, len(zones))
	for i, zone := range zones {
		wanted[i] = nodepool.NewNode(s.pool, zone)
	}
	created, err := r.nodes.create(ctx, s.pool.Name, wanted, s.now)
	s.nodes = append(s.nodes, created...)
	if len(created) > 0 {
		names := make([]string, len(created))
		for i, node := range created {
			names[i] = node.Name
		}
		r.events.Eventf(s.pool, created[0], corev1.EventTypeNormal, "SuccessfulCreate", "Create", "Created %s", some("node", names))
	}
	if err != nil {
		r.events.Eventf(s.pool, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedCreate, "Create", "Error creating: %v", err)
	}
	return err
}

func (r *Reconciler) delete(ctx context.Context, s *scope, removals []nodepool.Removal) error {
	deleted, err := r.nodes.delete(ctx, s.pool.Name, removals, s.now)
	if len(deleted) > 0 {
		names := make([]string, len(deleted))
		gone := make(map[*v1alpha1.SimNode]bool, len(deleted))
		for i, removal := range deleted {
			names[i] = fmt.Sprintf("%s (%s)", removal.Node.Name, removal.Why)
			gone[removal.Node] = true
		}
		left := s.nodes[:0:0]
		for _, node := range s.nodes {
			if !gone[node] {
				left = append(left, node)
			}
		}
		s.nodes = left
		r.events.Eventf(s.pool, deleted[0].Node, corev1.EventTypeNormal, "SuccessfulDelete", "Delete", "Deleted %s", some("node", names))
	}
	if err != nil {
		r.events.Eventf(s.pool, nil, corev1.EventTypeWarning, v1alpha1.ReasonFailedDelete, "Delete", "Error deleting: %v", err)
	}
	return err
}

// maxNamed bounds the names in one event, whose note has at most 1024 characters.
const maxNamed = 8

// some names objects, or the first of them and how many others there are.
func some(noun string, names []string) string {
	switch n := len(names); {
	case n == 1:
		return noun + ": " + names[0]
	case n <= maxNamed:
		return fmt.Sprintf("%d %ss: %s", n, noun, strings.Join(names, ", "))
	default:
		return fmt.Sprintf("%d %ss: %s and %d others", n, noun, strings.Join(names[:maxNamed], ", "), n-maxNamed)
	}
}
