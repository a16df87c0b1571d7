// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package record keeps what the observer's sources deliver. The sources are the
// packages below it: audit, watch, etcd and decisions.
package record

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
)

const (
	// DefaultMaxEntries is how many entries a journal keeps unless told otherwise.
	DefaultMaxEntries = 200_000
	// DefaultMaxBytes is how many bytes the entries of a journal take at most
	// unless told otherwise, as estimated by Size.
	DefaultMaxBytes = 256 << 20
)

// Appender takes entries. It is what a source needs of a journal.
type Appender interface {
	// Append adds an entry and returns its sequence number.
	Append(entry evidence.Entry) uint64
}

// JournalOptions bound a journal. The zero value takes the defaults.
type JournalOptions struct {
	// MaxEntries is the largest number of entries that are kept.
	MaxEntries int
	// MaxBytes is the largest total size of the entries that are kept, in bytes.
	// Values from etcd and objects from the audit log and the watch count.
	MaxBytes int64
	// Clock sets Recorded; the real clock by default.
	Clock clock.PassiveClock
}

// Journal keeps the latest entries in the order of their arrival. It is bounded
// by number and by size: when an entry would exceed a bound, the oldest ones are
// dropped and counted. An entry that alone is larger than the bound is kept by
// itself, so that what is recorded last can always be explained. Appending never
// waits for a reader for longer than it takes to copy the entries of one object.
//
// Entries that are returned share memory with the journal and must not be changed.
type Journal struct {
	maxEntries int
	maxBytes   int64
	clock      clock.PassiveClock

	mu sync.RWMutex
	// ring holds the entries first, first+1, …, first+length-1 from head on.
	ring    []evidence.Entry
	head    int
	length  int
	first   uint64
	bytes   int64
	dropped uint64
	// appended counts the entries of each source, dropped ones included.
	appended map[evidence.Source]uint64
	// The indexes hold sequence numbers in ascending order, so that the oldest
	// entry is always the first of its lists.
	byName  map[evidence.Object][]uint64
	byUID   map[types.UID][]uint64
	byAudit map[string][]uint64
	changed chan struct{}
}

// NewJournal returns an empty journal.
func NewJournal(options JournalOptions) *Journal {
	if options.MaxEntries <= 0 {
		options.MaxEntries = DefaultMaxEntries
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = DefaultMaxBytes
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	return &Journal{
		maxEntries: options.MaxEntries,
		maxBytes:   options.MaxBytes,
		clock:      options.Clock,
		first:      1,
		appended:   map[evidence.Source]uint64{},
		byName:     map[evidence.Object][]uint64{},
		byUID:      map[types.UID][]uint64{},
		byAudit:    map[string][]uint64{},
		changed:    make(chan struct{}),
	}
}

// Append adds an entry, sets its Sequence and, where the source has not done
// so, Recorded. It drops the oldest entries that no longer fit.
func (j *Journal) Append(entry evidence.Entry) uint64 {
	if entry.Recorded.IsZero() {
		entry.Recorded = j.clock.Now()
	}
	size := Size(&entry)

	j.mu.Lock()
	defer j.mu.Unlock()
	for j.length > 0 && (j.length >= j.maxEntries || j.bytes+size > j.maxBytes) {
		j.dropOldest()
	}
	entry.Sequence = j.first + uint64(j.length)
	j.grow()
	j.ring[(j.head+j.length)%len(j.ring)] = entry
	j.length++
	j.bytes += size
	j.appended[entry.Source]++
	j.index(&entry)
	close(j.changed)
	j.changed = make(chan struct{})
	return entry.Sequence
}

// grow makes room for one more entry, doubling the ring up to its bound.
func (j *Journal) grow() {
	if j.length < len(j.ring) {
		return
	}
	ring := make([]evidence.Entry, min(max(64, 2*len(j.ring)), j.maxEntries))
	n := copy(ring, j.ring[j.head:])
	copy(ring[n:], j.ring[:j.head])
	j.ring, j.head = ring, 0
}

func (j *Journal) dropOldest() {
	entry := &j.ring[j.head]
	j.bytes -= Size(entry)
	if isNamed(entry) {
		unindex(j.byName, nameOf(entry.Object))
	}
	unindex(j.byUID, entry.Object.UID)
	unindex(j.byAudit, auditID(entry))
	*entry = evidence.Entry{}
	j.head = (j.head + 1) % len(j.ring)
	j.length--
	j.first++
	j.dropped++
}

func (j *Journal) index(entry *evidence.Entry) {
	if isNamed(entry) {
		name := nameOf(entry.Object)
		j.byName[name] = append(j.byName[name], entry.Sequence)
	}
	if uid := entry.Object.UID; uid != "" {
		j.byUID[uid] = append(j.byUID[uid], entry.Sequence)
	}
	if id := auditID(entry); id != "" {
		j.byAudit[id] = append(j.byAudit[id], entry.Sequence)
	}
}

// unindex removes the oldest sequence number of a key.
func unindex[K comparable](index map[K][]uint64, key K) {
	switch sequences := index[key]; len(sequences) {
	case 0:
	case 1:
		delete(index, key)
	default:
		index[key] = sequences[1:]
	}
}

// isNamed is false for an entry that is found by its audit ID only, such as the
// arrival of a create. A deletecollection is about every object of a namespace.
func isNamed(entry *evidence.Entry) bool {
	return entry.Object.Name != "" || (entry.Audit != nil && entry.Audit.Verb == "deletecollection")
}

// nameOf is the key by which an object is found whatever its UID.
func nameOf(object evidence.Object) evidence.Object {
	object.UID = ""
	return object
}

func auditID(entry *evidence.Entry) string {
	switch {
	case entry.Audit != nil:
		return entry.Audit.AuditID
	case entry.Client != nil:
		return entry.Client.AuditID
	}
	return ""
}

// ByName returns the entries about the object's group, resource, namespace and
// name, of all the UIDs that had the name, oldest first. An object without a
// name gives the deletecollection requests of its namespace.
func (j *Journal) ByName(object evidence.Object) []evidence.Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.entries(j.byName[nameOf(object)])
}

// ByUID returns the entries that carry the UID, oldest first.
func (j *Journal) ByUID(uid types.UID) []evidence.Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.entries(j.byUID[uid])
}

// ByAuditID returns the entries about one request, oldest first.
func (j *Journal) ByAuditID(id string) []evidence.Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.entries(j.byAudit[id])
}

func (j *Journal) entries(sequences []uint64) []evidence.Entry {
	if len(sequences) == 0 {
		return nil
	}
	entries := make([]evidence.Entry, len(sequences))
	for i, sequence := range sequences {
		entries[i] = *j.at(sequence)
	}
	return entries
}

func (j *Journal) at(sequence uint64) *evidence.Entry {
	return &j.ring[(j.head+int(sequence-j.first))%len(j.ring)]
}

// Subject is an object that the journal has entries about.
type Subject struct {
	Object evidence.Object `json:"object"`
	// LastSeen is when the latest entry about it was recorded.
	LastSeen time.Time `json:"lastSeen"`
	// Sequence of that entry.
	Sequence uint64 `json:"sequence"`
	// Entries is how many entries there are about it.
	Entries int `json:"entries"`
}

// Subjects returns up to limit objects for which match is true, the most
// recently seen first. before continues a listing: only objects whose latest
// entry has a lower sequence number are returned; 0 starts at the end. An object
// that never got a UID is listed by its name, unless another had one.
func (j *Journal) Subjects(match func(evidence.Object) bool, before uint64, limit int) []Subject {
	j.mu.RLock()
	defer j.mu.RUnlock()
	end := j.first + uint64(j.length)
	if before > 0 {
		end = min(end, before)
	}
	var subjects []Subject
	for sequence := end; sequence > j.first && len(subjects) < limit; {
		sequence--
		entry := j.at(sequence)
		if entry.Object.Name == "" || !match(entry.Object) {
			continue
		}
		if sequences := j.subjectOf(entry); len(sequences) > 0 && sequences[len(sequences)-1] == sequence {
			subjects = append(subjects, Subject{
				Object: entry.Object, LastSeen: entry.Recorded, Sequence: sequence, Entries: len(sequences),
			})
		}
	}
	return subjects
}

// subjectOf returns the entries that are about the same subject; none where the
// entry has no UID but others of the name do, as those stand for it.
func (j *Journal) subjectOf(entry *evidence.Entry) []uint64 {
	if entry.Object.UID != "" {
		return j.byUID[entry.Object.UID]
	}
	sequences := j.byName[entry.Object]
	if slices.ContainsFunc(sequences, func(s uint64) bool { return j.at(s).Object.UID != "" }) {
		return nil
	}
	return sequences
}

// Changed returns a channel that is closed when the next entry arrives.
func (j *Journal) Changed() <-chan struct{} {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.changed
}

// Stats are the sizes and counts of a journal.
type Stats struct {
	// Entries and Bytes are what is kept now.
	Entries int
	Bytes   int64
	// Dropped is how many entries were dropped because of a bound.
	Dropped uint64
	// Appended counts the entries by source, dropped ones included.
	Appended map[evidence.Source]uint64
}

// Stats returns the sizes and counts of now.
func (j *Journal) Stats() Stats {
	j.mu.RLock()
	defer j.mu.RUnlock()
	appended := make(map[evidence.Source]uint64, len(j.appended))
	for source, n := range j.appended {
		appended[source] = n
	}
	return Stats{Entries: j.length, Bytes: j.bytes, Dropped: j.dropped, Appended: appended}
}
