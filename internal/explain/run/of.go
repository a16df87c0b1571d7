// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// Of makes the run of a record. The same record always gives the same run. What
// the record lacks is absent or said to be unknown; it is never an error.
func Of(record evidence.Record) Run {
	tale := story.Tell(timeline.Of(record))
	b := &builder{tale: tale, cast: newCast(tale), writes: writesOf(tale), steps: map[string]int32{}}
	b.place()
	b.requests()
	b.revisions()
	b.children()
	b.watches()
	b.work()
	r := Run{
		SchemaVersion: SchemaVersion,
		Trace:         explain.Of(tale),
		States:        states(tale),
		Moments:       b.moments(),
	}
	r.Actors = b.cast.list(b.players(r.Moments))
	r.Messages, r.MessagesOmitted = bounded(b.sentInOrder(), MaxMessages)
	r.Activities, r.ActivitiesOmitted = bounded(b.begunInOrder(), MaxActivities)
	r.Evidence, r.EvidenceOmitted = b.evidence()
	r.Nodes, r.NodesOmitted = nodes(tale.Decided())
	r.dropDangling()
	r.setSpan()
	return r
}

// builder collects what happened in a run.
type builder struct {
	tale *story.Story
	cast *cast
	// writes are the revisions that each request made.
	writes map[*assemble.Request][]*timeline.Revision
	// from and to are the times of the story of one request; zero for no bound.
	from, to time.Time

	messages   []Message
	activities []Activity
	// measuredRequests counts those whose parts are shown.
	measuredRequests int
	// leads says which moment each message and activity belongs to, by its ID.
	leads map[string]moment
	// steps are those that tell of a request, by its audit ID.
	steps map[string]int32
}

// moment identifies one: a step, or a revision.
type moment struct {
	step     int32
	revision int64
}

func writesOf(tale *story.Story) map[*assemble.Request][]*timeline.Revision {
	made := map[*assemble.Request][]*timeline.Revision{}
	for _, r := range tale.Revisions {
		if r.Write != nil {
			made[r.Write] = append(made[r.Write], r)
		}
	}
	return made
}

// place finds what the story is about: all of a life, but of a request among
// others only the time from its arrival to the last thing that followed.
func (b *builder) place() {
	b.leads = map[string]moment{}
	for _, step := range b.tale.Steps {
		for _, r := range step.Requests {
			b.steps[r.AuditID] = step.Number
		}
		if step.ID == story.Keep {
			continue
		}
		for _, r := range step.Revisions {
			if r.Write != nil && r.Write != b.tale.Asked {
				b.steps[r.Write.AuditID] = step.Number
			}
		}
	}
	if b.tale.OfLife() || b.tale.Asked == nil {
		return
	}
	b.from, b.to = b.tale.Asked.ReceivedAt, b.tale.AnsweredAt()
	for _, step := range b.tale.Steps {
		if step.At.After(b.to) {
			b.to = step.At
		}
	}
}

// tells reports whether the story is about a time. What has no time is told.
func (b *builder) tells(begin, end time.Time) bool {
	switch {
	case b.from.IsZero():
		return true
	case end.IsZero():
		end = begin
	}
	return !end.Before(b.from) && (b.to.IsZero() || !begin.After(b.to))
}

// send adds a message, which belongs to a moment.
func (b *builder) send(m Message, of moment) {
	b.messages = append(b.messages, m)
	b.leads[m.ID] = of
}

// causes is the order in which messages of equal times cause each other: what is
// stored is seen, and what is seen is acted on.
var causes = []MessageKind{Write, Stored, Watch, Request, Answer}

// sentInOrder are the messages by when they were sent, as far as is known.
func (b *builder) sentInOrder() []Message {
	slices.SortStableFunc(b.messages, func(x, y Message) int {
		return cmp.Or(x.when().Compare(y.when()), cmp.Compare(x.place(), y.place()))
	})
	return b.messages
}

// place is that of a message among those of its time.
func (m Message) place() int {
	if m.first {
		return -1
	}
	return slices.Index(causes, m.Kind)
}

// players are the IDs of the actors that did something.
func (b *builder) players(moments []Moment) map[string]bool {
	plays := map[string]bool{}
	for _, m := range b.messages {
		plays[m.From], plays[m.To] = true, true
	}
	for _, a := range b.activities {
		plays[a.Actor] = true
	}
	for _, m := range moments {
		plays[m.Actor] = true
	}
	return plays
}

// when is the time by which messages are ordered.
func (m Message) when() time.Time {
	for _, t := range []*metav1.MicroTime{m.SentAt, m.ReceivedAt, m.NotAfter, m.NotBefore} {
		if t != nil {
			return t.Time
		}
	}
	return time.Time{}
}

func (b *builder) begunInOrder() []Activity {
	slices.SortStableFunc(b.activities, func(x, y Activity) int { return x.Begin.Compare(y.Begin.Time) })
	return b.activities
}

// bounded keeps the first and the last of a list.
func bounded[T any](list []T, limit int) (kept []T, omitted int) {
	if list == nil {
		list = []T{}
	}
	if omitted = len(list) - limit; omitted <= 0 {
		return list, 0
	}
	return slices.Concat(list[:limit/2], list[len(list)-limit/2:]), omitted
}

// dropDangling takes the IDs of what was left out from the moments.
func (r *Run) dropDangling() {
	known := map[string]bool{}
	for _, m := range r.Messages {
		known[m.ID] = true
	}
	for _, a := range r.Activities {
		known[a.ID] = true
	}
	for _, e := range r.Evidence {
		known[e.ID] = true
	}
	keep := func(ids []string) []string {
		return slices.DeleteFunc(ids, func(id string) bool { return !known[id] })
	}
	for i := range r.Messages {
		r.Messages[i].Evidence = keep(r.Messages[i].Evidence)
	}
	for i := range r.Activities {
		r.Activities[i].Evidence = keep(r.Activities[i].Evidence)
	}
	for i := range r.States {
		r.States[i].Evidence = keep(r.States[i].Evidence)
	}
	for i := range r.Moments {
		m := &r.Moments[i]
		m.Messages, m.Activities, m.Evidence = keep(m.Messages), keep(m.Activities), keep(m.Evidence)
	}
}

// setSpan finds the first and the last thing that happened.
func (r *Run) setSpan() {
	span := func(times ...*metav1.MicroTime) {
		for _, t := range times {
			if t == nil {
				continue
			}
			if r.Begin == nil || t.Before(r.Begin) {
				r.Begin = t
			}
			if r.End == nil || r.End.Before(t) {
				r.End = t
			}
		}
	}
	for _, m := range r.Messages {
		span(m.SentAt, m.ReceivedAt)
	}
	for _, a := range r.Activities {
		span(a.Begin, a.End)
	}
	for _, m := range r.Moments {
		span(m.At)
	}
}

// micro is prose.Micro under a short name: nil for what is not known.
func micro(t time.Time) *metav1.MicroTime { return prose.Micro(t) }
