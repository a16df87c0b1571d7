// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lesson has lessons as data: texts, experiments, questions and small tasks on
// a real control plane, in an order in which one learns from them. It is pure: package
// tutor takes somebody through a lesson.
//
// Whether a task is done is said by conditions on what etcd stores, which are those of
// package experiment. Each task carries a solution, so that it can be proved that the
// lesson can be done.
package lesson

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/glassplane/glassplane/internal/experiment"
)

// FileVersion is the version of the files, their field apiVersion.
const FileVersion = "glassplane.dev/lesson/v1"

// DefaultWithin is how long after its solution a task may take to be done.
const DefaultWithin = time.Minute

// Lesson is the content of a file.
type Lesson struct {
	// APIVersion is the constant FileVersion.
	APIVersion string `json:"apiVersion"`
	// Name by which it is run: lower-case letters, digits and dashes.
	Name string `json:"name"`
	// Title names what one sees, never its cause.
	Title string `json:"title"`
	// About says in a sentence or two what one will be able to do.
	About string `json:"about"`
	// Minutes that it takes a learner, roughly.
	Minutes int `json:"minutes"`
	// Needs are what the control plane must offer.
	Needs experiment.Needs `json:"needs,omitzero"`
	// Moments name revisions of etcd, for conditions. The name of a task is the moment
	// at which the learner was asked to do it.
	Moments []experiment.Moment `json:"moments,omitempty"`
	// Steps are taken one after the other.
	Steps []Step `json:"steps"`
}

// Step is one step: a text, and at most one thing to do.
type Step struct {
	// Name is unique in the lesson.
	Name string `json:"name"`
	// Text is shown first.
	Text string `json:"text,omitempty"`
	// Experiment is the name of one that ships. It has the control plane for itself: what
	// the tasks before have made is deleted.
	Experiment string `json:"experiment,omitempty"`
	// Question asks for a choice.
	Question *Question `json:"question,omitempty"`
	// Task is done by the learner on the control plane.
	Task *Task `json:"task,omitempty"`
}

// Kind is what one does in a step.
type Kind string

// The kinds of steps.
const (
	KindText       Kind = "text"
	KindExperiment Kind = "experiment"
	KindQuestion   Kind = "question"
	KindTask       Kind = "task"
)

// Kind of the step.
func (s *Step) Kind() Kind {
	switch {
	case s.Experiment != "":
		return KindExperiment
	case s.Question != nil:
		return KindQuestion
	case s.Task != nil:
		return KindTask
	}
	return KindText
}

// Question asks for a choice. Either the file says of each choice whether it is right,
// or the evidence does.
type Question struct {
	Asks    string   `json:"asks"`
	Choices []Choice `json:"choices"`
	// Why explains the answer; it is shown afterwards.
	Why string `json:"why"`
	// JudgedAfter is a later task, at whose end a prediction is judged. Default: at once.
	JudgedAfter string `json:"judgedAfter,omitempty"`
}

// Choice is an answer. Exactly one of Right and When is given, the same in all choices.
type Choice struct {
	Says string `json:"says"`
	// Right says whether it is.
	Right *bool `json:"right,omitempty"`
	// When has the conditions that make it right.
	When []experiment.Condition `json:"when,omitempty"`
}

// Task is something to be done on the control plane, in the lesson's namespace.
type Task struct {
	// Asks says what is to be done.
	Asks string `json:"asks"`
	// Setup is done before the learner is asked.
	Setup []experiment.Step `json:"setup,omitempty"`
	// Look are commands that show the learner what there is, without glassplane's or
	// kubectl's flags for the cluster and the namespace.
	Look []string `json:"look,omitempty"`
	// Subjects are objects whose states are shown from etcd.
	Subjects []experiment.Ref `json:"subjects,omitempty"`
	// Done has what makes the task done: all of it, and not all of it before.
	Done []experiment.Check `json:"done"`
	// Rules hold as long as the task lasts. Who breaks one begins the task anew.
	Rules []experiment.Check `json:"rules,omitempty"`
	// Hints are given on request, one after the other.
	Hints []string `json:"hints"`
	// Solution does the task.
	Solution []experiment.Step `json:"solution"`
	// Within is how long after the solution the task may take to be done.
	Within *metav1.Duration `json:"within,omitempty"`
	// After says what the task has shown.
	After string `json:"after"`
}

// Patience is how long after the solution the task may take to be done.
func (t *Task) Patience() time.Duration {
	if t.Within != nil {
		return t.Within.Duration
	}
	return DefaultWithin
}

// Namespace is the one that the lesson has for itself.
func (l *Lesson) Namespace() string { return "lesson-" + l.Name }

// IsName says whether a lesson may have a name.
func IsName(name string) bool { return len(validation.IsDNS1123Label(name)) == 0 }

// Listing is what may be shown of a lesson before it is taken: no answers, no hints and
// no solutions.
type Listing struct {
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	About   string       `json:"about"`
	Minutes int          `json:"minutes"`
	Steps   []ListedStep `json:"steps"`
}

// ListedStep is a step of a Listing.
type ListedStep struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Text string `json:"text,omitempty"`
	// Asks is what a question or a task asks.
	Asks       string                    `json:"asks,omitempty"`
	Choices    []experiment.ListedChoice `json:"choices,omitempty"`
	Experiment string                    `json:"experiment,omitempty"`
}

// Listing of the lesson.
func (l *Lesson) Listing() Listing {
	out := Listing{Name: l.Name, Title: l.Title, About: l.About, Minutes: l.Minutes, Steps: []ListedStep{}}
	for i := range l.Steps {
		s := &l.Steps[i]
		listed := ListedStep{Name: s.Name, Kind: s.Kind(), Text: s.Text, Experiment: s.Experiment}
		switch {
		case s.Question != nil:
			listed.Asks, listed.Choices = s.Question.Asks, s.Question.Asked(s.Name).Choices
		case s.Task != nil:
			listed.Asks = s.Task.Asks
		}
		out.Steps = append(out.Steps, listed)
	}
	return out
}

// Index of a step; -1 where there is none of that name.
func (l *Lesson) Index(step string) int {
	for i := range l.Steps {
		if l.Steps[i].Name == step {
			return i
		}
	}
	return -1
}

// StepNames are the names of all steps, in their order.
func (l *Lesson) StepNames() []string {
	names := make([]string, 0, len(l.Steps))
	for i := range l.Steps {
		names = append(names, l.Steps[i].Name)
	}
	return names
}

// TasksBefore are the indices of the tasks before a step whose objects are still there:
// those since the last experiment.
func (l *Lesson) TasksBefore(index int) []int {
	var tasks []int
	for i := range l.Steps[:index] {
		switch l.Steps[i].Kind() {
		case KindExperiment:
			tasks = nil
		case KindTask:
			tasks = append(tasks, i)
		}
	}
	return tasks
}

// Unmet says what the lesson needs and a control plane does not offer.
func (l *Lesson) Unmet(o experiment.Offer) []string {
	all := experiment.Experiment{Needs: l.Needs}
	unmet := []string{}
	for i := range l.Steps {
		s := &l.Steps[i]
		switch s.Kind() {
		case KindQuestion:
			for n := range s.Question.Choices {
				all.Ready = append(all.Ready, s.Question.Choices[n].When...)
			}
		case KindTask:
			all.Steps = append(append(all.Steps, s.Task.Setup...), s.Task.Solution...)
			all.Checks = append(append(all.Checks, s.Task.Done...), s.Task.Rules...)
		case KindExperiment:
			if e, err := experiment.Find(s.Experiment); err == nil {
				unmet = append(unmet, e.Unmet(o)...)
			}
		}
	}
	unmet = append(unmet, all.Unmet(o)...)
	slices.Sort(unmet)
	return slices.Compact(unmet)
}

// Objects are those that setups and solutions make.
func (l *Lesson) Objects() []experiment.Object {
	var objects []experiment.Object
	for i := range l.Steps {
		if t := l.Steps[i].Task; t != nil {
			objects = append(append(objects, experiment.Objects(t.Setup)...), experiment.Objects(t.Solution)...)
		}
	}
	return objects
}

// Asked is the question as it is asked, without its answer.
func (q *Question) Asked(id string) experiment.ListedQuestion {
	asked := experiment.ListedQuestion{ID: id, Asks: q.Asks}
	for i := range q.Choices {
		asked.Choices = append(asked.Choices, experiment.ListedChoice{ID: experiment.ChoiceID(i), Says: q.Choices[i].Says})
	}
	return asked
}

// Judge says which choices are right, and whether the answer is. The evidence may be
// nil where IsGiven.
func (q *Question) Judge(id, answer string, e *experiment.Evidence) experiment.QuestionResult {
	if !q.IsGiven() {
		of := experiment.Question{ID: id, Asks: q.Asks, Why: q.Why}
		for i := range q.Choices {
			of.Choices = append(of.Choices, experiment.Choice{Says: q.Choices[i].Says, When: q.Choices[i].When})
		}
		return e.Question(&of, answer)
	}
	r := experiment.QuestionResult{ListedQuestion: q.Asked(id), Predicted: answer, Right: []string{}, Why: q.Why}
	correct := false
	for i := range q.Choices {
		if right := q.Choices[i].Right; right != nil && *right {
			r.Right = append(r.Right, experiment.ChoiceID(i))
			correct = correct || answer == experiment.ChoiceID(i)
		}
	}
	if answer != "" {
		r.Correct = &correct
	}
	return r
}

// IsGiven says whether the file gives the answer, and not the evidence.
func (q *Question) IsGiven() bool { return len(q.Choices) > 0 && q.Choices[0].Right != nil }

// State is how far a task is.
type State struct {
	// Done and Rules are the task's, as the evidence has them.
	Done  []experiment.CheckResult `json:"done"`
	Rules []experiment.CheckResult `json:"rules,omitempty"`
	// Revision of etcd by which they are judged.
	Revision int64 `json:"revision"`
}

// Judge says how far the task is.
func (t *Task) Judge(e *experiment.Evidence) State {
	return State{Done: judged(t.Done, e), Rules: judged(t.Rules, e), Revision: e.History.Last()}
}

func judged(checks []experiment.Check, e *experiment.Evidence) []experiment.CheckResult {
	var results []experiment.CheckResult
	for i := range checks {
		results = append(results, experiment.CheckResult{Says: checks[i].Says, Finding: e.Judge(&checks[i].Condition)})
	}
	return results
}

// IsDone says whether all that makes the task done holds.
func (s *State) IsDone() bool { return firstFalse(s.Done) == nil }

// Broken is the first rule that does not hold; nil where all do.
func (s *State) Broken() *experiment.CheckResult { return firstFalse(s.Rules) }

// Missing is the first thing that keeps the task from being done; nil where it is done.
func (s *State) Missing() *experiment.CheckResult { return firstFalse(s.Done) }

func firstFalse(checks []experiment.CheckResult) *experiment.CheckResult {
	for i := range checks {
		if !checks[i].Holds {
			return &checks[i]
		}
	}
	return nil
}

// Position of a step in words, such as "step 2 of 7".
func (l *Lesson) Position(index int) string {
	return fmt.Sprintf("step %d of %d", index+1, len(l.Steps))
}
