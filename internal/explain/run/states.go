// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// states are what etcd held at each revision, and what had become of the run by
// then.
func states(tale *story.Story) []State {
	revisions, _ := bounded(tale.Revisions, explain.MaxRevisions)
	all := make([]State, 0, len(revisions))
	room := MaxStates
	for _, r := range revisions {
		s := stateOf(tale, r)
		if room -= len(s.Object); room < 0 {
			s.Object, s.Unavailable = nil, fmt.Sprintf("not shown: the object has %d bytes, and the states before it are large", len(s.Object))
		}
		all = append(all, s)
	}
	return all
}

func stateOf(tale *story.Story, r *timeline.Revision) State {
	s := State{Revision: r.Number, Removed: r.State.Removed, Evidence: revisionIDs(r)}
	if r.Write != nil {
		s.Evidence = append(s.Evidence, stageIDs(r.Write, false)...)
	}
	switch {
	case s.Removed:
	case r.Value != nil:
		s.Object, s.Source = r.Value, string(r.From)
	case r.Etcd != nil && r.Etcd.Etcd.Unavailable != "":
		s.Unavailable = "not available: " + r.Etcd.Etcd.Unavailable
	default:
		s.Unavailable = tale.Missing(evidence.SourceEtcd, "value of this revision")
	}
	if isBefore(tale, r) {
		s.Outcome, s.Reason = explain.OutcomeUnknown, "the request had not been sent yet"
		s.Headline = prose.Clip(fmt.Sprintf("The %s of %s had not been sent yet", cmp.Or(tale.Asked.Verb, "request"), nameOf(tale.Record.Subject)), prose.MaxEffect)
		return s
	}
	then := asMade(tale, r)
	s.Outcome, s.Reason, s.Headline = then.Outcome, then.Reason, explain.Headline(then)
	return s
}

// asMade is the story as it was when a revision had just been made: what others
// decided on it came later.
func asMade(tale *story.Story, r *timeline.Revision) *story.Story {
	line := tale.Until(r.Number)
	line.Decisions = slices.DeleteFunc(slices.Clone(line.Decisions), func(e *evidence.Entry) bool {
		return timeline.Number(e.Decision.Pod.ResourceVersion) >= r.Number
	})
	return story.Tell(line)
}

// outcomeAt is what had become of the run at a time at which a revision was the
// newest.
func outcomeAt(tale *story.Story, revision int64, at time.Time) explain.Outcome {
	line := tale.Until(revision)
	line.Decisions = slices.DeleteFunc(slices.Clone(line.Decisions), func(e *evidence.Entry) bool {
		return !at.IsZero() && e.Decision.DecidedAt.After(at)
	})
	return story.Tell(line).Outcome
}

// isBefore reports whether a revision is older than the request that the story is
// about.
func isBefore(tale *story.Story, r *timeline.Revision) bool {
	if tale.OfLife() || tale.Asked == nil {
		return false
	}
	if len(tale.Made) > 0 {
		return r.Number < tale.Made[0].Number
	}
	at, _ := r.SeenAt()
	return !at.IsZero() && at.Before(tale.Asked.ReceivedAt)
}
