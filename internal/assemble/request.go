// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package assemble puts together what belongs to one request and to one life of
// an object, from entries of all sources. It decides once, for observer and
// explanation alike, what creates an object, what is a dry run, and whose
// request it is. It is pure.
package assemble

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// Request is one request to the API server: the audit events of all its stages
// in one.
type Request struct {
	evidence.Audit
	// Object that the request is about, with the name that the API server gave it.
	Object evidence.Object
	// Received is true where the stage RequestReceived was recorded.
	Received bool
	// Answered is true where a later stage was recorded.
	Answered bool
	// Entries are the events of the stages, in their order.
	Entries []evidence.Entry

	dryRun bool
}

var stages = []string{"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"}

// Requests joins the audit events of each request by audit ID, in the order in
// which the API server received the requests. Other entries are passed over.
func Requests(entries []evidence.Entry) []*Request {
	byID := map[string][]evidence.Entry{}
	var order []string
	for _, e := range entries {
		if e.Audit == nil {
			continue
		}
		if _, seen := byID[e.Audit.AuditID]; !seen {
			order = append(order, e.Audit.AuditID)
		}
		byID[e.Audit.AuditID] = append(byID[e.Audit.AuditID], e)
	}
	requests := make([]*Request, 0, len(order))
	for _, id := range order {
		requests = append(requests, joinStages(byID[id]))
	}
	slices.SortStableFunc(requests, func(a, b *Request) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return requests
}

// joinStages takes what the last stage says and, where it is silent, what the
// earlier ones said.
func joinStages(events []evidence.Entry) *Request {
	slices.SortStableFunc(events, func(a, b evidence.Entry) int {
		return cmp.Compare(slices.Index(stages, a.Audit.Stage), slices.Index(stages, b.Audit.Stage))
	})
	last := events[len(events)-1]
	r := &Request{Audit: *last.Audit, Object: last.Object, Entries: events}
	for _, e := range events {
		if e.Audit.Stage == "RequestReceived" {
			r.Received = true
		} else {
			r.Answered = true
		}
		r.ReceivedAt = cmp.Or(r.ReceivedAt, e.Audit.ReceivedAt)
		r.Subresource = cmp.Or(r.Subresource, e.Audit.Subresource)
		r.Object.Name = cmp.Or(r.Object.Name, e.Object.Name)
		r.Object.UID = cmp.Or(r.Object.UID, e.Object.UID)
		if r.RequestObject == nil {
			r.RequestObject = e.Audit.RequestObject
		}
	}
	r.dryRun = IsDryRun(&r.Audit)
	return r
}

// AnsweredAt is when the response was sent, by the API server's clock; zero
// where that stage was not recorded.
func (r *Request) AnsweredAt() time.Time {
	if !r.Answered {
		return time.Time{}
	}
	return r.StageAt
}

// UID is that of the object which the request made or was about; empty where
// the audit log does not say.
func (r *Request) UID() types.UID { return cmp.Or(r.ResponseUID, r.Object.UID) }

// Succeeded reports whether the API server carried the request out.
func (r *Request) Succeeded() bool { return r.Answered && r.Code >= 200 && r.Code < 300 }

// Refused reports whether the API server answered with an error.
func (r *Request) Refused() bool { return r.Answered && r.Code >= 400 }

// Writes reports whether the request was to change what is stored. A dry run is
// answered like a write, but nothing is stored.
func (r *Request) Writes() bool {
	return !r.DryRun() && slices.Contains([]string{"create", "update", "patch", "delete", deleteCollection}, r.Verb)
}

// Reads reports whether the request only reads.
func (r *Request) Reads() bool { return slices.Contains([]string{"get", "list", "watch"}, r.Verb) }

// DryRun reports whether the request asked for nothing to be stored: in its URI,
// or in the options that are the body of a delete or part of that of an eviction.
func (r *Request) DryRun() bool { return r.dryRun }

// IsDryRun reports whether an audit event is about a request that asked for
// nothing to be stored, as far as the event tells: at level Metadata it has no
// body, and kubectl delete --dry-run=server says so only there.
func IsDryRun(a *evidence.Audit) bool {
	if uri, err := url.Parse(a.URI); err == nil && uri.Query().Has("dryRun") {
		return true
	}
	ends := a.Verb == "delete" || a.Verb == deleteCollection || a.Subresource == "eviction"
	if !ends || len(a.RequestObject) == 0 {
		return false
	}
	var body struct {
		DryRun        []string `json:"dryRun"`
		DeleteOptions struct {
			DryRun []string `json:"dryRun"`
		} `json:"deleteOptions"`
	}
	// What is no JSON asks for nothing.
	_ = json.Unmarshal(a.RequestObject, &body)
	return len(body.DryRun) > 0 || len(body.DeleteOptions.DryRun) > 0
}

// AsksToCreate reports whether the request is about a new object of its name,
// stored or not.
func (r *Request) AsksToCreate() bool {
	return r.Subresource == "" && (r.Verb == "create" || r.Code == 201)
}

// FieldManager is the name under which the client said that it writes fields;
// empty where it said none.
func (r *Request) FieldManager() string { return r.Query("fieldManager") }

// Query is a parameter of the request's URI; empty where it has none.
func (r *Request) Query(parameter string) string {
	uri, err := url.Parse(r.URI)
	if err != nil {
		return ""
	}
	return uri.Query().Get(parameter)
}

// Creates reports whether the request asked for a new object of its name. A
// patch or an update does where it was answered with 201.
func (r *Request) Creates() bool {
	return r.AsksToCreate() && r.Writes()
}

// Open reports whether the request is a watch that had not ended.
func (r *Request) Open() bool { return r.Verb == "watch" && r.Stage == "ResponseStarted" }

// Component names the component that sent the request; empty where it is none
// that is known.
func (r *Request) Component() string { return component.Of(r.User, r.UserAgent) }

// IsProgram reports whether the request comes from a program rather than from a
// person's client.
func (r *Request) IsProgram() bool { return component.IsProgram(r.User, r.UserAgent, r.Groups) }

// Actor names who sent the request: the component or, where it is none, the user.
func (r *Request) Actor() string {
	return cmp.Or(r.Component(), r.User, "an unknown user")
}

// SameClient reports whether two requests come from the same client.
func (r *Request) SameClient(other *Request) bool {
	return r.User == other.User && r.UserAgent == other.UserAgent
}
