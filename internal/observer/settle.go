// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"math"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
)

// defaultSettleTimeout bounds how long a record waits for its sources to agree.
const defaultSettleTimeout = 2 * time.Second

const auditStageReceived = string(auditv1.StageRequestReceived)

// settle reads what can be read now and waits until every source has each
// revision that another one has. A source that is not available, or began after
// the revision, is not waited for.
func (o *Observer) settle(ctx context.Context, query Query) {
	timer := o.clock.NewTimer(o.settleTimeout)
	defer timer.Stop()
	if o.audit != nil {
		// That it cannot be read is said by its state.
		_ = o.audit.Sync(ctx)
	}
	for {
		changed := o.journal.Changed()
		found, ok := o.find(query)
		// Who knows an audit ID has seen the answer: the log will have it.
		if ok && o.agree(found) && answered(found.Entries) || !ok && query.AuditID == "" {
			break
		}
		select {
		case <-changed:
			continue
		case <-timer.C():
		case <-ctx.Done():
		}
		break
	}
	var group sync.WaitGroup
	for _, poller := range o.pollers {
		// As above.
		group.Go(func() { _ = poller.Sync(ctx) })
	}
	group.Wait()
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
	resource := resourceOf(found.Subject)
	watchSince, etcdSince := since(o.watch, resource), since(o.etcd, resource)
	for _, state := range o.sourcesOf(resource) {
		switch {
		case state.Available:
		case state.Source == evidence.SourceWatch:
			watchSince = math.MaxInt64
		case state.Source == evidence.SourceEtcd:
			etcdSince = math.MaxInt64
		}
	}
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
