// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
)

// keptReads is how many of the newest equal reads are kept beside the first one.
const keptReads = 10

// readKey says which reads are equal: of one object, by one client, with one answer.
type readKey struct {
	object                         evidence.Object
	verb, stage, path, user, agent string
	code                           int32
	// revision that was read; 0 where the audit log does not keep it.
	revision int64
}

// reads are the equal ones.
type reads struct {
	key readKey
	// count and begun are those of all of them, folded or dropped ones too.
	count int
	begun time.Time
	// first is nil once it was dropped; newest are in the order of their arrival.
	first  *kept
	newest []*kept
}

// keyOfRead returns false for what is no read of one object.
func keyOfRead(entry *evidence.Entry) (readKey, bool) {
	audit := entry.Audit
	if audit == nil || entry.Object.Name == "" {
		return readKey{}, false
	}
	switch audit.Verb {
	case "get", "list", "watch":
	default:
		return readKey{}, false
	}
	// Lists and watches go on from another version each time.
	path, _, _ := strings.Cut(audit.URI, "?")
	return readKey{
		object: entry.Object, verb: audit.Verb, stage: audit.Stage, path: path,
		user: audit.User, agent: audit.UserAgent, code: audit.Code, revision: entry.Revision,
	}, true
}

// fold counts an entry that is to be added among the reads that equal it, and
// leaves out one in the middle where there are more than are kept.
func (j *Journal) fold(entry *kept) {
	key, ok := keyOfRead(&entry.Entry)
	if !ok {
		return
	}
	equal := j.reads[key]
	if equal == nil {
		equal = &reads{key: key, begun: entry.Time}
		j.reads[key] = equal
	}
	entry.reads = equal
	if equal.count++; equal.count == 1 {
		equal.first = entry
		return
	}
	audit := *entry.Audit
	audit.Reads = &evidence.Reads{Count: equal.count, First: equal.begun}
	entry.Audit = &audit
	equal.newest = append(equal.newest, entry)
	if len(equal.newest) > keptReads {
		j.leaveOut(equal.newest[0])
	}
}

// leaveOut removes a read, and what servers measured of it.
func (j *Journal) leaveOut(read *kept) {
	for _, entry := range slices.Clone(j.byAudit[read.AuditID()]) {
		if entry.Spans != nil {
			j.takeOut(entry)
		}
	}
	j.takeOut(read)
	j.folded++
}

// takeOut removes an entry from the middle of its track. Its place there stays,
// so that the track can be searched, until it is compacted.
func (j *Journal) takeOut(entry *kept) {
	t := j.track(entry.Object)
	j.remove(t, entry)
	*entry = kept{Entry: evidence.Entry{Sequence: entry.Sequence}, folded: true}
	t.folded++
	t.compact()
}

// remove forgets an entry: the oldest one, or the oldest but the first. It
// returns true where none is left.
func (r *reads) remove(entry *kept) (empty bool) {
	if r.first == entry {
		r.first = nil
	} else {
		r.newest = r.newest[1:]
	}
	return r.first == nil && len(r.newest) == 0
}
