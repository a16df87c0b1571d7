// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package timeline joins what the sources say of one object: each revision of
// its key with the request, the decision and the transition that made it, and
// the state that the object had then. It says what was, not what it means. It is
// pure, and the order of the entries changes nothing.
package timeline

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/followed"
)

// Timeline is what a record says, in order.
type Timeline struct {
	// Record that it was made from, with the sources that are silent about the
	// resource said to be so.
	Record evidence.Record
	// Resource of the object.
	Resource followed.Resource
	// UID of the object; empty where none was made or no source has it.
	UID types.UID

	// Requests to the API server about the object or its name.
	Requests []*assemble.Request
	// Asked is the request that the record is about: the one of its audit ID, else
	// the one that created the object. It is nil where no audit log has it.
	Asked *assemble.Request
	// Revisions of the object, ascending; none where a create was refused.
	Revisions []*Revision
	// Others are revisions of the key that are of another object of the name.
	Others []*Revision
	// Absent are reads of etcd that found nothing under the key.
	Absent []*evidence.Entry
	// Decisions of the scheduler on the object, by attempt.
	Decisions []*evidence.Entry
	// Transitions that the simulated kubelet made of the object.
	Transitions []*evidence.Entry
	// Clients are what clients of ours say of their requests.
	Clients []*evidence.Entry
	// Spans are what servers measured of requests.
	Spans []*evidence.Spans
}

// Of makes the timeline of a record.
func Of(record evidence.Record) *Timeline {
	t := &Timeline{Record: record, Resource: followed.Of(record.Subject), UID: record.Subject.UID}
	t.Record.Sources = t.Resource.Speaking(record.Sources)
	entries := slices.Clone(record.Entries)
	slices.SortStableFunc(entries, inOrder)
	t.Requests = assemble.Requests(entries)
	t.findAsked()
	t.file(entries)
	if t.nothingMade() {
		// What is recorded of the name is about an object of another request.
		t.Decisions, t.Transitions = nil, nil
	} else {
		t.UID = cmp.Or(t.UID, t.createdUID())
	}
	t.split(t.gather(entries))
	t.settle()
	t.measure()
	return t
}

// inOrder orders entries by when they happened, so that an explanation does not
// depend on the order in which they arrived.
func inOrder(a, b evidence.Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Sequence, b.Sequence),
		cmp.Compare(a.Source, b.Source))
}

// findAsked finds the request that the record is about.
func (t *Timeline) findAsked() {
	for _, r := range t.Requests {
		switch {
		case t.Record.AuditID != "":
			if r.AuditID == t.Record.AuditID {
				t.Asked = r
				return
			}
		case !r.Creates():
		case t.UID != "" && r.ResponseUID == t.UID:
			t.Asked = r
			return
		case t.UID == "" || r.ResponseUID == "" && !r.Refused():
			// Without a UID the last one counts: it is the one just tried.
			t.Asked = r
		}
	}
}

// nothingMade reports whether the request was to make an object, and made none:
// what has the name is another one.
func (t *Timeline) nothingMade() bool {
	r := t.Asked
	return r != nil && (r.Refused() || r.DryRun()) && (r.AsksToCreate() || t.UID == "")
}

// created is the request that made the object; nil where it is not known.
func (t *Timeline) created() *assemble.Request {
	if t.Asked != nil && t.Asked.Creates() {
		return t.Asked
	}
	for _, r := range t.Requests {
		if r.Creates() && r.Succeeded() && t.UID != "" && r.ResponseUID == t.UID {
			return r
		}
	}
	return nil
}

func (t *Timeline) createdUID() types.UID {
	if t.Asked == nil {
		return ""
	}
	return t.Asked.UID()
}

// file files the entries that are not about a revision.
func (t *Timeline) file(entries []evidence.Entry) {
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Client != nil:
			t.Clients = append(t.Clients, e)
		case e.Spans != nil:
			t.Spans = append(t.Spans, e.Spans)
		case e.Etcd != nil && e.Etcd.ModRevision == 0 && e.Etcd.Unavailable == "":
			t.Absent = append(t.Absent, e)
		case e.Decision != nil && sameUID(t.UID, e.Decision.Pod.UID):
			t.Decisions = append(t.Decisions, e)
		case e.Transition != nil && sameUID(t.UID, e.Transition.UID):
			t.Transitions = append(t.Transitions, e)
		}
	}
	slices.SortStableFunc(t.Decisions, func(a, b *evidence.Entry) int {
		return cmp.Or(cmp.Compare(a.Decision.Attempt, b.Decision.Attempt), a.Decision.DecidedAt.Compare(b.Decision.DecidedAt))
	})
}

func sameUID(a, b types.UID) bool { return a == "" || b == "" || a == b }

// split parts the revisions of this object from those of others that had the
// same name.
func (t *Timeline) split(revisions []*Revision) {
	if t.nothingMade() {
		t.Others = revisions
		return
	}
	if t.UID == "" && len(revisions) > 0 {
		t.UID = lastUID(revisions)
	}
	ended := false
	for _, r := range revisions {
		if ended || !t.mine(r) {
			t.Others = append(t.Others, r)
			continue
		}
		t.Revisions = append(t.Revisions, r)
		ended = r.IsRemoval()
	}
}

// mine reports whether a revision is one of this object. What does not say
// whose it is belongs to the object if it is not older than its creation.
func (t *Timeline) mine(r *Revision) bool {
	if uid := uidOf(r); uid != "" && t.UID != "" {
		return uid == t.UID
	}
	created := t.created()
	return created == nil || created.ResponseRevision == 0 || r.Number >= created.ResponseRevision
}

func uidOf(r *Revision) types.UID {
	if value, _ := r.best(); value != nil {
		if o := Decode(value); !o.IsStatus() && o.Metadata.UID != "" {
			return o.Metadata.UID
		}
	}
	for _, e := range []*evidence.Entry{r.Etcd, r.Watch} {
		if e != nil && e.Object.UID != "" {
			return e.Object.UID
		}
	}
	switch {
	case r.Transition != nil:
		return r.Transition.Transition.UID
	case r.Decision != nil:
		return r.Decision.Decision.Pod.UID
	}
	return ""
}

func lastUID(revisions []*Revision) types.UID {
	for _, r := range slices.Backward(revisions) {
		if uid := uidOf(r); uid != "" {
			return uid
		}
	}
	return ""
}

// settle derives states in order, and joins each revision with its request once
// it is known what kind of write made it. A response may make a value known in
// turn.
func (t *Timeline) settle() {
	for _, r := range t.Others {
		r.settle(nil)
	}
	for range 2 {
		var before *Revision
		for _, r := range t.Revisions {
			r.settle(before)
			t.addRelease(r)
			before = r
		}
		t.join()
	}
	t.ascend()
}

// At is the state of the object as it was at a revision of etcd: the newest
// revision that is not later; nil where there was none yet.
func (t *Timeline) At(revision int64) *Revision {
	var found *Revision
	for _, r := range t.Revisions {
		if r.Number <= revision {
			found = r
		}
	}
	return found
}

// Exactly is the revision with the number; nil where the object has none.
func (t *Timeline) Exactly(number int64) *Revision {
	if r := t.At(number); r != nil && number > 0 && r.Number == number {
		return r
	}
	return nil
}

// Before is the revision before another one; nil where none is recorded.
func (t *Timeline) Before(r *Revision) *Revision {
	if i := slices.Index(t.Revisions, r); i > 0 {
		return t.Revisions[i-1]
	}
	return nil
}

// Until is the timeline as far as it had come at a revision: what happened later
// is left out. The request that the record is about is kept.
func (t *Timeline) Until(revision int64) *Timeline {
	cut := *t
	last := t.At(revision)
	if last == nil || last == t.Last() {
		return &cut
	}
	cut.Revisions = t.Revisions[:slices.Index(t.Revisions, last)+1]
	later := func(version string) bool { return Number(version) > revision }
	cut.Decisions = without(t.Decisions, func(e *evidence.Entry) bool {
		d := e.Decision
		return later(d.Pod.ResourceVersion) || d.Bind != nil && later(d.Bind.ResourceVersion)
	})
	cut.Transitions = without(t.Transitions, func(e *evidence.Entry) bool {
		return later(e.Transition.ResourceVersion) || later(e.Transition.ObservedResourceVersion)
	})
	next := t.Revisions[len(cut.Revisions)]
	at, _ := next.SeenAt()
	cut.Requests = without(t.Requests, func(r *assemble.Request) bool {
		return r != t.Asked && (r == next.Write || !at.IsZero() && r.ReceivedAt.After(at))
	})
	return &cut
}

func without[T any](list []T, drop func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// Last is the newest revision; nil where there is none.
func (t *Timeline) Last() *Revision {
	if len(t.Revisions) == 0 {
		return nil
	}
	return t.Revisions[len(t.Revisions)-1]
}

// Handling is how the API server and etcd handled a request; nil where no spans of
// it are recorded.
func (t *Timeline) Handling(auditID string) *handling.Handling {
	var received time.Time
	for _, r := range t.Requests {
		if r.AuditID == auditID {
			received = r.ReceivedAt
		}
	}
	var spans []*evidence.Spans
	for _, s := range t.Spans {
		if s.AuditID == auditID {
			spans = append(spans, s)
		}
	}
	if len(spans) == 0 {
		return nil
	}
	return handling.Of(received, spans)
}

// measure finds the call of etcd that made each revision. Where a request made
// several calls, the last ones made its revisions; where spans are missing, or more
// revisions were made than written, it is not known which made which.
func (t *Timeline) measure() {
	made := map[*assemble.Request][]*Revision{}
	for _, r := range t.Revisions {
		if r.Write != nil && len(t.Spans) > 0 {
			made[r.Write] = append(made[r.Write], r)
		}
	}
	for request, revisions := range made {
		writes := t.Handling(request.AuditID).Writes()
		if len(revisions) == 1 && len(writes) > 0 || len(revisions) == len(writes) {
			for i, r := range revisions {
				r.Call = &writes[len(writes)-len(revisions)+i]
			}
		}
	}
}

// Source returns the state of a source; false where the record does not name it.
func (t *Timeline) Source(s evidence.Source) (evidence.SourceState, bool) {
	for _, state := range t.Record.Sources {
		if state.Source == s {
			return state, true
		}
	}
	return evidence.SourceState{}, false
}

// Available reports whether a source can be read.
func (t *Timeline) Available(s evidence.Source) bool {
	state, named := t.Source(s)
	return named && state.Available
}

// Missing says why there is nothing from a source.
func (t *Timeline) Missing(s evidence.Source, what string) string {
	state, named := t.Source(s)
	switch {
	case named && !state.Available:
		return "not available: source " + string(s) + ": " + cmp.Or(prose.Clip(state.Reason, prose.MaxLine), "it cannot be read")
	case t.Record.Dropped > 0:
		// How many is no part of the text: it changes as others are recorded.
		return "not available: source " + string(s) + " has no " + what + "; the journal has dropped older entries"
	}
	return "not available: source " + string(s) + " has no " + what
}
