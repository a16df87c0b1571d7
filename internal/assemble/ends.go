// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"bytes"
	"encoding/json"
	"math"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Ends takes from the entries about an object those that tell how its life began
// and how it ended: its first state, the one before its end, the states that are
// marked for deletion, its removal, and the requests that can have made them.
func Ends(entries []evidence.Entry) []evidence.Entry {
	var ends []evidence.Entry
	last := lastBeforeEnd(entries)
	for _, e := range entries {
		switch {
		case e.Audit != nil:
			if e.Audit.Subresource == "" || e.Audit.Subresource == "eviction" {
				if r := (&Request{Audit: *e.Audit, dryRun: IsDryRun(e.Audit)}); r.Writes() {
					ends = append(ends, e)
				}
			}
		case e.Etcd != nil && e.Etcd.Version == 1, e.Watch != nil && e.Watch.Type == "ADDED" && !e.Watch.Initial:
			ends = append(ends, e)
		case isState(&e) && e.Revision == last, MayEnd(&e):
			ends = append(ends, e)
		}
	}
	return ends
}

// lastBeforeEnd is the newest revision before the first one that ends the object:
// what a deletecollection selects by. It is 0 where there is none.
func lastBeforeEnd(entries []evidence.Entry) int64 {
	end := int64(math.MaxInt64)
	for i := range entries {
		if e := &entries[i]; isState(e) && MayEnd(e) {
			end = min(end, e.Revision)
		}
	}
	last := int64(0)
	for i := range entries {
		if e := &entries[i]; isState(e) && e.Revision < end && end != math.MaxInt64 {
			last = max(last, e.Revision)
		}
	}
	return last
}

// isState reports whether an entry tells of the object at a revision.
func isState(e *evidence.Entry) bool { return (e.Etcd != nil || e.Watch != nil) && e.Revision > 0 }

// marked reports whether an object is marked for deletion.
func marked(object json.RawMessage) bool {
	if !bytes.Contains(object, []byte(`"deletionTimestamp"`)) {
		return false
	}
	var o struct {
		Metadata struct {
			DeletionTimestamp *string `json:"deletionTimestamp"`
		} `json:"metadata"`
	}
	return json.Unmarshal(object, &o) == nil && o.Metadata.DeletionTimestamp != nil
}
