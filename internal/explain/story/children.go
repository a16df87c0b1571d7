// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"cmp"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// Child is an object that the subject controls, such as a pod of a set, as far as
// the record says of its beginning and its end. It has a story of its own.
type Child struct {
	Subject evidence.Object
	// Created, Marked and Removed are nil where they did not happen or no source
	// has them. Marked may also be what ends a member of a collection sooner that
	// had been marked before.
	Created, Marked, Removed *timeline.Revision
	// Scaled are the changes of how many objects it controls itself, such as those
	// that a deployment makes to its sets.
	Scaled []*timeline.Revision
}

// Revisions are those that are known, in their order.
func (c Child) Revisions() []*timeline.Revision {
	all := append(slices.Clone(c.Scaled), c.Created, c.Marked, c.Removed)
	all = slices.DeleteFunc(all, func(r *timeline.Revision) bool { return r == nil })
	slices.SortStableFunc(all, func(a, b *timeline.Revision) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

// childLines are the timelines of the children.
func (s *Story) childLines() []*timeline.Timeline {
	lines := make([]*timeline.Timeline, 0, len(s.Record.Children))
	for _, child := range s.Record.Children {
		lines = append(lines, timeline.Of(evidence.Record{Subject: child.Subject, Entries: child.Entries, Sources: s.Record.Sources, Dropped: s.Record.Dropped}))
	}
	return lines
}

func (s *Story) findChildren() {
	if s.OfCollection() {
		s.findMembers()
	} else {
		s.findControlled()
	}
	slices.SortStableFunc(s.Children, func(a, b Child) int {
		return cmp.Or(cmp.Compare(a.Revisions()[0].Number, b.Revisions()[0].Number), cmp.Compare(a.Subject.Name, b.Subject.Name))
	})
}

// findControlled finds the objects that the subject controls.
func (s *Story) findControlled() {
	for _, line := range s.childLines() {
		c := Child{Subject: line.Record.Subject}
		for _, r := range line.Revisions {
			c.add(r)
		}
		if len(c.Revisions()) > 0 {
			s.Children = append(s.Children, c)
		}
	}
}

// touched are the children that were made or ended because of what the request
// wrote: after it, and before the next change of what the object asks for. etcd
// numbers the writes of all keys in one order.
func (s *Story) touched() []Child {
	switch {
	case len(s.Made) == 0:
		return nil
	case s.OfCollection():
		return s.followedChildren()
	}
	from, to := s.Made[len(s.Made)-1].Number, s.nextChange()
	within := func(r *timeline.Revision) *timeline.Revision {
		if r == nil || r.Number <= from || to > 0 && r.Number >= to {
			return nil
		}
		return r
	}
	var touched []Child
	for _, c := range s.Children {
		c.Created, c.Marked, c.Removed = within(c.Created), within(c.Marked), within(c.Removed)
		c.Scaled = slices.DeleteFunc(slices.Clone(c.Scaled), func(r *timeline.Revision) bool { return within(r) == nil })
		if len(c.Revisions()) > 0 {
			touched = append(touched, c)
		}
	}
	return touched
}

// nextChange is the next revision that changed what the object asks for; 0 for
// none.
func (s *Story) nextChange() int64 {
	last := s.Made[len(s.Made)-1]
	for _, r := range s.Revisions {
		if r.Number > last.Number && (r.Kind == followed.Mark || r.Kind == followed.Change && !sameGeneration(last, r)) {
			return r.Number
		}
	}
	return 0
}

// sameGeneration reports whether two revisions are known to ask for the same: a
// change of the metadata alone, such as that of a deployment's revision, is none of
// what is asked for.
func sameGeneration(a, b *timeline.Revision) bool {
	if a.State.Object == nil || b.State.Object == nil {
		return false
	}
	generation := a.State.Object.Metadata.Generation
	return generation > 0 && generation == b.State.Object.Metadata.Generation
}

// lastSeen is when the newest of the revisions was seen.
func lastSeen(revisions []*timeline.Revision, children []Child) time.Time {
	var newest *timeline.Revision
	for _, c := range children {
		revisions = slices.Concat(revisions, c.Revisions())
	}
	for _, r := range revisions {
		if newest == nil || r.Number > newest.Number {
			newest = r
		}
	}
	if newest == nil {
		return time.Time{}
	}
	at, _ := newest.SeenAt()
	return at
}
