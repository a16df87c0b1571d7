// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package evidence defines what the observer records: one entry per trace that
// a component of the control plane left behind. It is shared by the journal,
// which keeps entries, by the sources, which make them, and by the explanation,
// which reads them. It is pure data.
package evidence

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Source names where an entry comes from.
type Source string

// The sources, each a track of its own. They are independent of each other:
// what two of them say agrees because it happened, not because one copied it.
const (
	// SourceAudit is the API server's audit log.
	SourceAudit Source = "audit"
	// SourceWatch is a watch on the API server.
	SourceWatch Source = "watch"
	// SourceEtcd is etcd itself, through a client that only reads.
	SourceEtcd Source = "etcd"
	// SourceDecision is what the scheduler decided.
	SourceDecision Source = "decision"
	// SourceTransition is what the simulated kubelet did.
	SourceTransition Source = "transition"
	// SourceClient is the client that sent the request, by its own clock.
	SourceClient Source = "client"
	// SourceSpan is what API server and etcd measured of themselves while they
	// handled a request.
	SourceSpan Source = "span"
)

// Sources are all of them.
var Sources = []Source{SourceAudit, SourceWatch, SourceEtcd, SourceDecision, SourceTransition, SourceClient, SourceSpan}

// Object identifies an object in the API. UID is empty where the trace does
// not have it, such as that of a request that was refused.
type Object struct {
	Group     string    `json:"group"`
	Resource  string    `json:"resource"`
	Namespace string    `json:"namespace,omitempty"`
	Name      string    `json:"name,omitempty"`
	UID       types.UID `json:"uid,omitempty"`
}

// Entry is one trace. Exactly one of the pointers is set, the one that Source names.
type Entry struct {
	// Sequence numbers the entries of a journal in the order of their arrival.
	Sequence uint64 `json:"sequence"`
	Source   Source `json:"source"`
	// Time is when it happened, by the clock of the source.
	Time time.Time `json:"time"`
	// Recorded is when the observer received it, by the observer's clock.
	Recorded time.Time `json:"recorded"`
	Object   Object    `json:"object"`
	// Revision is the etcd revision that the entry is about, which is the
	// object's resourceVersion; 0 where it has none.
	Revision int64 `json:"revision,omitempty"`
	// Controller is the UID of the owner that controls the object, as the object
	// itself says; empty where it has none, or where the entry holds no object.
	Controller types.UID `json:"controller,omitempty"`

	Audit      *Audit      `json:"audit,omitempty"`
	Watch      *Watch      `json:"watch,omitempty"`
	Etcd       *Etcd       `json:"etcd,omitempty"`
	Decision   *Decision   `json:"decision,omitempty"`
	Transition *Transition `json:"transition,omitempty"`
	Client     *Client     `json:"client,omitempty"`
	Spans      *Spans      `json:"spans,omitempty"`
}

// AuditID is that of the request which the entry is about, where its source has it.
func (e *Entry) AuditID() string {
	switch {
	case e.Audit != nil:
		return e.Audit.AuditID
	case e.Client != nil:
		return e.Client.AuditID
	case e.Spans != nil:
		return e.Spans.AuditID
	}
	return ""
}

// Audit is one event of the API server's audit log.
type Audit struct {
	AuditID string `json:"auditID"`
	// Stage is RequestReceived, ResponseStarted, ResponseComplete or Panic.
	Stage string `json:"stage"`
	// Level is Metadata, Request or RequestResponse: what the policy kept.
	Level       string   `json:"level"`
	Verb        string   `json:"verb"`
	URI         string   `json:"uri"`
	Subresource string   `json:"subresource,omitempty"`
	User        string   `json:"user"`
	Groups      []string `json:"groups,omitempty"`
	UserAgent   string   `json:"userAgent,omitempty"`
	SourceIPs   []string `json:"sourceIPs,omitempty"`
	// ReceivedAt is when the API server received the request.
	ReceivedAt time.Time `json:"receivedAt"`
	// StageAt is when the stage was reached.
	StageAt time.Time `json:"stageAt"`
	// Code is the HTTP status; 0 before the response.
	Code int32 `json:"code,omitempty"`
	// Reason and Message are those of the status of a refused request.
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
	// Annotations hold the authorization decision and its reason, what admission
	// said, and latencies of slow requests.
	Annotations map[string]string `json:"annotations,omitempty"`
	// RequestObject and ResponseObject are present at the levels that keep them.
	RequestObject  json.RawMessage `json:"requestObject,omitempty"`
	ResponseObject json.RawMessage `json:"responseObject,omitempty"`
	// ResponseUID and ResponseRevision are read from ResponseObject; empty and 0
	// where it is not kept.
	ResponseUID      types.UID `json:"responseUID,omitempty"`
	ResponseRevision int64     `json:"responseRevision,omitempty"`
	// Reads sums up a read and the equal ones before it; nil for the first of them
	// and for what is no read.
	Reads *Reads `json:"reads,omitempty"`
}

// Reads counts equal reads: of one object in one version, by one client, with one
// answer. Of many the journal keeps the first and the newest ones.
type Reads struct {
	// Count is how many there were up to this one, it included, kept or not.
	Count int `json:"count"`
	// First is the time of the first of them.
	First time.Time `json:"first"`
}

// Watch is one event of a watch, as the observer's own watch delivered it.
type Watch struct {
	// Type is ADDED, MODIFIED or DELETED.
	Type string `json:"type"`
	// ArrivedAt is when the event arrived.
	ArrivedAt time.Time `json:"arrivedAt"`
	// Initial is true where the object came with the list that precedes a watch,
	// so ArrivedAt says nothing about lag.
	Initial bool `json:"initial,omitempty"`
	// Object is the object, managedFields included.
	Object json.RawMessage `json:"object,omitempty"`
}

// Etcd is one revision of a key, or a read that found none.
type Etcd struct {
	Key string `json:"key"`
	// CreateRevision is 0 where the key does not exist.
	CreateRevision int64 `json:"createRevision"`
	// ModRevision is the revision of this state of the key.
	ModRevision int64 `json:"modRevision"`
	// Version counts the states of the key since it was created, from 1.
	Version int64 `json:"version"`
	// Deleted is true where this revision removed the key.
	Deleted bool `json:"deleted,omitempty"`
	// Bytes is the size of the value.
	Bytes int64 `json:"bytes"`
	// Value is the stored JSON; nil where the key does not exist, or where
	// Unavailable says why it cannot be shown (such as a compacted revision).
	Value       json.RawMessage `json:"value,omitempty"`
	Unavailable string          `json:"unavailable,omitempty"`
	// Read is true where this is the answer to a read at ReadRevision, not an
	// event of etcd's watch. A read that found nothing proves that nothing was
	// stored: CreateRevision is 0 then.
	Read         bool  `json:"read,omitempty"`
	ReadRevision int64 `json:"readRevision,omitempty"`
}

// Client is what a client of ours says about a request that it sent.
type Client struct {
	AuditID    string    `json:"auditID"`
	SentAt     time.Time `json:"sentAt"`
	AnsweredAt time.Time `json:"answeredAt"`
	Code       int32     `json:"code"`
	// Line is what the client printed.
	Line string `json:"line"`
	// Object is the object as the client sent it; nil where it sent none.
	Object json.RawMessage `json:"object,omitempty"`
	// Answer is the object that the client got back; nil where it got none.
	Answer json.RawMessage `json:"answer,omitempty"`
}

// SourceState says whether a source can be read.
type SourceState struct {
	Source    Source `json:"source"`
	Available bool   `json:"available"`
	// Reason says why it is not available.
	Reason string `json:"reason,omitempty"`
}

// Record is all that is known about one request and the object that it was
// about: what an explanation is made from.
type Record struct {
	// Subject is the object of the request.
	Subject Object `json:"subject"`
	// AuditID narrows the record to one request; empty for the object's creation.
	AuditID string `json:"auditID,omitempty"`
	// Entries about the subject, ordered by Revision where they have one, else by Time.
	Entries []Entry `json:"entries"`
	// Continue asks for the entries after these, where the record was too large
	// to be given whole; empty where nothing follows.
	Continue string `json:"continue,omitempty"`
	// Children are the objects that the subject controls, such as the pods of a
	// SimReplicaSet, the newest first; of a deletecollection the objects that it
	// may have ended.
	Children []Child `json:"children,omitempty"`
	// ChildrenLeftOut is how many more children are known.
	ChildrenLeftOut int `json:"childrenLeftOut,omitempty"`
	// Sources that were read, and those that could not be.
	Sources []SourceState `json:"sources"`
	// Dropped is how many entries the journal has dropped so far, for all
	// objects; where it is not 0, an early entry of this request may be missing.
	Dropped uint64 `json:"dropped"`
	// CollectedAt is when the record was put together.
	CollectedAt time.Time `json:"collectedAt"`
}

// Child is an object that the record's subject has to do with. Another object
// controls it by its first owner reference with controller set; a
// deletecollection has ended it.
type Child struct {
	Subject Object `json:"subject"`
	// Entries about the child's creation and its end, ordered as those of a record.
	Entries []Entry `json:"entries"`
}
