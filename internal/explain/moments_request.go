// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// requestMoments explain what a request that is no create proves, and the life of
// an object that is no pod.
func requestMoments(tale *story.Story) []v1alpha1.KeyMoment {
	moments := []v1alpha1.KeyMoment{
		{Title: "Who decides whether a request is carried out?", Explanation: gateMoment(tale)},
		{Title: "How does etcd keep all components consistent?", Explanation: versionMoment(tale)},
		{Title: "Who hears of the request?", Explanation: hearMoment(tale)},
	}
	if last := tale.Last(); last != nil && last.State.Removed && (tale.OfLife() || tale.Kind.Ends()) {
		moments = append(moments, v1alpha1.KeyMoment{Title: "How was the object removed?", Explanation: removalMoment(tale)})
	}
	return moments
}

func gateMoment(tale *story.Story) string {
	const rule = "Every request passes the API server's gates in one order: who is it, may they do this, is the object acceptable. Only then is anything read or stored."
	switch r := tale.Asked; {
	case r == nil:
		return rule + " " + prose.Sentence(tale.Missing(evidence.SourceAudit, "request that creates the object"))
	case tale.Refused:
		return rule + " " + prose.Sentence(fmt.Sprintf("this one ended there with %d: %s", r.Code, tale.Outcome))
	case tale.DryRun:
		return rule + " A dry run passes all of them and stops before the write."
	}
	return rule + " " + prose.Sentence(authorizationText(tale))
}

func versionMoment(tale *story.Story) string {
	const rule = "All state is in etcd, and each write to it gets the next revision, so there is one order of events for everyone."
	switch {
	case tale.Kind.Reads():
		return rule + " A read makes no revision: it shows the object at one."
	case tale.OfLife() && tale.First != nil:
		return rule + " " + prose.Sentence("the object went through the revisions "+numbers(tale.Revisions))
	case len(tale.Made) == 0:
		return rule + " " + prose.Sentence("this request made no revision: "+tale.Reason)
	}
	made := tale.Made[0]
	text := rule + " " + prose.Sentence("this request made "+numbered(tale.Made))
	if before := tale.Before(made); before != nil {
		text += " " + prose.Sentence(fmt.Sprintf("the one before was %d", before.Number))
	}
	if p := timeline.Precondition(made.Write); p != "" {
		text += " " + prose.Sentence("it asked for resourceVersion "+p+": had anyone written the object in between, it would have been refused with 409")
	}
	return text
}

func hearMoment(tale *story.Story) string {
	const rule = "Nobody calls the other components: each watches the API server, which announces only what etcd has stored."
	switch {
	case tale.Kind.Reads(), tale.NothingStored(), !tale.OfLife() && len(tale.Made) == 0:
		return rule + " This request stored nothing, so there was no event, and no component heard of it."
	case tale.OfLife() && tale.Resource.Role == followed.Set:
		return rule + " " + controlMoment(tale)
	case len(tale.Followed) == 0:
		return rule + " " + prose.Sentence("no source has a write that followed from this one")
	}
	return rule + " " + prose.Sentence("after this request: "+keptText(tale, tale.Followed))
}

// controlMoment says what the controller of a set did first.
func controlMoment(tale *story.Story) string {
	for _, step := range tale.Steps {
		if step.ID == story.Control && len(step.Revisions) > 0 {
			return prose.Sentence("the first that the controller wrote of it: " + revisionSummary(tale, step.Revisions[0]))
		}
	}
	return prose.Sentence("no source has a write of its controller")
}
