// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// The places in which the scheduler keeps the pods that wait.
const (
	// QueueActive has those that are ready to be tried.
	QueueActive = "active"
	// QueueBackoff has those that could be tried, but failed not long ago.
	QueueBackoff = "backoff"
	// QueueUnschedulable has those that wait for something to change.
	QueueUnschedulable = "unschedulable"
	// QueueGated has those that a plugin keeps from being tried at all.
	QueueGated = "gated"
)

// Queue is the scheduler's queue at one moment.
type Queue struct {
	// At is when it was looked at, by the scheduler's clock.
	At time.Time `json:"at,omitzero"`
	// Active, Backoff, Unschedulable and Gated count the pods of each place, InFlight
	// those of attempts under way.
	Active        int `json:"active"`
	Backoff       int `json:"backoff"`
	Unschedulable int `json:"unschedulable"`
	Gated         int `json:"gated"`
	InFlight      int `json:"inFlight"`
	// Waiting are the first pods of each place, at most MaxWaiting in all.
	Waiting []Waiting `json:"waiting,omitempty"`
}

// MaxWaiting bounds the pods of Queue.Waiting.
const MaxWaiting = 200

// Waiting is a pod that waits for a node, and what it waits for.
type Waiting struct {
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	// Queue is active, backoff, unschedulable or gated.
	Queue string `json:"queue"`
	// Place of the pod among those of the queue, from 1: active pods are tried, and
	// pods leave the backoff, in this order; of the others it is the longest wait.
	Place int `json:"place"`
	// Since is when it entered that queue.
	Since time.Time `json:"since"`
	// Attempts that there have been.
	Attempts int   `json:"attempts"`
	Priority int32 `json:"priority"`
	// For says what it waits for: its turn, the end of its backoff, or the events
	// that the plugins which rejected it wait for.
	For string `json:"for"`
	// Plugins that rejected it.
	Plugins []string `json:"plugins,omitempty"`
	// NominatedNode is the node on which room is made for it.
	NominatedNode string `json:"nominatedNode,omitempty"`
	// BackoffEnds is when it may leave the backoff; nil in the other queues.
	BackoffEnds *time.Time `json:"backoffEnds,omitempty"`
	// TriedBy is when it is tried again at the latest, whatever happens; nil where
	// that is not certain.
	TriedBy *time.Time `json:"triedBy,omitempty"`
}
