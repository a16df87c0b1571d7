// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package explain turns the record of one request into an explanation: the
// steps that the request took through the control plane, what was true at each
// moment, and questions about it. It is pure: the same record always gives the
// same explanation, and nothing is said that the record does not hold.
package explain

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// SchemaVersion is the version of the JSON form of a Trace, which
// docs/trace-schema.md documents. Fields are added to a version, but none is
// renamed or removed.
const SchemaVersion = "glassplane.dev/trace/v1"

// Outcome is what became of a request so far.
type Outcome = story.Outcome

// The outcomes are those of package story, which says when each surfaces.
const (
	OutcomeUnknown         = story.Unknown
	OutcomePending         = story.Pending
	OutcomeUnschedulable   = story.Unschedulable
	OutcomeSchedulingGated = story.SchedulingGated
	OutcomeScheduled       = story.Scheduled
	OutcomeRunning         = story.Running
	OutcomeSucceeded       = story.Succeeded
	OutcomeFailed          = story.Failed
	OutcomeStored          = story.Stored
	OutcomeTerminating     = story.Terminating
	OutcomeDeleted         = story.Deleted
	OutcomeUnauthenticated = story.Unauthenticated
	OutcomeForbidden       = story.Forbidden
	OutcomeRejected        = story.Rejected
	OutcomeAlreadyExists   = story.AlreadyExists
	OutcomeDryRun          = story.DryRun
	OutcomeError           = story.Error
	OutcomeAnswered        = story.Answered
	OutcomeChanged         = story.Changed
	OutcomeUnchanged       = story.Unchanged
	OutcomeCarriedOut      = story.CarriedOut
)

// Trace explains one request. Every list is bounded.
type Trace struct {
	// SchemaVersion is the constant SchemaVersion.
	SchemaVersion string `json:"schemaVersion"`
	// Subject is the object of the request. Its UID is empty where the request
	// never made an object.
	Subject evidence.Object `json:"subject"`
	// AuditID is that of the request; empty where no audit log has it.
	AuditID string `json:"auditID,omitempty"`
	// Kind is what the request asked for: create, which tells the whole life of
	// the object, or another verb, which tells of that request alone.
	Kind story.Kind `json:"kind"`
	// Request is the one that is explained; nil where no audit log has it.
	Request *RequestSummary `json:"request,omitempty"`
	// Outcome is what became of the request so far.
	Outcome Outcome `json:"outcome"`
	// Reason says in one line why the outcome is what it is.
	Reason string `json:"reason,omitempty"`
	// Headline is subject, outcome and reason in one sentence.
	Headline string `json:"headline"`
	// Complete is true once the request has come to its end, or has stopped at a
	// point from which it does not go on unless the cluster or the pod changes.
	Complete bool `json:"complete"`
	// CollectedAt is when the record was put together.
	CollectedAt *metav1.MicroTime `json:"collectedAt,omitempty"`

	// Steps that the request took, in the order in which they were completed.
	// Their numbers are those of the story: a client that does not wait gets its
	// answer, steps 7 and 8, before the scheduler acts in step 4.
	Steps []v1alpha1.WalkthroughStep `json:"steps"`
	// Revisions are all states of the object that are recorded, oldest first, each
	// with who made it: at most MaxRevisions, the first and the last ones.
	Revisions []RevisionSummary `json:"revisions,omitempty"`
	// RevisionsOmitted is how many Revisions leaves out in the middle.
	RevisionsOmitted int `json:"revisionsOmitted,omitempty"`
	// Children are the objects that the subject controls, such as the pods of a set;
	// of a request that is no create, those that were made or ended because of it.
	Children []ChildSummary `json:"children,omitempty"`
	// ChildrenLeftOut is how many older ones are known.
	ChildrenLeftOut int `json:"childrenLeftOut,omitempty"`
	// Printed is what the client showed in step 8; nil where nothing is known.
	Printed *PrintedLine `json:"printed,omitempty"`
	// Tracker says what was true at each of five moments.
	Tracker []v1alpha1.TrackerMoment `json:"tracker"`
	// KeyMoments explain what the order of the steps proves.
	KeyMoments []v1alpha1.KeyMoment `json:"keyMoments"`
	// Attempts are those of the scheduler, oldest first.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Quiz asks about this run.
	Quiz []Question `json:"quiz"`
	// Snapshot is the run in exactly five lines.
	Snapshot []string `json:"snapshot"`
	// Transcript is the run in prose, a paragraph per step.
	Transcript string `json:"transcript"`

	// Disagreements are shown, not merged away.
	Disagreements []Disagreement `json:"disagreements,omitempty"`
	// Sources that were read, and those that could not be.
	Sources []v1alpha1.EvidenceSource `json:"sources"`
	// Dropped is how many entries of all requests the journal has dropped. Where
	// it is not 0, an entry of this request may be missing.
	Dropped uint64 `json:"dropped"`
}

// RequestSummary is what the audit log says of the request.
type RequestSummary struct {
	AuditID     string `json:"auditID"`
	Verb        string `json:"verb"`
	Subresource string `json:"subresource,omitempty"`
	URI         string `json:"uri"`
	User        string `json:"user"`
	UserAgent   string `json:"userAgent,omitempty"`
	// FieldManager is the name under which the client writes fields, as it said.
	FieldManager string `json:"fieldManager,omitempty"`
	// Code of the answer; 0 where it is not recorded.
	Code   int32      `json:"code,omitempty"`
	DryRun bool       `json:"dryRun,omitempty"`
	Kind   story.Kind `json:"kind"`
}

// RevisionSummary is one state of the object and who made it, for views that
// are put at a revision.
type RevisionSummary struct {
	// Revision of etcd, which is the object's resourceVersion.
	Revision int64 `json:"revision"`
	// Kind of the write: create, bind, status, mark, remove or change.
	Kind string `json:"kind"`
	// Step that tells of it; 0 for none.
	Step int32 `json:"step,omitempty"`
	// Time by which it was made, by the best clock that saw it.
	Time *metav1.MicroTime `json:"time,omitempty"`
	// Component that made it, where it is one that is known; else User says who.
	Component string `json:"component,omitempty"`
	User      string `json:"user,omitempty"`
	// Manager of the fields that it changed, by managedFields.
	Manager string `json:"manager,omitempty"`
	AuditID string `json:"auditID,omitempty"`
	Verb    string `json:"verb,omitempty"`
	Code    int32  `json:"code,omitempty"`
	// Joined says how the request was found: response where its answer names the
	// revision, inferred where it was joined by object, verb, user agent and time.
	Joined string `json:"joined,omitempty"`
	// State of the object in a word, its node and its phase.
	State string `json:"state"`
	Node  string `json:"node,omitempty"`
	Phase string `json:"phase,omitempty"`
	// Marked is true while a deletionTimestamp is set.
	Marked bool `json:"marked,omitempty"`
	// Bytes of the value in etcd; 0 where they are not known.
	Bytes int64 `json:"bytes,omitempty"`
	// Text is the state as the tracker says it.
	Text string `json:"text"`
	// Changes are the fields that it changed; at most 24.
	Changes []string `json:"changes,omitempty"`
}

// PrintedLine is what the client showed.
type PrintedLine struct {
	// Line, without the final newline; it may have several lines.
	Line string `json:"line"`
	// Observed is true where the client itself said so, false where the line is
	// derived from the recorded answer.
	Observed bool `json:"observed"`
}

// Attempt is one attempt of the scheduler in a compact form.
type Attempt struct {
	// Attempt counts from 1.
	Attempt int `json:"attempt"`
	// Deciding is true for the attempt that the bind followed from or, where
	// there was none, for the last one.
	Deciding bool `json:"deciding,omitempty"`
	// Profile is the schedulerName whose configuration was used.
	Profile string `json:"profile,omitempty"`
	// DecidedAt is when every filter and score was known.
	DecidedAt *metav1.MicroTime `json:"decidedAt,omitempty"`
	// QueueTime is from the pod's first entry into the queue to this attempt.
	QueueTime *metav1.Duration `json:"queueTime,omitempty"`
	// NodesTotal, NodesEvaluated and NodesFeasible count the nodes in the
	// snapshot, those that were filtered and those that passed.
	NodesTotal     int `json:"nodesTotal"`
	NodesEvaluated int `json:"nodesEvaluated"`
	NodesFeasible  int `json:"nodesFeasible"`
	// Node that was chosen; empty where none was.
	Node string `json:"node,omitempty"`
	// NominatedNode is where pods are preempted for this one.
	NominatedNode string `json:"nominatedNode,omitempty"`
	// Message says why no node was chosen.
	Message string `json:"message,omitempty"`
	// BindError is the API server's refusal of the bind.
	BindError string `json:"bindError,omitempty"`
	// Nodes holds the verdicts per node and plugin, best node first.
	Nodes []evidence.NodeVerdict `json:"nodes,omitempty"`
	// NodesOmitted is how many evaluated nodes Nodes leaves out.
	NodesOmitted int `json:"nodesOmitted,omitempty"`
	// Rejections groups the nodes that did not fit by what rejected them.
	Rejections []Rejection `json:"rejections,omitempty"`
}

// Rejection is one reason for which a plugin rejected nodes.
type Rejection struct {
	// Plugin that rejected them.
	Plugin string `json:"plugin"`
	// Reason in kube-scheduler's words.
	Reason string `json:"reason"`
	// Nodes is how many nodes of those whose verdicts are kept; a node with two
	// reasons counts for both. All nodes where the pod was rejected as a whole.
	Nodes int `json:"nodes"`
	// Examples are the first of them by name.
	Examples []string `json:"examples,omitempty"`
}

// Question asks about this run. Its answer is made from the same record.
type Question struct {
	// ID is stable: the same question has the same ID in each run.
	ID string `json:"id"`
	// Question in one sentence.
	Question string `json:"question"`
	// Choices where the answer is one of a few; their order says nothing.
	Choices []string `json:"choices,omitempty"`
	// Answer is one of Choices, if there are any.
	Answer string `json:"answer,omitempty"`
	// Why is the explanation, with the evidence of this run.
	Why string `json:"why,omitempty"`
}

// Disagreement is a fact about which two sources say different things.
type Disagreement struct {
	// About is the fact.
	About string `json:"about"`
	// Claims are what each source says.
	Claims []Claim `json:"claims"`
}

// Claim is what one source says.
type Claim struct {
	// Source is the name of the source.
	Source string `json:"source"`
	// Says is its value.
	Says string `json:"says"`
}

// WithoutAnswers returns a copy whose questions have neither answers nor
// explanations, so that it can be shown before they are asked.
func (t Trace) WithoutAnswers() Trace {
	t.Quiz = slices.Clone(t.Quiz)
	for i := range t.Quiz {
		t.Quiz[i].Answer, t.Quiz[i].Why = "", ""
	}
	return t
}

// Step returns the step with the number, or nil where it did not happen.
func (t Trace) Step(number int32) *v1alpha1.WalkthroughStep {
	for i := range t.Steps {
		if t.Steps[i].Step == number {
			return &t.Steps[i]
		}
	}
	return nil
}
