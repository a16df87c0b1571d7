// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
)

// WhatIfFormats are the formats of the result of an experiment.
var WhatIfFormats = []Format{FormatText, FormatJSON, FormatMarkdown}

// WhatIf writes the result of an experiment in a format.
func WhatIf(w io.Writer, r experiment.Result, format Format, o Options) error {
	switch format {
	case FormatText:
		return whatIfText(w, r, o)
	case FormatJSON:
		return whatIfJSON(w, r)
	case FormatMarkdown:
		return whatIfMarkdown(w, r)
	}
	return fmt.Errorf("format %q: must be text, json or markdown", format)
}

func whatIfJSON(w io.Writer, r any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the result as JSON: %w", err)
	}
	return nil
}

// Experiments writes a line per experiment.
func Experiments(w io.Writer, listings []experiment.Listing, o Options) error {
	p := new(newPrinter(w, o))
	const name = 24
	columns := []column{{title: "NAME", width: name}, {title: "WHAT COMES OF IT?", width: o.width() - name - len(gap)}}
	var rows [][]string
	for _, l := range listings {
		rows = append(rows, []string{l.Name, l.Title})
	}
	p.table(columns, rows)
	return p.err
}

// Experiment writes what may be known of an experiment before it is run.
func Experiment(w io.Writer, l experiment.Listing, o Options) error {
	p := new(newPrinter(w, o))
	width := o.width()
	p.printf("%s  %s\n\n", p.styled(bold, Clean(l.Name)), Clean(l.Title))
	p.paragraph(joinLines(l.Before), width, "")
	p.heading("WHAT IS DONE")
	for i, s := range l.Steps {
		p.paragraph(fmt.Sprintf("%2d. %s", i+1, s.Does), width, "")
	}
	if len(l.Needs) > 0 {
		p.heading("WHAT IT NEEDS")
		for _, need := range l.Needs {
			p.paragraph(need, width, "  ")
		}
	}
	p.heading("WHAT DO YOU EXPECT?")
	for i := range l.Questions {
		p.question(i, l.Questions[i], width)
	}
	return p.err
}

// Question writes one question with its choices, as it is asked.
func Question(w io.Writer, number int, q experiment.ListedQuestion, o Options) error {
	p := new(newPrinter(w, o))
	p.question(number, q, o.width())
	return p.err
}

func (p *printer) question(index int, q experiment.ListedQuestion, width int) {
	p.paragraph(fmt.Sprintf("%d. %s", index+1, q.Asks), width, "")
	for _, c := range q.Choices {
		p.paragraph(fmt.Sprintf("%s) %s", c.ID, c.Says), width, "     ")
	}
}

func joinLines(s string) string { return strings.Join(strings.Fields(s), " ") }

func whatIfText(w io.Writer, r experiment.Result, o Options) error {
	p := new(newPrinter(w, o))
	width := o.width()
	p.printf("%s  %s: %s\n", p.styled(bold, Clean(r.Experiment.Name)), Clean(r.Experiment.Title), p.styled(outcomeStyle(r.Outcome), string(r.Outcome)))
	if r.Problem != "" {
		p.paragraph(r.Problem, width, "  ")
	}
	p.heading("WHAT WAS DONE")
	p.whatIfSteps(r, width)
	if len(r.Timeline) > 0 {
		p.heading("WHEN")
		p.timeline(r.Timeline, width)
	}
	p.heading("STATUS TRACKER")
	p.whatIfTracker(r.Tracker, width)
	p.traces(r.Traces, width)
	p.heading("WHAT YOU EXPECTED, AND WHAT CAME")
	for i := range r.Questions {
		p.answered(i, &r.Questions[i], width)
	}
	p.heading("CHECKS AGAINST ETCD AND THE AUDIT LOG")
	p.findings(r.Checks, width)
	p.heading("WHAT MUST ALWAYS HOLD")
	p.findings(r.Invariants, width)
	for _, missing := range r.Missing {
		p.paragraph("not available: "+missing, width, "  ")
	}
	p.heading("WHAT IT SHOWS")
	p.paragraph(joinLines(r.Explanation), width, "  ")
	return p.err
}

func outcomeStyle(o experiment.Outcome) style {
	if o == experiment.AsExpected {
		return green
	}
	return red
}

func (p *printer) whatIfSteps(r experiment.Result, width int) {
	const number, at, revision = 2, 9, 8
	columns := []column{{title: "#", width: number}, {title: "AFTER", width: at}, {title: "REVISION", width: revision},
		{title: "STEP", width: (width - number - at - revision - 4*len(gap)) / 2, sentences: true},
		{title: "WHAT CAME OF IT", width: (width - number - at - revision - 4*len(gap)) / 2, sentences: true}}
	if p.whole {
		columns[3].width, columns[4].width = 40, 60
	}
	var rows [][]string
	for i := range r.Steps {
		s := &r.Steps[i]
		rows = append(rows, []string{fmt.Sprint(i + 1), afterStart(r, s), revisionText(s), s.Does, whatCame(s)})
	}
	p.table(columns, rows)
}

// afterStart is how long after the start a step had ended.
func afterStart(r experiment.Result, s *experiment.StepResult) string {
	if s.EndedAt == nil {
		return "<none>"
	}
	return fmt.Sprintf("%.3f s", s.EndedAt.Sub(r.StartedAt.Time).Seconds())
}

func revisionText(s *experiment.StepResult) string {
	switch {
	case s.Revision == 0:
		return "<none>"
	case !s.EtcdAnswered:
		return fmt.Sprintf("%d?", s.Revision)
	}
	return fmt.Sprint(s.Revision)
}

func whatCame(s *experiment.StepResult) string {
	var lines []string
	if s.Problem != "" {
		lines = append(lines, s.Problem)
	}
	if r := s.Request; r != nil {
		lines = append(lines, requestText(r))
	} else if s.Found != "" {
		lines = append(lines, s.Found)
	}
	if !s.EtcdAnswered && s.EndedAt != nil {
		lines = append(lines, "etcd did not answer when it ended")
	}
	for _, c := range s.Changes {
		by := ""
		if c.By != "" {
			by = " by " + c.By
		}
		lines = append(lines, fmt.Sprintf("rev %d %s/%s: %s%s: %s", c.Revision, strings.TrimSuffix(c.Subject.Resource, "s"), c.Subject.Name, c.Kind, by, c.State))
	}
	if s.ChangesOmitted > 0 {
		lines = append(lines, fmt.Sprintf("and %d more changes", s.ChangesOmitted))
	}
	return cmp.Or(strings.Join(lines, "\n"), "<none>")
}

func requestText(r *experiment.RequestResult) string {
	text := r.Line + ": "
	switch {
	case r.AnsweredAt != nil:
		text += fmt.Sprintf("%d after %.3f s, %s", r.Code, r.AnsweredAt.Sub(r.SentAt.Time).Seconds(), r.Says)
	case r.Says != "":
		text += r.Says
	default:
		text += "no answer"
	}
	return text + " (audit " + shortID(r.AuditID) + ")"
}

func (p *printer) timeline(moments []experiment.MomentResult, width int) {
	const after, revision, by = 10, 8, 24
	columns := []column{{title: "AFTER", width: after}, {title: "REVISION", width: revision}, {title: "WHAT", width: width - after - revision - by - 3*len(gap)}, {title: "BY", width: by}}
	var rows [][]string
	for _, m := range moments {
		if m.At == nil {
			rows = append(rows, []string{"never", "<none>", m.Says, "<none>"})
			continue
		}
		rows = append(rows, []string{fmt.Sprintf("%.3f s", m.After.Seconds()), fmt.Sprint(m.Revision), m.Says, cmp.Or(m.By, "not available")})
	}
	p.table(columns, rows)
}

// whatIfTracker has a row per step, with the client's and etcd's side of it.
func (p *printer) whatIfTracker(moments []experiment.TrackerMoment, width int) {
	const step, revision = 22, 8
	rest := width - step - revision - 3*len(gap)
	columns := []column{{title: "AFTER STEP", width: step}, {title: "REVISION", width: revision},
		{title: "WHAT THE CLIENT KNOWS", width: rest / 2, sentences: true}, {title: "WHAT ETCD HOLDS", width: rest - rest/2, sentences: true}}
	if p.whole {
		columns[2].width, columns[3].width = 45, 55
	}
	var rows [][]string
	for _, m := range moments {
		rows = append(rows, []string{m.Step, fmt.Sprint(m.Revision), m.Client, strings.Join(states(m), "\n")})
	}
	p.table(columns, rows)
}

func states(m experiment.TrackerMoment) []string {
	lines := make([]string, 0, len(m.Etcd)+1)
	if !m.EtcdAnswered {
		lines = append(lines, "(etcd did not answer; the last that it told)")
	}
	for _, s := range m.Etcd {
		lines = append(lines, s.Subject+": "+s.State)
	}
	return lines
}

// traces have the steps of each subject's life, as a walkthrough has them, with what
// identifies their evidence. The rest of it is in the other formats.
func (p *printer) traces(traces []explain.Trace, width int) {
	for _, t := range traces {
		p.heading(fmt.Sprintf("WALKTHROUGH OF %s %s", strings.ToUpper(strings.TrimSuffix(t.Subject.Resource, "s")), Clean(t.Subject.Name)))
		p.outcome(t, width)
		const number, at, component, action = 4, 15, 18, 34
		columns := []column{{title: "STEP", width: number}, {title: "TIME (UTC)", width: at}, {title: "COMPONENT", width: component, components: true},
			{title: "ACTION", width: action, sentences: true}, {title: "EVIDENCE", width: width - number - at - component - action - 4*len(gap), sentences: true}}
		if p.whole {
			columns[4].width = 60
		}
		var rows [][]string
		for _, s := range t.Steps {
			evidence := strings.ReplaceAll(shortEvidence(s.Evidence), "\n", ", ")
			rows = append(rows, []string{fmt.Sprint(s.Step), clock(s.Time), s.Component, s.Action, evidence})
		}
		if len(rows) > 0 {
			p.table(columns, rows)
		}
	}
}

func (p *printer) answered(index int, q *experiment.QuestionResult, width int) {
	p.question(index, q.ListedQuestion, width)
	switch {
	case len(q.Right) == 0:
		p.paragraph("The evidence bears none of these out.", width, "   ")
	case q.Correct == nil:
		p.paragraph("It was "+strings.Join(q.Right, " and ")+"; nobody predicted it.", width, "   ")
	case *q.Correct:
		p.printf("   %s\n", p.styled(green, "You expected "+q.Predicted+", and so it came."))
	default:
		p.printf("   %s\n", p.styled(red, "You expected "+q.Predicted+"; it was "+strings.Join(q.Right, " and ")+"."))
	}
	for _, line := range proofs(q) {
		p.paragraph(line, width, "   ")
	}
	p.paragraph(joinLines(q.Why), width, "   ")
	p.printf("\n")
}

// proofs are what the right choices were judged by or, where there is none, all.
func proofs(q *experiment.QuestionResult) []string {
	var lines []string
	for _, choice := range q.Evidence {
		if !choice.Holds && len(q.Right) > 0 {
			continue
		}
		for _, f := range choice.Found {
			lines = append(lines, fmt.Sprintf("%s: %s%s", choice.Choice, foundText(f), evidenceText(f)))
		}
	}
	return lines
}

func foundText(f experiment.Finding) string {
	if f.Unavailable != "" {
		return "not available: " + f.Unavailable
	}
	return f.Found
}

func evidenceText(f experiment.Finding) string {
	if len(f.Evidence) == 0 {
		return ""
	}
	const most = 4
	shown := f.Evidence[:min(len(f.Evidence), most)]
	text := strings.Join(shown, ", ")
	if more := len(f.Evidence) - most; more > 0 {
		text += fmt.Sprintf(", %d more", more)
	}
	return " [" + text + "]"
}

func (p *printer) findings(checks []experiment.CheckResult, width int) {
	for _, c := range checks {
		word, color := "yes", green
		if !c.Holds {
			word, color = "NO", red
		}
		p.printf("%s  %s\n", p.styled(color, fmt.Sprintf("%-3s", word)), Clean(c.Says))
		if !c.Holds && c.Wanted != c.Says {
			p.paragraph("wanted: "+c.Wanted, width, "     ")
		}
		p.paragraph(foundText(c.Finding)+evidenceText(c.Finding), width, "     ")
	}
}

// Listings writes what may be shown of experiments before they are run, as JSON.
func Listings(w io.Writer, listings any) error { return whatIfJSON(w, listings) }
