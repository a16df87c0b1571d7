// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package handling reads from server spans how a request was handled: how long
// authentication, authorization, admission, the transaction in etcd and the answer
// took. Names of spans and events are those of k8s.io/apiserver 0.37 and etcd 3.7;
// what another version calls otherwise has no part of its own. It is pure.
package handling

import (
	"cmp"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// Phase says what a part of the handling was for.
type Phase string

// The phases, in the order in which a write goes through them.
const (
	// Handle is the whole of it.
	Handle       Phase = "handle"
	Authenticate Phase = "authenticate"
	Audit        Phase = "audit"
	Impersonate  Phase = "impersonate"
	// Queue is priority and fairness.
	Queue     Phase = "queue"
	Authorize Phase = "authorize"
	// Decode reads the body of the request, and converts the object.
	Decode Phase = "decode"
	// Load reads the object that a request is about from where it is stored.
	Load Phase = "load"
	// Patch applies the patch of a request to the object.
	Patch Phase = "patch"
	// Admit is admission, defaulting and validation: the API server does not
	// measure them apart, but for Webhook, which lies within.
	Admit   Phase = "admit"
	Webhook Phase = "webhook"
	// Encode makes of the object what is stored.
	Encode Phase = "encode"
	// Transaction is a write to etcd as the API server saw it, Range a read.
	Transaction Phase = "transaction"
	Range       Phase = "range"
	// Apply is etcd's part of either.
	Apply Phase = "apply"
	// Restore makes of what is stored the object again.
	Restore Phase = "restore"
	// Respond encodes the answer and writes it.
	Respond Phase = "respond"
)

// Part is a part of how one request was handled. Parts are ordered by when they
// began, each after its parent.
type Part struct {
	// ID is unique among the parts of a request. It is that of the span, or begins
	// with it where the part lies between two points in time of that span.
	ID string
	// Parent is the ID of the part that this one is a part of; empty for Handle.
	Parent string
	Phase  Phase
	// Server that did it: component.APIServer or component.Etcd.
	Server string
	// Step of the story that tells of it: 2, 3 or 7; 0 for Handle.
	Step int32
	// Label is short, Text a sentence without its end.
	Label, Text string
	Begin, End  time.Time
	Details     []string
}

// Duration is how long it took.
func (p *Part) Duration() time.Duration { return p.End.Sub(p.Begin) }

// Call is a call of etcd by the API server. Times that no span has are zero.
type Call struct {
	// ID is that of its part.
	ID string
	// Write is false where it only reads.
	Write bool
	// Method of etcd's API, such as Txn, and Key that it is about.
	Method, Key string
	// SentAt and ReturnedAt by the API server's clock, ReceivedAt and AnsweredAt by
	// etcd's.
	SentAt, ReceivedAt, AnsweredAt, ReturnedAt time.Time
}

// Handling is how one request was handled.
type Handling struct {
	AuditID string
	// TraceID of the spans.
	TraceID string
	Parts   []Part
	// Calls of etcd in the order in which they were sent.
	Calls []Call
	// Omitted is how many spans were left out because the trace had too many.
	Omitted int
}

// Writes are the writes to etcd, in the order in which they were sent.
func (h *Handling) Writes() []Call {
	if h == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(h.Calls), func(c Call) bool { return !c.Write })
}

// Write is the last write to etcd; nil where none is known.
func (h *Handling) Write() *Call {
	writes := h.Writes()
	if len(writes) == 0 {
		return nil
	}
	return &writes[len(writes)-1]
}

// End is when the last part was done that a step tells of; zero where none is known.
func (h *Handling) End(step int32) (end time.Time) {
	if h == nil {
		return end
	}
	for _, p := range h.Parts {
		if p.Step == step && p.End.After(end) {
			end = p.End
		}
	}
	return end
}

// Took is how long all parts of a phase took together; false where there are none.
func (h *Handling) Took(phase Phase) (sum time.Duration, ok bool) {
	if h == nil {
		return 0, false
	}
	for i := range h.Parts {
		if p := &h.Parts[i]; p.Phase == phase {
			sum, ok = sum+p.Duration(), true
		}
	}
	return sum, ok
}

// Of reads how a request was handled that arrived at a time by the audit log (zero
// where that is not known). It is nil where the span of the whole request is
// missing: nothing says then what the others are parts of.
func Of(received time.Time, recorded []*evidence.Spans) *Handling {
	t := newTree(recorded)
	root := t.root()
	if root == nil {
		return nil
	}
	r := &reader{tree: t, Handling: Handling{AuditID: recorded[0].AuditID, TraceID: recorded[0].TraceID}}
	for _, s := range recorded {
		r.Omitted += s.Omitted
	}
	r.read(root, received)
	slices.SortStableFunc(r.Parts, func(a, b Part) int { return cmp.Or(a.Begin.Compare(b.Begin), b.End.Compare(a.End)) })
	slices.SortStableFunc(r.Calls, func(a, b Call) int { return a.SentAt.Compare(b.SentAt) })
	return &r.Handling
}

// tree is the spans of a trace by their parents.
type tree struct {
	spans    []*evidence.Span
	byID     map[string]*evidence.Span
	children map[string][]*evidence.Span
}

func newTree(recorded []*evidence.Spans) *tree {
	t := &tree{byID: map[string]*evidence.Span{}, children: map[string][]*evidence.Span{}}
	for _, s := range recorded {
		for i := range s.Spans {
			if span := &s.Spans[i]; t.byID[span.ID] == nil {
				t.byID[span.ID] = span
				t.spans = append(t.spans, span)
			}
		}
	}
	slices.SortStableFunc(t.spans, func(a, b *evidence.Span) int {
		return cmp.Or(a.Begin.Compare(b.Begin), b.End.Compare(a.End), cmp.Compare(a.ID, b.ID))
	})
	for _, span := range t.spans {
		t.children[span.Parent] = append(t.children[span.Parent], span)
	}
	return t
}

// root is the API server's span of the request; where the API server sent itself
// further ones to carry it out, of the first.
func (t *tree) root() *evidence.Span {
	for _, span := range t.spans {
		if span.Service == evidence.ServiceAPIServer && span.Kind == evidence.SpanServer {
			return span
		}
	}
	return nil
}

// below yields the spans below one, but not those of requests that the API server
// sent to itself.
func (t *tree) below(span *evidence.Span) []*evidence.Span {
	var all []*evidence.Span
	for _, child := range t.children[span.ID] {
		if child.Service == evidence.ServiceAPIServer && child.Kind == evidence.SpanServer {
			continue
		}
		all = append(append(all, child), t.below(child)...)
	}
	return all
}

func serverOf(span *evidence.Span) string {
	if span.Service == evidence.ServiceEtcd {
		return component.Etcd
	}
	return component.APIServer
}
