// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// askMade asks how many revisions the request made, where that is known.
func askMade(tale *story.Story) (Question, bool) {
	q := Question{ID: "made-revisions", Question: "How many states of the object did this request write to etcd?"}
	switch {
	case tale.Asked == nil, tale.Stopped(), tale.Outcome == story.CarriedOut, tale.Outcome == story.Unknown, tale.Outcome == story.Error:
		return q, false
	case tale.OfLife() && !tale.NothingStored():
		q.Answer, q.Why = "1 state", prose.Sentence("a create writes the object once; what came later was written by other requests")
	case len(tale.Made) == 0:
		q.Answer, q.Why = "0 states", prose.Sentence(tale.Reason)
	default:
		q.Answer, q.Why = prose.Count(len(tale.Made), "state"), prose.Sentence(keptText(tale, tale.Made))
	}
	return q, true
}

// askBefore asks for the state that the request found.
func askBefore(tale *story.Story) (Question, bool) {
	start := tale.Start()
	if tale.OfLife() || start == nil || tale.Record.Dropped > 0 || !tale.Available(evidence.SourceEtcd) {
		return Question{}, false
	}
	q := Question{ID: "found-revision", Question: "At which revision was the object when the request came?", Answer: revisionName(start.Number)}
	q.Why = prose.Sentence(stateText(tale, start))
	return q, true
}

// askNext asks who acted on what the request wrote.
func askNext(tale *story.Story) (Question, bool) {
	if len(tale.Followed) == 0 || tale.Followed[0].Component() == "" {
		return Question{}, false
	}
	first := tale.Followed[0]
	q := Question{
		ID: "next-component", Question: "Which component was the first to write the object after that?", Answer: first.Component(),
		Choices: []string{component.Kubelet, component.Manager, component.KubeManager, component.Scheduler},
		Why:     prose.Sentence(fmt.Sprintf("revision %d is the next one, and %s made it", first.Number, first.Component())),
	}
	return q, slices.Contains(q.Choices, q.Answer)
}
