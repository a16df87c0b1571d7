// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workload plans what a controller does to keep a number of pods in
// existence: which pods count, how many are to be created, and which are to be
// deleted first. It is pure; the rules are those of Kubernetes' replica set
// controller, k8s.io/kubernetes/pkg/controller and pkg/controller/replicaset. The
// packages below it plan for workloads with rules of their own.
package workload
