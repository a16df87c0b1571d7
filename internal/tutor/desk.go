// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package tutor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/lesson"
)

// pollInterval is how often a task is looked at while its solution takes effect.
const pollInterval = 100 * time.Millisecond

// Desk is where a task is done.
type Desk struct {
	// Name of the step, and its task.
	Name string
	Task *lesson.Task

	session *lab.Session
	before  lesson.State
	hints   int
	solved  bool
}

// State says how far the task is, by what etcd holds now.
func (d *Desk) State(ctx context.Context) (lesson.State, error) {
	e, err := d.session.Evidence(ctx)
	if err != nil {
		return lesson.State{}, err
	}
	return d.Task.Judge(e), nil
}

// Hint returns the next hint, and how many there are after it; empty where there is
// none any more.
func (d *Desk) Hint() (hint string, more int) {
	if d.hints == len(d.Task.Hints) {
		return "", 0
	}
	d.hints++
	return d.Task.Hints[d.hints-1], len(d.Task.Hints) - d.hints
}

// Solve does the task by its solution, and waits until it is done.
func (d *Desk) Solve(ctx context.Context) error {
	d.solved = true
	if err := d.session.Do(ctx, d.Task.Solution); err != nil {
		return fmt.Errorf("the solution: %w", err)
	}
	if problem := d.refused(); problem != "" {
		return fmt.Errorf("the solution: %s", problem)
	}
	within := d.Task.Patience()
	waiting, cancel := context.WithTimeoutCause(ctx, within, errPatience)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		state, err := d.State(ctx)
		if err != nil {
			return err
		}
		if broken := state.Broken(); broken != nil {
			return fmt.Errorf("the solution breaks a rule: %s: %s", broken.Says, whatFound(broken))
		}
		missing := state.Missing()
		if missing == nil {
			return nil
		}
		select {
		case <-waiting.Done():
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("the solution does not do the task within %s: %s: %s", within, missing.Says, whatFound(missing))
		case <-ticker.C:
		}
	}
}

var errPatience = errors.New("the solution takes too long")

// refused is what the client was told of the first request of the solution that the
// API server refused; empty for none.
func (d *Desk) refused() string {
	for i := range d.Task.Solution {
		if r := d.session.Request(d.Task.Solution[i].Name); r != nil && r.Code/100 != 2 {
			return r.Line + ": " + r.Says
		}
	}
	return ""
}

// Tracked says what etcd holds of the task's subjects.
func (d *Desk) Tracked(ctx context.Context) ([]experiment.TrackedState, error) {
	e, err := d.session.Evidence(ctx)
	if err != nil {
		return nil, err
	}
	return e.Now(d.Task.Subjects), nil
}

// Traces explain the lives of the task's subjects as a walkthrough does. Those that
// nobody recorded are left out.
func (d *Desk) Traces(ctx context.Context) ([]explain.Trace, error) {
	e, err := d.session.Evidence(ctx)
	if err != nil {
		return nil, err
	}
	var traces []explain.Trace
	var errs []error
	for _, ref := range d.Task.Subjects {
		trace, err := d.session.Trace(ctx, e.Subject(ref))
		if err != nil {
			errs = append(errs, fmt.Errorf("%s/%s: %w", ref.Resource, ref.Name, err))
			continue
		}
		traces = append(traces, trace)
	}
	return traces, errors.Join(errs...)
}

// result is what the task has come to.
func (d *Desk) result(ctx context.Context) (lesson.TaskResult, error) {
	d.session.AwaitAudit(ctx, nil)
	e, err := d.session.Evidence(ctx)
	if err != nil {
		return lesson.TaskResult{}, err
	}
	r := lesson.TaskResult{Before: d.before, After: d.Task.Judge(e), BySolution: d.solved, Hints: d.hints, Etcd: e.Now(d.Task.Subjects)}
	r.Changes, r.ChangesOmitted = e.Changes(d.before.Revision, e.History.Last())
	return r, nil
}

// whatFound is what a check found, or why it could not be judged.
func whatFound(c *experiment.CheckResult) string {
	return cmp.Or(c.Unavailable, c.Found)
}
