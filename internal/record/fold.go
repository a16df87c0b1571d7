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

// Fold is what is left of a read that was folded into equal ones.
type Fold struct {
	// Object that was read, by which verb and by which user.
	Object     evidence.Object
	Verb, User string
	// Count is how many equal reads there were so far, and First the time of the
	// first of them.
	Count int
	First time.Time
	// Kept are the audit IDs of those that the journal still has, in their order.
	Kept []string
}

// keptFolds is how many of the reads that were folded are known by their audit ID.
const keptFolds = 10_000

// folds are the latest reads that were folded, by audit ID.
type folds struct {
	byID map[string]*reads
	// order is that of their arrival; next is where the oldest is once it is full.
	order []string
	next  int
}

func (f *folds) add(id string, into *reads) {
	_, known := f.byID[id] // by another stage
	f.byID[id] = into
	switch {
	case known:
	case len(f.order) < keptFolds:
		f.order = append(f.order, id)
	default:
		delete(f.byID, f.order[f.next])
		f.order[f.next] = id
		f.next = (f.next + 1) % keptFolds
	}
}

// Folded returns what is left of a read that was folded into equal ones; false
// where no such read is known. The latest 10,000 are.
func (j *Journal) Folded(auditID string) (Fold, bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	r := j.folds.byID[auditID]
	if r == nil {
		return Fold{}, false
	}
	f := Fold{Object: r.key.object, Verb: r.key.verb, User: r.key.user, Count: r.count, First: r.begun}
	if r.first != nil {
		f.Kept = append(f.Kept, r.first.AuditID())
	}
	for _, read := range r.newest {
		f.Kept = append(f.Kept, read.AuditID())
	}
	return f, true
}

// leaveOut removes a read, and what servers measured of it.
func (j *Journal) leaveOut(read *kept) {
	j.folds.add(read.AuditID(), read.reads)
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
