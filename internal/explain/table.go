// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// teller puts a step into words, with its evidence. Number, component and time
// are the step's own.
type teller func(*story.Story, story.Step) v1alpha1.WalkthroughStep

// tellers are the words of each step.
var tellers = map[story.ID]teller{
	story.Send: tellSend, story.Admit: tellAdmit, story.Store: tellStore, story.Change: tellChange, story.Schedule: tellSchedule,
	story.Run: tellRun, story.Control: tellControl, story.End: tellEnd, story.Keep: tellKeep, story.Answer: tellAnswer, story.Show: tellShow,
}

// table is the story in steps.
func table(tale *story.Story) []v1alpha1.WalkthroughStep {
	rows := make([]v1alpha1.WalkthroughStep, 0, len(tale.Steps))
	for _, step := range tale.Steps {
		row := tellers[step.ID](tale, step)
		row.Step, row.Component, row.Time = step.Number, step.Component, prose.Micro(step.At)
		row.Input = prose.Clip(row.Input, prose.MaxEffect)
		row.Effect = prose.Clip(row.Effect, prose.MaxEffect)
		row.Evidence = boundedEvidence(row.Evidence)
		rows = append(rows, row)
	}
	return rows
}

// subject names the object of the request.
func subject(tale *story.Story) string {
	o := tale.Record.Subject
	name := o.Name
	if name == "" && tale.Asked != nil {
		name = tale.Asked.Object.Name
	}
	if name == "" && aboutSeveral(tale) {
		if o.Namespace == "" {
			return resource(tale) + " of all namespaces" + selection(tale)
		}
		return resource(tale) + " of namespace " + o.Namespace + selection(tale)
	}
	name = cmp.Or(name, "(name not recorded)")
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	return resource(tale) + " " + name
}

// aboutSeveral reports whether the request is about all objects of a collection, or
// those that are selected.
func aboutSeveral(tale *story.Story) bool {
	return tale.Kind == story.List || tale.Kind == story.Watch || tale.Kind == story.DeleteCollection
}

// resource is the resource as kubectl names it.
func resource(tale *story.Story) string {
	o := tale.Record.Subject
	if o.Group == "" {
		return cmp.Or(o.Resource, "(resource not recorded)")
	}
	return o.Resource + "." + o.Group
}
