// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package components

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/record"
)

var (
	now    = time.Unix(1000, 0)
	object = evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "a", UID: "u"}
)

func TestEntries(t *testing.T) {
	decision := &evidence.Decision{Pod: evidence.PodReference{Namespace: "ns", Name: "a", UID: "u", ResourceVersion: "7"}, DecidedAt: now}
	written := evidence.Transition{Namespace: "ns", Name: "a", UID: "u", ObservedResourceVersion: "7", ResourceVersion: "8", WrittenAt: now}
	failed := evidence.Transition{Namespace: "ns", Name: "a", UID: "u", ObservedResourceVersion: "7", WrittenAt: now, Error: "conflict"}
	for name, tc := range map[string]struct{ got, want evidence.Entry }{
		"decision":   {decisionEntry(decision), evidence.Entry{Source: evidence.SourceDecision, Time: now, Object: object, Revision: 7, Decision: decision}},
		"transition": {transitionEntry(written), evidence.Entry{Source: evidence.SourceTransition, Time: now, Object: object, Revision: 8, Transition: &written}},
		"failed":     {transitionEntry(failed), evidence.Entry{Source: evidence.SourceTransition, Time: now, Object: object, Revision: 7, Transition: &failed}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What the poller tells is appended to the journal, or said in the state.
func TestSink(t *testing.T) {
	clock := clocktesting.NewFakeClock(now)
	journal := record.NewJournal(record.JournalOptions{Clock: clock})
	source := NewTransitions(feed.Options{}, clock, journal)
	state := func(available bool, reason string) {
		t.Helper()
		want := evidence.SourceState{Source: evidence.SourceTransition, Available: available, Reason: reason}
		if diff := cmp.Diff(want, source.State()); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	}
	state(false, "not read yet")
	source.sink.Polled(nil)
	state(true, "")
	source.sink.Deliver([]evidence.Transition{{Namespace: "ns", Name: "a", UID: "u"}, {Namespace: "ns", Name: "a", UID: "u"}})
	if got := len(journal.ByUID("u")); got != 2 {
		t.Errorf("%d entries, want 2", got)
	}
	source.sink.Lost("3 items")
	state(true, "has a gap: 3 items")
	source.sink.Polled(errors.New("connection refused"))
	state(false, "connection refused")
}
