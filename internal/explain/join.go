// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

// revisionsOf gathers what the sources say of each revision and joins each with
// the request that made it, in the order of the revisions.
func (f *facts) revisionsOf(entries []evidence.Entry) []*revision {
	byNumber := map[int64]*revision{}
	at := func(number int64) *revision {
		if byNumber[number] == nil {
			byNumber[number] = &revision{number: number}
		}
		return byNumber[number]
	}
	for i := range entries {
		addEntry(at, &entries[i])
	}
	for _, r := range f.writes() {
		if r.ResponseRevision > 0 {
			joinExactly(at(r.ResponseRevision), r)
		}
	}
	numbers := slices.Sorted(maps.Keys(byNumber))
	revisions := make([]*revision, 0, len(numbers))
	for _, n := range numbers {
		revisions = append(revisions, byNumber[n])
	}
	return revisions
}

// addEntry files an entry under its revision. An event of etcd's watch is kept
// before a read of the same revision: it has a time.
func addEntry(at func(int64) *revision, e *evidence.Entry) {
	switch {
	case e.Etcd != nil && e.Etcd.ModRevision > 0:
		if r := at(e.Etcd.ModRevision); r.etcd == nil || r.etcd.Etcd.Read && !e.Etcd.Read {
			r.etcd = e
		}
	case e.Watch != nil && e.Revision > 0:
		if r := at(e.Revision); r.watch == nil || r.watch.Watch.Initial {
			r.watch = e
		}
	case e.Decision != nil && e.Decision.Bind != nil:
		if n := number(e.Decision.Bind.ResourceVersion); n > 0 {
			at(n).decision = e
		}
	case e.Transition != nil:
		if n := number(e.Transition.ResourceVersion); n > 0 {
			at(n).transition = e
		}
	}
}

// joinExactly joins on the revision in the response. A write that changes
// nothing is answered with the revision that was there before, so the first
// request that was answered with a revision is the one that made it.
func joinExactly(r *revision, write *assemble.Request) {
	if r.write == nil || write.AnsweredAt().Before(r.write.AnsweredAt()) {
		r.write, r.exact = write, true
	}
}

// joinRest joins the revisions that no response names, because the audit level
// keeps no responses or the response has no object: by object, verb, user agent
// and time.
func (f *facts) joinRest() {
	used := map[*assemble.Request]bool{}
	for _, r := range f.revisions {
		used[r.write] = true
	}
	for _, r := range f.revisions {
		if r.write != nil {
			continue
		}
		if write := f.nearest(r, used); write != nil {
			r.write = write
			used[write] = true
		}
	}
	if f.rules.Graceful {
		f.joinSteps()
	}
}

// joinSteps joins the other revisions of a request that made more than one: an
// eviction sets the condition DisruptionTarget first, and a delete stores that
// the object ends before it removes it, which it does at once where there is no
// grace period (k8s.io/kubernetes/pkg/registry/core/pod/storage.EvictionREST,
// k8s.io/apiserver/pkg/registry/generic/registry.Store.Delete).
func (f *facts) joinSteps() {
	ending := func(r *revision) bool { return r.write != nil && f.rules.Ends(&r.write.Audit) }
	for i, r := range f.revisions[min(1, len(f.revisions)):] {
		if before := f.revisions[i]; r.write == nil && r.isRemoval() && ending(before) && before.state.endsAtOnce() {
			r.write = before.write
		}
	}
	for i := len(f.revisions) - 2; i >= 0; i-- {
		r, after := f.revisions[i], f.revisions[i+1]
		if seen, _ := r.seenAt(); r.write == nil && ending(after) && !seen.IsZero() && !seen.Before(after.write.ReceivedAt) {
			r.write = after.write
		}
	}
}

// nearest finds the unused write that could have made the revision and was
// answered nearest to when the revision was seen. None is taken that the
// managedFields contradict, or that arrived only after the revision was seen.
func (f *facts) nearest(r *revision, used map[*assemble.Request]bool) *assemble.Request {
	seen, _ := r.seenAt()
	var best *assemble.Request
	for _, w := range f.writes() {
		if used[w] || !f.rules.Allows(r.kind, &w.Audit) || !r.sameAuthor(w) || !r.mayBeUnnamed(w) {
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
func (r *revision) mayBeUnnamed(w *assemble.Request) bool {
	return w.ResponseRevision == 0 || r.kind == followed.Remove && w.ResponseRevision < r.number
}

// sameAuthor reports whether what is known of the revision's author allows the
// request to be the one that made it.
func (r *revision) sameAuthor(w *assemble.Request) bool {
	sender := w.Component()
	switch {
	case r.transition != nil:
		return sender == "" || sender == component.Manager
	case r.decision != nil:
		return sender == "" || sender == component.Scheduler
	case r.manager != nil && sender != "":
		return r.manager.component() == sender
	}
	return true
}

func distance(w *assemble.Request, t time.Time) time.Duration { return w.AnsweredAt().Sub(t).Abs() }

// writes are the successful writes to the object.
func (f *facts) writes() []*assemble.Request {
	var writes []*assemble.Request
	for _, r := range f.requests {
		if r.Writes() && r.Succeeded() && f.own(r) {
			writes = append(writes, r)
		}
	}
	return writes
}

// own reports whether a request is about this object rather than about another
// one that had the name before or after it.
func (f *facts) own(r *assemble.Request) bool {
	uid := cmp.Or(r.ResponseUID, r.Object.UID)
	if uid != "" && f.uid != "" {
		return uid == f.uid
	}
	return f.create == nil || !r.ReceivedAt.Before(f.create.ReceivedAt)
}

// number reads a resourceVersion as an etcd revision; 0 where it is none.
func number(resourceVersion string) int64 {
	n, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
