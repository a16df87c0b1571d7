// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package record keeps what the observer's sources deliver. The sources are the
// packages below it: audit, watch, etcd and decisions.
package record

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
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
// by number and by size: when an entry would exceed a bound, the oldest entry of
// the resource that takes the most room is dropped and counted. So each of n
// resources can have the n-th part of the journal, whatever is written to the
// others, and more as long as they do not need it. An entry that alone is larger
// than the bound is kept by itself, so that what is recorded last can always be
// explained. Appending never waits for a reader for longer than it takes to copy
// the entries of one object.
//
// Entries that are returned share memory with the journal and must not be changed.
type Journal struct {
	maxEntries int
	maxBytes   int64
	clock      clock.PassiveClock

	mu      sync.RWMutex
	tracks  map[schema.GroupResource]*track
	last    uint64
	length  int
	bytes   int64
	dropped uint64
	// appended counts the entries of each source, dropped ones included.
	appended map[evidence.Source]uint64
	// The indexes hold entries in the order of their arrival.
	byName  map[evidence.Object][]*evidence.Entry
	byUID   map[types.UID][]*evidence.Entry
	byAudit map[string][]*evidence.Entry
	changed chan struct{}
}

// track holds the entries of one resource, oldest first.
type track struct {
	entries []*evidence.Entry
	bytes   int64
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
		tracks:     map[schema.GroupResource]*track{},
		appended:   map[evidence.Source]uint64{},
		byName:     map[evidence.Object][]*evidence.Entry{},
		byUID:      map[types.UID][]*evidence.Entry{},
		byAudit:    map[string][]*evidence.Entry{},
		changed:    make(chan struct{}),
	}
}

// Append adds an entry, sets its Sequence and, where the source has not done
// so, Recorded. It drops older entries that no longer fit.
func (j *Journal) Append(entry evidence.Entry) uint64 {
	if entry.Recorded.IsZero() {
		entry.Recorded = j.clock.Now()
	}
	size := Size(&entry)

	j.mu.Lock()
	defer j.mu.Unlock()
	for j.length >= j.maxEntries {
		j.dropFrom(j.largest(func(t *track) int64 { return int64(len(t.entries)) }))
	}
	for j.length > 0 && j.bytes+size > j.maxBytes {
		j.dropFrom(j.largest(func(t *track) int64 { return t.bytes }))
	}
	j.last++
	entry.Sequence = j.last
	t := j.track(entry.Object)
	t.entries = append(t.entries, &entry)
	t.bytes += size
	j.length++
	j.bytes += size
	j.appended[entry.Source]++
	j.index(&entry)
	close(j.changed)
	j.changed = make(chan struct{})
	return entry.Sequence
}

func (j *Journal) track(object evidence.Object) *track {
	resource := schema.GroupResource{Group: object.Group, Resource: object.Resource}
	if j.tracks[resource] == nil {
		j.tracks[resource] = &track{}
	}
	return j.tracks[resource]
}

// largest returns the track with the most of something; of two that have the
// same, the one with the older entry.
func (j *Journal) largest(size func(*track) int64) *track {
	var largest *track
	for _, t := range j.tracks {
		if len(t.entries) == 0 {
			continue
		}
		if largest == nil || size(t) > size(largest) ||
			size(t) == size(largest) && t.entries[0].Sequence < largest.entries[0].Sequence {
			largest = t
		}
	}
	return largest
}

// dropFrom drops the oldest entry of a track. What is cut off a slice's front is
// freed when append moves the rest to a new array.
func (j *Journal) dropFrom(t *track) {
	entry, size := t.entries[0], Size(t.entries[0])
	t.entries[0] = nil
	t.entries = t.entries[1:]
	t.bytes -= size
	j.bytes -= size
	j.length--
	j.dropped++
	if isNamed(entry) {
		unindex(j.byName, nameOf(entry.Object), entry)
	}
	unindex(j.byUID, entry.Object.UID, entry)
	unindex(j.byAudit, auditID(entry), entry)
}

func (j *Journal) index(entry *evidence.Entry) {
	if isNamed(entry) {
		name := nameOf(entry.Object)
		j.byName[name] = append(j.byName[name], entry)
	}
	if uid := entry.Object.UID; uid != "" {
		j.byUID[uid] = append(j.byUID[uid], entry)
	}
	if id := auditID(entry); id != "" {
		j.byAudit[id] = append(j.byAudit[id], entry)
	}
}

// unindex removes an entry from those of a key. It is the first of them, unless
// they are about several resources.
func unindex[K comparable](index map[K][]*evidence.Entry, key K, entry *evidence.Entry) {
	entries := index[key]
	i := slices.Index(entries, entry)
	switch {
	case i < 0:
	case len(entries) == 1:
		delete(index, key)
	case i == 0:
		entries[0] = nil
		index[key] = entries[1:]
	default:
		index[key] = slices.Delete(entries, i, i+1)
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
	return copied(j.byName[nameOf(object)])
}

// ByUID returns the entries that carry the UID, oldest first.
func (j *Journal) ByUID(uid types.UID) []evidence.Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return copied(j.byUID[uid])
}

// ByAuditID returns the entries about one request, oldest first.
func (j *Journal) ByAuditID(id string) []evidence.Entry {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return copied(j.byAudit[id])
}

func copied(entries []*evidence.Entry) []evidence.Entry {
	if len(entries) == 0 {
		return nil
	}
	copies := make([]evidence.Entry, len(entries))
	for i, entry := range entries {
		copies[i] = *entry
	}
	return copies
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
	var subjects []Subject
	for entry := range j.latestFirst(before) {
		if len(subjects) >= limit {
			break
		}
		if entry.Object.Name == "" || !match(entry.Object) {
			continue
		}
		if entries := j.subjectOf(entry); len(entries) > 0 && entries[len(entries)-1] == entry {
			subjects = append(subjects, Subject{
				Object: entry.Object, LastSeen: entry.Recorded, Sequence: entry.Sequence, Entries: len(entries),
			})
		}
	}
	return subjects
}

// latestFirst yields the entries of all tracks, the latest first, from the one
// before a sequence number on; 0 begins with the last one.
func (j *Journal) latestFirst(before uint64) iter.Seq[*evidence.Entry] {
	return func(yield func(*evidence.Entry) bool) {
		var rest [][]*evidence.Entry
		for _, t := range j.tracks {
			n := len(t.entries)
			if before > 0 {
				n, _ = slices.BinarySearchFunc(t.entries, before, func(e *evidence.Entry, s uint64) int { return cmp.Compare(e.Sequence, s) })
			}
			rest = append(rest, t.entries[:n])
		}
		for {
			latest := -1
			for i, entries := range rest {
				if len(entries) > 0 && (latest < 0 || sequenceOfLast(entries) > sequenceOfLast(rest[latest])) {
					latest = i
				}
			}
			if latest < 0 {
				return
			}
			entries := rest[latest]
			rest[latest] = entries[:len(entries)-1]
			if !yield(entries[len(entries)-1]) {
				return
			}
		}
	}
}

func sequenceOfLast(entries []*evidence.Entry) uint64 { return entries[len(entries)-1].Sequence }

// subjectOf returns the entries that are about the same subject; none where the
// entry has no UID but others of the name do, as those stand for it.
func (j *Journal) subjectOf(entry *evidence.Entry) []*evidence.Entry {
	if entry.Object.UID != "" {
		return j.byUID[entry.Object.UID]
	}
	entries := j.byName[entry.Object]
	if slices.ContainsFunc(entries, func(e *evidence.Entry) bool { return e.Object.UID != "" }) {
		return nil
	}
	return entries
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
