// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lesson

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/experiment"
)

// ReportVersion is the version of the JSON form of a Report, which docs/lessons.md
// documents. Fields are added to a version, but none is renamed or removed.
const ReportVersion = "glassplane.dev/lesson-report/v1"

// Report is one run of a lesson.
type Report struct {
	// SchemaVersion is the constant ReportVersion.
	SchemaVersion string `json:"schemaVersion"`
	// Lesson is its name.
	Lesson string `json:"lesson"`
	// Outcome of the run, and Problem in one sentence where it is not AsExpected.
	Outcome experiment.Outcome `json:"outcome"`
	Problem string             `json:"problem,omitempty"`
	// StartedAt and EndedAt by the clock of who ran it.
	StartedAt metav1.MicroTime `json:"startedAt"`
	EndedAt   metav1.MicroTime `json:"endedAt"`
	// Steps are those that were taken.
	Steps []StepReport `json:"steps"`
}

// StepReport is a step that was taken.
type StepReport struct {
	Name string          `json:"name"`
	Kind Kind            `json:"kind"`
	Took metav1.Duration `json:"took"`
	// Task is what a task has come to, and Experiment an experiment.
	Task       *TaskResult        `json:"task,omitempty"`
	Experiment *experiment.Result `json:"experiment,omitempty"`
	// Questions are those that were judged in this step: its own, or those that were
	// asked before its task.
	Questions []experiment.QuestionResult `json:"questions,omitempty"`
	// Problem says why the step was not passed.
	Problem string `json:"problem,omitempty"`
}

// TaskResult is what a task has come to.
type TaskResult struct {
	// Before is what was judged before the learner began, After once the task was done.
	Before State `json:"before"`
	After  State `json:"after"`
	// BySolution says that the file's solution has done it, and Hints how many were given.
	BySolution bool `json:"bySolution"`
	Hints      int  `json:"hints"`
	// Changes are what etcd stored meanwhile: at most experiment.MaxChanges, and
	// ChangesOmitted more.
	Changes        []experiment.Change `json:"changes,omitempty"`
	ChangesOmitted int                 `json:"changesOmitted,omitempty"`
	// Etcd is what is stored of the task's subjects at the end.
	Etcd []experiment.TrackedState `json:"etcd,omitempty"`
}

// Differs says where reality is not what the file expects; empty where it is.
func (r *Report) Differs() string {
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Experiment != nil && s.Experiment.Outcome != experiment.AsExpected {
			return fmt.Sprintf("step %s: reality differs from what the experiment %s expects", s.Name, s.Experiment.Experiment.Name)
		}
		for n := range s.Questions {
			if q := &s.Questions[n]; len(q.Right) == 0 {
				return fmt.Sprintf("step %s: no choice of the question %s is right", s.Name, q.ID)
			}
		}
	}
	return ""
}
