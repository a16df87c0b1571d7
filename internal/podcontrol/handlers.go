// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
)

// OnPod is controllerkit.OnOwned for the pods of the workloads.
func (c *Control) OnPod(adopters func(ctx context.Context, pod client.Object) []reconcile.Request) handler.EventHandler {
	return controllerkit.OnOwned(v1alpha1.GroupVersion.WithKind(c.kind), adopters)
}
