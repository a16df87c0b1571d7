// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tutor takes somebody through a lesson: it sets up the tasks on a control
// plane, judges by etcd what the learner does there, and leaves nothing behind. Who
// learns, and how, is said by a Learner.
package tutor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/lesson"
)

// Learner is who takes a lesson: a person at a terminal, or a program that proves that
// it can be done. An error ends the lesson.
type Learner interface {
	// Begin shows what a step begins with.
	Begin(ctx context.Context, index int) error
	// Choose returns the choice of a question; empty for none.
	Choose(ctx context.Context, q experiment.ListedQuestion) (string, error)
	// Judged shows how a question was judged.
	Judged(ctx context.Context, r experiment.QuestionResult) error
	// Predict returns the choices of an experiment's questions.
	Predict(ctx context.Context, l experiment.Listing) (map[string]string, error)
	// Experimented shows what came of an experiment.
	Experimented(ctx context.Context, r experiment.Result) error
	// Work does the task at a desk, and returns once it is done. ErrAgain begins the
	// task anew.
	Work(ctx context.Context, d *Desk) error
	// Did shows what a task has shown.
	Did(ctx context.Context, d *Desk, r lesson.TaskResult) error
}

// ErrAgain asks for the task to be set up anew.
var ErrAgain = errors.New("the task begins anew")

// Options of a run.
type Options struct {
	// From is the step to begin with. Default: the first one.
	From string
	// Learner takes the lesson.
	Learner Learner
	// Tell is told what is done. Default: nobody is.
	Tell func(format string, args ...any)
	// Passed is told of each step that was passed, so that it can be remembered: of a
	// prediction once it was judged.
	Passed func(step string) error
}

// Run takes a learner through a lesson. What it makes is deleted before it returns,
// also when ctx ends. The error says why the lesson did not come to its end; a Report
// whose Outcome is Differs has none.
func Run(ctx context.Context, plane lab.Plane, l *lesson.Lesson, opts Options) (report lesson.Report, err error) {
	if unmet := l.Unmet(plane.Offer); len(unmet) > 0 {
		return report, fmt.Errorf("%w: %s", lab.ErrUnmet, strings.Join(unmet, "; "))
	}
	from := 0
	if opts.From != "" {
		if from = l.Index(opts.From); from < 0 {
			return report, fmt.Errorf("lesson %s has no step %q: it has %s", l.Name, opts.From, strings.Join(l.StepNames(), ", "))
		}
	}
	if opts.Tell == nil {
		opts.Tell = func(string, ...any) {}
	}
	if opts.Passed == nil {
		opts.Passed = func(string) error { return nil }
	}
	t := &tutor{plane: plane, lesson: l, opts: opts, answers: map[string]string{}}
	t.report = lesson.Report{SchemaVersion: lesson.ReportVersion, Lesson: l.Name, StartedAt: metav1.NewMicroTime(time.Now()), Steps: []lesson.StepReport{}}
	err = t.run(ctx, from)
	err = errors.Join(err, t.close(ctx))
	conclude(ctx, &t.report, err)
	return t.report, err
}

// tutor is one run of a lesson.
type tutor struct {
	plane  lab.Plane
	lesson *lesson.Lesson
	opts   Options
	// session is the one of the tasks since the last experiment; nil before the first.
	session *lab.Session
	// answers are those that are judged after a task, by the step of the question.
	answers map[string]string
	report  lesson.Report
}

func (t *tutor) run(ctx context.Context, from int) error {
	for i := from; i < len(t.lesson.Steps); i++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s := &t.lesson.Steps[i]
		if err := t.opts.Learner.Begin(ctx, i); err != nil {
			return err
		}
		began := time.Now()
		result := lesson.StepReport{Name: s.Name, Kind: s.Kind()}
		err := t.step(ctx, i, &result)
		result.Took = metav1.Duration{Duration: time.Since(began).Round(time.Millisecond)}
		if err != nil {
			result.Problem = err.Error()
		}
		t.report.Steps = append(t.report.Steps, result)
		if err != nil {
			return fmt.Errorf("step %s: %w", s.Name, err)
		}
		if _, isOpen := t.answers[s.Name]; isOpen {
			continue // It is passed once it is judged.
		}
		if err := t.opts.Passed(s.Name); err != nil {
			return err
		}
	}
	return nil
}

func (t *tutor) step(ctx context.Context, index int, result *lesson.StepReport) error {
	s := &t.lesson.Steps[index]
	switch s.Kind() {
	case lesson.KindQuestion:
		return t.question(ctx, index, result)
	case lesson.KindExperiment:
		return t.experiment(ctx, s, result)
	case lesson.KindTask:
		return t.task(ctx, index, result)
	}
	return nil
}

// question asks, and judges at once what is not a prediction.
func (t *tutor) question(ctx context.Context, index int, result *lesson.StepReport) error {
	s := &t.lesson.Steps[index]
	answer, err := t.opts.Learner.Choose(ctx, s.Question.Asked(s.Name))
	if err != nil {
		return err
	}
	if s.Question.JudgedAfter != "" {
		t.answers[s.Name] = answer
		return nil
	}
	return t.judge(ctx, index, answer, result)
}

func (t *tutor) judge(ctx context.Context, index int, answer string, result *lesson.StepReport) error {
	s := &t.lesson.Steps[index]
	var e *experiment.Evidence
	if !s.Question.IsGiven() {
		if err := t.open(ctx, index); err != nil {
			return err
		}
		var conditions []experiment.Condition
		for i := range s.Question.Choices {
			conditions = append(conditions, s.Question.Choices[i].When...)
		}
		t.session.AwaitAudit(ctx, conditions)
		var err error
		if e, err = t.session.Evidence(ctx); err != nil {
			return err
		}
	}
	judged := s.Question.Judge(s.Name, answer, e)
	result.Questions = append(result.Questions, judged)
	return t.opts.Learner.Judged(ctx, judged)
}

// experiment runs one, which has the control plane for itself.
func (t *tutor) experiment(ctx context.Context, s *lesson.Step, result *lesson.StepReport) error {
	if err := t.close(ctx); err != nil {
		return err
	}
	e, err := experiment.Find(s.Experiment)
	if err != nil {
		return err
	}
	r, err := lab.Run(ctx, t.plane, e, lab.Options{Predict: t.opts.Learner.Predict, Tell: t.opts.Tell})
	if err != nil {
		return err
	}
	result.Experiment = &r
	return t.opts.Learner.Experimented(ctx, r)
}

// task sets a task up, until the learner has done it.
func (t *tutor) task(ctx context.Context, index int, result *lesson.StepReport) error {
	for {
		desk, err := t.setUp(ctx, index)
		if err != nil {
			return err
		}
		err = t.opts.Learner.Work(ctx, desk)
		if errors.Is(err, ErrAgain) {
			if err := t.close(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		return t.did(ctx, index, desk, result)
	}
}

// did shows what a task has shown, and judges the predictions about it.
func (t *tutor) did(ctx context.Context, index int, desk *Desk, result *lesson.StepReport) error {
	done, err := desk.result(ctx)
	if err != nil {
		return err
	}
	result.Task = &done
	if err := t.opts.Learner.Did(ctx, desk, done); err != nil {
		return err
	}
	for i := range t.lesson.Steps[:index] {
		s := &t.lesson.Steps[i]
		answer, asked := t.answers[s.Name]
		if !asked || s.Question.JudgedAfter != t.lesson.Steps[index].Name {
			continue
		}
		if err := t.judge(ctx, i, answer, result); err != nil {
			return err
		}
		delete(t.answers, s.Name)
		if err := t.opts.Passed(s.Name); err != nil {
			return err
		}
	}
	return nil
}

// open begins a session where there is none, and does the tasks before a step by their
// solutions, as far as there is no experiment in between.
func (t *tutor) open(ctx context.Context, index int) error {
	if t.session != nil {
		return nil
	}
	session, err := lab.OpenSession(ctx, t.plane, lab.SessionOptions{
		Name: t.lesson.Name, Namespace: t.lesson.Namespace(), Moments: t.lesson.Moments, Others: t.lesson.Objects(), Tell: t.opts.Tell,
	})
	if err != nil {
		return err
	}
	t.session = session
	for _, i := range t.lesson.TasksBefore(index) {
		t.opts.Tell("step %s is done by its solution", t.lesson.Steps[i].Name)
		desk, err := t.begin(ctx, i)
		if err != nil {
			return err
		}
		if err := desk.Solve(ctx); err != nil {
			return err
		}
	}
	return nil
}

// setUp sets a task up, and proves that it is not done yet.
func (t *tutor) setUp(ctx context.Context, index int) (*Desk, error) {
	if err := t.open(ctx, index); err != nil {
		return nil, err
	}
	return t.begin(ctx, index)
}

func (t *tutor) begin(ctx context.Context, index int) (*Desk, error) {
	s := &t.lesson.Steps[index]
	if err := t.session.Do(ctx, s.Task.Setup); err != nil {
		return nil, fmt.Errorf("setting up: %w", err)
	}
	t.session.Mark(ctx, s.Name, s.Task.Asks)
	desk := &Desk{Name: s.Name, Task: s.Task, session: t.session}
	state, err := desk.State(ctx)
	if err != nil {
		return nil, err
	}
	desk.before = state
	if state.IsDone() {
		return nil, fmt.Errorf("the file is wrong: task %s is done before anybody has done anything: %s", s.Name, state.Done[0].Found)
	}
	if broken := state.Broken(); broken != nil {
		return nil, fmt.Errorf("the file is wrong: a rule of task %s does not hold before anybody has done anything: %s: %s", s.Name, broken.Says, whatFound(broken))
	}
	return desk, nil
}

// close ends the session and deletes what was made.
func (t *tutor) close(ctx context.Context) error {
	if t.session == nil {
		return nil
	}
	session := t.session
	t.session = nil
	t.opts.Tell("deleting what the lesson made")
	return session.Close(ctx)
}

// conclude says how the lesson ended.
func conclude(ctx context.Context, r *lesson.Report, err error) {
	r.EndedAt = metav1.NewMicroTime(time.Now())
	switch {
	case ctx.Err() != nil:
		r.Outcome, r.Problem = experiment.Interrupted, "it was interrupted"
	case err != nil:
		r.Outcome, r.Problem = experiment.Failed, err.Error()
	default:
		r.Outcome = experiment.AsExpected
		if r.Problem = r.Differs(); r.Problem != "" {
			r.Outcome = experiment.Differs
		}
	}
}
