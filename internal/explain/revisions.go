// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"slices"

	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// MaxRevisions bounds the revisions of a trace: the first and the last ones are
// kept.
const MaxRevisions = 200

// revisions are all states of the object, each with who made it.
func revisions(tale *story.Story) (all []RevisionSummary, omitted int) {
	states := tale.Revisions
	if omitted = len(states) - MaxRevisions; omitted > 0 {
		states = slices.Concat(states[:MaxRevisions/2], states[len(states)-MaxRevisions/2:])
	}
	for _, r := range states {
		all = append(all, revisionOf(tale, r))
	}
	return all, max(omitted, 0)
}

// kindNames are the kinds of writes as the schema has them, in one word.
var kindNames = map[followed.WriteKind]string{followed.Mark: "mark"}

func revisionOf(tale *story.Story, r *timeline.Revision) RevisionSummary {
	s := RevisionSummary{
		Revision: r.Number, Kind: string(r.Kind), Step: tale.StepOf(r), State: tale.Word(r.State), Node: r.State.Node, Phase: r.State.Phase,
		Marked: r.State.Marked, Text: stateText(tale, r), Component: r.Component(),
	}
	if name := kindNames[r.Kind]; name != "" {
		s.Kind = name
	}
	at, _ := r.SeenAt()
	s.Time = prose.Micro(at)
	if r.Manager != nil {
		s.Manager = r.Manager.Manager
	}
	if r.Etcd != nil {
		s.Bytes = r.Etcd.Etcd.Bytes
	}
	if w := r.Write; w != nil {
		s.User, s.AuditID, s.Verb, s.Code, s.Joined = w.User, w.AuditID, w.Verb, w.Code, "inferred"
		if r.Exact {
			s.Joined = "response"
		}
	}
	if r.Kind != followed.Create && r.Compared {
		s.Changes = timeline.Describe(r.Changes, timeline.MaxChanges)
	}
	return s
}
