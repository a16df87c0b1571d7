// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// requests adds each request that the story tells of, with its answer and with
// the time in which the API server handled it.
func (b *builder) requests() {
	for _, r := range b.tale.Requests {
		if r == b.tale.Asked || b.tells(r.ReceivedAt, r.AnsweredAt()) {
			b.request(r, "")
		}
	}
}

// request adds one request. about names its object where that is not the subject.
func (b *builder) request(r *assemble.Request, about string) {
	from := b.cast.of(r)
	made := b.writes[r]
	ask, reply := b.momentsOf(r, made)
	asked := Message{
		ID: "request-" + r.AuditID, Kind: Request, From: from, To: actorAPIServer, Label: verbOf(r, made), Text: b.askText(r, made, about),
		ReceivedAt: micro(r.ReceivedAt), Step: ask.step, AuditID: r.AuditID, Revision: revisionOf(made), About: about,
		Evidence: stageIDs(r, true),
	}
	if len(made) > 0 && made[0].Kind == followed.Bind {
		asked.Node = made[0].State.Node
	}
	sent, answered := b.byClient(r, made)
	if asked.SentAt = micro(sent); sent.IsZero() {
		asked.NotAfter, asked.Unknown = micro(r.ReceivedAt), "when it was sent: no clock of "+b.cast.name(from)+" says so"
	}
	b.send(asked, ask)
	b.handle(r, reply, about)
	for _, revision := range made {
		b.stored(revision)
	}
	if !r.Answered {
		return
	}
	answer := Message{
		ID: "answer-" + r.AuditID, Kind: Answer, From: actorAPIServer, To: from, Label: strconv.Itoa(int(r.Code)), Text: b.answerText(r, about),
		SentAt: micro(r.AnsweredAt()), ReceivedAt: micro(answered), Step: reply.step, AuditID: r.AuditID, Revision: r.ResponseRevision, Code: r.Code,
		About: about, Evidence: stageIDs(r, false),
	}
	if answered.IsZero() {
		answer.NotBefore, answer.Unknown = answer.SentAt, "when it arrived: no clock of "+b.cast.name(from)+" says so"
	}
	b.send(answer, reply)
}

// momentsOf are the moments of a request and of its answer: those of the one that
// is told of are steps of their own.
func (b *builder) momentsOf(r *assemble.Request, made []*timeline.Revision) (ask, reply moment) {
	if r == b.tale.Asked {
		return moment{step: 1}, moment{step: 7}
	}
	of := moment{step: b.steps[r.AuditID], revision: revisionOf(made)}
	return of, of
}

// revisionOf is the last revision that a request made; 0 for none.
func revisionOf(made []*timeline.Revision) int64 {
	if len(made) == 0 {
		return 0
	}
	return made[len(made)-1].Number
}

// verbOf is what a request asks for in one word.
func verbOf(r *assemble.Request, made []*timeline.Revision) string {
	if len(made) > 0 && made[0].Kind == followed.Bind {
		return string(followed.Bind)
	}
	if kind := story.KindOf(r); kind != story.Subresource {
		return string(kind)
	}
	return r.Verb + " " + r.Subresource
}

// byClient is when a request was sent and when its answer had arrived, by the
// clock of who sent it; zero where that is not known.
func (b *builder) byClient(r *assemble.Request, made []*timeline.Revision) (sent, answered time.Time) {
	for _, e := range b.tale.Clients {
		if e.Client.AuditID == r.AuditID {
			return e.Client.SentAt, e.Client.AnsweredAt
		}
	}
	for _, revision := range made {
		if d := revision.Decision; d != nil && d.Decision.Bind != nil {
			return d.Decision.Bind.SentAt, d.Decision.Bind.AnsweredAt
		}
		if t := revision.Transition; t != nil {
			return time.Time{}, t.Transition.WrittenAt
		}
	}
	return time.Time{}, time.Time{}
}

func (b *builder) askText(r *assemble.Request, made []*timeline.Revision, about string) string {
	what := cmp.Or(about, b.object())
	if len(made) > 0 && about == "" && r != b.tale.Asked {
		return prose.Clip(fmt.Sprintf("%s sends a %s of %s that %s", r.Actor(), r.Verb, what, b.tale.Deed(made[0])), prose.MaxLine)
	}
	dry := ""
	if r.DryRun() {
		dry = ", as a dry run"
	}
	return prose.Clip(fmt.Sprintf("%s asks to %s %s%s", r.Actor(), verbOf(r, made), what, dry), prose.MaxLine)
}

func (b *builder) answerText(r *assemble.Request, about string) string {
	what := cmp.Or(about, b.object())
	switch {
	case r.Refused():
		return prose.Clip(fmt.Sprintf("refused with %d: %s", r.Code, cmp.Or(r.Message, r.Reason, "no reason recorded")), prose.MaxLine)
	case r.Open():
		return fmt.Sprintf("%d: the watch is open", r.Code)
	case r.ResponseRevision > 0:
		return fmt.Sprintf("%d with %s at revision %d", r.Code, what, r.ResponseRevision)
	}
	return fmt.Sprintf("%d; the audit log names no revision in it", r.Code)
}

// object names the subject.
func (b *builder) object() string {
	o := b.tale.Record.Subject
	if o.Name == "" && b.tale.Asked != nil {
		o.Name = b.tale.Asked.Object.Name
	}
	return nameOf(o)
}

// nameOf is an object as kubectl names it.
func nameOf(o evidence.Object) string {
	return followed.Of(o).Singular() + "/" + cmp.Or(o.Name, "(name not recorded)")
}

// revisions adds what is known of writes to etcd whose request no source has.
func (b *builder) revisions() {
	for _, r := range b.tale.Revisions {
		if _, upper := b.bounds(r); r.Write == nil && b.tells(upper, upper) {
			b.unasked(r)
		}
	}
}

// unasked adds a write without its request: of that only the component's own
// words are known.
func (b *builder) unasked(r *timeline.Revision) {
	of := b.momentOf(r)
	from := b.cast.component(r.Component(), "")
	if from == "" && r == b.tale.First && b.tale.Asked == nil {
		from = actorClient
	}
	sent, answered := time.Time{}, time.Time{}
	switch {
	case r.Decision != nil && r.Decision.Decision.Bind != nil:
		sent, answered = r.Decision.Decision.Bind.SentAt, r.Decision.Decision.Bind.AnsweredAt
	case r.Transition != nil:
		answered = r.Transition.Transition.WrittenAt
	}
	number := strconv.FormatInt(r.Number, 10)
	missing := b.tale.Missing(evidence.SourceAudit, "request that made revision "+number)
	if from != "" {
		lower, upper := b.bounds(r)
		ask := Message{
			ID: "request-for-" + number, Kind: Request, From: from, To: actorAPIServer, Label: string(r.Kind), Step: of.step, Revision: r.Number,
			Text: fmt.Sprintf("%s sends a request that %s", b.cast.name(from), b.tale.Deed(r)), SentAt: micro(sent), NotAfter: micro(upper),
			Unknown: missing, Evidence: revisionIDs(r), first: true,
		}
		if sent.IsZero() {
			ask.NotBefore = micro(lower)
		}
		if r.Kind == followed.Bind {
			ask.Node = r.State.Node
		}
		if from == actorClient {
			ask.Step = 1
		}
		b.send(ask, moment{step: ask.Step, revision: r.Number})
	}
	b.stored(r)
	if from != "" && !answered.IsZero() {
		b.send(Message{
			ID: "answer-for-" + number, Kind: Answer, From: actorAPIServer, To: from, Label: "answer", Step: of.step, Revision: r.Number,
			Text: "the answer to the write", ReceivedAt: micro(answered), NotAfter: micro(answered), Unknown: missing, Evidence: revisionIDs(r),
		}, of)
	}
}

// stored adds the write of a revision to etcd, and etcd's answer. Unless
// servers measured them, no clock times them: they lie within the request.
func (b *builder) stored(r *timeline.Revision) {
	of := b.momentOf(r)
	lower, upper := b.bounds(r)
	b.storedAs(r, of, lower, upper, "")
}

func (b *builder) storedAs(r *timeline.Revision, of moment, lower, upper time.Time, about string) {
	etcd, number := b.cast.etcd(), strconv.FormatInt(r.Number, 10)
	written := Message{
		ID: "write-" + number, Kind: Write, From: actorAPIServer, To: etcd, Label: "write", Text: b.writeText(r, about),
		NotBefore: micro(lower), NotAfter: micro(upper), Step: of.step, Revision: r.Number, About: about, Evidence: revisionIDs(r),
		Unknown: "when exactly: no server span says so; it lies within the request",
	}
	if r.Kind == followed.Remove {
		written.Label = "remove"
	}
	if r.Write != nil {
		written.AuditID = r.Write.AuditID
	}
	stored := written
	stored.ID, stored.Kind, stored.From, stored.To, stored.Label = "stored-"+number, Stored, etcd, actorAPIServer, "rev "+number
	stored.Text = fmt.Sprintf("etcd has stored it as revision %d", r.Number)
	if r.Kind == followed.Remove {
		stored.Text = fmt.Sprintf("etcd has removed the key with revision %d", r.Number)
	}
	if call := r.Call; call != nil {
		b.measured(&written, call.SentAt, call.ReceivedAt)
		b.measured(&stored, call.AnsweredAt, call.ReturnedAt)
	}
	b.send(written, of)
	b.send(stored, of)
}

func (b *builder) writeText(r *timeline.Revision, about string) string {
	if about != "" {
		return "the API server writes " + about
	}
	text := "the API server " + b.tale.Deed(r)
	if r.Kind == followed.Create {
		text = "the API server writes " + b.object() + " under a new key"
	}
	if r.Etcd != nil && r.Etcd.Etcd.Bytes > 0 {
		text += fmt.Sprintf(" (%d bytes)", r.Etcd.Etcd.Bytes)
	}
	return prose.Clip(text, prose.MaxLine)
}

// bounds are the times between which a revision was written: not before the
// request arrived, and not after anybody saw the revision. Where the clocks of
// two machines contradict each other, that of the API server counts.
func (b *builder) bounds(r *timeline.Revision) (lower, upper time.Time) {
	if r.Write != nil {
		lower = r.Write.ReceivedAt
	}
	seen, _ := r.SeenAt()
	upper = seen
	for _, t := range b.sightings(r) {
		if !t.IsZero() && (upper.IsZero() || t.Before(upper)) && !t.Before(lower) {
			upper = t
		}
	}
	if lower.IsZero() {
		lower = startedAt(r)
	}
	if lower.After(upper) {
		lower = time.Time{}
	}
	return lower, upper
}

// startedAt is when the component that made a revision began to, by its own words.
func startedAt(r *timeline.Revision) time.Time {
	switch {
	case r.Decision != nil && r.Decision.Decision.Bind != nil:
		return r.Decision.Decision.Bind.SentAt
	case r.Transition != nil:
		return r.Transition.Transition.ObservedAt
	}
	return time.Time{}
}

// sightings are the times at which somebody had seen the revision.
func (b *builder) sightings(r *timeline.Revision) []time.Time {
	var times []time.Time
	if r.Watch != nil && !r.Watch.Watch.Initial {
		times = append(times, r.Watch.Watch.ArrivedAt)
	}
	if r.Etcd != nil && !r.Etcd.Etcd.Read {
		times = append(times, r.Etcd.Time)
	}
	for _, e := range b.tale.Decisions {
		if timeline.Number(e.Decision.Pod.ResourceVersion) == r.Number {
			times = append(times, e.Decision.ObservedAt)
		}
	}
	for _, e := range b.tale.Transitions {
		if timeline.Number(e.Transition.ObservedResourceVersion) == r.Number {
			times = append(times, e.Transition.ObservedAt)
		}
	}
	return times
}

// momentOf is the moment of a revision: that of the step which it completed, or
// its own.
func (b *builder) momentOf(r *timeline.Revision) moment {
	of := moment{step: b.tale.StepOf(r), revision: r.Number}
	if of.step == keepNumber {
		of.step = 0 // That etcd keeps all states tells nothing of this one.
	}
	return of
}

// keepNumber is the number of the step in which etcd keeps each state.
const keepNumber = 6

// children adds the creates and the ends of the objects that a set controls.
func (b *builder) children() {
	steps := b.tale.Steps
	for _, step := range steps {
		for _, child := range step.Children {
			about := nameOf(child.Subject)
			for _, r := range child.Revisions() {
				of := moment{step: step.Number}
				if r.Write == nil {
					_, upper := b.bounds(r)
					b.storedAs(r, of, time.Time{}, upper, about)
					continue
				}
				if b.steps[r.Write.AuditID] == 0 {
					b.steps[r.Write.AuditID] = step.Number
					b.request(r.Write, about)
				}
				lower, upper := b.bounds(r)
				b.storedAs(r, of, lower, upper, about)
			}
		}
	}
}
