// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// Table writes the steps as a table, with the short form of effect and evidence.
func Table(w io.Writer, t explain.Trace, o Options) error {
	p := new(newPrinter(w, o))
	p.steps(t, o.width())
	return p.err
}

const (
	// maxEffectLines and maxEvidenceLines bound the cells of the table.
	maxEffectLines   = 7
	maxEvidenceLines = 7
)

func (p *printer) steps(t explain.Trace, width int) {
	if len(t.Steps) == 0 {
		p.line("No step of this request is recorded: " + t.Reason)
		return
	}
	columns := []column{{title: "STEP", width: 4}, {title: "TIME (UTC)", width: 15}, {title: "COMPONENT", width: 12, components: true},
		{title: "ACTION", width: 18}, {title: "EFFECT", lines: maxEffectLines}, {title: "EVIDENCE", width: 22, lines: maxEvidenceLines}}
	if p.whole {
		width, columns = unwrappedTable, narrowed(columns)
	}
	columns[4].width = width - len(gap)*(len(columns)-1)
	for i, c := range columns {
		if i != 4 {
			columns[4].width -= c.width
		}
	}
	columns[4].width = max(columns[4].width, 10)
	rows := make([][]string, 0, len(t.Steps))
	for _, s := range t.Steps {
		rows = append(rows, []string{fmt.Sprint(s.Step), clock(s.Time), s.Component, s.Action, s.Effect, shortEvidence(s.Evidence)})
	}
	p.table(columns, rows)
}

// narrowed are the columns for where nobody says how wide the table may be: all of
// the effect is shown there, so that it gets what the others can spare.
func narrowed(columns []column) []column {
	for i := range columns {
		switch columns[i].title {
		case "COMPONENT":
			columns[i].width = 10
		case "ACTION":
			columns[i].width = 13
		case "EVIDENCE":
			columns[i].width = 20
		default:
			columns[i].sentences = columns[i].title == "EFFECT"
			continue
		}
		columns[i].sentences = true
	}
	return columns
}

func clock(t *metav1.MicroTime) string {
	if t == nil {
		return "<none>"
	}
	return t.UTC().Format("15:04:05.000000")
}

// shortEvidence has a line per piece of evidence: its source and what
// identifies it there.
func shortEvidence(all []v1alpha1.Evidence) string {
	if len(all) == 0 {
		return "<none>"
	}
	lines := make([]string, 0, len(all))
	for i, e := range all {
		if i == maxEvidenceLines-1 && len(all) > maxEvidenceLines {
			lines = append(lines, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		lines = append(lines, strings.Join(append([]string{e.Source}, identifiers(e)...), " "))
	}
	return strings.Join(lines, "\n")
}

func identifiers(e v1alpha1.Evidence) []string {
	var ids []string
	if e.Source == "audit" || e.Source == "client" {
		ids = append(ids, shortID(e.AuditID))
	}
	if e.Code != 0 {
		ids = append(ids, fmt.Sprint(e.Code))
	}
	if e.ModRevision != 0 && e.Source != "audit" {
		ids = append(ids, fmt.Sprintf("rev %d", e.ModRevision))
	}
	if e.Lag != nil {
		ids = append(ids, lag(e.Lag.Duration))
	}
	return ids
}

// lag rounds what lies between the API server's answer to a write and the watch
// event that it caused, which often comes first.
func lag(d time.Duration) string {
	rounded := d.Round(10 * time.Microsecond)
	if rounded < 0 {
		return rounded.Abs().String() + " before the answer"
	}
	return "lag " + rounded.String()
}

// shortID is the first and the last part of an audit ID: enough to tell two apart.
func shortID(id string) string {
	const short = 8
	if len(id) <= short {
		return id
	}
	return id[len(id)-short:]
}

// details writes each piece of evidence of each step in full.
func (p *printer) details(t explain.Trace, width int) {
	for _, s := range t.Steps {
		p.printf("%s\n", p.styled(bold, Clean(fmt.Sprintf("Step %d  %s %s", s.Step, s.Component, s.Action))))
		p.paragraph("input:  "+s.Input, width, "  ")
		p.paragraph("effect: "+s.Effect, width, "  ")
		for _, e := range s.Evidence {
			p.evidence(e, width)
		}
		p.printf("\n")
	}
}

func (p *printer) evidence(e v1alpha1.Evidence, width int) {
	p.paragraph(fmt.Sprintf("[%s] %s", e.Source, e.Summary), width, "  ")
	for _, f := range fields(e) {
		p.paragraph(f, width, "      ")
	}
	for _, d := range e.Details {
		p.paragraph("- "+d, width, "      ")
	}
}

// fields lists the fields of a piece of evidence that are set.
func fields(e v1alpha1.Evidence) []string {
	var lines []string
	add := func(name, value string, set bool) {
		if set {
			lines = append(lines, name+"="+value)
		}
	}
	add("time", timestamp(e.Time), e.Time != nil)
	add("auditID", e.AuditID, e.AuditID != "")
	add("stage", e.Stage, e.Stage != "")
	add("user", e.User, e.User != "")
	add("groups", strings.Join(e.Groups, ","), len(e.Groups) > 0)
	add("userAgent", fmt.Sprintf("%q", e.UserAgent), e.UserAgent != "")
	add("verb", e.Verb, e.Verb != "")
	add("uri", e.URI, e.URI != "")
	add("code", fmt.Sprint(e.Code), e.Code != 0)
	add("key", e.Key, e.Key != "")
	add("createRevision", fmt.Sprint(e.CreateRevision), e.CreateRevision != 0)
	add("modRevision", fmt.Sprint(e.ModRevision), e.ModRevision != 0)
	add("bytes", fmt.Sprint(e.Bytes), e.Bytes != 0)
	if e.Lag != nil {
		add("lag", e.Lag.Duration.String(), true)
	}
	if len(lines) == 0 {
		return nil
	}
	return []string{strings.Join(lines, "  ")}
}

func timestamp(t *metav1.MicroTime) string {
	if t == nil {
		return "<none>"
	}
	return t.UTC().Format(metav1.RFC3339Micro)
}
