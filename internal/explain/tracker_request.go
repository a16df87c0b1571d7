// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// trackRequest says what was true at each moment of a request that is no create:
// the object was there before it.
func trackRequest(tale *story.Story) []v1alpha1.TrackerMoment {
	if tale.OfCollection() && len(tale.Made) > 0 {
		return trackCollection(tale)
	}
	start, made, after := tale.Start(), tale.Start(), tale.Start()
	if n := len(tale.Made); n > 0 {
		made, after = tale.Made[n-1], tale.Made[n-1]
	}
	scheduled := made
	for _, step := range tale.Steps {
		if step.ID == story.Schedule && len(step.Revisions) > 0 {
			scheduled = step.Revisions[len(step.Revisions)-1]
		}
	}
	if n := len(tale.Followed); n > 0 {
		after = tale.Followed[n-1]
	}
	final := string(tale.Outcome)
	if tale.Complete {
		final += ", complete"
	}
	return []v1alpha1.TrackerMoment{
		momentAt(tale, MomentStart, "not yet received", start),
		momentAt(tale, MomentAfterStep2, admittedState(tale), made),
		momentAt(tale, MomentAfterStep4, followedState(tale, story.Schedule, "step 4"), scheduled),
		momentAt(tale, MomentAfterStep6, followedState(tale, story.Keep, "step 6"), after),
		momentAt(tale, MomentFinal, final, after),
	}
}

func momentAt(tale *story.Story, moment, request string, r *timeline.Revision) v1alpha1.TrackerMoment {
	m := v1alpha1.TrackerMoment{Moment: moment, RequestState: request}
	switch e := tale.LastAbsent(); {
	case r != nil:
		m.ClusterState, m.Revision = stateText(tale, r), r.Number
	case e != nil && len(tale.Revisions) == 0:
		m.ClusterState = fmt.Sprintf("nothing in etcd: a read at revision %d found no key", e.Etcd.ReadRevision)
	case tale.Record.Subject.Name == "" && (tale.Asked == nil || tale.Asked.Object.Name == ""):
		m.ClusterState = "not available: the request is about no single object"
	default:
		m.ClusterState = tale.Missing(evidence.SourceEtcd, "revision from before the request")
	}
	return m
}

func admittedState(tale *story.Story) string {
	switch r := tale.Asked; {
	case tale.Stopped():
		return fmt.Sprintf("refused with %d on its way, after revision %d", r.Code, tale.Made[len(tale.Made)-1].Number)
	case tale.Refused:
		return fmt.Sprintf("refused with %d: %s", r.Code, tale.Outcome)
	case tale.DryRun:
		return "admitted as a dry run"
	case !r.Answered:
		return "not known"
	case tale.Kind.Reads():
		return "allowed; it only reads"
	case len(tale.Made) > 0:
		return fmt.Sprintf("admitted, and written by step 3 as revision %d", tale.Made[len(tale.Made)-1].Number)
	case tale.Outcome == story.Unchanged:
		return "admitted; it changed nothing"
	}
	return "admitted"
}

// followedState says whether a step followed from the request.
func followedState(tale *story.Story, id story.ID, name string) string {
	for _, step := range tale.Steps {
		if step.ID == id {
			return "others acted on what it wrote"
		}
	}
	return name + " did not happen"
}
