// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import "sync/atomic"

// CycleState is what plugins compute once in a scheduling cycle and use for
// each node. It belongs to one cycle and one goroutine.
type CycleState struct {
	snapshot Snapshot
	slots    []StateData
	// skipFilter and skipScore have the bit of each plugin (by its index in the
	// profile) that returned Skip.
	skipFilter, skipScore uint64
	// active holds the filters that are not skipped.
	active []int
}

// NewCycleState returns an empty state for a cycle on a snapshot.
func NewCycleState(snapshot Snapshot) *CycleState {
	return &CycleState{snapshot: snapshot, slots: make([]StateData, stateSlots.Load())}
}

// Snapshot returns the cluster that the cycle works on.
func (s *CycleState) Snapshot() Snapshot { return s.snapshot }

// Clone returns a state that can be changed (by AddPod and RemovePod) without
// changing this one.
func (s *CycleState) Clone() *CycleState {
	clone := *s
	clone.slots = make([]StateData, len(s.slots))
	for i, data := range s.slots {
		if data != nil {
			clone.slots[i] = data.Clone()
		}
	}
	return &clone
}

// StateData is what a plugin keeps in a CycleState. Clone returns a copy that
// can be changed; data that AddPod and RemovePod do not change returns itself.
type StateData interface {
	Clone() StateData
}

// StateKey names a plugin's data in a CycleState. T is a pointer type. Keys are
// package variables: each has its own slot, so that reading costs an index and
// not a map lookup for each node.
type StateKey[T StateData] struct{ slot int32 }

// stateSlots counts the slots given out. It changes only while packages are
// initialized, and which slot a key has changes no result.
var stateSlots atomic.Int32

// NewStateKey returns a key with a slot of its own. Call it to initialize a
// package variable.
func NewStateKey[T StateData]() StateKey[T] {
	return StateKey[T]{slot: stateSlots.Add(1) - 1}
}

// Write keeps data until the end of the cycle.
func (k StateKey[T]) Write(state *CycleState, data T) {
	for int(k.slot) >= len(state.slots) { // a key made after the state
		state.slots = append(state.slots, nil)
	}
	state.slots[k.slot] = data
}

// Read returns what was written in this cycle; nil and false where nothing was.
func (k StateKey[T]) Read(state *CycleState) (T, bool) {
	if int(k.slot) >= len(state.slots) {
		var none T
		return none, false
	}
	data, ok := state.slots[k.slot].(T)
	return data, ok
}
