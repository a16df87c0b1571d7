// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/redact"
)

// readKeys adds what has to be asked of etcd: the proof that a refused request
// stored nothing, and the revisions that the journal does not have, because they
// were written before the observer was started or because it dropped them.
func (o *Observer) readKeys(ctx context.Context, found *assemble.Selection, query Query) error {
	if o.reader == nil || found.Subject.Name == "" {
		return nil
	}
	if found.Subject.UID == "" && len(found.Entries) > 0 {
		return o.readAbsence(ctx, found)
	}
	oldest := oldestStored(found.Entries)
	switch {
	case oldest == nil:
		return o.readCurrent(ctx, found, query)
	case oldest.Version > 1 && !oldest.Deleted:
		return o.readHistory(ctx, found, oldest.CreateRevision, oldest.ModRevision)
	}
	return nil
}

// readAbsence reads the key of an object that no request has made. If a later
// one has made an object of that name, it reads the state right before.
func (o *Observer) readAbsence(ctx context.Context, found *assemble.Selection) error {
	entry, err := o.reader.ReadKey(ctx, found.Subject, max(0, found.Next-1))
	if err != nil {
		return err
	}
	found.Entries = append(found.Entries, entry)
	return nil
}

// Stored reads what etcd has of an object now, without its secrets. A key that
// does not exist gives an entry whose CreateRevision is 0.
func (o *Observer) Stored(ctx context.Context, object evidence.Object) (evidence.Entry, error) {
	if o.reader == nil {
		return evidence.Entry{}, apierrors.NewServiceUnavailable("etcd is not available: " + o.reasonOf(evidence.SourceEtcd))
	}
	entry, err := o.reader.ReadKey(ctx, object, 0)
	if err != nil {
		return evidence.Entry{}, apierrors.NewServiceUnavailable(err.Error())
	}
	return redact.Record(evidence.Record{Entries: []evidence.Entry{entry}}).Entries[0], nil
}

// reasonOf says why a source cannot be read.
func (o *Observer) reasonOf(source evidence.Source) string {
	for _, state := range o.Sources() {
		if state.Source == source {
			return state.Reason
		}
	}
	return ""
}

// readCurrent reads an object of which the journal has no revision. One that has
// the name now but another UID is not the subject.
func (o *Observer) readCurrent(ctx context.Context, found *assemble.Selection, query Query) error {
	entry, err := o.reader.ReadKey(ctx, found.Subject, 0)
	if err != nil {
		return err
	}
	uid := entry.Object.UID
	switch {
	case entry.Etcd.CreateRevision == 0:
		// Nothing is stored, and nothing else is known: that is no record.
		if len(found.Entries) > 0 {
			found.Entries = append(found.Entries, entry)
		}
		return nil
	case found.Subject.UID != "" && uid != found.Subject.UID:
		return nil
	case query.AuditID != "" && len(found.Entries) == 0:
		return nil
	}
	found.Subject.UID = uid
	return o.readHistory(ctx, found, entry.Etcd.CreateRevision, entry.Etcd.ModRevision+1)
}

// readHistory adds the revisions of the subject from one on, before another.
func (o *Observer) readHistory(ctx context.Context, found *assemble.Selection, from, before int64) error {
	history, err := o.reader.History(ctx, found.Subject, from, before)
	if err != nil {
		return err
	}
	found.Entries = append(found.Entries, history...)
	return nil
}

// oldestStored returns the oldest state that the journal has; nil for none.
func oldestStored(entries []evidence.Entry) *evidence.Etcd {
	var oldest *evidence.Etcd
	for i := range entries {
		if stored := entries[i].Etcd; stored != nil && (oldest == nil || stored.ModRevision < oldest.ModRevision) {
			oldest = stored
		}
	}
	return oldest
}
