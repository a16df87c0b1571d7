// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// Bounds of the API's lists: a trace also has to fit into a Walkthrough.
const (
	maxGroups   = 32
	maxEvidence = 32
	maxDetails  = 64
)

// Explain explains a record. A record that lacks sources or entries gives an
// explanation that says what is not available; it is never an error.
func Explain(record evidence.Record) Trace {
	return Of(story.Tell(timeline.Of(record)))
}

// ExplainAt explains a record as far as it had come at a revision of etcd: what
// happened later is left out of every view.
func ExplainAt(record evidence.Record, revision int64) Trace {
	return Of(story.Tell(timeline.Of(record)).AsOf(revision))
}

// Of puts all views of a story together.
func Of(tale *story.Story) Trace {
	record := tale.Record
	t := Trace{
		SchemaVersion: SchemaVersion,
		Subject:       identified(tale),
		AuditID:       record.AuditID,
		Kind:          tale.Kind,
		Outcome:       tale.Outcome,
		Reason:        tale.Reason,
		Headline:      Headline(tale),
		Complete:      tale.Complete,
		CollectedAt:   prose.Micro(record.CollectedAt),
		Steps:         table(tale),
		Printed:       printed(tale),
		Tracker:       tracker(tale),
		KeyMoments:    keyMoments(tale),
		Quiz:          quiz(tale),
		Snapshot:      snapshot(tale),
		Disagreements: disagreements(tale),
		Sources:       sources(tale),
		Dropped:       record.Dropped,
	}
	t.Revisions, t.RevisionsOmitted = revisions(tale)
	t.Children, t.ChildrenLeftOut = children(tale), record.ChildrenLeftOut
	if tale.OfLife() {
		t.Attempts = attempts(tale)
	}
	if tale.Asked != nil {
		t.AuditID, t.Request = tale.Asked.AuditID, requestSummary(tale)
	}
	if t.Quiz == nil {
		t.Quiz = []Question{}
	}
	t.Transcript = transcript(tale, t.Steps)
	return t
}

// identified is the subject with the name and the UID that the request gave it.
func identified(tale *story.Story) evidence.Object {
	o := tale.Record.Subject
	if tale.Asked != nil {
		o.Name = cmp.Or(o.Name, tale.Asked.Object.Name)
	}
	if !tale.OfLife() || !tale.NothingStored() {
		o.UID = tale.UID
	}
	return o
}

func requestSummary(tale *story.Story) *RequestSummary {
	r := tale.Asked
	return &RequestSummary{
		AuditID: r.AuditID, Verb: r.Verb, Subresource: r.Subresource, URI: r.URI, User: r.User, UserAgent: r.UserAgent,
		FieldManager: r.FieldManager(), Code: r.Code, DryRun: r.DryRun(), Kind: tale.Kind,
	}
}

// Headline is what became of the request in one sentence.
func Headline(tale *story.Story) string {
	what := "The request to " + requestText(tale)
	if tale.OfLife() && !tale.NothingStored() {
		what = subject(tale)
	}
	text := what + ": " + string(tale.Outcome)
	if tale.Reason != "" {
		text += ", " + tale.Reason
	}
	return prose.Clip(text, prose.MaxEffect)
}
