// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/glassplane/glassplane/internal/experiment"
)

func whatIfMarkdown(w io.Writer, r experiment.Result) error {
	p := &printer{w: w}
	p.printf("# %s: %s\n\n%s\n\n", escape(r.Experiment.Name), escape(r.Experiment.Title), escape(joinLines(r.Experiment.Before)))
	p.printf("**%s** %s\n\n", r.Outcome, escape(r.Problem))
	p.printf("## What was done\n\n")
	p.markdownHead("#", "After", "Revision", "Step", "What came of it")
	for i := range r.Steps {
		s := &r.Steps[i]
		p.markdownRow(fmt.Sprint(i+1), afterStart(r, s), revisionText(s), s.Does, whatCame(s))
	}
	p.markdownTimeline(r.Timeline)
	p.printf("\n## Status tracker\n\n")
	p.markdownHead("After step", "Revision", "What the client knows", "What etcd holds")
	for _, m := range r.Tracker {
		p.markdownRow(m.Step, fmt.Sprint(m.Revision), m.Client, strings.Join(states(m), "\n"))
	}
	for _, t := range r.Traces {
		p.printf("\n## Walkthrough of %s %s: %s\n\n", escape(strings.TrimSuffix(t.Subject.Resource, "s")), escape(t.Subject.Name), t.Outcome)
		p.markdownHead("Step", "Time (UTC)", "Component", "Action", "Effect")
		for _, s := range t.Steps {
			p.markdownRow(fmt.Sprint(s.Step), clock(s.Time), s.Component, s.Action, s.Effect)
		}
	}
	p.printf("\n## What was expected, and what came\n\n")
	for i := range r.Questions {
		p.markdownAnswered(i, &r.Questions[i])
	}
	p.markdownFindings("Checks against etcd and the audit log", r.Checks)
	p.markdownFindings("What must always hold", r.Invariants)
	for _, missing := range r.Missing {
		p.printf("Not available: %s\n\n", escape(missing))
	}
	p.printf("## What it shows\n\n%s\n", escape(joinLines(r.Explanation)))
	return p.err
}

func (p *printer) markdownTimeline(moments []experiment.MomentResult) {
	if len(moments) == 0 {
		return
	}
	p.printf("\n## When\n\n")
	p.markdownHead("After", "Revision", "What", "By")
	for _, m := range moments {
		if m.At == nil {
			p.markdownRow("never", "", m.Says, "")
			continue
		}
		p.markdownRow(fmt.Sprintf("%.3f s", m.After.Seconds()), fmt.Sprint(m.Revision), m.Says, cmp.Or(m.By, "not available"))
	}
}

func (p *printer) markdownAnswered(index int, q *experiment.QuestionResult) {
	p.printf("%d. %s\n", index+1, cell(q.Asks))
	for _, c := range q.Choices {
		p.printf("   - %s) %s\n", c.ID, cell(c.Says))
	}
	p.printf("\n   It was **%s**", cmp.Or(strings.Join(q.Right, " and "), "none of these"))
	if q.Predicted != "" {
		p.printf("; expected was %s", escape(q.Predicted))
	}
	p.printf(". %s\n\n", cell(joinLines(q.Why)))
	for _, line := range proofs(q) {
		p.printf("   - %s\n", cell(line))
	}
	p.printf("\n")
}

func (p *printer) markdownFindings(title string, checks []experiment.CheckResult) {
	p.printf("## %s\n\n", title)
	p.markdownHead("Holds", "Expectation", "Found", "Evidence")
	for _, c := range checks {
		p.markdownRow(yesNo(c.Holds), c.Says, foundText(c.Finding), strings.Join(c.Evidence, ", "))
	}
	p.printf("\n")
}
