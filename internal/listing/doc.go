// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package listing reads what a scheduling decision depends on: of simulated pods
// and nodes, of a real cluster, or of a file with what kubectl printed of one. It
// only reads. What is listed of a real cluster is cut down to the fields that a
// decision reads while it arrives, so that large clusters fit into memory, and so
// that it can be written to a file without secrets.
package listing
