// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record/audit"
)

// life is the time during which one object had a name: the name may be used
// again by another object, with another UID.
type life struct {
	uid   types.UID
	start time.Time
	// end is zero while the object exists.
	end time.Time
	// createRevision is etcd's; 0 where no trace has it.
	createRevision int64
}

// request is what the audit log has of one request.
type request struct {
	id       string
	entries  []evidence.Entry
	received time.Time
	verb     string
	code     int32
	uid      types.UID
}

// requestsOf groups audit entries by request, in the order of their arrival at
// the API server.
func requestsOf(entries []evidence.Entry) []*request {
	byID := map[string]*request{}
	var requests []*request
	for _, entry := range entries {
		if entry.Audit == nil {
			continue
		}
		r := byID[entry.Audit.AuditID]
		if r == nil {
			r = &request{id: entry.Audit.AuditID, received: entry.Audit.ReceivedAt, verb: entry.Audit.Verb}
			byID[r.id] = r
			requests = append(requests, r)
		}
		r.entries = append(r.entries, entry)
		r.code = max(r.code, entry.Audit.Code)
		r.uid = cmp.Or(r.uid, entry.Object.UID)
	}
	slices.SortStableFunc(requests, func(a, b *request) int { return a.received.Compare(b.received) })
	return requests
}

// livesOf finds the lives of a name, oldest first. At audit level Metadata a
// create does not say which object it made: it is the first life that begins
// after the request arrived, and begins it.
func livesOf(entries []evidence.Entry, requests []*request) []life {
	byUID := map[types.UID]*life{}
	for i := range entries {
		extend(byUID, &entries[i])
	}
	lives := make([]life, 0, len(byUID))
	for _, life := range byUID {
		lives = append(lives, *life)
	}
	slices.SortFunc(lives, func(a, b life) int {
		return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.uid, b.uid))
	})
	for _, r := range slices.Backward(requests) {
		if r.uid != "" || !r.creates() {
			continue
		}
		if i := slices.IndexFunc(lives, func(l life) bool { return !l.start.Before(r.received) }); i >= 0 {
			lives[i].start = r.received
		}
	}
	endUnnamed(lives, entries)
	return lives
}

// creates says whether the request has made an object.
func (r *request) creates() bool {
	return r.verb == "create" && r.code/100 == 2 && r.entries[0].Audit.Subresource == "" && !audit.IsDryRun(r.entries[0].Audit.URI)
}

// extend begins a life with the first entry of its UID and ends it with the
// deletion. What was read on demand says nothing about when it happened.
func extend(byUID map[types.UID]*life, entry *evidence.Entry) {
	uid, at := entry.Object.UID, happened(entry)
	if uid == "" || (entry.Etcd != nil && entry.Etcd.Read) {
		return
	}
	l := byUID[uid]
	if l == nil {
		l = &life{uid: uid, start: at}
		byUID[uid] = l
	}
	if at.Before(l.start) {
		l.start = at
	}
	if isDeletion(entry) && at.After(l.end) {
		l.end = at
	}
	switch {
	case entry.Etcd != nil && entry.Etcd.CreateRevision > 0:
		l.createRevision = entry.Etcd.CreateRevision
	case entry.Audit != nil && entry.Audit.Verb == "create" && entry.Audit.Subresource == "" && l.createRevision == 0:
		l.createRevision = entry.Audit.ResponseRevision
	}
}

// endUnnamed ends the lives whose deletion in etcd is recorded without a UID,
// because the object was stored before the observer was started.
func endUnnamed(lives []life, entries []evidence.Entry) {
	for i := range entries {
		entry := &entries[i]
		if entry.Object.UID != "" || !isDeletion(entry) {
			continue
		}
		if k := lifeAt(lives, happened(entry)); k >= 0 && lives[k].end.IsZero() {
			lives[k].end = happened(entry)
		}
	}
}

// lifeAt returns the index of the life that a moment lies in, or -1.
func lifeAt(lives []life, at time.Time) int {
	for i, l := range slices.Backward(lives) {
		if l.start.After(at) {
			continue
		}
		if !l.end.IsZero() && at.After(l.end) {
			return -1
		}
		return i
	}
	return -1
}

// lifeOf returns the index of the life that a request belongs to, or -1: by the
// UID where it has one, else by the time of its arrival.
func lifeOf(lives []life, r *request) int {
	if r.uid != "" {
		return slices.IndexFunc(lives, func(l life) bool { return l.uid == r.uid })
	}
	return lifeAt(lives, r.received)
}

// happened is when an entry's cause was there: for a request, when it arrived.
func happened(entry *evidence.Entry) time.Time {
	if entry.Audit != nil {
		return entry.Audit.ReceivedAt
	}
	return entry.Time
}

func isDeletion(entry *evidence.Entry) bool {
	return (entry.Etcd != nil && entry.Etcd.Deleted) || (entry.Watch != nil && entry.Watch.Type == "DELETED")
}
