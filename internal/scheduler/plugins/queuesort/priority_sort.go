// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package queuesort orders the queue. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/queuesort.
package queuesort

import (
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "PrioritySort"

var _ framework.QueueSortPlugin = PrioritySort{}

// PrioritySort puts pods of higher priority first, and among equals the one
// that has waited longer.
type PrioritySort struct{}

// New returns the plugin.
func New() PrioritySort { return PrioritySort{} }

// Name implements framework.Plugin.
func (PrioritySort) Name() string { return Name }

// Less implements framework.QueueSortPlugin.
func (PrioritySort) Less(a, b *framework.QueuedPodInfo) bool {
	return a.Priority > b.Priority || a.Priority == b.Priority && a.Timestamp.Before(b.Timestamp)
}
