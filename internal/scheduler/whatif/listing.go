// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import "time"

// Listing is what was listed for a decision, and when.
type Listing struct {
	Objects Objects
	// Lists that were read, and those that could not be.
	Lists []List
	// ReadAt is when the first list was asked for, and ReadUntil when the last
	// one was answered.
	ReadAt, ReadUntil time.Time
}

// List is one list that was read.
type List struct {
	Resource string `json:"resource"`
	Items    int    `json:"items"`
	// ResourceVersion is the state of the cluster that the list shows.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Error says why it could not be read.
	Error string `json:"error,omitempty"`
}
