// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// do adds an activity that belongs to a moment. One without a beginning cannot be
// shown.
func (b *builder) do(a Activity, begin, end time.Time, of moment) {
	if begin.IsZero() || !b.tells(begin, end) {
		return
	}
	a.Begin, a.End, a.Step = micro(begin), micro(end), of.step
	b.activities = append(b.activities, a)
	b.leads[a.ID] = of
}

// handle adds the time in which the API server handled a request.
func (b *builder) handle(r *assemble.Request, of moment, about string) {
	a := Activity{
		ID: "handle-" + r.AuditID, Actor: actorAPIServer, Kind: Handle, Label: verbOf(r, b.writes[r]), AuditID: r.AuditID,
		Text: fmt.Sprintf("the API server handles the %s of %s", r.Verb, cmp.Or(about, b.object())), Evidence: stageIDs(r, false),
	}
	switch {
	case r.Open():
		a.Text += "; it is still open"
		b.do(a, r.ReceivedAt, time.Time{}, of)
		return
	case r.Answered:
		a.Text += " for " + prose.Span(r.AnsweredAt().Sub(r.ReceivedAt))
	default:
		a.Text += "; " + b.tale.Missing(evidence.SourceAudit, "answer to it")
	}
	b.do(a, r.ReceivedAt, r.AnsweredAt(), of)
	b.parts(r, a.ID, of)
}

// work adds what scheduler and kubelet did.
func (b *builder) work() {
	for i, e := range b.tale.Decisions {
		b.attempt(i, e)
	}
	for _, e := range b.tale.Transitions {
		b.transition(e)
	}
	if len(b.tale.Transitions) == 0 {
		b.unseenStart()
	}
	b.lastWait()
}

// attempt adds the wait before an attempt of the scheduler, and the attempt.
func (b *builder) attempt(i int, e *evidence.Entry) {
	d := e.Decision
	of := moment{step: b.stepOfDecision(e)}
	if d.Bind != nil {
		of.revision = timeline.Number(d.Bind.ResourceVersion)
	}
	number, ids := strconv.Itoa(d.Attempt), []string{idOf(e)}
	actor := b.cast.component(component.Scheduler, "")
	begin, queue := d.QueuedAt, "active"
	if d.Attempt > 1 {
		begin, queue = b.requeued(i-1, d.Attempt-1)
	}
	wait := Activity{ID: "queue-" + number, Actor: actor, Kind: Queue, Label: queue, Evidence: ids,
		Text: fmt.Sprintf("the pod waits in the %s queue for attempt %d%s", queue, d.Attempt, wokenText(d))}
	if !d.PoppedAt.IsZero() {
		b.do(wait, begin, d.PoppedAt, of)
	}
	b.do(Activity{ID: "decide-" + number, Actor: actor, Kind: Decide, Label: "decides", Evidence: ids, Text: decideText(d)}, d.PoppedAt, d.DecidedAt, of)
}

// requeued is when and where the scheduler put the pod after the attempt before.
func (b *builder) requeued(i, attempt int) (at time.Time, queue string) {
	if i < 0 || b.tale.Decisions[i].Decision.Attempt != attempt || b.tale.Decisions[i].Decision.Requeued == nil {
		return time.Time{}, "scheduler's"
	}
	r := b.tale.Decisions[i].Decision.Requeued
	return r.At, r.Queue
}

func wokenText(d *evidence.Decision) string {
	if d.WokenBy == nil {
		return ""
	}
	return "; " + d.WokenBy.Event + prose.Prefixed(" of ", d.WokenBy.Object) + " wakes it"
}

func decideText(d *evidence.Decision) string {
	text := fmt.Sprintf("attempt %d looks at %d of %s, %d fit", d.Attempt, d.NodesEvaluated, prose.Count(d.NodesTotal, "node"), d.NodesFeasible)
	switch {
	case d.Node != "":
		return text + "; it picks " + d.Node
	case d.NominatedNode != "":
		return text + "; it makes room on " + d.NominatedNode
	}
	return prose.Clip(text+prose.Prefixed("; ", d.Message), prose.MaxLine)
}

// lastWait adds the wait of a pod that no attempt has ended yet.
func (b *builder) lastWait() {
	n := len(b.tale.Decisions)
	if n == 0 || b.tale.NodeName() != "" || !b.tale.OfLife() {
		return
	}
	e := b.tale.Decisions[n-1]
	r := e.Decision.Requeued
	if r == nil {
		return
	}
	end := time.Time{}
	if last := b.tale.Last(); last != nil && last.State.Removed {
		end, _ = last.SeenAt()
	}
	b.do(Activity{
		ID: "queue-" + strconv.Itoa(e.Decision.Attempt+1), Actor: b.cast.component(component.Scheduler, ""), Kind: Queue, Label: r.Queue,
		Text: "the pod waits in the " + r.Queue + " queue", Evidence: []string{idOf(e)},
	}, r.At, end, moment{step: b.stepOfDecision(e)})
}

// transition adds what the simulated kubelet did from an event of its watch until
// its report was answered.
func (b *builder) transition(e *evidence.Entry) {
	t := e.Transition
	of := moment{revision: timeline.MadeBy(e)}
	a := Activity{
		ID: "kubelet-" + t.ObservedResourceVersion + "-" + strconv.FormatInt(t.WrittenAt.UnixMicro(), 10), Kind: Report, Label: "reports",
		Actor: b.cast.component(component.Manager, ""), Evidence: []string{idOf(e)},
		Text: prose.Clip(fmt.Sprintf("on %s: %s → %s, %s", t.Node, prose.OrNone(t.From), prose.OrNone(t.To), t.Reason), prose.MaxLine),
	}
	if r := b.madeWith(e); r != nil {
		of = b.momentOf(r)
		if r.Write != nil {
			a.AuditID = r.Write.AuditID
		}
		if r == b.tale.Confirm {
			a.Kind, a.Label = Start, "starts"
		}
	}
	if t.Error != "" {
		a.Text = prose.Clip(a.Text+"; refused: "+t.Error, prose.MaxLine)
	}
	b.do(a, t.ObservedAt, t.WrittenAt, of)
}

// madeWith is the revision that a transition made; nil where it is not known.
func (b *builder) madeWith(e *evidence.Entry) *timeline.Revision {
	for _, r := range b.tale.Revisions {
		if r.Transition == e {
			return r
		}
	}
	return nil
}

// unseenStart adds the time from the bind of a pod until it was reported as
// running, where the kubelet itself says nothing of what it did.
func (b *builder) unseenStart() {
	confirm := b.tale.Confirm
	if !b.tale.OfPod() || confirm == nil {
		return
	}
	bound := b.tale.Bind
	if bound == nil && b.tale.NamedNode() {
		bound = b.tale.First
	}
	actor := b.cast.component(b.tale.Resource.Runner, "")
	if bound == nil || bound == confirm || actor == "" {
		return
	}
	begin, _ := bound.SeenAt()
	end, _ := confirm.SeenAt()
	b.do(Activity{
		ID: "start", Actor: actor, Kind: Start, Label: "starts", Evidence: append(revisionIDs(bound), revisionIDs(confirm)...),
		Text: fmt.Sprintf("from the bind until %s had reported that the pod runs; %s", b.cast.name(actor),
			b.tale.Missing(evidence.SourceTransition, "transition of this pod")),
	}, begin, end, b.momentOf(confirm))
}
