// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

// request is one request to the API server: the audit events of all its stages
// in one.
type request struct {
	evidence.Audit
	object evidence.Object
	// received is true where the stage RequestReceived was recorded.
	received bool
	// answered is true where a later stage was recorded.
	answered bool
}

var stages = []string{"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"}

// requestsOf joins the audit events of each request by audit ID, in the order
// in which the API server received the requests.
func requestsOf(entries []evidence.Entry) []*request {
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
	requests := make([]*request, 0, len(order))
	for _, id := range order {
		requests = append(requests, joinStages(byID[id]))
	}
	slices.SortStableFunc(requests, func(a, b *request) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return requests
}

// joinStages takes what the last stage says and, where it is silent, what the
// earlier ones said.
func joinStages(events []evidence.Entry) *request {
	slices.SortStableFunc(events, func(a, b evidence.Entry) int {
		return cmp.Compare(slices.Index(stages, a.Audit.Stage), slices.Index(stages, b.Audit.Stage))
	})
	last := events[len(events)-1]
	r := &request{Audit: *last.Audit, object: last.Object}
	for _, e := range events {
		if e.Audit.Stage == "RequestReceived" {
			r.received = true
		} else {
			r.answered = true
		}
		r.ReceivedAt = cmp.Or(r.ReceivedAt, e.Audit.ReceivedAt)
		r.Subresource = cmp.Or(r.Subresource, e.Audit.Subresource)
		r.object.Name = cmp.Or(r.object.Name, e.Object.Name)
		r.object.UID = cmp.Or(r.object.UID, e.Object.UID)
		if r.RequestObject == nil {
			r.RequestObject = e.Audit.RequestObject
		}
	}
	return r
}

// answeredAt is when the response was sent, by the API server's clock; zero
// where that stage was not recorded.
func (r *request) answeredAt() time.Time {
	if !r.answered {
		return time.Time{}
	}
	return r.StageAt
}

func (r *request) succeeded() bool { return r.answered && r.Code >= 200 && r.Code < 300 }

func (r *request) refused() bool { return r.answered && r.Code >= 400 }

// writes reports whether the request was to change what is stored. A dry run is
// answered like a write, but nothing is stored.
func (r *request) writes() bool {
	return !r.dryRun() && slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

func (r *request) reads() bool { return slices.Contains([]string{"get", "list", "watch"}, r.Verb) }

func (r *request) dryRun() bool {
	uri, err := url.Parse(r.URI)
	return err == nil && uri.Query().Has("dryRun")
}

// creates reports whether the request asked for a new object. A patch or an
// update does where it was answered with 201.
func (r *request) creates() bool {
	return r.Subresource == "" && r.writes() && (r.Verb == "create" || r.Code == 201)
}

// open reports whether the request is a watch that had not ended.
func (r *request) open() bool { return r.Verb == "watch" && r.Stage == "ResponseStarted" }

// groups are those that the API holds room for.
func (r *request) groups() []string { return r.Groups[:min(len(r.Groups), maxGroups)] }

// actor names who sent the request: the component or, where it is none, the user.
func (r *request) actor() string {
	return cmp.Or(componentOf(&r.Audit), r.User, "an unknown user")
}

// sameClient reports whether two requests come from the same client.
func (r *request) sameClient(other *request) bool {
	return r.User == other.User && r.UserAgent == other.UserAgent
}
