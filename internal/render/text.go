// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
)

// Text writes the full view: flow, table, evidence, tracker, key moments,
// snapshot, transcript and, last, the quiz with its answers.
func Text(w io.Writer, t explain.Trace, o Options) error {
	if o.HideAnswers {
		t = t.WithoutAnswers()
	}
	p := new(newPrinter(w, o))
	width := o.width()
	p.outcome(t, width)
	if len(t.Steps) > 0 {
		p.heading("FLOW")
		p.flow(t)
	}
	p.heading("STEPS")
	p.steps(t, width)
	if len(t.Steps) > 0 {
		p.heading("EVIDENCE")
		p.details(t, width)
	}
	p.heading("STATUS TRACKER")
	p.tracker(t.Tracker, width)
	p.heading("KEY MOMENTS")
	for _, m := range t.KeyMoments {
		p.printf("%s\n", p.styled(bold, Clean(m.Title)))
		p.paragraph(m.Explanation, width, "  ")
	}
	p.disagreements(t, width)
	p.heading("CONCEPT SNAPSHOT")
	for _, l := range t.Snapshot {
		p.paragraph(l, width, "  ")
	}
	p.heading("TRANSCRIPT")
	p.paragraph(t.Transcript, width, "")
	p.heading("SOURCES")
	p.sources(t, width)
	p.quiz(t.Quiz, width)
	return p.err
}

func (p *printer) outcome(t explain.Trace, width int) {
	state := "in progress"
	if t.Complete {
		state = "complete"
	}
	color := green
	switch t.Outcome {
	case explain.OutcomeRunning, explain.OutcomeSucceeded, explain.OutcomeScheduled, explain.OutcomePending, explain.OutcomeStored,
		explain.OutcomeAnswered, explain.OutcomeChanged, explain.OutcomeUnchanged, explain.OutcomeCarriedOut, explain.OutcomeDryRun:
	default:
		color = red
	}
	p.printf("%s %s (%s)\n", Clean(title(t)), p.styled(color, string(t.Outcome)), state)
	if t.Reason != "" {
		p.paragraph(t.Reason, width, "  ")
	}
}

// title names what is explained: the object, or a request that is no create.
func title(t explain.Trace) string {
	if t.Kind == "" || t.Kind == "create" || t.Request == nil {
		return subject(t)
	}
	what := t.Request.Verb
	if t.Request.Subresource != "" {
		what += " " + t.Request.Subresource
	}
	return fmt.Sprintf("request to %s %s", what, subject(t))
}

// subject is the object as kubectl names it.
func subject(t explain.Trace) string {
	kind := t.Subject.Resource
	if t.Subject.Group != "" {
		kind += "." + t.Subject.Group
	}
	name := t.Subject.Name
	if name == "" {
		name = "<none>"
	}
	if t.Subject.Namespace != "" {
		return fmt.Sprintf("%s/%s in namespace %s:", kind, name, t.Subject.Namespace)
	}
	return fmt.Sprintf("%s/%s:", kind, name)
}

// tracker has a row per variable and a column per moment.
func (p *printer) tracker(moments []v1alpha1.TrackerMoment, width int) {
	const first = 13
	columns := []column{{title: "VARIABLE", width: first}}
	request, cluster := []string{"request"}, []string{"cluster state in etcd"}
	for _, m := range moments {
		columns = append(columns, column{title: momentTitle(m.Moment), width: (width - first - len(gap)*len(moments)) / len(moments)})
		request = append(request, m.RequestState)
		cluster = append(cluster, m.ClusterState)
	}
	p.table(columns, [][]string{request, cluster})
}

func momentTitle(moment string) string {
	return strings.ToUpper(strings.ReplaceAll(moment, "AfterStep", "After step "))
}

func (p *printer) disagreements(t explain.Trace, width int) {
	if len(t.Disagreements) == 0 {
		return
	}
	p.heading("SOURCES DISAGREE")
	for _, d := range t.Disagreements {
		p.paragraph(d.About+": "+claims(d), width, "  ")
	}
}

func claims(d explain.Disagreement) string {
	parts := make([]string, 0, len(d.Claims))
	for _, c := range d.Claims {
		parts = append(parts, fmt.Sprintf("%s says %s", c.Source, c.Says))
	}
	return strings.Join(parts, ", ")
}

func (p *printer) sources(t explain.Trace, width int) {
	const name, available, entries = 12, 9, 7
	columns := []column{{title: "SOURCE", width: name}, {title: "AVAILABLE", width: available}, {title: "ENTRIES", width: entries},
		{title: "REASON", width: width - name - available - entries - 3*len(gap)}}
	var rows [][]string
	for _, s := range t.Sources {
		rows = append(rows, []string{s.Name, yesNo(s.Available), fmt.Sprint(s.Entries), s.Reason})
	}
	p.table(columns, rows)
	if t.Dropped > 0 {
		p.paragraph(fmt.Sprintf("The journal has dropped %d entries of all requests: some of this one may be missing.", t.Dropped), width, "")
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// quiz asks all questions first; the answers, where they are shown, come at the
// very end.
func (p *printer) quiz(questions []explain.Question, width int) {
	if len(questions) == 0 {
		return
	}
	p.heading("QUIZ")
	for i, q := range questions {
		p.paragraph(fmt.Sprintf("%d. %s", i+1, q.Question), width, "")
		for n, c := range q.Choices {
			p.paragraph(fmt.Sprintf("%c) %s", 'a'+n%26, c), width, "     ")
		}
	}
	if questions[0].Answer == "" {
		return
	}
	p.heading("ANSWERS")
	for i, q := range questions {
		p.paragraph(fmt.Sprintf("%d. %s", i+1, q.Answer), width, "")
		p.paragraph(q.Why, width, "     ")
	}
}
