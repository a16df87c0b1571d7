// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/glassplane/glassplane/internal/explain"
)

// Markdown writes the full view as a document.
func Markdown(w io.Writer, t explain.Trace) error {
	p := &printer{w: w}
	p.printf("# %s %s\n\n", escape(strings.TrimSuffix(title(t), ":")), t.Outcome)
	if t.Reason != "" {
		p.printf("%s\n\n", escape(t.Reason))
	}
	p.markdownFlow(t)
	p.markdownSteps(t)
	p.markdownTracker(t)
	p.printf("## Key moments\n\n")
	for _, m := range t.KeyMoments {
		p.printf("**%s** %s\n\n", escape(m.Title), escape(m.Explanation))
	}
	p.markdownDisagreements(t)
	p.printf("## Concept snapshot\n\n")
	for _, l := range t.Snapshot {
		p.printf("- %s\n", escape(l))
	}
	p.printf("\n## Transcript\n\n%s\n\n", escape(t.Transcript))
	p.markdownSources(t)
	p.markdownQuiz(t.Quiz)
	return p.err
}

// escape keeps Markdown and HTML in recorded texts from taking effect.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`).Replace(Clean(s))
}

// cell is a text in a table, which must be one line.
func cell(s string) string { return strings.ReplaceAll(escape(s), "\n", "<br>") }

func (p *printer) markdownRow(cells ...string) {
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	p.printf("| %s |\n", strings.Join(cells, " | "))
}

func (p *printer) markdownHead(titles ...string) {
	p.markdownRow(titles...)
	p.printf("|%s\n", strings.Repeat(" --- |", len(titles)))
}

func (p *printer) markdownSteps(t explain.Trace) {
	if len(t.Steps) == 0 {
		return
	}
	p.printf("## Steps\n\n")
	p.markdownHead("Step", "Time (UTC)", "Component", "Action", "Input", "Effect")
	for _, s := range t.Steps {
		p.markdownRow(fmt.Sprint(s.Step), clock(s.Time), s.Component, s.Action, s.Input, s.Effect)
	}
	p.printf("\n## Evidence\n\n")
	for _, s := range t.Steps {
		p.printf("### Step %d: %s %s\n\n", s.Step, escape(s.Component), escape(s.Action))
		for _, e := range s.Evidence {
			p.printf("- **%s** %s\n", e.Source, cell(e.Summary))
			for _, d := range append(fields(e), e.Details...) {
				p.printf("  - %s\n", cell(d))
			}
		}
		p.printf("\n")
	}
}

func (p *printer) markdownTracker(t explain.Trace) {
	p.printf("## Status tracker\n\n")
	titles, request, cluster := []string{"Variable"}, []string{"Request"}, []string{"Cluster state in etcd"}
	for _, m := range t.Tracker {
		titles = append(titles, strings.ReplaceAll(m.Moment, "AfterStep", "After step "))
		request = append(request, m.RequestState)
		cluster = append(cluster, m.ClusterState)
	}
	p.markdownHead(titles...)
	p.markdownRow(request...)
	p.markdownRow(cluster...)
	p.printf("\n")
}

func (p *printer) markdownDisagreements(t explain.Trace) {
	if len(t.Disagreements) == 0 {
		return
	}
	p.printf("## Sources disagree\n\n")
	for _, d := range t.Disagreements {
		p.printf("- %s: %s\n", cell(d.About), cell(claims(d)))
	}
	p.printf("\n")
}

func (p *printer) markdownSources(t explain.Trace) {
	p.printf("## Sources\n\n")
	p.markdownHead("Source", "Available", "Entries", "Reason")
	for _, s := range t.Sources {
		p.markdownRow(s.Name, yesNo(s.Available), fmt.Sprint(s.Entries), s.Reason)
	}
	p.printf("\nEntries that the journal dropped, of all requests: %d\n", t.Dropped)
}

func (p *printer) markdownQuiz(questions []explain.Question) {
	if len(questions) == 0 {
		return
	}
	p.printf("\n## Quiz\n\n")
	for i, q := range questions {
		p.printf("%d. %s\n", i+1, cell(q.Question))
		for _, c := range q.Choices {
			p.printf("   - %s\n", cell(c))
		}
	}
	if questions[0].Answer == "" {
		return
	}
	p.printf("\n## Answers\n\n")
	for i, q := range questions {
		p.printf("%d. **%s** %s\n", i+1, cell(q.Answer), cell(q.Why))
	}
}
