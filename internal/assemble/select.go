// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"cmp"
	"slices"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Selection is what belongs to one life of an object, or to a request that is
// part of none.
type Selection struct {
	Subject evidence.Object
	// AuditID is that of the request that the selection is about; empty for the
	// object as a whole.
	AuditID string
	Entries []evidence.Entry
	// Next is the revision at which a later object got the subject's name; 0
	// where none did, or where the selection is about an object.
	Next int64
}

// Select takes from the entries about a name what belongs to a subject: to the
// life of its UID, to the one that a request was about or, without both, to the
// last one. Where there is no life, the selection is about the request, or the
// last one that was refused. ok is false where there is neither.
func Select(named []evidence.Entry, subject evidence.Object, auditID string) (selected Selection, ok bool) {
	selected = Selection{Subject: subject, AuditID: auditID}
	requests := Requests(named)
	lives := livesOf(named, requests)
	r := latest(requests, lives, auditID)
	i := choose(lives, subject, r, auditID)
	switch {
	case i >= 0:
		selected.Subject.UID = lives[i].uid
		selected.Entries = entriesOf(named, requests, lives, i)
		return selected, true
	case subject.UID != "" || r == nil:
		return selected, false
	}
	selected.AuditID, selected.Entries = r.AuditID, slices.Concat(r.Entries, spansOf(named, map[string]bool{r.AuditID: true}))
	for _, life := range lives {
		if life.start.After(r.ReceivedAt) {
			selected.Next = life.createRevision
			break
		}
	}
	return selected, true
}

// SubjectOf returns the object that a request was about, with what the audit log
// lacks taken from fallback. ok is false where the request is unknown, or was
// about another object than fallback.
func SubjectOf(entries []evidence.Entry, fallback evidence.Object) (object evidence.Object, ok bool) {
	for i := range entries {
		if entries[i].Audit != nil {
			seen := entries[i].Object
			object.Group, object.Resource, object.Namespace = seen.Group, seen.Resource, seen.Namespace
			object.Name, object.UID = cmp.Or(seen.Name, object.Name), cmp.Or(seen.UID, object.UID)
			ok = true
		}
	}
	object.Name = cmp.Or(object.Name, fallback.Name)
	matches := fallback.Name == "" || (fallback.Name == object.Name && fallback.Namespace == object.Namespace &&
		fallback.Group == object.Group && fallback.Resource == object.Resource)
	return object, ok && matches
}

// latest returns the request that a record without an object is about: the one
// that was asked for, else the last one that is part of no life, a create if
// there is one.
func latest(requests []*Request, lives []life, auditID string) *Request {
	var last *Request
	for _, r := range requests {
		switch {
		case auditID != "":
			if r.AuditID == auditID {
				return r
			}
		case lifeOf(lives, r) >= 0 || r.Verb == deleteCollection:
		case last == nil || r.Verb == "create" || last.Verb != "create":
			last = r
		}
	}
	return last
}

// choose returns the index of the life that a record is about, or -1: that of
// the subject's UID, else that of the request, else the last one.
func choose(lives []life, subject evidence.Object, r *Request, auditID string) int {
	switch {
	case subject.UID != "":
		return slices.IndexFunc(lives, func(l life) bool { return l.uid == subject.UID })
	case auditID != "" && r != nil:
		return lifeOf(lives, r)
	}
	return len(lives) - 1
}

// entriesOf returns the entries that belong to one life: those that carry its
// UID, and those without any that fall into its time.
func entriesOf(named []evidence.Entry, requests []*Request, lives []life, i int) []evidence.Entry {
	var entries []evidence.Entry
	ids := map[string]bool{}
	for _, r := range requests {
		switch {
		case lifeOf(lives, r) != i:
		case r.Verb == deleteCollection:
			entries = append(entries, withoutOthers(r.Entries)...)
		default:
			entries = append(entries, r.Entries...)
			ids[r.AuditID] = true
		}
	}
	entries = append(entries, spansOf(named, ids)...)
	for k := range named {
		entry := &named[k]
		belongs := entry.Object.UID == lives[i].uid ||
			(entry.Object.UID == "" && lifeAt(lives, entry.Time) == i)
		if entry.Audit == nil && entry.Spans == nil && belongs {
			entries = append(entries, *entry)
		}
	}
	return entries
}

// spansOf returns what servers measured of some requests: spans belong to their
// request, and to an object only with it.
func spansOf(named []evidence.Entry, auditIDs map[string]bool) []evidence.Entry {
	var entries []evidence.Entry
	for i := range named {
		if spans := named[i].Spans; spans != nil && auditIDs[spans.AuditID] {
			entries = append(entries, named[i])
		}
	}
	return entries
}
