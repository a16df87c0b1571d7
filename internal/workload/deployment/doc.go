// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package deployment plans a rollout: which set of pods grows and which shrinks
// next, so that at no time more or fewer pods exist than the strategy allows, and
// what is to be said of it. It is pure. The rules are those of Kubernetes'
// deployment controller, k8s.io/kubernetes/pkg/controller/deployment and its util,
// with two exceptions: a set whose controller has not yet seen its last change is
// waited for, and a pod counts as long as it exists. Upstream counts what is asked
// of the sets, so that for a moment there may be more pods than maxSurge allows, or
// fewer than maxUnavailable does.
package deployment
