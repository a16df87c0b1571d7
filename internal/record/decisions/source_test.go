// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decisions

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var now = time.Unix(1000, 0)

// store is a component's bounded store of decisions, numbered from 1.
type store struct {
	mu     sync.Mutex
	first  uint64
	items  []framework.Decision
	status int
	polled chan uint64
}

func (s *store) add(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.items = append(s.items, framework.Decision{
			Pod: framework.PodReference{Namespace: "ns", Name: name, UID: "u-1", ResourceVersion: "7"}, DecidedAt: now,
		})
	}
}

func (s *store) drop(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items, s.first = s.items[n:], s.first+uint64(n)
}

func (s *store) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items, s.first = nil, 1
}

func (s *store) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	since, err := strconv.ParseUint(request.URL.Query().Get("since"), 10, 64)
	if err != nil || s.status != 0 {
		http.Error(w, "not allowed\nat all", max(s.status, http.StatusBadRequest))
		return
	}
	limit, err := strconv.Atoi(request.URL.Query().Get("limit"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	end := s.first + uint64(len(s.items))
	from := min(max(since, s.first), end)
	items := s.items[from-s.first:]
	items = items[:min(len(items), limit)]
	page := Page[framework.Decision]{Next: from + uint64(len(items)), Items: items}
	if err := json.NewEncoder(w).Encode(page); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
	if s.polled != nil {
		s.polled <- since
	}
}

func newTest(t *testing.T) (*store, *Source[framework.Decision], *record.Journal, *clocktesting.FakeClock) {
	t.Helper()
	s := &store{first: 1}
	leader := &leader{endpoint: serve(t, s)}
	source, journal, clock := newSourceOf(t, leader)
	return s, source, journal, clock
}

func pods(journal *record.Journal, names ...string) []int {
	counts := make([]int, len(names))
	for i, name := range names {
		counts[i] = len(journal.ByName(simPod(evidence.Object{Namespace: "ns", Name: name})))
	}
	return counts
}

func TestSync(t *testing.T) {
	tests := map[string]struct {
		steps    []func(*store)
		want     []int // entries about a, b, c
		wantGaps uint64
	}{
		"each item once": {
			steps: []func(*store){func(s *store) { s.add("a") }, func(*store) {}, func(s *store) { s.add("b", "c") }},
			want:  []int{1, 1, 1},
		},
		"more than a page": {
			steps: []func(*store){func(s *store) {
				for range pageSize {
					s.add("a")
				}
				s.add("b")
			}},
			want: []int{pageSize, 1, 0},
		},
		"dropped before the first poll": {
			steps: []func(*store){func(s *store) { s.add("a", "b"); s.drop(1) }},
			want:  []int{0, 1, 0},
		},
		"dropped after they were read": {
			steps: []func(*store){func(s *store) { s.add("a") }, func(s *store) { s.add("b"); s.drop(1) }},
			want:  []int{1, 1, 0},
		},
		"dropped before they were read": {
			steps: []func(*store){func(s *store) { s.add("a") }, func(s *store) { s.add("b", "c"); s.drop(2) }},
			want:  []int{1, 0, 1}, wantGaps: 1,
		},
		"restarted": {
			steps: []func(*store){func(s *store) { s.add("a", "a") }, func(s *store) { s.restart(); s.add("b") }, func(s *store) { s.add("c") }},
			want:  []int{2, 1, 1}, wantGaps: 1,
		},
		"restarted and empty": {
			steps: []func(*store){func(s *store) { s.add("a", "a") }, func(s *store) { s.restart() }, func(s *store) { s.add("b") }},
			want:  []int{2, 1, 0}, wantGaps: 1,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			store, source, journal, _ := newTest(t)
			for _, step := range tc.steps {
				step(store)
				if err := source.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, pods(journal, "a", "b", "c")); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if got := source.state.Gaps(); got != tc.wantGaps {
				t.Errorf("%d gaps, want %d", got, tc.wantGaps)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	store, source, _, _ := newTest(t)
	store.status = http.StatusForbidden
	if err := source.Sync(t.Context()); err == nil {
		t.Error("no error")
	}
	state := source.State()
	if state.Available || !strings.Contains(state.Reason, "403 Forbidden: not allowed") || strings.Contains(state.Reason, "\n") {
		t.Errorf("state %+v", state)
	}
	store.status = 0
	if err := source.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state := source.State(); !state.Available {
		t.Errorf("state %+v", state)
	}
}

func TestRunPollsLessOftenWhenIdle(t *testing.T) {
	store, source, _, clock := newTest(t)
	store.polled = make(chan uint64)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()

	<-store.polled
	for _, interval := range []time.Duration{150, 225, 337, 506, 759, 1000, 1000} {
		waitForTimer(t, clock)
		clock.Step((interval + 1) * time.Millisecond)
		<-store.polled
	}
	store.add("a")
	waitForTimer(t, clock)
	clock.Step(maxInterval)
	<-store.polled // Reads the item …
	<-store.polled // … and finds no more.
	waitForTimer(t, clock)
	clock.Step(minInterval)
	<-store.polled
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// waitForTimer returns once the poller waits.
func waitForTimer(t *testing.T, clock *clocktesting.FakeClock) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !clock.HasWaiters() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the poller does not wait")
		}
	}
}

func TestEntries(t *testing.T) {
	object := evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "a", UID: "u"}
	decision := framework.Decision{Pod: framework.PodReference{Namespace: "ns", Name: "a", UID: "u", ResourceVersion: "7"}, DecidedAt: now}
	written := kubelet.Transition{Namespace: "ns", Name: "a", UID: "u", ObservedResourceVersion: "7", ResourceVersion: "8", WrittenAt: now}
	failed := kubelet.Transition{Namespace: "ns", Name: "a", UID: "u", ObservedResourceVersion: "7", WrittenAt: now, Error: "conflict"}
	for name, tc := range map[string]struct{ got, want evidence.Entry }{
		"decision":   {decisionEntry(decision), evidence.Entry{Source: evidence.SourceDecision, Time: now, Object: object, Revision: 7, Decision: &decision}},
		"transition": {transitionEntry(written), evidence.Entry{Source: evidence.SourceTransition, Time: now, Object: object, Revision: 8, Transition: &written}},
		"failed":     {transitionEntry(failed), evidence.Entry{Source: evidence.SourceTransition, Time: now, Object: object, Revision: 7, Transition: &failed}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
