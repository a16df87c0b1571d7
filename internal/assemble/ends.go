// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package assemble

import (
	"bytes"
	"encoding/json"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Ends takes from the entries about an object those that tell how its life began
// and how it ended: its first state, the states that are marked for deletion, its
// removal, and the requests that can have made them.
func Ends(entries []evidence.Entry) []evidence.Entry {
	var ends []evidence.Entry
	for _, e := range entries {
		switch {
		case e.Audit != nil:
			if e.Audit.Subresource == "" || e.Audit.Subresource == "eviction" {
				if r := (&Request{Audit: *e.Audit, dryRun: IsDryRun(e.Audit)}); r.Writes() {
					ends = append(ends, e)
				}
			}
		case IsDeletion(&e), e.Etcd != nil && e.Etcd.Version == 1, e.Watch != nil && e.Watch.Type == "ADDED" && !e.Watch.Initial:
			ends = append(ends, e)
		case e.Etcd != nil && marked(e.Etcd.Value), e.Watch != nil && marked(e.Watch.Object):
			ends = append(ends, e)
		}
	}
	return ends
}

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
