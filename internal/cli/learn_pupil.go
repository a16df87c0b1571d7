// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lesson"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/render/look"
	"github.com/glassplane/glassplane/internal/tutor"
)

// lookInterval is how often it is looked whether the learner has done a task.
const lookInterval = 300 * time.Millisecond

// errLeft ends a lesson that the learner leaves.
var errLeft = errors.New("the learner has left")

// pupil is a person at a terminal.
type pupil struct {
	io      IO
	lesson  *lesson.Lesson
	lines   <-chan string
	clock   clock.WithTicker
	options render.Options
	// kubectl says how kubectl finds the control plane.
	kubectl string
}

var _ tutor.Learner = (*pupil)(nil)

func newPupil(ctx context.Context, io IO, l *lesson.Lesson, kubectl string, theme look.Theme) *pupil {
	return &pupil{io: io, lesson: l, lines: readLines(ctx, io.In), clock: clock.RealClock{}, options: render.Options{Width: io.width, Theme: theme}, kubectl: kubectl}
}

// line waits for a line; errLeft where there are none any more, or it is a q.
func (p *pupil) line(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case line, open := <-p.lines:
		line = strings.ToLower(strings.TrimSpace(line))
		if !open || line == "q" {
			return "", errLeft
		}
		return line, nil
	}
}

// Begin shows the text of a step, and waits where there is nothing else to do.
func (p *pupil) Begin(ctx context.Context, index int) error {
	if err := render.LessonStep(p.io.Out, p.lesson, index, p.options); err != nil {
		return err
	}
	switch p.lesson.Steps[index].Kind() {
	case lesson.KindText, lesson.KindExperiment:
		fmt.Fprintf(p.io.Out, "\nEnter goes on, q leaves: ")
		_, err := p.line(ctx)
		return err
	}
	return nil
}

// Choose asks a question.
func (p *pupil) Choose(ctx context.Context, q experiment.ListedQuestion) (string, error) {
	return p.choose(ctx, 0, q)
}

func (p *pupil) choose(ctx context.Context, index int, q experiment.ListedQuestion) (string, error) {
	if err := render.Question(p.io.Out, index, q, p.options); err != nil {
		return "", err
	}
	for {
		fmt.Fprintf(p.io.Out, "Your answer (%s; Enter for none, q leaves): ", letters(q))
		answer, err := p.line(ctx)
		if err != nil || answer == "" {
			return "", err
		}
		for _, choice := range q.Choices {
			if choice.ID == answer {
				return answer, nil
			}
		}
		fmt.Fprintf(p.io.Out, "%q is no choice: give one of %s.\n", answer, letters(q))
	}
}

// Judged shows how an answer was judged.
func (p *pupil) Judged(_ context.Context, r experiment.QuestionResult) error {
	return render.Answered(p.io.Out, r, p.options)
}

// Predict asks the questions of an experiment.
func (p *pupil) Predict(ctx context.Context, l experiment.Listing) (map[string]string, error) {
	if err := render.Experiment(p.io.Out, l, p.options); err != nil {
		return nil, err
	}
	predicted := map[string]string{}
	for i, q := range l.Questions {
		fmt.Fprintln(p.io.Out)
		answer, err := p.choose(ctx, i, q)
		if err != nil {
			return nil, err
		}
		predicted[q.ID] = answer
	}
	return predicted, nil
}

// Experimented shows what came of an experiment.
func (p *pupil) Experimented(_ context.Context, r experiment.Result) error {
	return render.WhatIf(p.io.Out, r, render.FormatText, p.options)
}

// Did shows what a task has come to.
func (p *pupil) Did(_ context.Context, d *tutor.Desk, r lesson.TaskResult) error {
	return render.LessonTaskDone(p.io.Out, d.Task, r, p.options)
}

const keys = `Enter shows how far you are, h gives a hint, w shows the walkthrough of what it is
about, a begins the task anew, g gives up and does it, q leaves.
`

// Work waits until the task is done, and answers what the learner asks meanwhile.
func (p *pupil) Work(ctx context.Context, d *tutor.Desk) error {
	fmt.Fprintln(p.io.Out)
	if err := render.LessonTask(p.io.Out, d.Task, p.options); err != nil {
		return err
	}
	fmt.Fprintf(p.io.Out, "\nWork in another terminal:\n  %s\n\n%s", p.kubectl, keys)
	ticker := p.clock.NewTicker(lookInterval)
	defer ticker.Stop()
	broken := ""
	for {
		state, err := d.State(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		rule := state.Broken()
		switch {
		case rule == nil && state.IsDone():
			return nil
		case rule != nil && rule.Says != broken:
			broken = rule.Says
			fmt.Fprintf(p.io.Out, "\nThis must hold, and does not: %s (%s).\nTo begin the task anew: a\n", rule.Says, rule.Found)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case line, open := <-p.lines:
			if !open {
				return errLeft
			}
			if done, err := p.key(ctx, d, strings.ToLower(strings.TrimSpace(line))); done || err != nil {
				return err
			}
		case <-ticker.C():
		}
	}
}

// key does what a line asks for. It is done where the task is.
func (p *pupil) key(ctx context.Context, d *tutor.Desk, line string) (done bool, err error) {
	switch line {
	case "":
		return false, p.howFar(ctx, d)
	case "h", "hint":
		p.hint(d)
		return false, nil
	case "w":
		return false, p.walk(ctx, d)
	case "a":
		return false, tutor.ErrAgain
	case "g":
		fmt.Fprintln(p.io.Out, "It is done like this:")
		return true, d.Solve(ctx)
	case "q":
		return false, errLeft
	}
	fmt.Fprintf(p.io.Out, "%q is none of these. %s", line, keys)
	return false, nil
}

func (p *pupil) howFar(ctx context.Context, d *tutor.Desk) error {
	state, err := d.State(ctx)
	if err != nil {
		return err
	}
	tracked, err := d.Tracked(ctx)
	if err != nil {
		return err
	}
	return render.LessonState(p.io.Out, state, tracked, p.options)
}

func (p *pupil) hint(d *tutor.Desk) {
	hint, more := d.Hint()
	if hint == "" {
		fmt.Fprintln(p.io.Out, "There are no more hints. g does the task for you.")
		return
	}
	fmt.Fprintf(p.io.Out, "Hint: %s\n", strings.ReplaceAll(strings.TrimSpace(hint), "\n", "\n  "))
	if more > 0 {
		fmt.Fprintf(p.io.Out, "(%d more)\n", more)
	}
}

func (p *pupil) walk(ctx context.Context, d *tutor.Desk) error {
	traces, err := d.Traces(ctx)
	if err != nil {
		fmt.Fprintf(p.io.Out, "not available: %v\n", err)
	}
	return render.Walkthroughs(p.io.Out, traces, p.options)
}
