// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
	"github.com/glassplane/glassplane/internal/scheme"
)

// reader returns a client of the cluster that is only used to read.
func (c *explainCommand) reader() (client.Reader, error) {
	config, err := c.clients.restConfig(explainUserAgent)
	if err != nil {
		return nil, err
	}
	reader, err := client.New(config, client.Options{Scheme: scheme.New()})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, err)
	}
	return reader, nil
}

// listing is what was listed, and when.
type listing struct {
	objects           whatif.Objects
	lists             []render.List
	readAt, readUntil time.Time
}

// list reads everything that a decision depends on. It fails where it cannot
// read the nodes or the pods; what else cannot be read is noted, and missing.
func list(ctx context.Context, reader client.Reader, clock clock.PassiveClock) (listing, error) {
	var (
		nodes      v1alpha1.SimNodeList
		pods       v1alpha1.SimPodList
		namespaces corev1.NamespaceList
		classes    schedulingv1.PriorityClassList
		services   corev1.ServiceList
		sets       v1alpha1.SimReplicaSetList
		budgets    policyv1.PodDisruptionBudgetList
	)
	out := listing{readAt: clock.Now()}
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
		{"poddisruptionbudgets", &budgets, false},
	} {
		read := render.List{Resource: l.resource}
		switch err := reader.List(ctx, l.into); {
		case utilnet.IsConnectionRefused(err):
			return listing{}, fmt.Errorf("the API server cannot be reached; start one with: glassplane up, or name one with --kubeconfig: %w", err)
		case err != nil && (l.required || ctx.Err() != nil):
			return listing{}, fmt.Errorf("listing %s: %w", l.resource, err)
		case err != nil:
			read.Error = err.Error()
		default:
			read.Items, read.ResourceVersion = meta.LenList(l.into), l.into.GetResourceVersion()
		}
		out.lists = append(out.lists, read)
	}
	out.readUntil = clock.Now()
	out.objects = whatif.Objects{
		Nodes: nodes.Items, Pods: pods.Items, Namespaces: namespaces.Items, PriorityClasses: classes.Items,
		Services: services.Items, ReplicaSets: sets.Items, DisruptionBudgets: budgets.Items,
	}
	return out, nil
}
