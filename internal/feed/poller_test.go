// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"
)

var now = time.Unix(1000, 0)

// component serves the feed of the process that runs now.
type component struct {
	mu     sync.Mutex
	limits Limits
	store  *Store[note]
	// status is answered in place of a page where it is not 0.
	status int
	// polled is told of each request where it is not nil.
	polled chan struct{}
}

func newComponent() *component {
	c := &component{limits: Limits{Items: 10 * pageSize, Bytes: 1 << 30}}
	c.restart()
	return c
}

func (c *component) restart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store = NewStore[note](c.limits)
}

func (c *component) add(pods ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pod := range pods {
		c.store.Record(note{Pod: pod})
	}
}

// keep drops all but the last items.
func (c *component) keep(items int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store.limits.Items = items
}

func (c *component) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	c.mu.Lock()
	store, status := c.store, c.status
	c.mu.Unlock()
	if status != 0 {
		http.Error(w, "not allowed\nat all", status)
	} else {
		store.ServeHTTP(w, request)
	}
	if c.polled != nil {
		c.polled <- struct{}{}
	}
}

// journal is a sink that keeps all.
type journal struct {
	mu    sync.Mutex
	items []note
	lost  []string
	err   error
}

func (j *journal) Deliver(items []note) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.items = append(j.items, items...)
}

func (j *journal) Lost(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lost = append(j.lost, what)
}

func (j *journal) Polled(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
}

// counts returns how many items there are about each pod.
func (j *journal) counts(pods ...string) []int {
	j.mu.Lock()
	defer j.mu.Unlock()
	counts := make([]int, len(pods))
	for i, pod := range pods {
		for _, item := range j.items {
			if item.Pod == pod {
				counts[i]++
			}
		}
	}
	return counts
}

func newTest(t *testing.T) (*component, *Poller[note], *journal, *clocktesting.FakeClock) {
	t.Helper()
	c := newComponent()
	poller, journal, clock := newPollerOf(t, &leader{endpoint: serve(t, c)})
	return c, poller, journal, clock
}

func TestSync(t *testing.T) {
	tests := map[string]struct {
		steps    []func(*component)
		want     []int // items about a, b, c
		wantLost []string
	}{
		"each item once": {
			steps: []func(*component){func(c *component) { c.add("a") }, func(*component) {}, func(c *component) { c.add("b", "c") }},
			want:  []int{1, 1, 1},
		},
		"more than a page": {
			steps: []func(*component){func(c *component) {
				for range pageSize {
					c.add("a")
				}
				c.add("b")
			}},
			want: []int{pageSize, 1, 0},
		},
		"dropped before the first poll": {
			steps: []func(*component){func(c *component) { c.keep(1); c.add("a", "b") }},
			want:  []int{0, 1, 0},
		},
		"dropped after they were read": {
			steps: []func(*component){func(c *component) { c.keep(1); c.add("a") }, func(c *component) { c.add("b") }},
			want:  []int{1, 1, 0},
		},
		"dropped before they were read": {
			steps: []func(*component){func(c *component) { c.keep(1); c.add("a") }, func(c *component) { c.add("b", "c") }},
			want:  []int{1, 0, 1}, wantLost: []string{"1 items were dropped before they were read"},
		},
		"restarted": {
			steps: []func(*component){func(c *component) { c.add("a", "a") }, func(c *component) { c.restart(); c.add("b") }, func(c *component) { c.add("c") }},
			want:  []int{2, 1, 1}, wantLost: []string{otherEpoch},
		},
		"restarted, and has counted as far by now": {
			steps: []func(*component){func(c *component) { c.add("a", "a") }, func(c *component) { c.restart(); c.add("b", "b") }, func(c *component) { c.add("c") }},
			want:  []int{2, 2, 1}, wantLost: []string{otherEpoch},
		},
		"restarted, and has counted further by now": {
			steps: []func(*component){func(c *component) { c.add("a") }, func(c *component) { c.restart(); c.add("b", "b", "b") }, func(c *component) { c.add("c") }},
			want:  []int{1, 3, 1}, wantLost: []string{otherEpoch},
		},
		"restarted and empty": {
			steps: []func(*component){func(c *component) { c.add("a", "a") }, func(c *component) { c.restart() }, func(c *component) { c.add("b") }},
			want:  []int{2, 1, 0}, wantLost: []string{otherEpoch},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			component, poller, journal, _ := newTest(t)
			for _, step := range tc.steps {
				step(component)
				if err := poller.Sync(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tc.want, journal.counts("a", "b", "c")); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantLost, journal.lost); diff != "" {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	component, poller, journal, _ := newTest(t)
	component.status = http.StatusForbidden
	if err := poller.Sync(t.Context()); err == nil {
		t.Error("no error")
	}
	if text := journal.err.Error(); !strings.Contains(text, "403 Forbidden: not allowed") || strings.Contains(text, "\n") {
		t.Errorf("error %q", text)
	}
	component.status = 0
	if err := poller.Sync(t.Context()); err != nil || journal.err != nil {
		t.Errorf("errors %v, %v", err, journal.err)
	}
}

func TestAnotherAnswerIsNoPage(t *testing.T) {
	other := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"next":4,"items":[]}`)) })
	poller, journal, _ := newPollerOf(t, &leader{endpoint: serve(t, other)})
	if err := poller.Sync(t.Context()); err == nil || !strings.Contains(journal.err.Error(), "no page of a feed") {
		t.Errorf("errors %v, %v", err, journal.err)
	}
}

// Who waits for a poll under way waits no longer than its context allows.
func TestSyncEndsWithItsContext(t *testing.T) {
	component, poller, journal, _ := newTest(t)
	component.polled = make(chan struct{})
	first := make(chan error)
	go func() { first <- poller.Sync(t.Context()) }()
	waitFor(t, func() bool { return len(poller.polling) == 1 })

	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error)
	go func() { second <- poller.Sync(ctx) }()
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	<-component.polled
	if err := <-first; err != nil || journal.err != nil {
		t.Errorf("errors %v, %v", err, journal.err)
	}
}

// However many ask during a poll, one that begins after it serves them all.
func TestOnePollServesAllWhoWait(t *testing.T) {
	component, poller, _, _ := newTest(t)
	component.polled = make(chan struct{})
	first := make(chan error)
	go func() { first <- poller.Sync(t.Context()) }()
	waitFor(t, func() bool { return len(poller.polling) == 1 })

	var waiting sync.WaitGroup
	var called atomic.Int32
	for range 20 {
		waiting.Go(func() {
			called.Add(1)
			if err := poller.Sync(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	waitFor(t, func() bool { return called.Load() == 20 })
	<-component.polled
	if err := <-first; err != nil {
		t.Error(err)
	}
	polls := 0
	done := make(chan struct{})
	go func() {
		waiting.Wait()
		close(done)
	}()
	for {
		select {
		case <-component.polled:
			polls++
			continue
		case <-done:
		}
		break
	}
	// One who had not begun to wait yet may need another.
	if polls == 0 || polls > 3 {
		t.Errorf("%d polls for 20 who waited", polls)
	}
}

func TestRunPollsLessOftenWhenIdle(t *testing.T) {
	component, poller, _, clock := newTest(t)
	component.polled = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- poller.Run(ctx) }()

	<-component.polled
	for _, interval := range []time.Duration{150, 225, 337, 506, 759, 1000, 1000} {
		waitFor(t, clock.HasWaiters)
		clock.Step((interval + 1) * time.Millisecond)
		<-component.polled
	}
	component.add("a")
	waitFor(t, clock.HasWaiters)
	clock.Step(maxInterval)
	<-component.polled
	waitFor(t, clock.HasWaiters)
	clock.Step(minInterval)
	<-component.polled
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the condition does not become true")
		}
	}
}
