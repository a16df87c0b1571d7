// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
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

// livesOf finds the lives of a name, oldest first. At audit level Metadata a
// create does not say which object it made: it is the first life that begins
// after the request arrived, and begins it.
func livesOf(entries []evidence.Entry, requests []*Request) []life {
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
		if r.UID() != "" || !r.Creates() || !r.Succeeded() {
			continue
		}
		if i := slices.IndexFunc(lives, func(l life) bool { return !l.start.Before(r.ReceivedAt) }); i >= 0 {
			lives[i].start = r.ReceivedAt
		}
	}
	endUnnamed(lives, entries)
	return lives
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
	if IsDeletion(entry) && at.After(l.end) {
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
		if entry.Object.UID != "" || !IsDeletion(entry) {
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
func lifeOf(lives []life, r *Request) int {
	if uid := r.UID(); uid != "" {
		return slices.IndexFunc(lives, func(l life) bool { return l.uid == uid })
	}
	return lifeAt(lives, r.ReceivedAt)
}

// happened is when an entry's cause was there: for a request, when it arrived.
func happened(entry *evidence.Entry) time.Time {
	if entry.Audit != nil {
		return entry.Audit.ReceivedAt
	}
	return entry.Time
}

// IsDeletion reports whether an entry says that the object is gone.
func IsDeletion(entry *evidence.Entry) bool {
	return (entry.Etcd != nil && entry.Etcd.Deleted) || (entry.Watch != nil && entry.Watch.Type == "DELETED")
}
