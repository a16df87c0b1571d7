// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rundiff compares two recorded runs: two walkthroughs, or what etcd held in
// two snapshots, such as those of a control plane and of its fork. It is pure.
package rundiff

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SchemaVersion is that of the JSON form of a Result, which docs/break.md documents.
// Fields are added to a version, but none is renamed or removed.
const SchemaVersion = "glassplane.dev/run-diff/v1"

// Bounds of a Result. What they leave out is counted.
const (
	maxObjects = 200
	maxChanges = 24
	maxNodes   = 50
)

// Kind is what the runs were recorded as.
type Kind string

// The kinds of runs.
const (
	Walkthroughs Kind = "walkthroughs"
	Snapshots    Kind = "snapshots"
)

// Result says in what two runs differ.
type Result struct {
	// SchemaVersion is the constant SchemaVersion.
	SchemaVersion string `json:"schemaVersion"`
	// Kind of the runs.
	Kind Kind `json:"kind"`
	// First and Second are the runs.
	First  Run `json:"first"`
	Second Run `json:"second"`
	// Same is true where outcome, objects and decisions are. Times never are.
	Same bool `json:"same"`
	// SharedTo is the revision of etcd up to which both have the same history of the
	// same objects; 0 where they have none in common.
	SharedTo int64 `json:"sharedTo,omitempty"`
	// Objects differ: at most 200, and ObjectsOmitted more.
	Objects        []Object `json:"objects"`
	ObjectsOmitted int      `json:"objectsOmitted,omitempty"`
	// Writes are those of the walkthroughs' object after what both share, in their order.
	Writes []Write `json:"writes,omitempty"`
	// Timings compare when each step of a walkthrough was done.
	Timings []Timing `json:"timings,omitempty"`
	// Decisions compare the scheduler's attempts, one by one.
	Decisions []Decision `json:"decisions,omitempty"`
	// Missing says what cannot be compared, and why.
	Missing []string `json:"missing,omitempty"`
}

// Run is one of the two.
type Run struct {
	// Name is the file.
	Name string `json:"name"`
	// Says is what became of it, in one line.
	Says string `json:"says"`
	// Revision of etcd at its end.
	Revision int64 `json:"revision,omitempty"`
}

// Object is an object that is not the same at the end of both runs.
type Object struct {
	// Name as kubectl has it, with its namespace: default/simpod/web.
	Name string `json:"name"`
	// First and Second are its states in words.
	First  string `json:"first"`
	Second string `json:"second"`
	// Replaced is true where both have one of that name, and the UIDs differ.
	Replaced bool `json:"replaced,omitempty"`
	// Changes are the fields that differ, but times: at most 24, and ChangesOmitted more.
	Changes        []string `json:"changes,omitempty"`
	ChangesOmitted int      `json:"changesOmitted,omitempty"`
}

// Write is the n-th write of both runs after what they share.
type Write struct {
	Number int `json:"number"`
	// First and Second say what was written and by whom; empty where the run has none.
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"`
	// Same is true where they say the same.
	Same bool `json:"same"`
}

// Timing is when a step was done, counted from the first step of which both runs have
// the time.
type Timing struct {
	Step      int32  `json:"step"`
	Component string `json:"component"`
	Action    string `json:"action"`
	// First and Second are absent where the step did not come or no clock has it.
	First  *metav1.Duration `json:"first,omitempty"`
	Second *metav1.Duration `json:"second,omitempty"`
	// Later is how much later the second was; absent where one of them is.
	Later *metav1.Duration `json:"later,omitempty"`
}

// Decision compares one attempt of the scheduler.
type Decision struct {
	Attempt int `json:"attempt"`
	// First and Second say what was decided; empty where there was no such attempt.
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"`
	Same   bool   `json:"same"`
	// Nodes whose verdicts differ: at most 50, and NodesOmitted more.
	Nodes        []Node `json:"nodes,omitempty"`
	NodesOmitted int    `json:"nodesOmitted,omitempty"`
}

// Node is a node whose verdicts differ.
type Node struct {
	Name string `json:"name"`
	// First and Second are the verdicts.
	First  string `json:"first"`
	Second string `json:"second"`
}

func duration(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

// conclude says whether the runs are the same.
func (r *Result) conclude() {
	r.Same = r.First.Says == r.Second.Says && len(r.Objects) == 0
	for i := range r.Writes {
		r.Same = r.Same && r.Writes[i].Same
	}
	for i := range r.Decisions {
		r.Same = r.Same && r.Decisions[i].Same
	}
}
