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
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// SchemaVersion is the version of the JSON form of a Trace, which
// docs/trace-schema.md documents. Fields are added to a version, but none is
// renamed or removed.
const SchemaVersion = "glassplane.dev/trace/v1"

// Outcome is what became of a request so far.
type Outcome string

const (
	// OutcomeUnknown surfaces when nothing of the request is recorded.
	OutcomeUnknown Outcome = "Unknown"
	// OutcomePending surfaces while the pod is stored and waits for the scheduler.
	OutcomePending Outcome = "Pending"
	// OutcomeUnschedulable surfaces while no node passes every filter.
	OutcomeUnschedulable Outcome = "Unschedulable"
	// OutcomeSchedulingGated surfaces while spec.schedulingGates holds the pod back.
	OutcomeSchedulingGated Outcome = "SchedulingGated"
	// OutcomeScheduled surfaces while the pod is bound but not yet reported as running.
	OutcomeScheduled Outcome = "Scheduled"
	// OutcomeRunning surfaces while the pod's phase is Running.
	OutcomeRunning Outcome = "Running"
	// OutcomeSucceeded surfaces when every container has ended successfully.
	OutcomeSucceeded Outcome = "Succeeded"
	// OutcomeFailed surfaces when the pod has ended and a container failed.
	OutcomeFailed Outcome = "Failed"
	// OutcomeTerminating surfaces while the pod is marked for deletion but still stored.
	OutcomeTerminating Outcome = "Terminating"
	// OutcomeDeleted surfaces when the key is gone from etcd.
	OutcomeDeleted Outcome = "Deleted"
	// OutcomeUnauthenticated surfaces when the API server did not know the user (401).
	OutcomeUnauthenticated Outcome = "Unauthenticated"
	// OutcomeForbidden surfaces when authorization refused the request (403).
	OutcomeForbidden Outcome = "Forbidden"
	// OutcomeRejected surfaces when decoding, admission or validation refused the
	// request (400, 403 after authorization allowed it, 422, …).
	OutcomeRejected Outcome = "Rejected"
	// OutcomeAlreadyExists surfaces when another object has the name already (409).
	OutcomeAlreadyExists Outcome = "AlreadyExists"
	// OutcomeDryRun surfaces when the request was admitted, but asked for nothing
	// to be stored.
	OutcomeDryRun Outcome = "DryRun"
	// OutcomeError surfaces when the API server could not carry out the request (5xx).
	OutcomeError Outcome = "Error"
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
	// Outcome is what became of the request so far.
	Outcome Outcome `json:"outcome"`
	// Reason says in one line why the outcome is what it is.
	Reason string `json:"reason,omitempty"`
	// Complete is true once the request has come to its end, or has stopped at a
	// point from which it does not go on unless the cluster or the pod changes.
	Complete bool `json:"complete"`
	// CollectedAt is when the record was put together.
	CollectedAt *metav1.MicroTime `json:"collectedAt,omitempty"`

	// Steps that the request took, in the order in which they were completed.
	// Their numbers are those of the story: a client that does not wait gets its
	// answer, steps 7 and 8, before the scheduler acts in step 4.
	Steps []v1alpha1.WalkthroughStep `json:"steps"`
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
	Nodes []framework.NodeVerdict `json:"nodes,omitempty"`
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
