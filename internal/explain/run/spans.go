// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/explain/prose"
)

// maxMeasured bounds the requests of which a run shows the parts: those of a long
// life would leave no room for what else happened.
const maxMeasured = 16

// parts adds what servers measured of how a request was handled, below the activity
// that is the whole of it. Parts of the request that the run is about belong to the
// step that tells of them.
func (b *builder) parts(r *assemble.Request, whole string, of moment) {
	h := b.tale.Handling(r.AuditID)
	if h == nil || b.measuredRequests >= maxMeasured && r != b.tale.Asked {
		return
	}
	b.measuredRequests++
	proof := b.spanIDs(r.AuditID)
	for _, p := range h.Parts {
		if p.Phase == handling.Handle {
			continue // The whole is there already, by the audit log.
		}
		a := Activity{
			ID: "part-" + p.ID, Actor: actorAPIServer, Parent: "part-" + p.Parent, Kind: Span, Label: p.Label, AuditID: r.AuditID, Evidence: slices.Clone(proof),
			Text: partText(p),
		}
		if p.Server == component.Etcd {
			a.Actor = b.cast.etcd()
		}
		if p.Parent == h.Parts[0].ID {
			a.Parent = whole
		}
		within := of
		if r == b.tale.Asked {
			within = b.momentOfStep(p.Step, of)
		}
		b.do(a, p.Begin, p.End, within)
	}
}

// momentOfStep is the moment of a step, where the story has that step.
func (b *builder) momentOfStep(number int32, otherwise moment) moment {
	for _, step := range b.tale.Steps {
		if step.Number != number {
			continue
		}
		of := moment{step: number}
		if n := len(step.Revisions); n > 0 {
			of.revision = step.Revisions[n-1].Number
		}
		return of
	}
	return otherwise
}

func partText(p handling.Part) string {
	text := fmt.Sprintf("%s %s for %s", p.Server, p.Text, prose.Span(p.Duration()))
	for _, detail := range p.Details {
		text += "; " + detail
	}
	return prose.Clip(text, prose.MaxLine)
}

// measured gives a message the times that servers measured.
func (b *builder) measured(m *Message, sent, received time.Time) {
	m.NotBefore, m.NotAfter, m.Unknown = nil, nil, ""
	m.SentAt, m.ReceivedAt = micro(sent), micro(received)
	if sent.IsZero() || received.IsZero() {
		m.Unknown = "one of its times: " + b.tale.Missing(evidence.SourceSpan, "span of etcd for it")
	}
	m.Evidence = append(m.Evidence, b.spanIDs(m.AuditID)...)
}

// spanIDs are the entries with spans of a request.
func (b *builder) spanIDs(auditID string) []string {
	var ids []string
	for i := range b.tale.Record.Entries {
		if e := &b.tale.Record.Entries[i]; e.Spans != nil && e.Spans.AuditID == auditID {
			ids = append(ids, idOf(e))
		}
	}
	return ids
}

func spansSummary(s *evidence.Spans) string {
	servers := map[string]int{}
	for i := range s.Spans {
		servers[s.Spans[i].Service]++
	}
	text := fmt.Sprintf("%s of the API server and %d of etcd", prose.Count(servers[evidence.ServiceAPIServer], "span"), servers[evidence.ServiceEtcd])
	if s.Omitted > 0 {
		text += fmt.Sprintf("; %d more were left out", s.Omitted)
	}
	return text
}

// proveBySpans says which steps the spans of a request prove.
func (b *builder) proveBySpans(add func(number int32, ids ...string)) {
	for auditID, number := range b.steps {
		add(number, b.spanIDs(auditID)...)
	}
	if b.tale.Handled == nil {
		return
	}
	for _, p := range b.tale.Handled.Parts {
		if p.Step > 0 {
			add(p.Step, b.spanIDs(b.tale.Handled.AuditID)...)
		}
	}
}
