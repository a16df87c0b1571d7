// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package story

import (
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// Deed says in a few words what a revision did, as in "revision 219 sets …".
func (s *Story) Deed(r *timeline.Revision) string {
	if r.Write != nil && r.Write.Subresource == "eviction" {
		return s.did(r) + " (to evict it)"
	}
	return s.did(r)
}

func (s *Story) did(r *timeline.Revision) string {
	if s.OfCollection() {
		return memberDeed(r)
	}
	switch r.Kind {
	case followed.Create:
		return "creates the object"
	case followed.Bind:
		return "sets spec.nodeName to " + r.State.Node
	case followed.Status:
		return "writes the status (" + s.StatusText(r.State) + disruptionText(r) + ")"
	case followed.Mark:
		return "marks the object for deletion"
	case followed.Remove:
		return "removes the key"
	}
	if c := timeline.Example(r.Changes); c != nil {
		return "changes " + c.Path
	}
	return "changes the object"
}

// memberDeed says what a revision did to a member of a collection.
func memberDeed(r *timeline.Revision) string {
	switch name := r.Name(); r.Kind {
	case followed.Mark:
		return "marks " + name + " for deletion"
	case followed.Remove:
		return "removes the key of " + name
	case followed.Status:
		return "writes the status of " + name
	case followed.Change:
		return "shortens the time that " + name + " has left"
	default:
		return "changes " + name
	}
}

// StatusText is the status in a few words.
func (s *Story) StatusText(now timeline.State) string {
	if s.Resource.Role == followed.Set {
		return s.countsReason(now)
	}
	return "phase " + prose.OrNone(now.Phase) + RestartCount(now) + WaitingText(now) + SummaryText(now)
}

// WaitingText says that the pod is not scheduled, and why in one word; empty
// where it is.
func WaitingText(now timeline.State) string {
	if c := ScheduledCondition(now); c != nil && c.Status != "True" && now.Node == "" {
		return ", PodScheduled " + c.Status + " " + c.Reason
	}
	return ""
}

// RestartCount counts the restarts; empty for none.
func RestartCount(now timeline.State) string {
	if now.Restarts == 0 {
		return ""
	}
	return ", " + prose.Count(int(now.Restarts), "restart")
}

// SummaryText is the state in a word, where it says more than the phase.
func SummaryText(now timeline.State) string {
	if now.Object == nil || now.Object.Summary() == now.Phase {
		return ""
	}
	return prose.Prefixed(", ", now.Object.Summary())
}

// disruptionText says that the revision decides that the pod goes, and why.
func disruptionText(r *timeline.Revision) string {
	for _, c := range r.Changes {
		if c.Path == "status.conditions[DisruptionTarget]" && c.To != "" {
			return ", DisruptionTarget " + r.State.Object.Condition("DisruptionTarget").Reason
		}
	}
	return ""
}

// Word names the state as people do.
func (s *Story) Word(now timeline.State) string {
	switch {
	case now.Removed:
		return string(Deleted)
	case now.Marked:
		return string(Terminating)
	case s.Resource.Role == followed.Set:
		return string(Stored)
	case now.Ran():
		return now.Phase
	case now.Node != "":
		return string(Scheduled)
	}
	return string(Pending)
}
