// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lesson

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/glassplane/glassplane/internal/experiment"
)

// Bounds of a file.
const (
	maxSteps   = 40
	maxChoices = 8
	maxMinutes = 120
)

// Parse reads a lesson from a file in YAML or JSON and validates it. The error is an
// *experiment.Problems, which has everything that is wrong and not only the first.
func Parse(file string, data []byte) (*Lesson, error) {
	l := &Lesson{}
	format := experiment.Format{What: "a lesson", Docs: "docs/lessons.md"}
	if err := experiment.Decode(file, data, l, format, l.complete); err != nil {
		return nil, err
	}
	return l, nil
}

// complete names the steps of setups and solutions that have no name, and validates.
func (l *Lesson) complete() field.ErrorList {
	for i := range l.Steps {
		if t := l.Steps[i].Task; t != nil {
			nameAll(t.Setup, l.Steps[i].Name+"-setup")
			nameAll(t.Solution, l.Steps[i].Name+"-solution")
		}
	}
	return l.validate()
}

func nameAll(steps []experiment.Step, prefix string) {
	for i := range steps {
		if steps[i].Name == "" {
			steps[i].Name = fmt.Sprintf("%s-%d", prefix, i+1)
		}
	}
}

func (l *Lesson) validate() field.ErrorList {
	p := experiment.NewParts(l.tasks())
	if l.APIVersion != FileVersion {
		p.Add(field.NotSupported(field.NewPath("apiVersion"), l.APIVersion, []string{FileVersion}))
	}
	p.Name(field.NewPath("name"), l.Name)
	if n := len(l.Namespace()); n > 63 {
		p.Add(field.Invalid(field.NewPath("name"), l.Name, "must be short enough for the namespace "+l.Namespace()+", which may have 63 characters"))
	}
	p.Required(field.NewPath("title"), l.Title, "name what one sees, in one line, and not its cause")
	p.Required(field.NewPath("about"), l.About, "say what one learns")
	if l.Minutes < 1 || l.Minutes > maxMinutes {
		p.Add(field.Invalid(field.NewPath("minutes"), l.Minutes, fmt.Sprintf("must be 1 to %d: how long it takes a learner", maxMinutes)))
	}
	p.Needs(l.Needs)
	p.Moments(l.Moments)
	if n := len(l.Steps); n == 0 || n > maxSteps {
		p.Add(field.Invalid(field.NewPath("steps"), n, fmt.Sprintf("must be 1 to %d steps", maxSteps)))
	}
	seen := map[string]bool{}
	for i := range l.Steps {
		path := field.NewPath("steps").Index(i)
		if seen[l.Steps[i].Name] {
			p.Add(field.Duplicate(path.Child("name"), l.Steps[i].Name))
		}
		seen[l.Steps[i].Name] = true
		l.step(p, path, i)
	}
	return p.Errors()
}

// tasks are the names of the steps that have one.
func (l *Lesson) tasks() []string {
	var names []string
	for i := range l.Steps {
		if l.Steps[i].Task != nil {
			names = append(names, l.Steps[i].Name)
		}
	}
	return names
}

func (l *Lesson) step(p *experiment.Parts, path *field.Path, index int) {
	s := &l.Steps[index]
	p.Name(path.Child("name"), s.Name)
	set := 0
	for _, is := range []bool{s.Experiment != "", s.Question != nil, s.Task != nil} {
		if is {
			set++
		}
	}
	if set > 1 {
		p.Add(field.Invalid(path, s.Name, "must have at most one of experiment, question, task"))
	}
	if set == 0 {
		p.Required(path.Child("text"), s.Text, "a step without experiment, question and task is its text")
	}
	if s.Experiment != "" {
		if _, err := experiment.Find(s.Experiment); err != nil {
			p.Add(field.Invalid(path.Child("experiment"), s.Experiment, err.Error()))
		}
	}
	if s.Question != nil {
		l.question(p, path.Child("question"), index)
	}
	if s.Task != nil {
		task(p, path.Child("task"), s.Task)
	}
}

func (l *Lesson) question(p *experiment.Parts, path *field.Path, index int) {
	q := l.Steps[index].Question
	p.Required(path.Child("asks"), q.Asks, "ask something")
	p.Required(path.Child("why"), q.Why, "explain the answer")
	if n := len(q.Choices); n < 2 || n > maxChoices {
		p.Add(field.Invalid(path.Child("choices"), n, fmt.Sprintf("must be 2 to %d choices", maxChoices)))
	}
	right := 0
	for i := range q.Choices {
		c, at := &q.Choices[i], path.Child("choices").Index(i)
		p.Required(at.Child("says"), c.Says, "give the answer in words")
		switch {
		case (c.Right != nil) == (len(c.When) > 0):
			p.Add(field.Invalid(at, c.Says, "must have exactly one of right and when"))
		case (c.Right != nil) != q.IsGiven():
			p.Add(field.Invalid(at, c.Says, "must be judged as the first choice is: all by right, or all by when"))
		case c.Right != nil && *c.Right:
			right++
		}
		p.Conditions(at.Child("when"), c.When)
	}
	if q.IsGiven() && right == 0 {
		p.Add(field.Required(path.Child("choices"), "at least one choice must be right"))
	}
	if q.JudgedAfter != "" {
		l.judgedAfter(p, path.Child("judgedAfter"), index)
	}
	if !q.IsGiven() && q.JudgedAfter == "" && !l.hasTaskBefore(index) {
		p.Add(field.Required(path.Child("judgedAfter"), "there is no evidence before the first task, and none from before an experiment: name a later task"))
	}
}

// judgedAfter must be a later task, with no experiment before it: that would end what
// the evidence is about.
func (l *Lesson) judgedAfter(p *experiment.Parts, path *field.Path, index int) {
	name := l.Steps[index].Question.JudgedAfter
	var later []string
	for i := index + 1; i < len(l.Steps) && l.Steps[i].Experiment == ""; i++ {
		if l.Steps[i].Task != nil {
			later = append(later, l.Steps[i].Name)
		}
	}
	if !slices.Contains(later, name) {
		what := "there is none"
		if len(later) > 0 {
			what = strings.Join(later, ", ")
		}
		p.Add(field.Invalid(path, name, "must be the name of a later task, before the next experiment: "+what))
	}
}

func (l *Lesson) hasTaskBefore(index int) bool {
	for i := index - 1; i >= 0 && l.Steps[i].Experiment == ""; i-- {
		if l.Steps[i].Task != nil {
			return true
		}
	}
	return false
}

func task(p *experiment.Parts, path *field.Path, t *Task) {
	p.Required(path.Child("asks"), t.Asks, "say what is to be done")
	p.Required(path.Child("after"), t.After, "say what the task has shown")
	p.Steps(path.Child("setup"), t.Setup)
	for i, look := range t.Look {
		p.Required(path.Child("look").Index(i), look, "give a command, such as kubectl get simpods")
	}
	p.Refs(path.Child("subjects"), t.Subjects)
	if len(t.Done) == 0 {
		p.Add(field.Required(path.Child("done"), "say what makes the task done"))
	}
	p.Checks(path.Child("done"), t.Done)
	p.Checks(path.Child("rules"), t.Rules)
	if len(t.Hints) == 0 {
		p.Add(field.Required(path.Child("hints"), "give at least one hint, the vaguest first"))
	}
	for i, hint := range t.Hints {
		p.Required(path.Child("hints").Index(i), hint, "give a hint")
	}
	if len(t.Solution) == 0 {
		p.Add(field.Required(path.Child("solution"), "give the steps that do the task, so that it can be proved that it can be done"))
	}
	p.Steps(path.Child("solution"), t.Solution)
	if d := t.Patience(); d <= 0 || d > 2*DefaultWithin {
		p.Add(field.Invalid(path.Child("within"), d.String(), "must be more than 0s and at most "+(2*DefaultWithin).String()))
	}
}
