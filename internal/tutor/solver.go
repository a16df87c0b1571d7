// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package tutor

import (
	"context"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lesson"
)

// Solver is a learner who does each task as its file does, and predicts nothing. It
// proves that a lesson can be done.
type Solver struct{}

var _ Learner = Solver{}

// Begin needs nothing to be shown.
func (Solver) Begin(context.Context, int) error { return nil }

// Choose gives no answer: which is right is judged all the same.
func (Solver) Choose(context.Context, experiment.ListedQuestion) (string, error) { return "", nil }

// Judged needs nothing to be shown: the report has it.
func (Solver) Judged(context.Context, experiment.QuestionResult) error { return nil }

// Predict gives no answers.
func (Solver) Predict(context.Context, experiment.Listing) (map[string]string, error) {
	return nil, nil
}

// Experimented needs nothing to be shown: the report has it.
func (Solver) Experimented(context.Context, experiment.Result) error { return nil }

// Work does the task by its solution.
func (Solver) Work(ctx context.Context, d *Desk) error { return d.Solve(ctx) }

// Did needs nothing to be shown: the report has it.
func (Solver) Did(context.Context, *Desk, lesson.TaskResult) error { return nil }
