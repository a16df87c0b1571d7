// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// watches adds the watch events that somebody says to have got, and those that
// must have been there because somebody acted on them.
func (b *builder) watches() {
	scheduler, runner := false, false
	for _, e := range b.tale.Decisions {
		d := e.Decision
		of := moment{step: b.stepOfDecision(e)}
		if d.Bind != nil {
			of.revision = timeline.Number(d.Bind.ResourceVersion)
		}
		scheduler = b.observed(component.Scheduler, d.Pod.ResourceVersion, d.ObservedAt, of, e) || scheduler
	}
	for _, e := range b.tale.Transitions {
		t := e.Transition
		of := moment{}
		if r := b.madeWith(e); r != nil {
			of = b.momentOf(r)
		}
		runner = b.observed(component.Manager, t.ObservedResourceVersion, t.ObservedAt, of, e) || runner
	}
	b.implied(scheduler, runner)
	for _, r := range b.tale.Requests {
		if r.Verb == "watch" && r.Succeeded() && r.Component() == "" {
			b.followed(r)
		}
	}
}

// stepOfDecision is the step that tells of an attempt; 0 for none.
func (b *builder) stepOfDecision(e *evidence.Entry) int32 {
	for _, step := range b.tale.Steps {
		for _, known := range step.Decisions {
			if known == e {
				return step.Number
			}
		}
	}
	return 0
}

// observed adds a watch event that a component says to have got. Several attempts
// on one version have one event. It returns false where it says nothing.
func (b *builder) observed(by, version string, at time.Time, of moment, e *evidence.Entry) bool {
	if at.IsZero() || !b.tells(at, at) {
		return !at.IsZero()
	}
	to := b.cast.component(by, "")
	m := Message{
		ID: "watch-" + version + "-" + to, Kind: Watch, From: actorAPIServer, To: to, Label: "watch", ReceivedAt: micro(at), NotAfter: micro(at),
		Revision: timeline.Number(version), Step: of.step, Text: fmt.Sprintf("%s's watch delivers the object at revision %s", by, version),
		Unknown: "when the API server sent it: it keeps no record of the events that it sends", Evidence: []string{idOf(e)},
	}
	if _, known := b.leads[m.ID]; known {
		return true
	}
	if r := b.tale.Exactly(m.Revision); r != nil {
		if lower, _ := b.bounds(r); !lower.After(at) {
			m.NotBefore = micro(lower)
		}
		m.Evidence = append(m.Evidence, revisionIDs(r)...)
	}
	b.send(m, of)
	return true
}

// implied adds the events that no source has and that must have been: a scheduler
// that binds a pod and a kubelet that reports on it have seen it before.
func (b *builder) implied(scheduler, runner bool) {
	for _, r := range b.tale.Revisions {
		switch by := r.Component(); {
		case r.Write == nil || r.Kind == followed.Create || !b.tells(r.Write.ReceivedAt, r.Write.AnsweredAt()):
		case by == component.Scheduler && !scheduler:
			scheduler = true
			b.implies(by, r, func(*timeline.Revision) bool { return true })
		case by == b.tale.Resource.Runner && !runner:
			runner = true
			b.implies(by, r, func(before *timeline.Revision) bool {
				return b.tale.Resource.Role == followed.Set || before.State.Node != ""
			})
		}
	}
}

// implies adds the event that a component must have got before it made a
// revision. Which one it was is known where only one can have been.
func (b *builder) implies(by string, made *timeline.Revision, shows func(*timeline.Revision) bool) {
	var first *timeline.Revision
	candidates := 0
	for _, r := range b.tale.Revisions {
		asked := b.tale.OfLife() || slices.Contains(b.tale.Made, r)
		if r.Number < made.Number && asked && shows(r) {
			if candidates++; first == nil {
				first = r
			}
		}
	}
	to, what := b.cast.component(by, ""), "the object, in a version that no source names"
	acted := b.firstDeed(by, made)
	m := Message{
		ID: "watch-before-" + strconv.FormatInt(made.Number, 10) + "-" + to, Kind: Watch, From: actorAPIServer, To: to, Label: "watch",
		NotAfter: micro(acted), Step: b.momentOf(made).step, Evidence: revisionIDs(made),
		Unknown: "when: " + b.tale.Missing(sourceOf(by), "time of it") + "; it must have come before the request that followed from it",
	}
	if first != nil {
		lower, _ := b.bounds(first)
		m.NotBefore = micro(lower)
		if candidates == 1 {
			m.Revision, what = first.Number, fmt.Sprintf("the object at revision %d", first.Number)
			m.Evidence = append(m.Evidence, revisionIDs(first)...)
		}
	}
	m.Text = by + "'s watch delivers " + what
	b.send(m, b.momentOf(made))
}

// firstDeed is when a component first acted on what it had seen: when its request
// for a revision arrived or, before that, one that made or ended a child.
func (b *builder) firstDeed(by string, made *timeline.Revision) time.Time {
	first := made.Write.ReceivedAt
	for _, step := range b.tale.Steps {
		for _, child := range step.Children {
			for _, r := range child.Revisions() {
				if r.Write != nil && r.Component() == by && r.Write.ReceivedAt.Before(first) {
					first = r.Write.ReceivedAt
				}
			}
		}
	}
	return first
}

// sourceOf is the source that would tell what a component saw.
func sourceOf(by string) evidence.Source {
	if by == component.Scheduler {
		return evidence.SourceDecision
	}
	return evidence.SourceTransition
}

// followed adds the events of a client's own watch of the object: of each
// revision that was made while the watch was open.
func (b *builder) followed(watch *assemble.Request) {
	if !b.tells(watch.ReceivedAt, watch.AnsweredAt()) {
		return
	}
	to := b.cast.of(watch)
	for _, r := range b.tale.Revisions {
		lower, upper := b.bounds(r)
		if lower.IsZero() || !lower.After(watch.ReceivedAt) || !watch.Open() && upper.After(watch.AnsweredAt()) || !b.tells(lower, upper) {
			continue
		}
		m := Message{
			ID: "watch-" + strconv.FormatInt(r.Number, 10) + "-" + watch.AuditID, Kind: Watch, From: actorAPIServer, To: to, Label: "watch",
			NotBefore: micro(lower), Revision: r.Number, AuditID: watch.AuditID, Step: b.steps[watch.AuditID],
			Text:     fmt.Sprintf("the watch that the client has open delivers the object at revision %d", r.Number),
			Unknown:  "when: no clock of the client says so, and the API server keeps no record of the events that it sends",
			Evidence: append(stageIDs(watch, false), revisionIDs(r)...),
		}
		if !watch.Open() {
			m.NotAfter = micro(watch.AnsweredAt())
		}
		b.send(m, moment{step: m.Step})
	}
}
