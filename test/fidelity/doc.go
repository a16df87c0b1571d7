// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fidelity compares our scheduler with kube-scheduler, on two levels:
// what each plugin says of each pod and node (verdicts), and where pods go that
// are created one after the other on a real control plane (placements).
package fidelity
