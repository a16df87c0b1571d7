// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fault decides what Faults do: pure functions from all Faults and a
// time to what is broken of a component, a node or a pod then, and until when
// that holds. Whoever acts on it needs nobody who tells it that a Fault has
// begun, has ended or was deleted: a Fault is in effect from its creation until
// its duration is over or its deletion is asked for, by the clock of who asks.
package fault
