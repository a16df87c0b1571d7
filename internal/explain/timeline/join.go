// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package timeline

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

// gather collects what the sources say of each revision, in the order of the
// revisions. A revision that only an answer names counts where no entry of etcd
// or a watch shows that the answer is about an older one.
func (t *Timeline) gather(entries []evidence.Entry) []*Revision {
	byNumber := map[int64]*Revision{}
	at := func(number int64) *Revision {
		if byNumber[number] == nil {
			byNumber[number] = &Revision{Number: number}
		}
		return byNumber[number]
	}
	for i := range entries {
		addEntry(at, &entries[i])
	}
	for _, r := range t.Writes() {
		if r.ResponseRevision > 0 {
			revision := at(r.ResponseRevision)
			revision.answers = append(revision.answers, r)
		}
	}
	revisions := make([]*Revision, 0, len(byNumber))
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		r := byNumber[n]
		slices.SortStableFunc(r.answers, func(a, b *assemble.Request) int { return a.AnsweredAt().Compare(b.AnsweredAt()) })
		revisions = append(revisions, r)
	}
	return revisions
}

// addEntry files an entry under its revision. An event of etcd's watch is kept
// before a read of the same revision: it has a time.
func addEntry(at func(int64) *Revision, e *evidence.Entry) {
	switch {
	case e.Etcd != nil && e.Etcd.ModRevision > 0:
		if r := at(e.Etcd.ModRevision); r.Etcd == nil || r.Etcd.Etcd.Read && !e.Etcd.Read {
			r.Etcd = e
		}
	case e.Watch != nil && e.Revision > 0:
		if r := at(e.Revision); r.Watch == nil || r.Watch.Watch.Initial {
			r.Watch = e
		}
	case e.Decision != nil && e.Decision.Bind != nil:
		if n := Number(e.Decision.Bind.ResourceVersion); n > 0 {
			at(n).Decision = e
		}
	case e.Transition != nil && MadeBy(e) > 0:
		at(MadeBy(e)).Transition = e
	}
}

// MadeBy is the revision that the kubelet's write made by its own words; 0 for
// none. A write that takes the last finalizer off removes the object, and is
// answered with the state before: the version that it started from is none that
// it made.
func MadeBy(transition *evidence.Entry) int64 {
	t := transition.Transition
	if t.ResourceVersion == t.ObservedResourceVersion {
		return 0
	}
	return Number(t.ResourceVersion)
}

// addRelease files the transition with which the kubelet let the object go under
// the revision that removed it: the one that started from the last state and
// names no revision of its own.
func (t *Timeline) addRelease(r *Revision) {
	if !r.IsRemoval() || r.before == nil || r.Transition != nil {
		return
	}
	for _, e := range t.Transitions {
		from := Number(e.Transition.ObservedResourceVersion)
		if from == r.before.Number && e.Transition.Error == "" && MadeBy(e) == 0 {
			r.Transition = e
		}
	}
}

// join finds the request that made each revision. A request that names the
// revision in its answer is joined exactly, if it can have made it; what no
// answer names is joined by object, verb, user agent and time. No request is
// joined twice, but for one that makes several revisions.
func (t *Timeline) join() {
	used := map[*assemble.Request]bool{}
	for _, r := range t.Revisions {
		r.Write, r.Exact = nil, false
		if write := t.named(r, used); write != nil {
			r.Write, r.Exact = write, true
			used[write] = true
		}
	}
	for _, r := range t.Revisions {
		if r.Write != nil {
			continue
		}
		if write := t.nearest(r, used); write != nil {
			r.Write = write
			used[write] = true
		}
	}
	if t.Resource.Graceful {
		t.joinSteps()
	}
}

// named is the request that was answered with the revision and can have made it.
// A write that changes nothing is answered with the revision that was there
// before, so of several the first one counts.
func (t *Timeline) named(r *Revision, used map[*assemble.Request]bool) *assemble.Request {
	for _, fits := range []func(*assemble.Request) bool{r.sameAuthor, func(*assemble.Request) bool { return r.Transition == nil && r.Decision == nil }} {
		for _, write := range r.answers {
			if !used[write] && t.couldMake(r, write) && fits(write) {
				return write
			}
		}
	}
	return nil
}

// couldMake reports whether a request can have made the revision: its kind is
// one that the request can make, and the state that the request started from is
// an older one.
func (t *Timeline) couldMake(r *Revision, w *assemble.Request) bool {
	switch {
	case !t.Resource.Allows(r.Kind, &w.Audit) && !t.hastens(r, w):
		return false
	case r.Kind == followed.Create:
		return w.Creates()
	case w.Verb == "deletecollection" && !selects(w, r.before):
		return false
	case w.Creates(), basedOn(w) >= r.Number:
		return false
	case r.Kind == followed.Remove:
		return t.couldRemove(r, w)
	}
	return !contradicts(w, r)
}

// hastens reports whether a request can have shortened the time that an object
// which ends gracefully has left: a second delete does.
func (t *Timeline) hastens(r *Revision, w *assemble.Request) bool {
	return t.Resource.Graceful && r.Kind == followed.Change && r.before != nil && r.before.State.Marked && t.Resource.Ends(&w.Audit)
}

// couldRemove reports whether a request can have removed the object as it was.
// While finalizers keep it, only the change that takes the last one off can, and
// that is answered with the object as it was before; else only a delete can.
func (t *Timeline) couldRemove(r *Revision, w *assemble.Request) bool {
	if w.ResponseRevision > r.Number {
		return false
	}
	before := r.before
	if before == nil || before.State.Object == nil {
		return true
	}
	kept := before.State.Marked && len(before.State.Object.Metadata.Finalizers) > 0
	if t.Resource.Graceful && !kept {
		return true
	}
	return kept != t.Resource.Ends(&w.Audit)
}

// contradicts reports whether the answer to a request shows another state than
// the one that is stored at the revision. The answer to a change that takes the
// last finalizer off names the revision before, but shows what never was stored.
func contradicts(w *assemble.Request, r *Revision) bool {
	answer, stored := Decode(w.ResponseObject), r.stored()
	if answer == nil || answer.IsStatus() || stored == nil || w.ResponseRevision != r.Number || w.Subresource == "scale" {
		return false
	}
	return (answer.Metadata.DeletionTimestamp != nil) != (stored.Metadata.DeletionTimestamp != nil) ||
		!slices.Equal(answer.Metadata.Finalizers, stored.Metadata.Finalizers)
}

// basedOn is the revision that a request asked the object to be at; 0 where it
// asked for none.
func basedOn(w *assemble.Request) int64 { return Number(Precondition(w)) }

// Precondition is the resourceVersion that a write asked for: the API server
// refuses it with 409 where the object has moved on. It is empty for none.
func Precondition(w *assemble.Request) string {
	if w == nil || w.Verb == "create" {
		return ""
	}
	if o := Decode(w.RequestObject); o != nil {
		return o.Metadata.ResourceVersion
	}
	return ""
}

// joinSteps joins the other revisions of a request that made more than one: an
// eviction sets the condition DisruptionTarget first, and a delete stores that
// the object ends before it removes it, which it does at once where there is no
// grace period (k8s.io/kubernetes/pkg/registry/core/pod/storage.EvictionREST,
// k8s.io/apiserver/pkg/registry/generic/registry.Store.Delete).
func (t *Timeline) joinSteps() {
	ending := func(r *Revision) bool { return r.Write != nil && t.Resource.Ends(&r.Write.Audit) }
	for i, r := range t.Revisions[min(1, len(t.Revisions)):] {
		if before := t.Revisions[i]; r.Write == nil && r.IsRemoval() && ending(before) && before.State.EndsAtOnce() {
			r.Write = before.Write
		}
	}
	for i := len(t.Revisions) - 2; i >= 0; i-- {
		r, after := t.Revisions[i], t.Revisions[i+1]
		if seen, _ := r.SeenAt(); r.Write == nil && ending(after) && r.beginsEnd(after.Write) && !seen.IsZero() && !seen.Before(after.Write.ReceivedAt) {
			r.Write = after.Write
		}
	}
}

// beginsEnd reports whether the revision can be what a request that ends the
// object stored first. What another component wrote while the request was under
// way, such as a bind, is not.
func (r *Revision) beginsEnd(w *assemble.Request) bool {
	o := r.State.Object
	return o == nil || r.State.Marked || w.Subresource == "eviction" && o.Condition("DisruptionTarget") != nil
}

// nearest finds the unused write that could have made the revision and was
// answered nearest to when the revision was seen. None is taken that the
// managedFields contradict, or that arrived only after the revision was seen.
func (t *Timeline) nearest(r *Revision, used map[*assemble.Request]bool) *assemble.Request {
	seen, _ := r.SeenAt()
	var best *assemble.Request
	for _, w := range t.Writes() {
		if used[w] || !t.couldMake(r, w) || !r.sameAuthor(w) || !r.mayBeUnnamed(w) {
			continue
		}
		if !seen.IsZero() && w.ReceivedAt.After(seen) {
			continue
		}
		if best == nil || !seen.IsZero() && distance(w, seen) < distance(best, seen) {
			best = w
		}
	}
	return best
}

// mayBeUnnamed reports whether the response to a write can be silent about the
// revision that it made. A write that removes the last finalizer removes the
// object and is answered with the object as it was before.
func (r *Revision) mayBeUnnamed(w *assemble.Request) bool {
	return w.ResponseRevision == 0 || r.Kind == followed.Remove && w.ResponseRevision < r.Number
}

// sameAuthor reports whether what is known of the revision's author allows the
// request to be the one that made it.
func (r *Revision) sameAuthor(w *assemble.Request) bool {
	by := w.Component()
	switch {
	case r.Transition != nil:
		return by == "" || by == component.Manager
	case r.Decision != nil:
		return by == "" || by == component.Scheduler
	case r.Manager != nil && by != "":
		return r.Manager.component() == by
	}
	return true
}

func distance(w *assemble.Request, at time.Time) time.Duration { return w.AnsweredAt().Sub(at).Abs() }

// Writes are the writes to the object that can have changed it.
func (t *Timeline) Writes() []*assemble.Request {
	var writes []*assemble.Request
	for _, r := range t.Requests {
		if r.MayHaveWritten() && t.own(r) {
			writes = append(writes, r)
		}
	}
	return writes
}

// own reports whether a request is about this object rather than about another
// one that had the name before or after it.
func (t *Timeline) own(r *assemble.Request) bool {
	if uid := r.UID(); uid != "" && t.UID != "" {
		return uid == t.UID
	}
	created := t.created()
	return created == nil || !r.ReceivedAt.Before(created.ReceivedAt)
}

// Number reads a resourceVersion as an etcd revision; 0 where it is none.
func Number(resourceVersion string) int64 {
	n, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
