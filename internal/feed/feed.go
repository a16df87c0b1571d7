// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package feed carries what a component says of its own work to those who
// follow it: the scheduler's decisions and the simulated kubelet's transitions.
// A component keeps the last items in a Store, which is also the handler that
// serves them in pages; a Poller reads the pages of the component that leads now.
// What a component says of its present state is a Document.
package feed

import (
	"github.com/glassplane/glassplane/internal/evidence"
)

// Item is what a feed carries: one thing that a component did. It is not changed
// once it is stored.
type Item interface {
	// About returns the pod that it was done to.
	About() evidence.PodReference
	// Size estimates the memory that it takes, in bytes.
	Size() int
}

// Page is a part of a feed, as it goes over the wire.
type Page[T any] struct {
	// Epoch names the process that counts: another epoch means that the numbers
	// begin anew, however far they have come.
	Epoch string `json:"epoch"`
	// Next is the since of the request that goes on after this page.
	Next uint64 `json:"next"`
	// More is true where there is more to read now.
	More bool `json:"more,omitempty"`
	// Dropped counts the items that were dropped since the process started.
	Dropped uint64 `json:"dropped"`
	// Items in the order in which they were recorded.
	Items []T `json:"items"`
}
