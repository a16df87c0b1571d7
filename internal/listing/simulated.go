// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// Simulated reads everything that a decision about a simulated pod depends on. It
// fails where it cannot read the nodes or the pods; what else cannot be read is
// noted, and missing.
func Simulated(ctx context.Context, reader client.Reader, clock clock.PassiveClock) (whatif.Listing, error) {
	var (
		nodes      v1alpha1.SimNodeList
		pods       v1alpha1.SimPodList
		namespaces corev1.NamespaceList
		classes    schedulingv1.PriorityClassList
		services   corev1.ServiceList
		sets       v1alpha1.SimReplicaSetList
		stateful   v1alpha1.SimStatefulSetList
		budgets    policyv1.PodDisruptionBudgetList
	)
	out := whatif.Listing{ReadAt: clock.Now()}
	for _, l := range []struct {
		resource string
		into     client.ObjectList
		required bool
	}{
		{"simnodes", &nodes, true},
		{"simpods", &pods, true},
		{"namespaces", &namespaces, false},
		{"priorityclasses", &classes, false},
		{"services", &services, false},
		{"simreplicasets", &sets, false},
		{"simstatefulsets", &stateful, false},
		{"poddisruptionbudgets", &budgets, false},
	} {
		read := whatif.List{Resource: l.resource}
		switch err := reader.List(ctx, l.into); {
		case err != nil && (l.required || ctx.Err() != nil):
			return whatif.Listing{}, fmt.Errorf("listing %s: %w", l.resource, err)
		case err != nil:
			read.Error = err.Error()
		default:
			read.Items, read.ResourceVersion = meta.LenList(l.into), l.into.GetResourceVersion()
		}
		out.Lists = append(out.Lists, read)
	}
	out.ReadUntil = clock.Now()
	out.Objects = whatif.Objects{
		Simulated: true, Namespaces: namespaces.Items, PriorityClasses: classes.Items, Services: services.Items,
		DisruptionBudgets: budgets.Items,
	}
	for i := range nodes.Items {
		out.Objects.Nodes = append(out.Objects.Nodes, nodes.Items[i].ToNode())
	}
	for i := range pods.Items {
		out.Objects.Pods = append(out.Objects.Pods, pods.Items[i].ToPod())
	}
	for i := range sets.Items {
		set := &sets.Items[i]
		out.Objects.Owners = append(out.Objects.Owners, cache.OwnerOf(set, set.Spec.Replicas, set.Spec.Selector))
	}
	for i := range stateful.Items {
		set := &stateful.Items[i]
		out.Objects.Owners = append(out.Objects.Owners, cache.OwnerOf(set, set.Spec.Replicas, set.Spec.Selector))
	}
	return out, nil
}
