// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package disruption says which pods PodDisruptionBudgets let go. Kubernetes'
// disruption controller counts Pods only, so for simulated pods it is computed here.
// The package is pure. Its rules are those of
// k8s.io/kubernetes/pkg/controller/disruption, which counts, and of the eviction
// subresource, k8s.io/kubernetes/pkg/registry/core/pod/storage, which decides.
package disruption
