// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"strings"
	"sync"

	"github.com/glassplane/glassplane/internal/evidence"
)

// State is what a source says of itself: whether it can be read, and which part
// of it could not be. It may be used from several goroutines.
type State struct {
	source evidence.Source

	mu        sync.Mutex
	available bool
	reason    string
	gap       string
	gaps      uint64
}

// NewState returns the state of a source that is not available yet.
func NewState(source evidence.Source) *State {
	return &State{source: source, reason: "not read yet"}
}

// Available says that the source is being read.
func (s *State) Available() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.available, s.reason = true, ""
}

// Unavailable says why the source cannot be read.
func (s *State) Unavailable(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.available, s.reason = false, reason
}

// Partly says that so many parts of the source are being read, and which
// problems the others have.
func (s *State) Partly(readable int, problems []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.available, s.reason = readable > 0, strings.Join(problems, "; ")
}

// Of returns the state of the part of the source that has a problem; of one that
// has none where the problem is empty.
func (s *State) Of(problem string) evidence.SourceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateOf(problem == "", problem)
}

// Gap says that traces were lost, and which. The last gap is kept in words, all
// are counted.
func (s *State) Gap(description string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gap = description
	s.gaps++
}

// Gaps is how many gaps there were.
func (s *State) Gaps() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gaps
}

// Get returns the state of now. The reason of an available source tells of the
// parts that are not read, and of its last gap.
func (s *State) Get() evidence.SourceState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateOf(s.available, s.reason)
}

func (s *State) stateOf(available bool, reason string) evidence.SourceState {
	if available && s.gap != "" {
		reason = strings.TrimPrefix(reason+"; has a gap: "+s.gap, "; ")
	}
	return evidence.SourceState{Source: s.source, Available: available, Reason: reason}
}

// Missing is the state of a source that is not configured, and why.
func Missing(source evidence.Source, reason string) *State {
	return &State{source: source, reason: reason}
}
