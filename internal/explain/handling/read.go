// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package handling

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// The steps of the story that parts are told in.
const (
	stepAdmit  = 2
	stepStore  = 3
	stepAnswer = 7
)

// filters are the handlers of k8s.io/apiserver, pkg/server/config.go
// (DefaultBuildHandlerChain), by the names of their spans. Each span lasts until
// the handlers after it are done, so a filter's own time is until the next begins.
var filters = map[string]struct {
	phase       Phase
	label, text string
}{
	"audit":                    {Audit, "audit", "notes for the audit log that the request has come"},
	"impersonation":            {Impersonate, "impersonate", "looks whether the request asks to act as somebody else"},
	"constrainedimpersonation": {Impersonate, "impersonate", "looks whether the request asks to act as somebody else"},
	"priorityandfairness":      {Queue, "queue", "waits for its turn by priority and fairness"},
	"authorization":            {Authorize, "authorize", "asks the authorizers whether the user may do it"},
}

// reader reads a tree.
type reader struct {
	*tree
	Handling
	// writes is true where the request is to change what is stored, and written is
	// when it first did so.
	writes  bool
	written time.Time
}

func (r *reader) read(root *evidence.Span, received time.Time) {
	begin := root.Begin
	if !received.IsZero() && received.Before(begin) {
		begin = received
	}
	r.add(Part{ID: root.ID, Phase: Handle, Label: "handle", Text: "handles " + root.Name, Begin: begin, End: root.End,
		Details: problem(root)}, root)
	r.authentication(root, received)
	span := root
	for span != nil {
		span = r.filter(root, span)
	}
}

// add adds a part that span was measured with.
func (r *reader) add(p Part, span *evidence.Span) {
	p.Server = serverOf(span)
	r.Parts = append(r.Parts, p)
}

// authentication is before the span of the request, which begins once it is known
// who sent it. A span of its own has only whom the API server trusts with what is
// traced; else it is the time from the arrival on, in which little else is done.
func (r *reader) authentication(root *evidence.Span, received time.Time) {
	text := "finds out who sent the request"
	if own := r.byID[root.Parent]; own != nil && own.Name == "authentication" {
		r.add(Part{ID: own.ID, Parent: root.ID, Phase: Authenticate, Step: stepAdmit, Label: "authenticate", Text: text,
			Begin: own.Begin, End: root.Begin, Details: problem(own)}, own)
		return
	}
	if received.IsZero() || !received.Before(root.Begin) {
		return
	}
	r.add(Part{ID: root.ID + "/" + string(Authenticate), Parent: root.ID, Phase: Authenticate, Step: stepAdmit,
		Label: "authenticate", Text: text, Begin: received, End: root.Begin,
		Details: []string{"from the arrival in the audit log until the API server began to trace the request, which it does right after authentication"}}, root)
}

// filter reads what is right below a span: the next filter, which it returns, or
// the handler of the verb.
func (r *reader) filter(root, span *evidence.Span) (next *evidence.Span) {
	for _, child := range r.children[span.ID] {
		f, ok := filters[child.Name]
		if !ok {
			continue
		}
		end := child.End
		if after := r.children[child.ID]; len(after) > 0 {
			end = after[0].Begin
		}
		r.add(Part{ID: child.ID, Parent: root.ID, Phase: f.phase, Step: stepAdmit, Label: f.label, Text: f.text,
			Begin: child.Begin, End: end, Details: problem(child)}, child)
		return child
	}
	for _, child := range r.children[span.ID] {
		if child.Attributes["verb"] != "" {
			r.handler(root, child)
			return nil
		}
	}
	// What answers from the cache of watches has no handler's span.
	for _, child := range r.below(span) {
		r.single(root, child, nil)
	}
	return nil
}

// handler reads the span of the verb's handler: spans below it are parts of their
// own, and the points in time between them are the ends of others.
func (r *reader) handler(root, handler *evidence.Span) {
	verb := handler.Attributes["verb"]
	r.writes = verb != "GET" && verb != "LIST" && verb != "WATCH"
	spans := r.below(handler)
	if i := slices.IndexFunc(spans, func(s *evidence.Span) bool { return isCall(s) && isWrite(s) }); i >= 0 {
		r.written = spans[i].Begin
	}
	for _, s := range r.between(handler, spans) {
		part := Part{
			ID: handler.ID + "/" + string(s.phase), Parent: root.ID, Phase: s.phase, Step: r.stepOf(s.phase, s.begin),
			Label: labels[s.phase].label, Text: labels[s.phase].text, Begin: s.begin, End: s.end,
		}
		for i := 2; slices.ContainsFunc(r.Parts, func(p Part) bool { return p.ID == part.ID }); i++ {
			part.ID = fmt.Sprintf("%s/%s-%d", handler.ID, s.phase, i)
		}
		r.add(part, handler)
	}
	for _, span := range spans {
		r.single(root, span, spans)
	}
}

// labels of the parts that lie between points in time.
var labels = map[Phase]struct{ label, text string }{
	Decode:  {"decode", "reads the body of the request and decodes the object"},
	Load:    {"load", "gets the object that the request is about"},
	Patch:   {"patch", "applies the patch to the object"},
	Admit:   {"admit", "admits, defaults and validates the object, which the API server does not measure apart"},
	Encode:  {"encode", "encodes the object for etcd"},
	Restore: {"restore", "decodes the object that is stored"},
	Respond: {"respond", "encodes the answer and writes it"},
}

// stepOf is the step that tells of a phase. A request that only reads does so for
// its answer, one that writes at first to decide.
func (r *reader) stepOf(phase Phase, begin time.Time) int32 {
	switch phase {
	case Decode, Load, Patch, Admit, Webhook:
		return stepAdmit
	case Encode, Transaction:
		return stepStore
	case Restore, Range:
		switch {
		case r.writes && !r.written.IsZero() && begin.After(r.written):
			return stepStore
		case r.writes:
			return stepAdmit
		}
	}
	return stepAnswer
}

// single adds the part that is a span as a whole, where it is one.
func (r *reader) single(root, span *evidence.Span, all []*evidence.Span) {
	parent := root.ID
	switch {
	case strings.HasSuffix(span.Name, " webhook"):
		name := cmp.Or(span.Attributes["webhook"], "(no name)")
		r.add(Part{ID: span.ID, Parent: r.admitOf(root, span), Phase: Webhook, Step: stepAdmit, Label: "webhook " + name,
			Text: strings.ToLower(span.Name[:1]) + span.Name[1:] + " " + name, Begin: span.Begin, End: span.End,
			Details: append(problem(span), about(span, "configuration", "operation")...)}, span)
	case span.Name == "SerializeObject":
		r.add(Part{ID: span.ID, Parent: parent, Phase: Respond, Step: stepAnswer, Label: labels[Respond].label, Text: labels[Respond].text,
			Begin: span.Begin, End: span.End, Details: append(problem(span), about(span, "mediaType", "size")...)}, span)
	case isCall(span):
		r.call(root, span, all)
	}
}

// admitOf is the part in which a webhook was called.
func (r *reader) admitOf(root, webhook *evidence.Span) string {
	for i := range r.Parts {
		p := &r.Parts[i]
		if p.Phase == Admit && !webhook.Begin.Before(p.Begin) && !webhook.End.After(p.End) {
			return p.ID
		}
	}
	return root.ID
}

// etcdService begins the methods of etcd's keys.
const etcdService = "etcdserverpb.KV/"

func isCall(span *evidence.Span) bool {
	return span.Service == evidence.ServiceAPIServer && span.Kind == evidence.SpanClient && strings.HasPrefix(span.Name, etcdService)
}

func isWrite(call *evidence.Span) bool { return call.Name != etcdService+"Range" }

func (r *reader) call(root, span *evidence.Span, all []*evidence.Span) {
	c := Call{ID: span.ID, Method: strings.TrimPrefix(span.Name, etcdService), SentAt: span.Begin, ReturnedAt: span.End}
	c.Write = isWrite(span)
	for _, s := range all {
		if s.ID == span.Parent {
			c.Key = s.Attributes["key"]
		}
	}
	var parts []Part
	for _, served := range r.children[span.ID] {
		if served.Service != evidence.ServiceEtcd || served.Kind != evidence.SpanServer {
			continue
		}
		c.ReceivedAt, c.AnsweredAt = served.Begin, served.End
		parts = append(parts, r.served(span, served, &c))
	}
	phase, text := Range, "reads from etcd"
	if c.Write {
		phase, text = Transaction, "writes to etcd in one transaction"
	}
	r.add(Part{ID: span.ID, Parent: root.ID, Phase: phase, Step: r.stepOf(phase, span.Begin), Label: c.Method + " of etcd", Text: text,
		Begin: span.Begin, End: span.End, Details: append(problem(span), keyDetail(c.Key)...)}, span)
	for _, part := range parts {
		part.Step, part.Server = r.stepOf(phase, span.Begin), component.Etcd
		r.Parts = append(r.Parts, part)
	}
	r.Calls = append(r.Calls, c)
}

// served is etcd's part of a call. Its own span of the operation says which keys
// it was about, and how long the log of raft took.
func (r *reader) served(call, served *evidence.Span, c *Call) Part {
	p := Part{ID: served.ID, Parent: call.ID, Phase: Apply, Label: "etcd " + c.Method, Text: "carries the call out", Begin: served.Begin, End: served.End,
		Details: problem(served)}
	for _, op := range r.children[served.ID] {
		c.Key = cmp.Or(op.Attributes["success_first_key"], op.Attributes["range_begin"], c.Key)
		c.Write = c.Write && op.Attributes["read_only"] != "true"
		if proposed, applied := eventAt(op, "Send raft proposal"), eventAt(op, "Receive raft result"); !proposed.IsZero() && !applied.IsZero() {
			p.Details = append(p.Details, fmt.Sprintf("agreed on by raft, and applied, within %s", applied.Sub(proposed).Round(time.Microsecond)))
		}
		p.Details = append(p.Details, problem(op)...)
	}
	return p
}

func eventAt(span *evidence.Span, name string) time.Time {
	for _, e := range span.Events {
		if e.Name == name {
			return e.At
		}
	}
	return time.Time{}
}

func keyDetail(key string) []string {
	if key == "" {
		return nil
	}
	return []string{"key: " + key}
}

func problem(span *evidence.Span) []string {
	if span.Error == "" {
		return nil
	}
	return []string{"error: " + span.Error}
}

// about lists attributes of a span that it has.
func about(span *evidence.Span, keys ...string) []string {
	var details []string
	for _, key := range keys {
		if value := span.Attributes[key]; value != "" {
			details = append(details, key+": "+value)
		}
	}
	return details
}
