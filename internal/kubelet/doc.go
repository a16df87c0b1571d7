// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubelet is the simulated kubelet's decision code: pure functions
// from a pod, a node and a time to the status that a real kubelet would report
// and the time at which it would look again.
package kubelet
