// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/redact"
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
	// Dropped is true where the journal has dropped entries: something may have
	// been known. How many is not said: the error would read differently each time.
	Dropped bool
	// Folded is what is left of a read that was folded into others; nil where the
	// query was about none.
	Folded *record.Fold
}

// Error implements error.
func (e *NotFoundError) Error() string {
	if e.Folded != nil {
		return foldedText(e.Query.AuditID, e.Folded)
	}
	message := fmt.Sprintf("nothing is recorded of request %s", e.Query.AuditID)
	if e.Query.AuditID == "" {
		object := e.Query.Object
		message = fmt.Sprintf("nothing is recorded of %s %s/%s", object.Resource, object.Namespace, object.Name)
		if object.UID != "" {
			message += fmt.Sprintf(" with UID %s", object.UID)
		}
	}
	if e.Dropped {
		message += "; older traces were dropped because the journal is bounded"
	}
	return message
}

// foldedText says into which others a read was folded, and what to ask for.
func foldedText(auditID string, f *record.Fold) string {
	text := fmt.Sprintf("request %s was folded into equal ones: it is one of the reads (%s of %s %s/%s by %s) that got the same answer since %s",
		auditID, f.Verb, f.Object.Resource, f.Object.Namespace, f.Object.Name, f.User, f.First.UTC().Format(time.RFC3339))
	if len(f.Kept) == 0 {
		return text + ", and older traces were dropped because the journal is bounded"
	}
	return text + "; the first and the newest of them are kept: ask for request/" + f.Kept[0]
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
	if o.folded(query) == nil {
		o.settle(ctx, query)
	}
	if err := ctx.Err(); err != nil {
		return evidence.Record{}, err
	}
	return o.Current(ctx, query)
}

// Current is Record as far as it is known now, without waiting for any source:
// for who asks again when there is more.
func (o *Observer) Current(ctx context.Context, query Query) (evidence.Record, error) {
	found, ok := o.find(query)
	states := o.sourcesOf(resourceOf(found.Subject))
	if err := o.readKeys(ctx, &found, query); err != nil {
		markUnavailable(states, evidence.SourceEtcd, err)
	}
	dropped := o.journal.Stats().Dropped
	if !ok && len(found.Entries) == 0 {
		return evidence.Record{}, &NotFoundError{Query: query, Dropped: dropped > 0, Folded: o.folded(query)}
	}
	assemble.Order(found.Entries)
	children, leftOut := o.childrenOf(found)
	return o.record(found, children, leftOut, states), nil
}

// Peek is the record of an object as far as the journal has it, without its
// children: cheap enough to sum up many. ok is false where it has nothing.
func (o *Observer) Peek(object evidence.Object) (record evidence.Record, ok bool) {
	found, ok := o.find(Query{Object: object})
	if !ok {
		return evidence.Record{}, false
	}
	assemble.Order(found.Entries)
	return o.record(found, nil, 0, o.sourcesOf(resourceOf(found.Subject))), true
}

// record is what leaves the observer: everything that does goes through here, and
// has no secrets any more.
func (o *Observer) record(found assemble.Selection, children []evidence.Child, leftOut int, states []evidence.SourceState) evidence.Record {
	return redact.Record(evidence.Record{
		Subject:         found.Subject,
		AuditID:         found.AuditID,
		Entries:         found.Entries,
		Children:        children,
		ChildrenLeftOut: leftOut,
		Sources:         states,
		Dropped:         o.journal.Stats().Dropped,
		CollectedAt:     o.clock.Now(),
	})
}

// folded is what is left of a read that the query asks for and that was folded
// into others; nil where it is recorded by itself, or is none.
func (o *Observer) folded(query Query) *record.Fold {
	if query.AuditID == "" || len(o.journal.ByAuditID(query.AuditID)) > 0 {
		return nil
	}
	if fold, ok := o.journal.Folded(query.AuditID); ok {
		return &fold
	}
	return nil
}

// maxChildren bounds the children of a record.
const maxChildren = 50

// childrenOf returns what is recorded of the beginning and the end of the objects
// that a set controls, or that a request may have ended with their collection, and
// how many more there are.
func (o *Observer) childrenOf(found assemble.Selection) (children []evidence.Child, leftOut int) {
	var subjects []evidence.Object
	object := found.Subject
	switch {
	case object.Name == "":
		subjects, leftOut = o.membersOf(found)
	case object.UID != "" && followed.Of(object).Role == followed.Set:
		subjects, leftOut = o.journal.Children(object.UID, maxChildren)
	}
	seen := map[evidence.Object]bool{}
	for _, subject := range subjects {
		child, ok := o.find(Query{Object: subject})
		if !ok || seen[child.Subject] {
			continue
		}
		seen[child.Subject] = true
		entries := assemble.Ends(child.Entries)
		assemble.Order(entries)
		children = append(children, evidence.Child{Subject: child.Subject, Entries: entries})
	}
	return children, leftOut
}

// Trace explains the record of an object.
func (o *Observer) Trace(ctx context.Context, object evidence.Object) (explain.Trace, error) {
	record, err := o.Record(ctx, Query{Object: object})
	if err != nil {
		return explain.Trace{}, err
	}
	return explain.Explain(record), nil
}

// find selects the entries about the query's subject. ok is false where there
// are none; the subject is then the query's object.
func (o *Observer) find(query Query) (found assemble.Selection, ok bool) {
	subject := query.Object
	var asked []evidence.Entry
	if query.AuditID != "" {
		asked = o.journal.ByAuditID(query.AuditID)
		if subject, ok = assemble.SubjectOf(asked, query.Object); !ok {
			return assemble.Selection{Subject: query.Object, AuditID: query.AuditID}, false
		}
		if subject.Name == "" {
			return assemble.Selection{Subject: subject, AuditID: query.AuditID, Entries: asked}, true
		}
	}
	return assemble.Select(o.named(subject, asked), subject, query.AuditID)
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

func markUnavailable(states []evidence.SourceState, source evidence.Source, err error) {
	for i := range states {
		if states[i].Source == source {
			states[i].Available, states[i].Reason = false, err.Error()
		}
	}
}
