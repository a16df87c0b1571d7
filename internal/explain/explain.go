// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

// Explain explains a record. A record that lacks sources or entries gives an
// explanation that says what is not available; it is never an error.
func Explain(record evidence.Record) Trace {
	f := factsOf(record)
	t := Trace{
		SchemaVersion: SchemaVersion,
		Subject:       f.identified(),
		AuditID:       record.AuditID,
		Outcome:       f.outcome,
		Reason:        f.reason,
		Complete:      f.complete,
		CollectedAt:   micro(record.CollectedAt),
		Steps:         f.steps(),
		Tracker:       f.tracker(),
		KeyMoments:    f.keyMoments(),
		Attempts:      f.attempts(),
		Quiz:          f.quiz(),
		Snapshot:      f.snapshot(),
		Disagreements: f.disagreements(),
		Sources:       f.sources(),
		Dropped:       record.Dropped,
	}
	if f.create != nil {
		t.AuditID = f.create.AuditID
	}
	if t.Steps == nil {
		t.Steps = []v1alpha1.WalkthroughStep{}
	}
	if t.Quiz == nil {
		t.Quiz = []Question{}
	}
	t.Transcript = f.transcript(t.Steps)
	return t
}

// identified is the subject with the name and the UID that the request gave it.
func (f *facts) identified() evidence.Object {
	o := f.record.Subject
	if f.create != nil {
		o.Name = cmp.Or(o.Name, f.create.Object.Name)
	}
	if !f.refused && !f.dryRun {
		o.UID = f.uid
	}
	return o
}
