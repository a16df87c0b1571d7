// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build tools

package main

// The commands in a node image that come from Go modules, and kind, whose own
// files it needs, so that go.mod and go.sum pin everything they are built from.
// Those of Kubernetes and etcd are pinned by hack/controlplane.
import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
	_ "sigs.k8s.io/kind/pkg/build/nodeimage"
)
