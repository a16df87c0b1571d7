// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Condition is a statement that the evidence bears out or not. Exactly one field is
// set.
type Condition struct {
	// State is what etcd holds at a moment.
	State *State `json:"state,omitempty"`
	// Always is what etcd holds at each revision.
	Always *AlwaysCondition `json:"always,omitempty"`
	// Request is what became of the request of a step.
	Request *RequestCondition `json:"request,omitempty"`
	// Audit counts requests in the audit log, whoever sent them.
	Audit *AuditCondition `json:"audit,omitempty"`
	// Writer says who wrote the revision of a moment.
	Writer *WriterCondition `json:"writer,omitempty"`
	// Order has moments that came one after the other, by revision.
	Order []string `json:"order,omitempty"`
	// Took bounds the time between two moments.
	Took *TookCondition `json:"took,omitempty"`
	// Watch is what the client of a watch saw.
	Watch *WatchCondition `json:"watch,omitempty"`
	// Drain is what became of the drain of a step.
	Drain *DrainCondition `json:"drain,omitempty"`
}

// State is how many objects of a kind etcd holds: by default at least one.
type State struct {
	// Resource, Namespace and Name as in a Ref. Without a Name all objects of the
	// resource in the namespace are looked at.
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name,omitempty"`
	// Labels that the objects must have.
	Labels map[string]string `json:"labels,omitempty"`
	// Fields that must be as they say.
	Fields []Field `json:"fields,omitempty"`
	// SameAs is a step or a moment at which each object was there already, as the same
	// one: another of its name has another UID.
	SameAs string `json:"sameAs,omitempty"`
	// Absent means that there is no such object.
	Absent bool `json:"absent,omitempty"`
	// Count is how many there are.
	Count *Count `json:"count,omitempty"`
	// At is a step or a moment. Default: now, which is the end where all is judged.
	At string `json:"at,omitempty"`
}

// AlwaysCondition is a state that is true at each revision of a time, the first and the
// last one among them.
type AlwaysCondition struct {
	// State has no At.
	State `json:",inline"`
	// From and To are steps or moments. Default of To: now, which is the end where all is
	// judged.
	From string `json:"from"`
	To   string `json:"to,omitempty"`
}

// Field is a condition on one field of an object. Exactly one of Equals, Set and
// Contains is given.
type Field struct {
	// Path such as spec.nodeName, status.conditions[type=Ready].status or
	// metadata.labels[a.b/c].
	Path string `json:"path"`
	// Equals is the value, or one of several.
	Equals any   `json:"equals,omitempty"`
	OneOf  []any `json:"oneOf,omitempty"`
	// Set says whether there is a value that is not empty.
	Set *bool `json:"set,omitempty"`
	// Contains is an item of a list, or a part of a text.
	Contains any `json:"contains,omitempty"`
}

// Count bounds a number; what is not set does not.
type Count struct {
	Equals  *int `json:"equals,omitempty"`
	AtLeast *int `json:"atLeast,omitempty"`
	AtMost  *int `json:"atMost,omitempty"`
}

// RequestCondition is what became of the request of a step.
type RequestCondition struct {
	Step string `json:"step"`
	// Answered says whether the client had an answer before it gave up.
	Answered *bool `json:"answered,omitempty"`
	// Codes are those that the answer may have: in the audit log, else by the client.
	Codes []int `json:"codes,omitempty"`
	// Says is a part of what the client was told.
	Says string `json:"says,omitempty"`
	// Took bounds the time until the client had its answer.
	Took *Bounds `json:"took,omitempty"`
}

// Bounds bound a time; what is not set does not.
type Bounds struct {
	AtLeast *metav1.Duration `json:"atLeast,omitempty"`
	AtMost  *metav1.Duration `json:"atMost,omitempty"`
}

// AuditCondition counts requests in the audit log that were answered: by default
// there is at least one.
type AuditCondition struct {
	Verbs       []string `json:"verbs,omitempty"`
	Resource    string   `json:"resource"`
	Subresource string   `json:"subresource,omitempty"`
	// Name of the object; of all where it is empty.
	Name string `json:"name,omitempty"`
	// By is who sent them, as package component names it.
	By string `json:"by,omitempty"`
	// Binds counts only those that ask to bind a pod to a node.
	Binds bool  `json:"binds,omitempty"`
	Codes []int `json:"codes,omitempty"`
	// After and Before are steps or moments.
	After  string `json:"after,omitempty"`
	Before string `json:"before,omitempty"`
	Count  *Count `json:"count,omitempty"`
}

// WriterCondition says who wrote the revision of a moment.
type WriterCondition struct {
	Moment string `json:"moment"`
	// By is the component, as package component names it.
	By string `json:"by"`
}

// TookCondition bounds the time between two steps or moments.
type TookCondition struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Bounds `json:",inline"`
}

// WatchCondition is what the client of a watch saw.
type WatchCondition struct {
	Step string `json:"step"`
	// Expired is how often its revision was too old (410 Gone).
	Expired *Count `json:"expired,omitempty"`
	// Lists is how often it listed all objects.
	Lists *Count `json:"lists,omitempty"`
	// LikeEtcd says whether it knows the objects that etcd holds, each at its revision.
	LikeEtcd *bool `json:"likeEtcd,omitempty"`
	// At is a step; now, or the end, by default.
	At string `json:"at,omitempty"`
}

// DrainCondition is what became of the drain of a step.
type DrainCondition struct {
	Step string `json:"step"`
	// Ended says whether it has ended, and Failed whether with an error.
	Ended  *bool `json:"ended,omitempty"`
	Failed *bool `json:"failed,omitempty"`
	// Says is a part of what it has said.
	Says string `json:"says,omitempty"`
}
