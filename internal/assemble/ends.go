// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Ends takes from the entries about an object those that tell how its life began
// and how it ended: its first state, the one before its end, the states that are
// marked for deletion, its removal, and the requests that can have made them. Of an
// object that has replicas it takes the states with another number of them, too: a
// deployment acts by scaling its sets.
func Ends(entries []evidence.Entry) []evidence.Entry {
	var ends []evidence.Entry
	last, scaled := lastBeforeEnd(entries), scales(entries)
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
		case isState(&e) && (e.Revision == last || scaled[e.Revision]), MayEnd(&e):
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

// scales are the revisions with another spec.replicas than the one before.
func scales(entries []evidence.Entry) map[int64]bool {
	sizes := map[int64]int64{}
	for i := range entries {
		if n := replicas(&entries[i]); n != nil {
			sizes[entries[i].Revision] = *n
		}
	}
	var out map[int64]bool
	before, known := int64(0), false
	for _, revision := range slices.Sorted(maps.Keys(sizes)) {
		if known && sizes[revision] != before {
			if out == nil {
				out = make(map[int64]bool)
			}
			out[revision] = true
		}
		before, known = sizes[revision], true
	}
	return out
}

// replicas is spec.replicas of the object at an entry's revision; nil where it has
// none.
func replicas(e *evidence.Entry) *int64 {
	var object json.RawMessage
	switch {
	case !isState(e):
		return nil
	case e.Watch != nil:
		object = e.Watch.Object
	default:
		object = e.Etcd.Value
	}
	if !bytes.Contains(object, []byte(`"replicas"`)) {
		return nil
	}
	var o struct {
		Spec struct {
			Replicas *int64 `json:"replicas"`
		} `json:"spec"`
	}
	if json.Unmarshal(object, &o) != nil {
		return nil
	}
	return o.Spec.Replicas
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
