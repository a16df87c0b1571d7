// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// stop is a moment that is being made.
type stop struct {
	Moment
	at time.Time
	// revision that it is about; nil for none.
	revision *timeline.Revision
	// entries that it rests on, beside those of the revision.
	entries []*evidence.Entry
}

// moments are the steps in the order in which they were completed, and between
// them the revisions that none of them was completed with.
func (b *builder) moments() []Moment {
	stops, completed := b.stepStops()
	for _, r := range b.toldRevisions() {
		if !completed[r] {
			stops = insert(stops, b.revisionStop(r))
		}
	}
	b.assign(stops)
	bound(stops)
	newest := int64(0)
	if start := b.tale.Start(); start != nil && !b.tale.OfLife() {
		newest = start.Number
	}
	list := make([]Moment, 0, len(stops))
	written := false
	for i, s := range stops {
		if s.revision != nil {
			newest, written = max(newest, s.revision.Number), true
		}
		s.Revision = newest
		switch {
		case i == len(stops)-1, s.Step > 1 && b.tale.NothingStored(), s.Step > 6 && len(b.tale.Made) == 0 && !b.tale.OfLife():
			s.Outcome = b.tale.Outcome
		case written:
			at := s.at
			if at.IsZero() && s.NotBefore != nil {
				at = s.NotBefore.Time
			}
			s.Outcome = outcomeAt(b.tale, newest, at)
		}
		list = append(list, s.Moment)
	}
	return list
}

// toldRevisions are those that the story is about.
func (b *builder) toldRevisions() []*timeline.Revision {
	revisions, _ := bounded(b.tale.Revisions, explain.MaxRevisions)
	if b.tale.OfLife() {
		return revisions
	}
	return slices.DeleteFunc(slices.Clone(revisions), func(r *timeline.Revision) bool {
		at, _ := r.SeenAt()
		return isBefore(b.tale, r) || at.IsZero() || !b.tells(at, at)
	})
}

// stepStops are the moments of the steps, and the revisions that completed them.
func (b *builder) stepStops() (stops []stop, completed map[*timeline.Revision]bool) {
	completed = map[*timeline.Revision]bool{}
	for _, step := range b.tale.Steps {
		s := stop{at: step.At, Moment: Moment{At: micro(step.At), Step: step.Number, Actor: b.actorOf(step)}}
		s.Label, s.Title = b.words(step)
		if step.ID != story.Keep {
			s.revision = b.completing(step)
		}
		if s.revision != nil {
			completed[s.revision] = true
		}
		s.entries = slices.Concat(step.Decisions, step.Transitions)
		if step.ID == story.Show {
			s.entries = b.tale.Printed()
		}
		stops = append(stops, s)
	}
	return stops, completed
}

// completing is the revision that a step was completed with: the last one that was
// there by then; nil where none was. What the request itself wrote is step 3,
// whatever clock timed it.
func (b *builder) completing(step story.Step) *timeline.Revision {
	if n := len(step.Revisions); n > 0 && (step.ID == story.Store || step.ID == story.Change) {
		return step.Revisions[n-1]
	}
	for _, r := range slices.Backward(step.Revisions) {
		if at, _ := r.SeenAt(); at.IsZero() || step.At.IsZero() || !at.After(step.At) {
			return r
		}
	}
	return nil
}

// insert puts a revision's moment where it belongs: before the first stop that is
// later, by time or by revision.
func insert(stops []stop, s stop) []stop {
	for i, next := range stops {
		timed := !next.at.IsZero() && !s.at.IsZero()
		// etcd has kept a state once it was written.
		kept := next.Step == keepNumber && next.at.Equal(s.at)
		if next.revision != nil && next.revision.Number > s.revision.Number || timed && (kept || next.at.After(s.at)) {
			return slices.Insert(stops, i, s)
		}
	}
	return append(stops, s)
}

// revisionStop is the moment of a revision.
func (b *builder) revisionStop(r *timeline.Revision) stop {
	at, _ := r.SeenAt()
	s := stop{at: at, revision: r, Moment: Moment{At: micro(at), Actor: b.writer(r), Label: labels[r.Kind]}}
	deed := strings.ReplaceAll(b.tale.Deed(r), "the object", b.name())
	s.Title = capital(strings.ReplaceAll(deed, "the key", b.name()+" from etcd"))
	return s
}

// labels are the kinds of writes in a word.
var labels = map[followed.WriteKind]string{
	followed.Create: "stores", followed.Bind: "binds", followed.Status: "reports", followed.Mark: "marks", followed.Remove: "removes", followed.Change: "changes",
}

func (b *builder) writer(r *timeline.Revision) string {
	if r.Write != nil {
		return b.cast.of(r.Write)
	}
	if id := b.cast.component(r.Component(), ""); id != "" {
		return id
	}
	return actorAPIServer
}

// actorOf is who acted in a step.
func (b *builder) actorOf(step story.Step) string {
	switch step.ID {
	case story.Send, story.Show:
		if b.tale.Asked != nil {
			return b.cast.of(b.tale.Asked)
		}
		return actorClient
	case story.Keep:
		return b.cast.etcd()
	}
	if id := b.cast.component(step.Component, ""); id != "" {
		return id
	}
	return actorAPIServer
}

// assign gives the moments their messages, activities and evidence: what led to a
// revision belongs to the moment of that revision, else to that of the step.
func (b *builder) assign(stops []stop) {
	byRevision, byStep := map[int64]int{}, map[int32]int{}
	for i, s := range stops {
		if s.revision != nil {
			byRevision[s.revision.Number] = i
		}
		if s.Step > 0 {
			byStep[s.Step] = i
		}
	}
	find := func(id string) (int, bool) {
		of := b.leads[id]
		if of.step == 1 || of.step == 7 {
			i, ok := byStep[of.step]
			return i, ok
		}
		if i, ok := byRevision[of.revision]; ok && of.revision > 0 {
			return i, true
		}
		i, ok := byStep[of.step]
		return i, ok && of.step > 0
	}
	for _, m := range b.sentInOrder() {
		if i, ok := find(m.ID); ok {
			stops[i].Messages = append(stops[i].Messages, m.ID)
			stops[i].Evidence = append(stops[i].Evidence, m.Evidence...)
		}
	}
	for _, a := range b.begunInOrder() {
		if i, ok := find(a.ID); ok {
			stops[i].Activities = append(stops[i].Activities, a.ID)
			stops[i].Evidence = append(stops[i].Evidence, a.Evidence...)
		}
	}
	for i := range stops {
		for _, e := range stops[i].entries {
			stops[i].Evidence = append(stops[i].Evidence, idOf(e))
		}
		if stops[i].Step == 2 && b.tale.Asked != nil {
			stops[i].Evidence = stageIDs(b.tale.Asked, false)
		}
		stops[i].Evidence = unique(stops[i].Evidence)
	}
}

// unique keeps the first of equal IDs.
func unique(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

// bound gives the moments that no clock has the times of those around them.
func bound(stops []stop) {
	for i := range stops {
		if !stops[i].at.IsZero() {
			continue
		}
		for k := i - 1; k >= 0 && stops[i].NotBefore == nil; k-- {
			stops[i].NotBefore = stops[k].At
		}
		for k := i + 1; k < len(stops) && stops[i].NotAfter == nil; k++ {
			stops[i].NotAfter = stops[k].At
		}
	}
}

// name is the subject's own name.
func (b *builder) name() string {
	if name := b.tale.Record.Subject.Name; name != "" {
		return name
	}
	if b.tale.Asked != nil && b.tale.Asked.Object.Name != "" {
		return b.tale.Asked.Object.Name
	}
	return "the " + b.tale.Resource.Singular()
}

func capital(text string) string {
	return strings.TrimSuffix(prose.Sentence(text), ".")
}

// words are the label and the title of a step.
func (b *builder) words(step story.Step) (label, title string) {
	name := b.name()
	switch step.ID {
	case story.Send:
		return "sends", b.sendTitle()
	case story.Admit:
		return b.admitWords()
	case story.Store:
		return "stores", "Writes " + name + " to etcd"
	case story.Change:
		last := step.Revisions[len(step.Revisions)-1]
		return labels[last.Kind], b.revisionStop(last).Title
	case story.Schedule:
		return b.scheduleWords(step)
	case story.Run:
		return b.runWords()
	case story.Control:
		return b.controlWords(step)
	case story.End:
		return "ends", "Ends " + name
	case story.Keep:
		return "keeps", "Keeps " + prose.Count(len(step.Revisions), "state") + " of " + name
	case story.Answer:
		return b.answerWords(step)
	}
	return b.showWords()
}

// asks are what each kind of request asks for.
var asks = map[story.Kind]string{
	story.Get: "Asks how %s is", story.List: "Asks for the list with %s", story.Watch: "Asks to be told of changes of %s",
	story.Delete: "Asks for the end of %s", story.DeleteCollection: "Asks for the end of all, %s too", story.Evict: "Asks to evict %s",
	story.Scale: "Asks to scale %s", story.Bind: "Asks to bind %s", story.Status: "Reports the status of %s",
}

func (b *builder) sendTitle() string {
	if b.tale.Kind == story.Create {
		return "Asks for a new " + b.tale.Resource.Singular() + ", " + b.name()
	}
	if text, ok := asks[b.tale.Kind]; ok {
		return fmt.Sprintf(text, b.name())
	}
	return "Asks to change " + b.name()
}

func (b *builder) admitWords() (label, title string) {
	switch {
	case b.tale.Refused:
		return "refuses", fmt.Sprintf("Refuses it: %s", b.tale.Outcome)
	case b.tale.DryRun:
		return "admits", "Would let it in, and stores nothing: a dry run"
	case b.tale.Kind.Reads():
		return "admits", "Lets the client read"
	}
	return "admits", "Checks who asks and what, and lets it in"
}

func (b *builder) scheduleWords(step story.Step) (label, title string) {
	name, node := b.name(), b.tale.NodeName()
	d := b.tale.Decided()
	if n := len(step.Decisions); !b.tale.OfLife() && n > 0 {
		d, node = step.Decisions[n-1].Decision, step.Decisions[n-1].Decision.Node
	}
	switch {
	case node != "":
		return "binds", "Binds " + name + " to " + node
	case d != nil && d.NominatedNode != "":
		return "preempts", "Makes room for " + name + " on " + d.NominatedNode
	case b.tale.Now().Gated:
		return "waits", "Leaves " + name + " alone: it is gated"
	case len(b.tale.Unplaced(step.Component)) > 0:
		return "writes", "Writes what it decided on " + name
	}
	return "finds none", "Finds no node for " + name
}

func (b *builder) runWords() (label, title string) {
	name := b.name()
	switch confirm := b.tale.Confirm; {
	case confirm == nil:
		return "reports", "Reports on " + name
	case confirm.State.Phase != "Running":
		return "runs", "Has run " + name + ": " + confirm.State.Phase
	}
	return "runs", "Runs " + name + prose.Prefixed(" on ", b.tale.NodeName())
}

func (b *builder) controlWords(step story.Step) (label, title string) {
	name := b.name()
	made, ended := 0, 0
	for _, child := range step.Children {
		if child.Created != nil {
			made++
		}
		if child.Removed != nil || child.Marked != nil {
			ended++
		}
	}
	switch {
	case made > 0:
		return "makes pods", "Makes " + prose.Count(made, "pod") + " for " + name
	case ended > 0:
		return "ends pods", "Ends " + prose.Count(ended, "pod") + " of " + name
	}
	return "acts", "Acts on " + name
}

func (b *builder) answerWords(step story.Step) (label, title string) {
	switch n := len(step.Requests); {
	case n == 0:
		return "answers", "Answers; no source has the answer"
	case n > 1:
		return "answers", "Answers that " + b.name() + " is " + strings.ToLower(b.tale.Confirm.State.Phase)
	case b.tale.Refused:
		return "answers", fmt.Sprintf("Answers no: %d", b.tale.Asked.Code)
	}
	return "answers", fmt.Sprintf("Answers yes: %d", b.tale.Asked.Code)
}

func (b *builder) showWords() (label, title string) {
	for _, e := range b.tale.Printed() {
		line, _, _ := strings.Cut(e.Client.Line, "\n")
		return "shows", "Shows “" + prose.Clip(line, prose.MaxValue) + "”"
	}
	return "shows", "Shows the answer"
}
