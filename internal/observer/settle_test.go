// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"slices"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
)

func TestAnswered(t *testing.T) {
	event := func(id, verb, stage string) evidence.Entry {
		return evidence.Entry{Audit: &evidence.Audit{AuditID: id, Verb: verb, Stage: stage}}
	}
	tests := map[string]struct {
		entries []evidence.Entry
		want    bool
	}{
		"nothing":        {nil, true},
		"only received":  {[]evidence.Entry{event("a", "create", "RequestReceived")}, false},
		"answered":       {[]evidence.Entry{event("a", "create", "RequestReceived"), event("a", "create", "ResponseComplete")}, true},
		"out of order":   {[]evidence.Entry{event("a", "create", "ResponseComplete"), event("a", "create", "RequestReceived")}, true},
		"another's end":  {[]evidence.Entry{event("a", "create", "RequestReceived"), event("b", "patch", "ResponseComplete")}, false},
		"panic":          {[]evidence.Entry{event("a", "create", "RequestReceived"), event("a", "create", "Panic")}, true},
		"an open watch":  {[]evidence.Entry{event("w", "watch", "RequestReceived")}, true},
		"other evidence": {[]evidence.Entry{{Etcd: &evidence.Etcd{}}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := answered(test.entries); got != test.want {
				t.Errorf("answered is %v; want %v", got, test.want)
			}
		})
	}
}

// TestAgreeOnRealPods goes through what a Pod's life leaves in the audit log:
// some requests make revisions that their answers do not name.
func TestAgreeOnRealPods(t *testing.T) {
	real := evidence.Object{Resource: "pods", Namespace: "ns", Name: "web", UID: "u-1"}
	state := func(revision int64) evidence.Entry {
		e := stored(int(revision), "u-1", 100, revision)
		e.Object = real
		return e
	}
	gone := func(revision int64) evidence.Entry {
		e := removed(int(revision), "u-1", revision)
		e.Object = real
		return e
	}
	request := func(verb, subresource string, revision int64) evidence.Entry {
		e := audited(1, verb+subresource, verb, 200)
		e.Object, e.Audit.Subresource, e.Revision = real, subresource, revision
		return e
	}
	created := []evidence.Entry{state(100), request("create", "", 100)}
	tests := map[string]struct {
		entries []evidence.Entry
		want    bool
	}{
		"created":                {nil, true},
		"bound, log is late":     {[]evidence.Entry{state(101)}, false},
		"bound":                  {[]evidence.Entry{state(101), request("create", "binding", 0)}, true},
		"status, log is late":    {[]evidence.Entry{state(101), request("create", "binding", 0), state(102)}, false},
		"status":                 {[]evidence.Entry{state(101), request("create", "binding", 0), state(102), request("patch", "status", 102)}, true},
		"evicted, log is late":   {[]evidence.Entry{state(101), state(102)}, false},
		"evicted":                {[]evidence.Entry{state(101), state(102), request("create", "eviction", 0)}, true},
		"removed by the kubelet": {[]evidence.Entry{state(101), gone(102), request("delete", "", 102)}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found := assemble.Selection{Subject: real, Entries: slices.Concat(created, test.entries)}
			if got := newTest().agree(found); got != test.want {
				t.Errorf("agree is %v, want %v", got, test.want)
			}
		})
	}
}

// stuck is a source that answers when its context ends, or never.
type stuck struct{ ever bool }

func (s stuck) Sync(ctx context.Context) error {
	if s.ever {
		select {}
	}
	<-ctx.Done()
	return ctx.Err()
}

// A record takes no longer than the settle timeout, whatever its sources do.
func TestSettleEndsInTime(t *testing.T) {
	for name, change := range map[string]func(*Observer){
		"a component does not answer":       func(o *Observer) { o.pollers = []syncer{stuck{}, stuck{}} },
		"a component does not even give up": func(o *Observer) { o.pollers = []syncer{stuck{ever: true}} },
		"the audit log cannot be read":      func(o *Observer) { o.audit = stuck{ever: true} },
	} {
		t.Run(name, func(t *testing.T) {
			o := newTest(stored(11, "u-1", 100, 100))
			change(o)
			done := make(chan error, 1)
			go func() {
				_, err := o.Record(t.Context(), Query{Object: pod("")})
				done <- err
			}()
			clock := o.clock.(*clocktesting.FakeClock)
			// A timer may be made after a step: what all steps make together counts.
			for total := time.Duration(0); total <= defaultSettleTimeout; total += defaultSettleTimeout / pollFraction {
				select {
				case err := <-done:
					if err != nil {
						t.Error(err)
					}
					return
				default:
					waitFor(t, func() bool { return clock.HasWaiters() || len(done) > 0 })
					clock.Step(defaultSettleTimeout / pollFraction)
				}
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// What is recorded of others does not make a waiter look again.
func TestWaitersLookAtTheirOwnOnly(t *testing.T) {
	o := newTest(stored(11, "u-1", 100, 100))
	watch := fakeSource{since: 50, state: evidence.SourceState{Source: evidence.SourceWatch, Available: true}}
	o.sources, o.watch = []Source{watch}, watch
	finds := 0
	o.sources = append(o.sources, countingSource{watch, &finds})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := o.Record(t.Context(), Query{Object: pod("")}); err != nil {
			t.Error(err)
		}
	}()
	waitFor(t, o.clock.(*clocktesting.FakeClock).HasWaiters)
	for i := range 10_000 {
		other := stored(12, "u-2", 200, int64(200+i))
		other.Object.Name = "other"
		o.journal.Append(other)
	}
	o.journal.Append(watched(12, "u-1", 100))
	<-done
	if finds > 10 {
		t.Errorf("looked %d times at the sources, while 10,000 entries of another object arrived", finds)
	}
}

// countingSource counts how often its state is asked for, which is once for each
// look at whether the sources agree.
type countingSource struct {
	fakeSource
	asked *int
}

func (c countingSource) State() evidence.SourceState {
	*c.asked++
	return c.fakeSource.State()
}

func TestSpansDue(t *testing.T) {
	spansOf := func(id string) evidence.Entry {
		return evidence.Entry{Source: evidence.SourceSpan, Object: pod(""), Spans: &evidence.Spans{AuditID: id}}
	}
	answered := func(second int, id string) evidence.Entry { return audited(second, id, "create", 422) }
	const now = 5000
	tests := map[string]struct {
		entries []evidence.Entry
		missing bool
		want    time.Duration
	}{
		"answered just now":          {entries: []evidence.Entry{answered(now, "a")}, want: spansDelay},
		"answered a while ago":       {entries: []evidence.Entry{answered(now-1, "a")}, want: spansDelay - time.Second},
		"the spans are there":        {entries: []evidence.Entry{answered(now, "a"), spansOf("a")}},
		"those of another request":   {entries: []evidence.Entry{answered(now, "a"), spansOf("b")}, want: spansDelay},
		"another request's are due":  {entries: []evidence.Entry{answered(now, "b")}},
		"there is no such source":    {entries: []evidence.Entry{answered(now, "a")}, missing: true},
		"no request is known at all": {},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := newTest()
			if !test.missing {
				o.spans = fakeSource{state: evidence.SourceState{Source: evidence.SourceSpan, Available: true}}
			}
			if got := o.spansDue(assemble.Selection{AuditID: "a", Entries: test.entries}); got != test.want {
				t.Errorf("spans are due in %s, want %s", got, test.want)
			}
		})
	}
}
