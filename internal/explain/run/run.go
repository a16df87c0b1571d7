// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package run puts together what a screen shows of one recorded run: the trace,
// the messages between the components, the states that etcd held, and the raw
// evidence of each. A screen has one cursor, a moment of the run; everything here
// says when it happened, so that a screen only has to compare times. It is pure.
package run

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain"
)

// SchemaVersion is the version of the JSON form of a Run. Fields are added to a
// version, but none is renamed or removed.
const SchemaVersion = "glassplane.dev/run/v1"

// Run is one recorded run. Every list is bounded, and says what it leaves out.
type Run struct {
	// SchemaVersion is the constant SchemaVersion.
	SchemaVersion string `json:"schemaVersion"`
	// Trace explains the run in words.
	Trace explain.Trace `json:"trace"`
	// Actors took part, in the order of the map: client, API server, etcd,
	// scheduler, controller managers, kubelets and other clients.
	Actors []Actor `json:"actors"`
	// Messages between actors, by when they were sent.
	Messages []Message `json:"messages"`
	// MessagesOmitted is how many Messages leaves out in the middle.
	MessagesOmitted int `json:"messagesOmitted,omitempty"`
	// Activities are what actors did between messages, by when they began.
	Activities []Activity `json:"activities"`
	// ActivitiesOmitted is how many Activities leaves out in the middle.
	ActivitiesOmitted int `json:"activitiesOmitted,omitempty"`
	// States are what etcd held at each revision of Trace.Revisions, in its order.
	States []State `json:"states"`
	// Moments are where the cursor stops when it goes step by step, by time.
	Moments []Moment `json:"moments"`
	// Evidence is what the sources delivered, by time.
	Evidence []Evidence `json:"evidence"`
	// EvidenceOmitted is how many entries Evidence leaves out in the middle.
	EvidenceOmitted int `json:"evidenceOmitted,omitempty"`
	// Nodes are those that the scheduler looked at in the deciding attempt, best
	// first; at most MaxNodes.
	Nodes []Node `json:"nodes,omitempty"`
	// NodesOmitted is how many more it looked at.
	NodesOmitted int `json:"nodesOmitted,omitempty"`
	// Begin and End are the times of the first and the last thing that happened;
	// nil where nothing has a time.
	Begin *metav1.MicroTime `json:"begin,omitempty"`
	End   *metav1.MicroTime `json:"end,omitempty"`
}

// ActorKind says what an actor is, and so which shape and colour it has.
type ActorKind string

// The kinds of actors.
const (
	KindClient            ActorKind = "client"
	KindAPIServer         ActorKind = "api-server"
	KindEtcd              ActorKind = "etcd"
	KindScheduler         ActorKind = "scheduler"
	KindControllerManager ActorKind = "controller-manager"
	KindKubelet           ActorKind = "kubelet"
)

// Actor takes part in a run.
type Actor struct {
	// ID is unique in the run, and stable for the same part in all runs: client,
	// api-server, etcd, scheduler, controller-manager, kube-controller-manager,
	// kubelet; a further client is client-2 and so on.
	ID   string    `json:"id"`
	Kind ActorKind `json:"kind"`
	// Name as the steps say it, such as "API server".
	Name string `json:"name"`
	// Detail says more, such as the user and the program of a client.
	Detail string `json:"detail,omitempty"`
}

// MessageKind says what a message is.
type MessageKind string

// The kinds of messages.
const (
	// Request goes from a client or a component to the API server, Answer back.
	Request MessageKind = "request"
	Answer  MessageKind = "answer"
	// Write goes from the API server to etcd, and Stored is etcd's answer.
	Write  MessageKind = "write"
	Stored MessageKind = "stored"
	// Watch is an event that the API server delivers to who watches.
	Watch MessageKind = "watch"
)

// Message goes from one actor to another. Its times are those that some clock
// has; a nil one is not known, and Unknown says why.
type Message struct {
	// ID is unique in the run.
	ID   string      `json:"id"`
	Kind MessageKind `json:"kind"`
	// From and To are IDs of Actors.
	From string `json:"from"`
	To   string `json:"to"`
	// Label is short enough for an arrow, such as "create" or "201".
	Label string `json:"label"`
	// Text says in a sentence what it carries.
	Text string `json:"text"`
	// SentAt and ReceivedAt by the clock of whoever says so.
	SentAt     *metav1.MicroTime `json:"sentAt,omitempty"`
	ReceivedAt *metav1.MicroTime `json:"receivedAt,omitempty"`
	// NotBefore and NotAfter bound a time that no clock has, such as that of a
	// write to etcd without server spans.
	NotBefore *metav1.MicroTime `json:"notBefore,omitempty"`
	NotAfter  *metav1.MicroTime `json:"notAfter,omitempty"`
	// Unknown says which time is not available, and why.
	Unknown string `json:"unknown,omitempty"`
	// Step that tells of it; 0 for none.
	Step int32 `json:"step,omitempty"`
	// Revision that it carries or made; 0 for none.
	Revision int64  `json:"revision,omitempty"`
	AuditID  string `json:"auditID,omitempty"`
	// Code of an answer.
	Code int32 `json:"code,omitempty"`
	// About names another object that it is about, such as simpods/web-a of a set;
	// empty for the subject.
	About string `json:"about,omitempty"`
	// Node that it is about, such as the one that a bind names.
	Node string `json:"node,omitempty"`
	// Evidence are IDs of Run.Evidence that prove it.
	Evidence []string `json:"evidence,omitempty"`

	// first is true for what comes before others of the same time.
	first bool
}

// Activity is what one actor did for a while: the API server handled a request
// or, below that, asked a webhook; the scheduler let the pod wait, or decided.
type Activity struct {
	// ID is unique in the run.
	ID string `json:"id"`
	// Actor is the ID of one of Actors.
	Actor string `json:"actor"`
	// Parent is the ID of the activity of which this one is a part; empty for none.
	Parent string `json:"parent,omitempty"`
	// Kind is one of the constants below.
	Kind ActivityKind `json:"kind"`
	// Label is short, such as "authorize".
	Label string `json:"label"`
	Text  string `json:"text"`
	// Begin is always known; End is nil while it goes on.
	Begin *metav1.MicroTime `json:"begin"`
	End   *metav1.MicroTime `json:"end"`
	Step  int32             `json:"step,omitempty"`
	// AuditID of the request that it was done for.
	AuditID  string   `json:"auditID,omitempty"`
	Evidence []string `json:"evidence,omitempty"`
}

// ActivityKind says what an activity is.
type ActivityKind string

// The kinds of activities.
const (
	// Handle is the API server's, from the arrival of a request to its answer.
	Handle ActivityKind = "request"
	// Queue is the wait of a pod in the scheduler's queue, and Decide an attempt.
	Queue  ActivityKind = "queue"
	Decide ActivityKind = "decide"
	// Start is from when a kubelet saw the bound pod until it had reported that it
	// runs; Report is the same for what it reported before and later.
	Start  ActivityKind = "start"
	Report ActivityKind = "report"
	// Span is a part of a request, by the API server's own tracing.
	Span ActivityKind = "span"
)

// State is what etcd held at a revision. Who wrote it, when, and its size are in
// the RevisionSummary with the same revision.
type State struct {
	Revision int64 `json:"revision"`
	// Object as it was stored, its secrets redacted; nil where the key was removed
	// or Unavailable says why it cannot be shown.
	Object json.RawMessage `json:"object,omitempty"`
	// Source that has the object: etcd, or else watch or audit, which show it with
	// its resourceVersion.
	Source string `json:"source,omitempty"`
	// Removed is true where the revision removed the key.
	Removed     bool   `json:"removed,omitempty"`
	Unavailable string `json:"unavailable,omitempty"`
	// Outcome, Reason and Headline are those of the run when this revision was made.
	Outcome  explain.Outcome `json:"outcome"`
	Reason   string          `json:"reason,omitempty"`
	Headline string          `json:"headline"`
	// Evidence are IDs of Run.Evidence that prove it.
	Evidence []string `json:"evidence,omitempty"`
}

// Moment is a stop of the cursor: a step when it was completed, or a revision
// that no step was completed with. Moments are in order even where a time is not
// known, or two are equal.
type Moment struct {
	// At is when; nil where no clock has it. It then lies between NotBefore and
	// NotAfter, of which either may be unknown too.
	At        *metav1.MicroTime `json:"at"`
	NotBefore *metav1.MicroTime `json:"notBefore,omitempty"`
	NotAfter  *metav1.MicroTime `json:"notAfter,omitempty"`
	// Step is the number of the step that was completed then; 0 where the moment
	// is a revision only.
	Step int32 `json:"step,omitempty"`
	// Revision is the newest one of the object by then; 0 where there was none.
	Revision int64 `json:"revision,omitempty"`
	// Outcome is what had become of the run by then; empty for nothing yet.
	Outcome explain.Outcome `json:"outcome,omitempty"`
	// Actor is the ID of the one that acted.
	Actor string `json:"actor"`
	// Label is one or two words for a scrubber, such as "binds".
	Label string `json:"label"`
	// Title is what a person would say of it, such as "Binds web to node-2".
	Title string `json:"title"`
	// Messages and Activities are the IDs of those that belong to it.
	Messages   []string `json:"messages,omitempty"`
	Activities []string `json:"activities,omitempty"`
	// Evidence are IDs of Run.Evidence.
	Evidence []string `json:"evidence,omitempty"`
}

// Evidence is one entry of the record as its source delivered it.
type Evidence struct {
	// ID is unique in the run, such as audit-17, and stays the same while the run
	// goes on.
	ID     string            `json:"id"`
	Source string            `json:"source"`
	Time   *metav1.MicroTime `json:"time,omitempty"`
	// Revision that it is about; 0 for none.
	Revision int64  `json:"revision,omitempty"`
	AuditID  string `json:"auditID,omitempty"`
	// Steps that it proves.
	Steps []int32 `json:"steps,omitempty"`
	// Summary in one line.
	Summary string `json:"summary"`
	// Raw is the entry itself, redacted; where it is too large, TooLarge says how
	// many bytes it has.
	Raw      json.RawMessage `json:"raw,omitempty"`
	TooLarge int             `json:"tooLarge,omitempty"`
}

// Bounds of a run. Of what is too long the first and the last ones are kept.
const (
	MaxNodes      = 100
	MaxMessages   = 600
	MaxActivities = 400
	MaxEvidence   = 400
	// MaxRaw bounds the raw form of one piece of evidence, and MaxRawTotal that of
	// all, as MaxStates does for all objects of States; in bytes.
	MaxRaw      = 64 << 10
	MaxRawTotal = 1 << 20
	MaxStates   = 1 << 20
)

// Node is one that the scheduler looked at in the deciding attempt.
type Node struct {
	Name     string `json:"name"`
	Feasible bool   `json:"feasible"`
	Chosen   bool   `json:"chosen,omitempty"`
	// Total points and Rank of a feasible node; 0 where nodes were not scored.
	Total int64 `json:"total,omitempty"`
	Rank  int   `json:"rank,omitempty"`
	// Reason says why it is not feasible.
	Reason string `json:"reason,omitempty"`
}
