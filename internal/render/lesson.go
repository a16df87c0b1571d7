// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/lesson"
)

// LessonRow is a lesson in a list of them.
type LessonRow struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Minutes int    `json:"minutes"`
	// Steps that it has, and Passed how many of them the learner has passed.
	Steps  int `json:"steps"`
	Passed int `json:"passed"`
	// Next is the first step that was not passed; empty where all were.
	Next string `json:"next,omitempty"`
	// Problem says why progress is not known.
	Problem string `json:"problem,omitempty"`
}

func (r *LessonRow) progress() string {
	switch {
	case r.Problem != "":
		return "not available"
	case r.Passed == r.Steps:
		return "done"
	}
	return fmt.Sprintf("%d of %d", r.Passed, r.Steps)
}

// Lessons writes a line per lesson.
func Lessons(w io.Writer, rows []LessonRow, o Options) error {
	p := new(newPrinter(w, o))
	const name, minutes, progress = 24, 7, 13
	columns := []column{{title: "NAME", width: name}, {title: "MINUTES", width: minutes}, {title: "PROGRESS", width: progress},
		{title: "TITLE", width: o.width() - name - minutes - progress - 3*len(gap)}}
	var cells [][]string
	for i := range rows {
		cells = append(cells, []string{rows[i].Name, fmt.Sprint(rows[i].Minutes), rows[i].progress(), rows[i].Title})
	}
	p.table(columns, cells)
	return p.err
}

// Lesson writes what may be known of a lesson before it is taken: no answers, no hints
// and no solutions.
func Lesson(w io.Writer, l *lesson.Lesson, row LessonRow, o Options) error {
	p := new(newPrinter(w, o))
	width := o.width()
	p.printf("%s  %s\n\n", p.styled(bold, Clean(l.Name)), Clean(l.Title))
	p.paragraph(joinLines(l.About), width, "")
	p.printf("\nAbout %d minutes. Progress: %s.\n", l.Minutes, row.progress())
	p.heading("STEPS")
	const name, kind = 24, 10
	columns := []column{{title: "NAME", width: name}, {title: "KIND", width: kind}, {title: "WHAT", width: width - name - kind - 2*len(gap), sentences: true}}
	var rows [][]string
	for i := range l.Steps {
		s := &l.Steps[i]
		rows = append(rows, []string{s.Name, string(s.Kind()), inOneLine(s)})
	}
	p.table(columns, rows)
	return p.err
}

// inOneLine is what a step is about.
func inOneLine(s *lesson.Step) string {
	switch s.Kind() {
	case lesson.KindQuestion:
		return joinLines(s.Question.Asks)
	case lesson.KindTask:
		return joinLines(s.Task.Asks)
	case lesson.KindExperiment:
		return s.Experiment
	}
	first, _, _ := strings.Cut(joinLines(s.Text), ". ")
	return strings.TrimSuffix(first, ".") + "."
}

// LessonStep writes what a step begins with.
func LessonStep(w io.Writer, l *lesson.Lesson, index int, o Options) error {
	p := new(newPrinter(w, o))
	s := &l.Steps[index]
	p.heading(fmt.Sprintf("%s: %s", strings.ToUpper(l.Position(index)), s.Name))
	for i, paragraph := range strings.Split(strings.TrimSpace(s.Text), "\n\n") {
		if i > 0 {
			p.printf("\n")
		}
		p.paragraph(joinLines(paragraph), o.width(), "")
	}
	return p.err
}

// LessonParagraph writes a text: lines that are indented stay as they are.
func LessonParagraph(w io.Writer, text string, o Options) error {
	p := new(newPrinter(w, o))
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		p.paragraph(joinLines(part), o.width(), "")
	}
	return p.err
}

// LessonTask writes what a task asks, and how one may look around.
func LessonTask(w io.Writer, t *lesson.Task, o Options) error {
	p := new(newPrinter(w, o))
	p.paragraph("YOUR TASK: "+joinLines(t.Asks), o.width(), "")
	for i := range t.Rules {
		p.paragraph("As long as it lasts: "+joinLines(t.Rules[i].Says)+".", o.width(), "  ")
	}
	if len(t.Look) > 0 {
		p.printf("To look around:\n")
		for _, command := range t.Look {
			p.printf("  %s\n", Clean(command))
		}
	}
	return p.err
}

// LessonState writes how far a task is, and what etcd holds.
func LessonState(w io.Writer, s lesson.State, tracked []experiment.TrackedState, o Options) error {
	p := new(newPrinter(w, o))
	p.findings(s.Done, o.width())
	for i := range s.Rules {
		if !s.Rules[i].Holds {
			p.findings(s.Rules[i:i+1], o.width())
		}
	}
	p.tracked(tracked, o.width())
	return p.err
}

func (p *printer) tracked(tracked []experiment.TrackedState, width int) {
	for _, s := range tracked {
		revision := ""
		if s.Revision > 0 {
			revision = fmt.Sprintf(" (revision %d)", s.Revision)
		}
		p.paragraph("etcd has "+s.Subject+": "+s.State+revision, width, "     ")
	}
}

// LessonTaskDone writes what a task has come to: what was judged, what etcd stored
// meanwhile and by whom, and what it has shown.
func LessonTaskDone(w io.Writer, t *lesson.Task, r lesson.TaskResult, o Options) error {
	p := new(newPrinter(w, o))
	width := o.width()
	p.heading("DONE")
	p.findings(r.After.Done, width)
	p.tracked(r.Etcd, width)
	if len(r.Changes) > 0 {
		p.heading("WHAT ETCD STORED MEANWHILE")
		const revision, object, kind, by = 8, 28, 8, 24
		columns := []column{{title: "REVISION", width: revision}, {title: "OBJECT", width: object}, {title: "CHANGE", width: kind},
			{title: "BY", width: by, components: true}, {title: "STATE", width: width - revision - object - kind - by - 4*len(gap), sentences: true}}
		if p.whole {
			columns[4].width = 60
		}
		var rows [][]string
		for _, c := range r.Changes {
			rows = append(rows, []string{fmt.Sprint(c.Revision), strings.TrimSuffix(c.Subject.Resource, "s") + "/" + c.Subject.Name, c.Kind, c.By, c.State})
		}
		p.table(columns, rows)
		if r.ChangesOmitted > 0 {
			p.printf("and %d more\n", r.ChangesOmitted)
		}
	}
	p.printf("\n")
	p.paragraph(joinLines(t.After), width, "")
	return p.err
}

// Answered writes how a question was judged, and by what.
func Answered(w io.Writer, q experiment.QuestionResult, o Options) error {
	p := new(newPrinter(w, o))
	p.printf("\n")
	p.answered(0, &q, o.width())
	return p.err
}

// Walkthroughs writes the steps of objects' lives with their evidence.
func Walkthroughs(w io.Writer, traces []explain.Trace, o Options) error {
	p := new(newPrinter(w, o))
	p.traces(traces, o.width())
	return p.err
}

// LessonReport writes the report of a lesson that was done by its solutions.
func LessonReport(w io.Writer, r lesson.Report, format Format, o Options) error {
	if format == FormatJSON {
		return whatIfJSON(w, r)
	}
	p := new(newPrinter(w, o))
	width := o.width()
	style := outcomeStyle(r.Outcome)
	p.printf("%s: %s\n", p.styled(bold, Clean(r.Lesson)), p.styled(style, string(r.Outcome)))
	if r.Problem != "" {
		p.paragraph(r.Problem, width, "  ")
	}
	const name, kind, took = 20, 10, 9
	columns := []column{{title: "STEP", width: name}, {title: "KIND", width: kind}, {title: "TOOK", width: took},
		{title: "WHAT CAME OF IT", width: width - name - kind - took - 3*len(gap), sentences: true}}
	if p.whole {
		columns[3].width = 100
	}
	var rows [][]string
	for i := range r.Steps {
		s := &r.Steps[i]
		rows = append(rows, []string{s.Name, string(s.Kind), s.Took.Duration.String(), whatStepCame(s)})
	}
	p.table(columns, rows)
	return p.err
}

func whatStepCame(s *lesson.StepReport) string {
	var lines []string
	if s.Problem != "" {
		lines = append(lines, s.Problem)
	}
	if t := s.Task; t != nil {
		if missing := t.Before.Missing(); missing != nil {
			lines = append(lines, fmt.Sprintf("before, at revision %d: %s: no: %s", t.Before.Revision, missing.Says, foundText(missing.Finding)))
		}
		for i := range t.After.Done {
			c := &t.After.Done[i]
			lines = append(lines, fmt.Sprintf("after, at revision %d: %s: %s: %s", t.After.Revision, c.Says, map[bool]string{true: "yes", false: "NO"}[c.Holds], foundText(c.Finding)))
		}
	}
	if s.Experiment != nil {
		lines = append(lines, fmt.Sprintf("experiment %s: %s", s.Experiment.Experiment.Name, s.Experiment.Outcome))
	}
	for i := range s.Questions {
		q := &s.Questions[i]
		lines = append(lines, fmt.Sprintf("question %s: %s", q.ID, rightChoices(q)))
	}
	if len(lines) == 0 {
		return "<none>"
	}
	return strings.Join(lines, "\n")
}

func rightChoices(q *experiment.QuestionResult) string {
	var says []string
	for _, c := range q.Choices {
		for _, right := range q.Right {
			if c.ID == right {
				says = append(says, c.Says)
			}
		}
	}
	if len(says) == 0 {
		return "no choice is right"
	}
	return "right is " + strings.Join(says, " and ")
}
