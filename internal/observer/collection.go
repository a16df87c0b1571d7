// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"math"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
)

// arrival is how much earlier or later than a request, by its own clock, what it
// did may have arrived at the observer.
const arrival = 5 * time.Second

// membersOf returns the objects that a deletecollection may have ended, at most
// maxChildren, and how many more there are: those that it was answered with or,
// where the audit log does not keep the answer, all that ended at that time.
func (o *Observer) membersOf(found assemble.Selection) (members []evidence.Object, leftOut int) {
	r := collectionRequest(found)
	if r == nil {
		return nil, 0
	}
	if members, known := r.Selected(); known {
		shown := members[:min(len(members), maxChildren)]
		return shown, len(members) - len(shown)
	}
	return o.journal.Seen(found.Subject, r.ReceivedAt.Add(-arrival), r.AnsweredAt().Add(arrival), assemble.MayEnd, maxChildren)
}

// collectionRequest is the request that a selection is about, where it is one that
// ends a collection; nil where it is none.
func collectionRequest(found assemble.Selection) *assemble.Request {
	if found.Subject.Name != "" {
		return nil
	}
	for _, r := range assemble.Requests(found.Entries) {
		if r.AuditID == found.AuditID && r.EndsCollection() {
			return r
		}
	}
	return nil
}

// membersEnded says whether each source that is expected to has the end of the
// objects that a request was answered with.
func (o *Observer) membersEnded(found assemble.Selection) bool {
	if collectionRequest(found) == nil {
		return true
	}
	watchSince, etcdSince := o.expected(found.Subject)
	members, _ := o.membersOf(found)
	for _, member := range members {
		var watched, stored bool
		for _, e := range o.journal.ByName(member) {
			if e.Object.UID == member.UID || e.Object.UID == "" {
				watched = watched || e.Watch != nil && assemble.MayEnd(&e)
				stored = stored || e.Etcd != nil && assemble.MayEnd(&e)
			}
		}
		if !watched && watchSince != math.MaxInt64 || !stored && etcdSince != math.MaxInt64 {
			return false
		}
	}
	return true
}
