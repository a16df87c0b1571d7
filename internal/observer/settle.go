// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

const (
	// defaultSettleTimeout bounds how long a record waits for its sources.
	defaultSettleTimeout = 2 * time.Second
	// pollFraction is the part of it that is left for asking the components, which
	// is done last: what they tell of a revision they tell after it was written.
	pollFraction = 4
	// spansDelay is how long after the answer to a request its spans may come: API
	// server and etcd send them in batches.
	spansDelay = 500 * time.Millisecond
)

const auditStageReceived = string(auditv1.StageRequestReceived)

// settle reads what can be read now and waits until every source has each
// revision that another one has. A source that is not available, or began after
// the revision, is not waited for. It takes no longer than the settle timeout,
// whatever the sources do.
func (o *Observer) settle(ctx context.Context, query Query) {
	ctx, cancel := o.withTimeout(ctx, o.settleTimeout)
	defer cancel()
	o.agreeing(ctx, query)
	inTime(ctx, func() {
		var group sync.WaitGroup
		for _, poller := range o.pollers {
			// That it cannot be read is said by its state.
			group.Go(func() { _ = poller.Sync(ctx) })
		}
		group.Wait()
	})
}

// agreeing waits until the sources agree, but leaves time to poll.
func (o *Observer) agreeing(ctx context.Context, query Query) {
	ctx, cancel := o.withTimeout(ctx, o.settleTimeout-o.settleTimeout/pollFraction)
	defer cancel()
	if o.audit != nil {
		// As above.
		inTime(ctx, func() { _ = o.audit.Sync(ctx) })
	}
	followed := topics(query.Object, nil)
	changed, stop := o.journal.Notify(record.Interest{AuditID: query.AuditID, Names: followed})
	defer func() { stop() }()
	for {
		found, ok := o.find(query)
		// Who knows an audit ID has seen the answer: the log will have it.
		due := o.spansDue(found)
		if ok && o.agree(found) && answered(found.Entries) && o.membersEnded(found) && due <= 0 || !ok && query.AuditID == "" {
			return
		}
		members, _ := o.membersOf(found)
		if wanted := topics(found.Subject, members); !slices.Equal(wanted, followed) {
			// Looked at again, because something may have arrived before it was followed.
			stop()
			followed = wanted
			changed, stop = o.journal.Notify(record.Interest{AuditID: query.AuditID, Names: followed})
			continue
		}
		if !o.changes(ctx, changed, due) {
			return
		}
	}
}

// changes waits until something has changed or, where spans are due, until they
// will not come any more. It is false where the context has ended.
func (o *Observer) changes(ctx context.Context, changed <-chan struct{}, due time.Duration) bool {
	var elapsed <-chan time.Time
	if due > 0 {
		timer := o.clock.NewTimer(due)
		defer timer.Stop()
		elapsed = timer.C()
	}
	select {
	case <-changed:
	case <-elapsed:
	case <-ctx.Done():
		return false
	}
	return true
}

// spansDue is for how long the spans of the request that a record is about may
// still come; 0 where they are there, or will not come any more.
func (o *Observer) spansDue(found assemble.Selection) time.Duration {
	if o.spans == nil || !o.spans.State().Available {
		return 0
	}
	for _, r := range assemble.Requests(found.Entries) {
		if !r.Answered || r.AuditID != found.AuditID && (found.AuditID != "" || !r.Creates()) {
			continue
		}
		for i := range found.Entries {
			if spans := found.Entries[i].Spans; spans != nil && spans.AuditID == r.AuditID {
				return 0
			}
		}
		return spansDelay - o.clock.Since(r.AnsweredAt())
	}
	return 0
}

// topics are the names that are waited for: an object, the collection that it may
// be deleted with, and the members of one that was.
func topics(object evidence.Object, members []evidence.Object) []evidence.Object {
	object.UID = ""
	collection := object
	collection.Name = ""
	return append([]evidence.Object{object, collection}, members...)
}

// withTimeout is context.WithTimeout by the observer's clock.
func (o *Observer) withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	timer := o.clock.NewTimer(timeout)
	go func() {
		defer timer.Stop()
		select {
		case <-timer.C():
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// inTime returns when f has, or when the context ends: then f ends by itself.
func inTime(ctx context.Context, f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// answered says whether the audit log has the end of each request that it has the
// beginning of. A watch ends when it will: it is not waited for.
func answered(entries []evidence.Entry) bool {
	open := map[string]bool{}
	for i := range entries {
		audit := entries[i].Audit
		if audit == nil || audit.Verb == "watch" {
			continue
		}
		switch audit.Stage {
		case auditStageReceived:
			if _, ended := open[audit.AuditID]; !ended {
				open[audit.AuditID] = true
			}
		default:
			open[audit.AuditID] = false
		}
	}
	for _, isOpen := range open {
		if isOpen {
			return false
		}
	}
	return true
}

// seenBy says which sources have a revision.
type seenBy struct {
	audit, watch, etcd, deleted bool
}

// agree says whether each source has all the revisions that it is expected to have.
func (o *Observer) agree(found assemble.Selection) bool {
	watchSince, etcdSince := o.expected(found.Subject)
	revisions, auditSince := revisionsOf(found.Entries)
	unnamed := 0
	for revision, seen := range revisions {
		if (!seen.watch && revision > watchSince) || (!seen.etcd && revision > etcdSince) {
			return false
		}
		if !seen.audit && !seen.deleted && revision > auditSince {
			unnamed++
		}
	}
	return unnamed <= silentWrites(found.Entries)
}

// expected are the revisions after which the watch and etcd are expected to have
// each of an object; math.MaxInt64 where they are not available.
func (o *Observer) expected(object evidence.Object) (watchSince, etcdSince int64) {
	resource := resourceOf(object)
	watchSince, etcdSince = since(o.watch, resource), since(o.etcd, resource)
	for _, state := range o.sourcesOf(resource) {
		switch {
		case state.Available:
		case state.Source == evidence.SourceWatch:
			watchSince = math.MaxInt64
		case state.Source == evidence.SourceEtcd:
			etcdSince = math.MaxInt64
		}
	}
	return watchSince, etcdSince
}

// silentWrites counts the revisions that the audit log cannot name although it
// has the requests that made them: the answer to a bind is a Status, an eviction
// is answered with one too and makes two revisions, and of the two that a delete
// of a Pod makes its answer names the last.
func silentWrites(entries []evidence.Entry) int {
	count := 0
	for i := range entries {
		a := entries[i].Audit
		switch {
		case a == nil || a.Code/100 != 2:
		case a.Subresource == "eviction":
			count += 2
		case a.Subresource == "binding" || a.Verb == "delete" && entries[i].Object.Group == "":
			count++
		}
	}
	return count
}

func resourceOf(object evidence.Object) schema.GroupResource {
	return schema.GroupResource{Group: object.Group, Resource: object.Resource}
}

// since is the revision after which a source is waited for.
func since(source follower, resource schema.GroupResource) int64 {
	if source == nil {
		return math.MaxInt64
	}
	if revision := source.Since(resource); revision > 0 {
		return revision
	}
	return math.MaxInt64
}

// revisionsOf says which sources have which revisions, and from which one on the
// audit log has them: never where it is kept at a level without responses.
func revisionsOf(entries []evidence.Entry) (revisions map[int64]*seenBy, auditSince int64) {
	revisions, auditSince = map[int64]*seenBy{}, math.MaxInt64
	for i := range entries {
		entry := &entries[i]
		if entry.Revision == 0 {
			continue
		}
		isWrite := entry.Audit != nil && entry.Audit.Code/100 == 2 && entry.Audit.Verb != "get"
		isChange := isWrite || (entry.Etcd != nil && !entry.Etcd.Read) || (entry.Watch != nil && !entry.Watch.Initial)
		if !isChange {
			continue
		}
		seen := revisions[entry.Revision]
		if seen == nil {
			seen = &seenBy{}
			revisions[entry.Revision] = seen
		}
		switch {
		case entry.Audit != nil:
			seen.audit = true
			auditSince = min(auditSince, entry.Revision)
		case entry.Etcd != nil:
			seen.etcd = true
		case entry.Watch != nil:
			seen.watch = true
		}
		seen.deleted = seen.deleted || assemble.IsDeletion(entry)
	}
	return revisions, auditSince
}
