// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

// Query says what a record is about: an object, a request, or both.
type Query struct {
	// Object by group, resource, namespace and name. Without a UID it is the
	// object that had the name last or, if none ever had it, the last request to
	// create one.
	Object evidence.Object
	// AuditID of a request. Where the audit log does not have the name of its
	// object, as for a create that authorization refused, that of Object is used.
	AuditID string
}

// NotFoundError says that nothing at all is known of a query's subject.
// apierrors.IsNotFound is true for it.
type NotFoundError struct {
	// Query that found nothing.
	Query Query
	// Dropped is how many entries the journal has dropped: where it is not 0,
	// something may have been known.
	Dropped uint64
}

// Error implements error.
func (e *NotFoundError) Error() string {
	message := fmt.Sprintf("nothing is recorded of request %s", e.Query.AuditID)
	if e.Query.AuditID == "" {
		object := e.Query.Object
		message = fmt.Sprintf("nothing is recorded of %s %s/%s", object.Resource, object.Namespace, object.Name)
		if object.UID != "" {
			message += fmt.Sprintf(" with UID %s", object.UID)
		}
	}
	if e.Dropped > 0 {
		message += fmt.Sprintf("; %d older traces were dropped because the journal is bounded", e.Dropped)
	}
	return message
}

// Status implements apierrors.APIStatus.
func (e *NotFoundError) Status() metav1.Status {
	return metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: e.Error(),
	}
}

// Record puts together all that is known about a request and the object that it
// was about. It first waits until the sources agree on what they know, but for
// two seconds at most; what is missing then is missing in the record. The error
// is a *NotFoundError where nothing is known, or the context's.
func (o *Observer) Record(ctx context.Context, query Query) (evidence.Record, error) {
	o.settle(ctx, query)
	if err := ctx.Err(); err != nil {
		return evidence.Record{}, err
	}
	found, ok := o.find(query)
	states := o.sourcesOf(resourceOf(found.subject))
	if err := o.readKeys(ctx, &found, query); err != nil {
		markUnavailable(states, evidence.SourceEtcd, err)
	}
	dropped := o.journal.Stats().Dropped
	if !ok && len(found.entries) == 0 {
		return evidence.Record{}, &NotFoundError{Query: query, Dropped: dropped}
	}
	order(found.entries)
	return evidence.Record{
		Subject:     found.subject,
		AuditID:     found.auditID,
		Entries:     found.entries,
		Sources:     states,
		Dropped:     dropped,
		CollectedAt: o.clock.Now(),
	}, nil
}

// Trace explains the record of an object.
func (o *Observer) Trace(ctx context.Context, object evidence.Object) (explain.Trace, error) {
	record, err := o.Record(ctx, Query{Object: object})
	if err != nil {
		return explain.Trace{}, err
	}
	return explain.Explain(record), nil
}

// selection is what the journal has about the subject of a query.
type selection struct {
	subject evidence.Object
	auditID string
	entries []evidence.Entry
	// next is the revision at which a later object got the subject's name; 0
	// where none did.
	next int64
}

// find selects the entries about the query's subject. ok is false where there
// are none; the subject is then the query's object.
func (o *Observer) find(query Query) (found selection, ok bool) {
	found.subject, found.auditID = query.Object, query.AuditID
	var asked []evidence.Entry
	if query.AuditID != "" {
		asked = o.journal.ByAuditID(query.AuditID)
		object, ok := subjectOf(asked, query.Object)
		if !ok {
			return found, false
		}
		if found.subject = object; object.Name == "" {
			found.entries = asked
			return found, true
		}
	}
	named := o.named(found.subject, asked)
	requests := requestsOf(named)
	lives := livesOf(named, requests)
	r := latest(requests, lives, query.AuditID)
	i := choose(lives, found.subject, r, query.AuditID)
	switch {
	case i >= 0:
		found.subject.UID = lives[i].uid
		found.entries = entriesOf(named, requests, lives, i)
		return found, true
	case found.subject.UID != "" || r == nil:
		return found, false
	}
	found.auditID, found.entries = r.id, r.entries
	for _, life := range lives {
		if life.start.After(r.received) {
			found.next = life.createRevision
			break
		}
	}
	return found, true
}

// subjectOf returns the object that a request was about, with what the audit log
// lacks taken from fallback. ok is false where the request is unknown, or was
// about another object than fallback.
func subjectOf(entries []evidence.Entry, fallback evidence.Object) (object evidence.Object, ok bool) {
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

// named returns the entries about a name, whatever the UID: those that carry it,
// the other stages of their requests, which may lack it, the deletecollection
// requests of the namespace, and those that were asked for.
func (o *Observer) named(object evidence.Object, asked []evidence.Entry) []evidence.Entry {
	byName := o.journal.ByName(object)
	collection := object
	collection.Name = ""
	parts := [][]evidence.Entry{byName, o.journal.ByName(collection), asked}
	ids := map[string]bool{}
	for i := range byName {
		if audit := byName[i].Audit; audit != nil && !ids[audit.AuditID] {
			ids[audit.AuditID] = true
			parts = append(parts, o.journal.ByAuditID(audit.AuditID))
		}
	}
	entries := slices.Concat(parts...)
	slices.SortFunc(entries, func(a, b evidence.Entry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return slices.CompactFunc(entries, func(a, b evidence.Entry) bool { return a.Sequence == b.Sequence })
}

// latest returns the request that a record without an object is about: the one
// that was asked for, else the last one that is part of no life, a create if
// there is one.
func latest(requests []*request, lives []life, auditID string) *request {
	var last *request
	for _, r := range requests {
		switch {
		case auditID != "":
			if r.id == auditID {
				return r
			}
		case lifeOf(lives, r) >= 0 || r.verb == "deletecollection":
		case last == nil || r.verb == "create" || last.verb != "create":
			last = r
		}
	}
	return last
}

// choose returns the index of the life that a record is about, or -1: that of
// the subject's UID, else that of the request, else the last one.
func choose(lives []life, subject evidence.Object, r *request, auditID string) int {
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
func entriesOf(named []evidence.Entry, requests []*request, lives []life, i int) []evidence.Entry {
	var entries []evidence.Entry
	for _, r := range requests {
		if lifeOf(lives, r) == i {
			entries = append(entries, r.entries...)
		}
	}
	for k := range named {
		entry := &named[k]
		belongs := entry.Object.UID == lives[i].uid ||
			(entry.Object.UID == "" && lifeAt(lives, entry.Time) == i)
		if entry.Audit == nil && belongs {
			entries = append(entries, *entry)
		}
	}
	return entries
}

func markUnavailable(states []evidence.SourceState, source evidence.Source, err error) {
	for i := range states {
		if states[i].Source == source {
			states[i].Available, states[i].Reason = false, err.Error()
		}
	}
}
