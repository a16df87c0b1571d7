// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheme"
)

// MaxNodes is how many nodes CreateNodes makes at most.
const MaxNodes = 20000

// zones that CreateNodes spreads the nodes over.
var zones = []string{"zone-a", "zone-b", "zone-c"}

// CreateNodes creates simulated nodes of equal size, spread over three zones,
// and returns when all of them are ready.
func (c *Cluster) CreateNodes(ctx context.Context, count int) error {
	config, err := c.UserConfig("glassplane-up")
	if err != nil {
		return err
	}
	nodes, err := client.New(config, client.Options{Scheme: scheme.New()})
	if err != nil {
		return fmt.Errorf("creating a client for the simulated nodes: %w", err)
	}
	for i := range count {
		if err := nodes.Create(ctx, newNode(i)); err != nil {
			return fmt.Errorf("creating simulated node %d of %d: %w", i+1, count, err)
		}
	}
	if err := waitForNodes(ctx, nodes, count); err != nil {
		return fmt.Errorf("waiting for %d simulated nodes to be ready: %w", count, err)
	}
	if count > 0 {
		c.opts.Progress("%d simulated nodes are ready", count)
	}
	return nil
}

func newNode(index int) *v1alpha1.SimNode {
	return &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("node-%d", index+1),
			Labels: map[string]string{
				corev1.LabelTopologyZone: zones[index%len(zones)],
			},
		},
		Spec: v1alpha1.SimNodeSpec{Capacity: v1alpha1.ResourceList{
			corev1.ResourceCPU:    resource.MustParse("4"),
			corev1.ResourceMemory: resource.MustParse("16Gi"),
			corev1.ResourcePods:   resource.MustParse("110"),
		}},
	}
}

func waitForNodes(ctx context.Context, nodes client.Client, count int) error {
	return wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		list := &v1alpha1.SimNodeList{}
		if err := nodes.List(ctx, list); err != nil {
			return false, err
		}
		ready := 0
		for i := range list.Items {
			if meta.IsStatusConditionTrue(list.Items[i].Status.Conditions, v1alpha1.SimNodeReady) {
				ready++
			}
		}
		return ready >= count, nil
	})
}
