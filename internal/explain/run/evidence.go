// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// idOf names an entry. The journal numbers what it takes; what was read from etcd
// for this record has no number there.
func idOf(e *evidence.Entry) string {
	switch {
	case e.Sequence > 0:
		return string(e.Source) + "-" + strconv.FormatUint(e.Sequence, 10)
	case e.Etcd != nil:
		return fmt.Sprintf("%s-%d-at-%d", e.Source, e.Etcd.ModRevision, e.Etcd.ReadRevision)
	case e.Client != nil:
		return fmt.Sprintf("%s-%s-%d", e.Source, e.Client.AuditID, e.Time.UnixMicro())
	}
	return fmt.Sprintf("%s-%d-at-%d", e.Source, e.Revision, e.Time.UnixMicro())
}

// stageIDs are the audit events of a request: that of its arrival, or those of its
// answer. Where the other ones are all that is kept, they stand for both.
func stageIDs(r *assemble.Request, arrival bool) []string {
	var wanted, all []string
	for i := range r.Entries {
		id := idOf(&r.Entries[i])
		all = append(all, id)
		if (r.Entries[i].Audit.Stage == "RequestReceived") == arrival {
			wanted = append(wanted, id)
		}
	}
	if len(wanted) == 0 {
		return all
	}
	return wanted
}

// revisionIDs are the entries about a revision.
func revisionIDs(r *timeline.Revision) []string {
	var ids []string
	for _, e := range []*evidence.Entry{r.Etcd, r.Watch, r.Decision, r.Transition} {
		if e != nil {
			ids = append(ids, idOf(e))
		}
	}
	return ids
}

// evidence is what the sources delivered, each entry with the steps that it proves.
func (b *builder) evidence() (all []Evidence, omitted int) {
	entries := slices.Clone(b.tale.Record.Entries)
	for _, child := range b.tale.Record.Children {
		entries = append(entries, child.Entries...)
	}
	slices.SortStableFunc(entries, func(x, y evidence.Entry) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Revision, y.Revision), cmp.Compare(x.Sequence, y.Sequence), cmp.Compare(x.Source, y.Source))
	})
	entries, omitted = bounded(entries, MaxEvidence)
	proves, known, room := b.proofs(), map[string]bool{}, MaxRawTotal
	for i := range entries {
		piece := b.piece(&entries[i])
		if known[piece.ID] {
			continue // The same entry came twice, as of a child that is also the subject.
		}
		known[piece.ID], piece.Steps = true, proves[piece.ID]
		if size := len(piece.Raw); size > MaxRaw || size > room {
			piece.Raw, piece.TooLarge = nil, size
		} else {
			room -= size
		}
		all = append(all, piece)
	}
	if all == nil {
		all = []Evidence{}
	}
	return all, omitted
}

func (b *builder) piece(e *evidence.Entry) Evidence {
	piece := Evidence{ID: idOf(e), Source: string(e.Source), Time: micro(e.Time), Revision: e.Revision, Summary: prose.Clip(b.summary(e), prose.MaxLine)}
	switch {
	case e.Audit != nil:
		piece.AuditID = e.Audit.AuditID
	case e.Client != nil, e.Spans != nil:
		piece.AuditID = e.AuditID()
	case e.Decision != nil && e.Decision.Bind != nil:
		piece.Revision = cmp.Or(piece.Revision, timeline.Number(e.Decision.Bind.ResourceVersion))
	}
	// Entries hold JSON as it came: what is no JSON was refused when it was read.
	piece.Raw, _ = json.Marshal(e)
	return piece
}

func (b *builder) summary(e *evidence.Entry) string {
	about := ""
	if e.Object.Name != "" && e.Object.Name != b.tale.Record.Subject.Name {
		about = " of " + nameOf(e.Object)
	}
	switch {
	case e.Audit != nil:
		return auditSummary(e.Audit) + about
	case e.Etcd != nil:
		return etcdSummary(e.Etcd) + about
	case e.Watch != nil:
		return fmt.Sprintf("the observer's watch got %s at revision %d%s", e.Watch.Type, e.Revision, about)
	case e.Decision != nil:
		return decideText(e.Decision) + about
	case e.Transition != nil:
		t := e.Transition
		return fmt.Sprintf("%s → %s on %s: %s", prose.OrNone(t.From), prose.OrNone(t.To), t.Node, t.Reason)
	case e.Client != nil:
		return "the client printed: " + prose.OrNone(e.Client.Line)
	case e.Spans != nil:
		return spansSummary(e.Spans)
	}
	return string(e.Source)
}

func auditSummary(a *evidence.Audit) string {
	text := a.Stage + ": " + a.Verb + prose.Prefixed(" ", a.Subresource) + " by " + prose.OrNone(a.User)
	if a.Code > 0 {
		text += ", answered with " + strconv.Itoa(int(a.Code))
	}
	if a.ResponseRevision > 0 {
		text += fmt.Sprintf(" at revision %d", a.ResponseRevision)
	}
	if a.Reads != nil {
		text += fmt.Sprintf(" (%d equal ones by then)", a.Reads.Count)
	}
	return text
}

func etcdSummary(e *evidence.Etcd) string {
	switch {
	case e.Read && e.CreateRevision == 0 && !e.Deleted:
		return fmt.Sprintf("a read at revision %d found nothing under %s", e.ReadRevision, e.Key)
	case e.Deleted:
		return fmt.Sprintf("revision %d removed %s", e.ModRevision, e.Key)
	}
	text := fmt.Sprintf("revision %d of %s, %d bytes", e.ModRevision, e.Key, e.Bytes)
	return text + prose.Prefixed("; ", strings.TrimSpace(e.Unavailable))
}

// proofs says which steps each entry proves.
func (b *builder) proofs() map[string][]int32 {
	steps := map[string][]int32{}
	add := func(number int32, ids ...string) {
		for _, id := range ids {
			if !slices.Contains(steps[id], number) {
				steps[id] = append(steps[id], number)
			}
		}
	}
	for _, step := range b.tale.Steps {
		for _, r := range step.Revisions {
			add(step.Number, revisionIDs(r)...)
			if r.Write != nil && step.ID != story.Keep {
				add(step.Number, stageIDs(r.Write, false)...)
				if r.Write != b.tale.Asked {
					add(step.Number, stageIDs(r.Write, true)...)
				}
			}
		}
		for _, r := range step.Requests {
			add(step.Number, stageIDs(r, false)...)
		}
		for _, e := range slices.Concat(step.Decisions, step.Transitions) {
			add(step.Number, idOf(e))
		}
		for _, child := range step.Children {
			for _, r := range child.Revisions() {
				add(step.Number, revisionIDs(r)...)
			}
		}
	}
	if asked := b.tale.Asked; asked != nil {
		add(1, stageIDs(asked, true)...)
		add(2, stageIDs(asked, false)...)
	}
	for _, e := range b.tale.SentByClient() {
		add(1, idOf(e))
	}
	b.proveBySpans(add)
	for _, e := range b.tale.Printed() {
		add(8, idOf(e))
	}
	for id := range steps {
		slices.Sort(steps[id])
	}
	return steps
}
