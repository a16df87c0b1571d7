// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package framework holds the types that scheduler plugins and the scheduling
// cycle share, under the names that kube-scheduler gives them.
package framework
