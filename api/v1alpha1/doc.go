// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 contains the API of simulated workloads: pods and nodes
// that a real API server stores and real clients use, but whose containers do
// not run. Field names, types and semantics are those of core/v1 and apps/v1
// wherever those have them.
//
// +kubebuilder:object:generate=true
// +groupName=sim.glassplane.dev
package v1alpha1
