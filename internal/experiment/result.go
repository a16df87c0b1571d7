// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
)

// ResultVersion is the version of the JSON form of a Result, which docs/what-if.md
// documents. Fields are added to a version, but none is renamed or removed.
const ResultVersion = "glassplane.dev/what-if-result/v1"

// Outcome is how a run of an experiment ended.
type Outcome string

const (
	// AsExpected means that every step could be done, and that each check and each
	// invariant holds.
	AsExpected Outcome = "AsExpected"
	// Differs means that every step could be done, but that the evidence is not what
	// the file or the invariants say.
	Differs Outcome = "Differs"
	// Failed means that a step could not be done, or that not all was healed: Problem
	// says why.
	Failed Outcome = "Failed"
	// Interrupted means that somebody ended the run. What was broken was healed.
	Interrupted Outcome = "Interrupted"
)

// Result is one run of an experiment: what was done, what was predicted, and what
// the evidence says. Every list is bounded by the experiment's file but Timeline,
// Steps' Changes and Invariants' Evidence, whose bounds are given there.
type Result struct {
	// SchemaVersion is the constant ResultVersion.
	SchemaVersion string `json:"schemaVersion"`
	// Experiment is what was run, without its answers.
	Experiment Listing `json:"experiment"`
	// Outcome of the run, and Problem in one sentence where that is Failed.
	Outcome Outcome `json:"outcome"`
	Problem string  `json:"problem,omitempty"`
	// StartedAt is when the first step began, EndedAt when the last thing was healed
	// and cleaned up.
	StartedAt metav1.MicroTime `json:"startedAt"`
	EndedAt   metav1.MicroTime `json:"endedAt"`
	// FromRevision and ToRevision of etcd bound what the run is judged by.
	FromRevision int64 `json:"fromRevision"`
	ToRevision   int64 `json:"toRevision"`

	// Steps are those that were done, in their order, and last the healing of what
	// the steps had left broken.
	Steps []StepResult `json:"steps"`
	// Timeline has the moments that the experiment names, in the order in which they
	// came. Those that never came are last, without a time.
	Timeline []MomentResult `json:"timeline,omitempty"`
	// Tracker says what the client knew and what etcd held of each subject after each
	// step.
	Tracker []TrackerMoment `json:"tracker"`
	// Questions compare what was predicted with the evidence.
	Questions []QuestionResult `json:"questions"`
	// Checks are the experiment's own expectations.
	Checks []CheckResult `json:"checks"`
	// Invariants hold in every experiment.
	Invariants []CheckResult `json:"invariants"`
	// Traces explain the life of each subject as a walkthrough does, in the schema of
	// docs/trace-schema.md.
	Traces []explain.Trace `json:"traces,omitempty"`
	// Explanation is the experiment's text for after the run.
	Explanation string `json:"explanation"`
	// Missing says which evidence could not be had, and why.
	Missing []string `json:"missing,omitempty"`
}

// Listing is what may be shown of an experiment before it is run: nothing in it
// tells which answer is right.
type Listing struct {
	// Name by which it is run.
	Name string `json:"name"`
	// Title names the outcome that is asked for.
	Title string `json:"title"`
	// Before is what to know before one predicts.
	Before string `json:"before"`
	// Steps are what will be done, in their order.
	Steps []ListedStep `json:"steps"`
	// Questions to predict the answers of.
	Questions []ListedQuestion `json:"questions"`
	// Needs are what the control plane must offer, in words.
	Needs []string `json:"needs,omitempty"`
}

// ListedStep is a step that is still to be done.
type ListedStep struct {
	// Name of the step, unique in the experiment.
	Name string `json:"name"`
	// Kind is one of StepKinds.
	Kind StepKind `json:"kind"`
	// Does says what is done, in one sentence.
	Does string `json:"does"`
}

// ListedQuestion is a question with its choices.
type ListedQuestion struct {
	// ID is unique in the experiment.
	ID string `json:"id"`
	// Asks is the question.
	Asks string `json:"asks"`
	// Choices in the order in which they are numbered.
	Choices []ListedChoice `json:"choices"`
}

// ListedChoice is an answer that one may give.
type ListedChoice struct {
	// ID is the choice's letter: a, b, c …
	ID string `json:"id"`
	// Says is the answer.
	Says string `json:"says"`
	// Component is the part of the flow that the answer means, as package component
	// names it: a screen lets one click there. Empty where it means none.
	Component string `json:"component,omitempty"`
}

// StepResult is a step that was done.
type StepResult struct {
	ListedStep `json:",inline"`
	// BeganAt and EndedAt by the clock of who ran it. EndedAt is absent where the step
	// was not completed.
	BeganAt metav1.MicroTime  `json:"beganAt"`
	EndedAt *metav1.MicroTime `json:"endedAt,omitempty"`
	// Revision of etcd when the step had ended. Where etcd did not answer then it is
	// the last one that was seen, and EtcdAnswered is false.
	Revision     int64 `json:"revision,omitempty"`
	EtcdAnswered bool  `json:"etcdAnswered"`
	// Found says what came of the step, in one sentence.
	Found string `json:"found,omitempty"`
	// Request is what was sent; nil where the step sent none.
	Request *RequestResult `json:"request,omitempty"`
	// Watched is the resource that the step's watch follows; empty where it has none.
	Watched string `json:"watched,omitempty"`
	// Changes are what etcd stored while the step lasted, oldest first: at most
	// MaxChanges, and ChangesOmitted is how many more there were.
	Changes        []Change `json:"changes,omitempty"`
	ChangesOmitted int      `json:"changesOmitted,omitempty"`
	// Problem says why the step could not be done.
	Problem string `json:"problem,omitempty"`
}

// MaxChanges is how many changes a StepResult has at most.
const MaxChanges = 40

// RequestResult is a request as its client knows it. What the audit log has of it
// is found by AuditID.
type RequestResult struct {
	// Line is how kubectl would have been called.
	Line string `json:"line"`
	// AuditID is the one that the request was sent with, so it is known also where no
	// answer came.
	AuditID string `json:"auditID"`
	// SentAt and AnsweredAt by the client's clock. AnsweredAt is absent where no
	// answer came until the client gave up or the run ended.
	SentAt     metav1.MicroTime  `json:"sentAt"`
	AnsweredAt *metav1.MicroTime `json:"answeredAt,omitempty"`
	// Code of the answer; 0 where there was none.
	Code int `json:"code,omitempty"`
	// Says is what the client would print.
	Says string `json:"says,omitempty"`
	// Subject is the object of the request.
	Subject evidence.Object `json:"subject"`
	// Revision of the object in the answer; 0 where there is none.
	Revision int64 `json:"revision,omitempty"`
}

// Change is one revision of one key.
type Change struct {
	// Revision of etcd.
	Revision int64 `json:"revision"`
	// SeenAt is when etcd's watch told of it: soon after it was stored or, where etcd
	// was away, once it was back.
	SeenAt metav1.MicroTime `json:"seenAt"`
	// Subject is the object.
	Subject evidence.Object `json:"subject"`
	// Kind is create, bind, status, mark for deletion, remove or change.
	Kind string `json:"kind"`
	// By is who wrote it, by the audit log; empty where that does not tell.
	By string `json:"by,omitempty"`
	// State of the object then, in words.
	State string `json:"state"`
}

// MomentResult is a moment that the experiment names.
type MomentResult struct {
	// Name of the moment, and what it is.
	Name string `json:"name"`
	Says string `json:"says"`
	// Revision that made it true; 0 where it never came.
	Revision int64 `json:"revision,omitempty"`
	// At is when etcd's watch told of that revision.
	At *metav1.MicroTime `json:"at,omitempty"`
	// After is the time since StartedAt.
	After *metav1.Duration `json:"after,omitempty"`
	// By is who wrote the revision, by the audit log.
	By string `json:"by,omitempty"`
}

// TrackerMoment is what was true once a step had ended.
type TrackerMoment struct {
	// Step is the name of the step.
	Step string `json:"step"`
	// Revision at which the states were read; see StepResult.
	Revision int64 `json:"revision,omitempty"`
	// EtcdAnswered is false where etcd did not answer then: what it holds is the last
	// that it had told.
	EtcdAnswered bool `json:"etcdAnswered"`
	// Client is what the client knew of its latest request.
	Client string `json:"client"`
	// Etcd is what was stored of each subject, in the order of the file.
	Etcd []TrackedState `json:"etcd"`
}

// TrackedState is what etcd held of an object.
type TrackedState struct {
	// Subject is the object as kubectl names it, such as simpod/web.
	Subject string `json:"subject"`
	// State in words.
	State string `json:"state"`
	// Revision is the object's own; 0 where nothing was stored.
	Revision int64 `json:"revision,omitempty"`
}

// QuestionResult compares a prediction with the evidence.
type QuestionResult struct {
	ListedQuestion `json:",inline"`
	// Predicted is the ID of the choice; empty where nobody predicted.
	Predicted string `json:"predicted,omitempty"`
	// Right are the IDs of the choices that the evidence bears out. None of them is an
	// outcome that the experiment did not expect.
	Right []string `json:"right"`
	// Correct says whether Predicted is one of Right; nil where nobody predicted.
	Correct *bool `json:"correct,omitempty"`
	// Evidence has for each choice, in the order of Choices, what it was judged by.
	Evidence []ChoiceEvidence `json:"evidence"`
	// Why explains the answer.
	Why string `json:"why"`
}

// ChoiceEvidence is what a choice was judged by.
type ChoiceEvidence struct {
	// Choice is its ID.
	Choice string `json:"choice"`
	// Holds is true where every condition of it does.
	Holds bool `json:"holds"`
	// Found is what each condition found.
	Found []Finding `json:"found"`
}

// CheckResult is an expectation and what was found.
type CheckResult struct {
	// Says is the expectation in one sentence.
	Says    string `json:"says"`
	Finding `json:",inline"`
}

// Finding is what a condition found.
type Finding struct {
	// Holds is false also where the evidence could not be had, see Unavailable.
	Holds bool `json:"holds"`
	// Wanted is the condition in words, Found what is true.
	Wanted string `json:"wanted"`
	Found  string `json:"found"`
	// Evidence names what proves it: keys with their revisions, audit IDs.
	Evidence []string `json:"evidence,omitempty"`
	// Unavailable says why it could not be judged; empty where it could.
	Unavailable string `json:"unavailable,omitempty"`
}

// AllHold says whether every check and every invariant holds, and whether each
// question has an answer that the evidence bears out.
func (r *Result) AllHold() bool {
	for _, checks := range [][]CheckResult{r.Checks, r.Invariants} {
		for i := range checks {
			if !checks[i].Holds {
				return false
			}
		}
	}
	for i := range r.Questions {
		if len(r.Questions[i].Right) == 0 {
			return false
		}
	}
	return true
}
