// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package record keeps what the observer's sources deliver. The sources are the
// packages below it: audit, watch, etcd and components.
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
// Equal reads of an object are folded, so that whoever polls it cannot push out
// what happened to it: see evidence.Reads.
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
	folded  uint64
	// appended counts the entries of each source, dropped ones included.
	appended map[evidence.Source]uint64
	// The indexes hold entries in the order of their arrival.
	byName  map[evidence.Object][]*kept
	byUID   map[types.UID][]*kept
	byAudit map[string][]*kept
	// byController has those that name their object's controller.
	byController map[types.UID][]*kept
	reads        map[readKey]*reads
	folds        folds
	waiting      map[topic]map[chan<- struct{}]struct{}
}

// kept is an entry in the journal.
type kept struct {
	evidence.Entry
	size int64
	// reads are those that the entry is one of; nil for what is no read.
	reads *reads
	// folded is true where the entry is left out; its Sequence keeps its place.
	folded bool
}

// track holds the entries of one resource, oldest first, and the places of those
// that were folded.
type track struct {
	entries []*kept
	folded  int
	bytes   int64
}

// length is how many entries are there.
func (t *track) length() int { return len(t.entries) - t.folded }

// trim takes the places of folded entries off the front. What is cut off there
// is freed when append moves the rest to a new array.
func (t *track) trim() {
	for len(t.entries) > 0 && t.entries[0].folded {
		t.entries[0] = nil
		t.entries = t.entries[1:]
		t.folded--
	}
}

// compact removes the places of folded entries once they are the most.
func (t *track) compact() {
	if t.trim(); t.folded > t.length() {
		t.entries = slices.DeleteFunc(t.entries, func(e *kept) bool { return e.folded })
		t.folded = 0
	}
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
		maxEntries:   options.MaxEntries,
		maxBytes:     options.MaxBytes,
		clock:        options.Clock,
		tracks:       map[schema.GroupResource]*track{},
		appended:     map[evidence.Source]uint64{},
		byName:       map[evidence.Object][]*kept{},
		byUID:        map[types.UID][]*kept{},
		byAudit:      map[string][]*kept{},
		byController: map[types.UID][]*kept{},
		reads:        map[readKey]*reads{},
		folds:        folds{byID: map[string]*reads{}},
		waiting:      map[topic]map[chan<- struct{}]struct{}{},
	}
}

// Append adds an entry, sets its Sequence and, where the source has not done
// so, Recorded. It drops older entries that no longer fit.
func (j *Journal) Append(entry evidence.Entry) uint64 {
	if entry.Recorded.IsZero() {
		entry.Recorded = j.clock.Now()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	entry.Sequence = j.last
	added := &kept{Entry: entry}
	j.fold(added)
	added.size = Size(&added.Entry)
	j.makeRoom(added.size)
	t := j.track(entry.Object)
	t.entries = append(t.entries, added)
	t.bytes += added.size
	j.length++
	j.bytes += added.size
	j.appended[entry.Source]++
	j.index(added)
	j.notify(added)
	return entry.Sequence
}

// makeRoom drops the oldest entries of the resource that takes the most until so
// many bytes, and one more entry, fit.
func (j *Journal) makeRoom(size int64) {
	for j.length >= j.maxEntries {
		j.dropFrom(j.largest(func(t *track) int64 { return int64(t.length()) }))
	}
	for j.length > 0 && j.bytes+size > j.maxBytes {
		j.dropFrom(j.largest(func(t *track) int64 { return t.bytes }))
	}
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
		if t.length() == 0 {
			continue
		}
		if largest == nil || size(t) > size(largest) ||
			size(t) == size(largest) && t.entries[0].Sequence < largest.entries[0].Sequence {
			largest = t
		}
	}
	return largest
}

// dropFrom drops the oldest entry of a track.
func (j *Journal) dropFrom(t *track) {
	oldest := t.entries[0]
	t.entries[0] = nil
	t.entries = t.entries[1:]
	j.dropped++
	j.remove(t, oldest)
	t.trim()
}

// remove takes an entry out of the counts and the indexes.
func (j *Journal) remove(t *track, entry *kept) {
	t.bytes -= entry.size
	j.bytes -= entry.size
	j.length--
	if isNamed(&entry.Entry) {
		unindex(j.byName, nameOf(entry.Object), entry)
	}
	unindex(j.byUID, entry.Object.UID, entry)
	unindex(j.byAudit, entry.AuditID(), entry)
	unindex(j.byController, entry.Controller, entry)
	if entry.reads != nil && entry.reads.remove(entry) {
		delete(j.reads, entry.reads.key)
	}
}

func (j *Journal) index(entry *kept) {
	if isNamed(&entry.Entry) {
		name := nameOf(entry.Object)
		j.byName[name] = append(j.byName[name], entry)
	}
	if uid := entry.Object.UID; uid != "" {
		j.byUID[uid] = append(j.byUID[uid], entry)
	}
	if id := entry.AuditID(); id != "" {
		j.byAudit[id] = append(j.byAudit[id], entry)
	}
	if uid := entry.Controller; uid != "" {
		j.byController[uid] = append(j.byController[uid], entry)
	}
}

// unindex removes an entry from those of a key. It is among the first of them,
// unless they are about several resources, or it was folded.
func unindex[K comparable](index map[K][]*kept, key K, entry *kept) {
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

// Children returns up to limit objects that the owner with the UID controls, the
// most recently seen first, and how many more there are.
func (j *Journal) Children(controller types.UID, limit int) (children []evidence.Object, more int) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	seen := map[types.UID]bool{}
	for _, entry := range slices.Backward(j.byController[controller]) {
		switch {
		case seen[entry.Object.UID]:
			continue
		case len(children) < limit:
			children = append(children, entry.Object)
		default:
			more++
		}
		seen[entry.Object.UID] = true
	}
	return children, more
}

// Seen returns up to limit objects of a collection about which an entry arrived
// within a time that match is true for, the most recently seen first, and how many
// more there are. The name in the collection is not looked at.
func (j *Journal) Seen(collection evidence.Object, from, to time.Time, match func(*evidence.Entry) bool, limit int) (objects []evidence.Object, more int) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	t := j.tracks[schema.GroupResource{Group: collection.Group, Resource: collection.Resource}]
	if t == nil {
		return nil, 0
	}
	seen := map[evidence.Object]bool{}
	for _, entry := range slices.Backward(t.entries) {
		object := entry.Object
		switch {
		case entry.folded || entry.Recorded.After(to):
			continue
		case entry.Recorded.Before(from):
			return objects, more
		case object.Name == "" || object.Namespace != collection.Namespace || seen[object] || !match(&entry.Entry):
			continue
		case len(objects) < limit:
			objects = append(objects, object)
		default:
			more++
		}
		seen[object] = true
	}
	return objects, more
}

func copied(entries []*kept) []evidence.Entry {
	if len(entries) == 0 {
		return nil
	}
	copies := make([]evidence.Entry, len(entries))
	for i, entry := range entries {
		copies[i] = entry.Entry
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
	return j.subjects(match, 0, before, limit)
}

// SubjectsSince returns up to limit objects for which match is true and whose
// latest entry has a higher sequence number than the one given, the most recently
// seen first.
func (j *Journal) SubjectsSince(match func(evidence.Object) bool, after uint64, limit int) []Subject {
	return j.subjects(match, after, 0, limit)
}

func (j *Journal) subjects(match func(evidence.Object) bool, after, before uint64, limit int) []Subject {
	j.mu.RLock()
	defer j.mu.RUnlock()
	var subjects []Subject
	for entry := range j.latestFirst(before) {
		if len(subjects) >= limit || entry.Sequence <= after {
			break
		}
		if entry.Object.Name == "" || !match(entry.Object) {
			continue
		}
		if entries := j.subjectOf(entry); len(entries) > 0 {
			subjects = append(subjects, Subject{
				Object: entry.Object, LastSeen: entry.Recorded, Sequence: entry.Sequence, Entries: len(entries),
			})
		}
	}
	return subjects
}

// latestFirst yields the entries of all tracks, the latest first, from the one
// before a sequence number on; 0 begins with the last one.
func (j *Journal) latestFirst(before uint64) iter.Seq[*kept] {
	return func(yield func(*kept) bool) {
		var rest [][]*kept
		for _, t := range j.tracks {
			n := len(t.entries)
			if before > 0 {
				n, _ = slices.BinarySearchFunc(t.entries, before, func(e *kept, s uint64) int { return cmp.Compare(e.Sequence, s) })
			}
			rest = append(rest, t.entries[:n])
		}
		for {
			latest := -1
			for i, entries := range rest {
				if len(entries) > 0 && (latest < 0 || last(entries).Sequence > last(rest[latest]).Sequence) {
					latest = i
				}
			}
			if latest < 0 {
				return
			}
			entry := last(rest[latest])
			rest[latest] = rest[latest][:len(rest[latest])-1]
			if !entry.folded && !yield(entry) {
				return
			}
		}
	}
}

func last(entries []*kept) *kept { return entries[len(entries)-1] }

// subjectOf returns the entries about the same subject where this one is the
// latest of them; else none. Where the entry has no UID but others of the name
// do, those stand for it. They are looked for at the latest entry of a name only:
// a listing looks at each entry once, however many of them one name has.
func (j *Journal) subjectOf(entry *kept) []*kept {
	entries := j.byUID[entry.Object.UID]
	if entry.Object.UID == "" {
		entries = j.byName[entry.Object]
	}
	if last(entries) != entry {
		return nil
	}
	if entry.Object.UID == "" && slices.ContainsFunc(entries, func(e *kept) bool { return e.Object.UID != "" }) {
		return nil
	}
	return entries
}

// Stats are the sizes and counts of a journal.
type Stats struct {
	// Entries and Bytes are what is kept now.
	Entries int
	Bytes   int64
	// Dropped is how many entries were dropped because of a bound.
	Dropped uint64
	// Folded is how many reads were folded into those that are kept.
	Folded uint64
	// Appended counts the entries by source, dropped ones included.
	Appended map[evidence.Source]uint64
}

// Last returns the sequence number of the latest entry; 0 where there was none.
func (j *Journal) Last() uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.last
}

// Stats returns the sizes and counts of now.
func (j *Journal) Stats() Stats {
	j.mu.RLock()
	defer j.mu.RUnlock()
	appended := make(map[evidence.Source]uint64, len(j.appended))
	for source, n := range j.appended {
		appended[source] = n
	}
	return Stats{Entries: j.length, Bytes: j.bytes, Dropped: j.dropped, Folded: j.folded, Appended: appended}
}
