// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// tellCollection tells step 3 of a request that ends a collection: what it wrote
// to each object.
func tellCollection(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "ends the objects one by one in etcd", Input: "the objects that it found in its list"}
	for _, r := range step.Revisions {
		s.Evidence = append(s.Evidence, keptEvidence(tale, r)...)
	}
	var marked, removed []string
	for _, c := range step.Children {
		marked, removed = appendNumber(marked, c, c.Marked), appendNumber(removed, c, c.Removed)
	}
	at, by := step.Revisions[len(step.Revisions)-1].SeenAt()
	s.Effect = prose.Sentences(
		listed(tale, "marked for deletion", marked), listed(tale, "removed from etcd", removed), leftOut(tale),
		joinNote(step.Revisions[0]), etcdGap(tale, step.Revisions), notLater(at, by))
	return s
}

func appendNumber(list []string, c story.Child, r *timeline.Revision) []string {
	if r == nil {
		return list
	}
	return append(list, fmt.Sprintf("%s (revision %d)", c.Subject.Name, r.Number))
}

// trackCollection says how many of the objects were marked and removed at each
// moment.
func trackCollection(tale *story.Story) []v1alpha1.TrackerMoment {
	var names []string
	for _, c := range tale.Children {
		names = append(names, c.Subject.Name)
	}
	start := v1alpha1.TrackerMoment{Moment: MomentStart, RequestState: "not yet received", ClusterState: listed(tale, "stored that it was to end", names)}
	made := collectionAt(tale, tale.Made[len(tale.Made)-1].Number)
	after := made
	if n := len(tale.Followed); n > 0 {
		after = collectionAt(tale, max(tale.Followed[n-1].Number, made.Revision))
	}
	final := string(tale.Outcome)
	if tale.Complete {
		final += ", complete"
	}
	at := func(m v1alpha1.TrackerMoment, moment, request string) v1alpha1.TrackerMoment {
		m.Moment, m.RequestState = moment, request
		return m
	}
	return []v1alpha1.TrackerMoment{
		start,
		at(made, MomentAfterStep2, admittedState(tale)),
		at(made, MomentAfterStep4, followedState(tale, story.Schedule, "step 4")),
		at(after, MomentAfterStep6, followedState(tale, story.Keep, "step 6")),
		at(after, MomentFinal, final),
	}
}

// collectionAt is what had become of the objects by a revision.
func collectionAt(tale *story.Story, revision int64) v1alpha1.TrackerMoment {
	marked, removed := 0, 0
	for _, c := range tale.Children {
		switch {
		case c.Removed != nil && c.Removed.Number <= revision:
			removed++
		case c.Marked != nil && c.Marked.Number <= revision:
			marked++
		}
	}
	return v1alpha1.TrackerMoment{Revision: revision, ClusterState: fmt.Sprintf("of %s, %d marked for deletion and %d gone from etcd at revision %d",
		prose.Count(len(tale.Children), memberNoun(tale)), marked, removed, revision)}
}

// memberNoun is what one of a request's children is called.
func memberNoun(tale *story.Story) string {
	if tale.OfCollection() {
		return tale.Noun()
	}
	if len(tale.Children) > 0 && followed.Of(tale.Children[0].Subject).Role == followed.Set {
		return "set"
	}
	return "pod"
}

// selection says what a request about several objects selects them by; empty for
// all of them.
func selection(tale *story.Story) string {
	var parts []string
	if s := tale.Asked.Query("labelSelector"); s != "" {
		parts = append(parts, "the label selector "+s)
	}
	if s := tale.Asked.Query("fieldSelector"); s != "" {
		parts = append(parts, "the field selector "+s)
	}
	if len(parts) == 0 {
		return ""
	}
	return ", by " + strings.Join(parts, " and ")
}
