// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"cmp"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

const (
	// maxTraceSpans bounds the spans that are kept of one trace: a create of one
	// object has some twenty.
	maxTraceSpans = 128
	// quiet is how long after the last span of a trace it is kept as it is, though
	// spans are missing from it.
	quiet = time.Second
	// patience is how long a trace waits for the audit log to say that its request
	// is about a recorded resource, and how long it is remembered after that, so
	// that spans which come late find it.
	patience = 15 * time.Second
)

// result says what became of a span.
type result string

const (
	recorded result = "recorded"
	// ignored are those of requests that are not about a recorded resource.
	ignored result = "ignored"
	// malformed are those that no trace can hold.
	malformed result = "malformed"
	// dropped are those that a bound had no room for.
	dropped result = "dropped"
)

// trace holds the spans of one trace that are not in the journal yet.
type trace struct {
	id      string
	spans   []evidence.Span
	omitted int
	// auditID is that of the span that began first of those that have one.
	auditID string
	// since is when that span began.
	since time.Time
	// last is when a span has come last.
	last time.Time
	// object is what the request is about, once the audit log has said so.
	object *evidence.Object
}

// buffer holds traces until it is known what they are about. It is bounded by the
// number of their spans: the trace that has waited the longest makes room.
type buffer struct {
	maxSpans, maxTraces int

	traces map[string]*trace
	// order has the traces in the order of their first span.
	order []*trace
	spans int
	count func(result, int)
}

func newBuffer(maxSpans, maxTraces int, count func(result, int)) *buffer {
	return &buffer{maxSpans: maxSpans, maxTraces: maxTraces, traces: map[string]*trace{}, count: count}
}

// add adds a span to its trace.
func (b *buffer) add(traceID string, span evidence.Span, now time.Time) {
	t := b.traces[traceID]
	if t == nil {
		for len(b.order) >= b.maxTraces {
			b.dropFirst()
		}
		t = &trace{id: traceID}
		b.traces[traceID] = t
		b.order = append(b.order, t)
	}
	t.last = now
	if id := span.Attributes[auditIDKey]; id != "" && (t.auditID == "" || span.Begin.Before(t.since)) {
		t.auditID, t.since = id, span.Begin
	}
	if len(t.spans) >= maxTraceSpans {
		t.omitted++
		b.count(dropped, 1)
		return
	}
	for b.spans >= b.maxSpans && b.order[0] != t {
		b.dropFirst()
	}
	t.spans = append(t.spans, span)
	b.spans++
}

func (b *buffer) dropFirst() {
	b.count(dropped, len(b.order[0].spans))
	b.forget(b.order[0])
	b.order = b.order[1:]
}

func (b *buffer) forget(t *trace) {
	b.spans -= len(t.spans)
	delete(b.traces, t.id)
}

// take takes out the traces that can be recorded: those whose requests the audit
// log has, once they are whole or no span has come for a while. about returns the
// object of a request; false while the audit log does not have its answer. What
// has waited for too long is forgotten.
func (b *buffer) take(now time.Time, about func(auditID string) (evidence.Object, bool)) []evidence.Entry {
	var entries []evidence.Entry
	kept := b.order[:0]
	for _, t := range b.order {
		if t.object == nil && t.auditID != "" {
			if object, ok := about(t.auditID); ok {
				t.object = &object
			}
		}
		if t.object != nil && len(t.spans) > 0 && (whole(t.spans) || now.Sub(t.last) >= quiet) {
			b.spans -= len(t.spans)
			b.count(recorded, len(t.spans))
			entries = append(entries, t.entry())
		}
		if now.Sub(t.last) < patience {
			kept = append(kept, t)
			continue
		}
		b.count(ignored, len(t.spans))
		b.forget(t)
	}
	clear(b.order[len(kept):])
	b.order = kept
	return entries
}

// entry moves the spans of a trace into an entry for the journal.
func (t *trace) entry() evidence.Entry {
	slices.SortStableFunc(t.spans, func(a, b evidence.Span) int { return cmp.Or(a.Begin.Compare(b.Begin), b.End.Compare(a.End)) })
	e := evidence.Entry{
		Source: evidence.SourceSpan, Time: t.spans[0].Begin, Object: *t.object,
		Spans: &evidence.Spans{AuditID: t.auditID, TraceID: t.id, Spans: t.spans, Omitted: t.omitted},
	}
	t.spans, t.omitted = nil, 0
	return e
}

// whole reports whether the API server's span of the whole request is there, and
// etcd's span of each call that the API server made.
func whole(spans []evidence.Span) bool {
	answered := map[string]bool{}
	for i := range spans {
		if spans[i].Service == evidence.ServiceEtcd {
			answered[spans[i].Parent] = true
		}
	}
	served := false
	for i := range spans {
		s := &spans[i]
		served = served || s.Service == evidence.ServiceAPIServer && s.Kind == evidence.SpanServer
		if s.Service == evidence.ServiceAPIServer && s.Kind == evidence.SpanClient && s.Attributes["rpc.method"] != "" && !answered[s.ID] {
			return false
		}
	}
	return served
}
