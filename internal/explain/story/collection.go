// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// OfCollection reports whether the story is that of a request to end all objects
// of a namespace, or those that are selected. Its Children are the objects that it
// has ended or begun to end, without what came before.
func (s *Story) OfCollection() bool {
	return s.Kind == DeleteCollection && s.Record.Subject.Name == ""
}

// findMembers finds the objects that the request has ended, or has begun to: those
// with a revision that it made.
func (s *Story) findMembers() {
	for _, line := range s.childLines() {
		c := Child{Subject: line.Record.Subject}
		for _, r := range line.Revisions {
			switch made := r.Write != nil && r.Write.AuditID == s.Asked.AuditID; {
			case made:
				s.Made = append(s.Made, r)
			case len(c.Revisions()) > 0: // after what it made
				s.Followed = append(s.Followed, r)
			default:
				continue
			}
			c.add(r)
			if r.Kind == followed.Change && c.Marked == nil {
				// It was marked before; this ends it sooner.
				c.Marked = r
			}
		}
		if len(c.Revisions()) > 0 {
			s.Children = append(s.Children, c)
		}
	}
	byNumber := func(a, b *timeline.Revision) int { return cmp.Compare(a.Number, b.Number) }
	slices.SortFunc(s.Made, byNumber)
	slices.SortFunc(s.Followed, byNumber)
}

// madeChildren are the members with what the request itself made of them,
// followedChildren with what came of it.
func (s *Story) madeChildren() []Child {
	return s.membersWith(func(r *timeline.Revision) bool { return slices.Contains(s.Made, r) })
}

func (s *Story) followedChildren() []Child {
	return s.membersWith(func(r *timeline.Revision) bool { return slices.Contains(s.Followed, r) })
}

func (s *Story) membersWith(belongs func(*timeline.Revision) bool) []Child {
	var members []Child
	for _, c := range s.Children {
		member := Child{Subject: c.Subject}
		for _, r := range c.Revisions() {
			if belongs(r) {
				member.add(r)
			}
		}
		if len(member.Revisions()) > 0 {
			members = append(members, member)
		}
	}
	return members
}

// Gone counts the members whose key is gone from etcd, by this request or later.
func (s *Story) Gone() int {
	gone := 0
	for _, c := range s.Children {
		if c.Removed != nil {
			gone++
		}
	}
	return gone
}

// judgeCollection judges a request that was to end the objects of a collection.
func (s *Story) judgeCollection() {
	selected, known := s.Asked.Selected()
	n, gone := len(s.Children), s.Gone()
	switch {
	case known && len(selected) == 0:
		s.Outcome, s.Reason = Unchanged, "no object was selected, so the request changed nothing"
		return
	case n == 0:
		s.Outcome, s.Reason = CarriedOut, "the request was carried out; not available: which revisions it made, because no source joins one with it"
		return
	case gone == n:
		s.Outcome, s.Reason = Deleted, s.members(n)+" deleted, and gone from etcd"
	case gone == 0:
		s.Outcome, s.Reason = Terminating, s.members(n)+" marked for deletion and still stored; "+s.keptMember()
	default:
		s.Outcome, s.Reason = Terminating, fmt.Sprintf("%s marked for deletion, %d of them gone from etcd; %s", s.members(n), gone, s.keptMember())
	}
	if left := s.Record.ChildrenLeftOut; left > 0 {
		s.Reason += fmt.Sprintf("; %d more are left out of the record", left)
	}
}

// members counts objects of the resource.
func (s *Story) members(n int) string { return prose.Count(n, s.Noun()) }

// keptMember says what keeps the first of the members that are still there.
func (s *Story) keptMember() string {
	for _, c := range s.Children {
		if c.Removed == nil && c.Marked != nil {
			return c.Subject.Name + ": " + s.keeps(c.Marked.State.Object)
		}
	}
	return "not available: what keeps the others"
}

// Scaling returns from and to how many replicas a revision scaled its object, and
// whether it did.
func Scaling(r *timeline.Revision) (from, to string, ok bool) {
	for _, c := range r.Changes {
		if c.Path == "spec.replicas" && c.From != "" && c.To != "" {
			return c.From, c.To, true
		}
	}
	return "", "", false
}

// add files a revision of a child by what it did.
func (c *Child) add(r *timeline.Revision) {
	switch r.Kind {
	case followed.Create:
		c.Created = r
	case followed.Mark:
		c.Marked = r
	case followed.Remove:
		c.Removed = r
	case followed.Change:
		if _, _, ok := Scaling(r); ok {
			c.Scaled = append(c.Scaled, r)
		}
	}
}
