// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// tellSchedule tells step 4: the scheduler sees the pod and decides on it.
func tellSchedule(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	if !tale.OfLife() {
		return tellReschedule(tale, step)
	}
	s := v1alpha1.WalkthroughStep{Action: "watches, picks a node, binds the pod to it", Input: observedText(tale)}
	if tale.NodeName() == "" && len(tale.Unplaced(component.Scheduler)) == 0 {
		s.Action = "watches, looks for a node, finds none"
	}
	s.Effect = prose.Sentences(ungatedText(tale), decisionText(tale), earlierAttempts(tale), bindText(tale), refusalText(tale))
	if tale.Decided() == nil {
		s.Effect = prose.Sentences(ungatedText(tale), bindText(tale), refusalText(tale), decisionText(tale))
	}
	for _, e := range shown(step.Decisions) {
		s.Evidence = append(s.Evidence, decisionEvidence(tale, e))
	}
	if tale.Bind != nil {
		s.Evidence = append(s.Evidence, writesEvidence(tale, step.Revisions)...)
		s.Evidence = append(s.Evidence, lostEvidence(tale)...)
		return s
	}
	s.Evidence = append(s.Evidence, lostEvidence(tale)...)
	s.Evidence = append(s.Evidence, writesEvidence(tale, step.Revisions)...)
	s.Evidence = append(s.Evidence, unplacedEvidence(step.Requests)...)
	return s
}

// tellReschedule tells step 4 of a request that changed a pod which the scheduler
// then decided on.
func tellReschedule(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "sees the changed pod and decides on it", Input: "the changed pod, as its watch of the API server delivered it"}
	var parts []string
	for _, e := range shown(step.Decisions) {
		parts = append(parts, attemptSummary(e.Decision))
		s.Evidence = append(s.Evidence, decisionEvidence(tale, e))
	}
	if len(step.Revisions) > 0 {
		parts = append(parts, keptText(tale, step.Revisions))
	}
	s.Effect = prose.Sentences(parts...)
	s.Evidence = append(s.Evidence, writesEvidence(tale, step.Revisions)...)
	return s
}

// lostEvidence are the binds that lost the race.
func lostEvidence(tale *story.Story) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, r := range tale.LostBinds() {
		all = append(all, auditEvidence(r, fmt.Sprintf("the bind by %s was refused with 409: %s", r.Actor(), r.Message)))
	}
	return all
}

// observedText says in which version the scheduler saw the pod, and how soon.
func observedText(tale *story.Story) string {
	d := tale.Decided()
	if d == nil {
		return "the pod, as its watch of the API server delivered it"
	}
	text := "watch event of the pod"
	if d.Pod.ResourceVersion != "" {
		text += " at revision " + d.Pod.ResourceVersion
	}
	if !d.ObservedAt.IsZero() {
		text += ", arrived at " + prose.Clock(d.ObservedAt)
	}
	return text
}

func decisionText(tale *story.Story) string {
	d := tale.Decided()
	if d == nil {
		return tale.Missing(evidence.SourceDecision, "decision on this pod")
	}
	nodes := fmt.Sprintf("attempt %d considered %d of %s, %d fit", d.Attempt, d.NodesEvaluated, prose.Count(d.NodesTotal, "node"), d.NodesFeasible)
	if wait, ok := queueTime(d); ok {
		nodes += fmt.Sprintf(", after %s in the queue", prose.Span(wait))
	}
	switch {
	case d.Node != "":
		return "the choice is " + d.Node + pointsText(d) + ": " + nodes
	case tale.Outcome == story.SchedulingGated:
		return "the pod is held back by its scheduling gates: " + tale.Reason
	case d.Message != "":
		return strings.TrimSuffix(prose.Clip(d.Message, prose.MaxLine), ".") + ". " + prose.Sentence(nodes) + countsText(d)
	}
	return nodes
}

func queueTime(d *evidence.Decision) (time.Duration, bool) {
	return d.PoppedAt.Sub(d.QueuedAt), !d.PoppedAt.IsZero() && !d.QueuedAt.IsZero()
}

func pointsText(d *evidence.Decision) string {
	for _, n := range d.Nodes {
		if n.Name == d.Node && len(n.Scores) > 0 {
			return fmt.Sprintf(" with %d points", n.Total)
		}
	}
	if d.NodesFeasible == 1 {
		return ", the only one that fits, so nothing was scored"
	}
	return ""
}

// countsText counts the rejected nodes per plugin.
func countsText(d *evidence.Decision) string {
	var parts []string
	for _, r := range rejections(*d) {
		parts = append(parts, fmt.Sprintf("%s %d (%s)", r.Plugin, r.Nodes, r.Reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return " Nodes rejected per plugin: " + strings.Join(parts, ", ")
}

func earlierAttempts(tale *story.Story) string {
	d := tale.Decided()
	if d == nil || len(tale.Decisions) < 2 {
		return ""
	}
	first := tale.Decisions[0].Decision
	if first == d || first.Message == "" {
		return fmt.Sprintf("%d attempts are recorded", len(tale.Decisions))
	}
	return fmt.Sprintf("%d attempts are recorded; attempt %d ended with: %s", len(tale.Decisions), first.Attempt, prose.Clip(first.Message, prose.MaxLine))
}

func bindText(tale *story.Story) string {
	b := tale.Bind
	if b == nil {
		return unboundText(tale)
	}
	text := fmt.Sprintf("the bind is revision %d, which sets spec.nodeName to %s", b.Number, b.State.Node)
	if b.Write == nil {
		return text + "; " + tale.Missing(evidence.SourceAudit, "bind request")
	}
	text += fmt.Sprintf("; %s sent it (audit ID %s, answered with %d)", b.Write.Actor(), b.Write.AuditID, b.Write.Code)
	return text + prose.Prefixed("; ", joinNote(b))
}

func unboundText(tale *story.Story) string {
	if d := tale.Decided(); d != nil && d.Bind != nil && d.Bind.Error != "" {
		return "the API server refused the bind: " + prose.Clip(d.Bind.Error, prose.MaxLine)
	}
	if w := tale.Unplaced(component.Scheduler); len(w) > 0 {
		return unplacedText(w)
	}
	if r, c := tale.Unscheduled(); r != nil && tale.Decided() == nil {
		return fmt.Sprintf("revision %d sets the condition PodScheduled to False (%s): %s; no bind was sent", r.Number, c.Reason, strings.TrimSuffix(prose.Clip(c.Message, prose.MaxLine), "."))
	}
	if d := tale.Decided(); tale.BoundUnseen() || d != nil && d.Bind != nil && d.Bind.Error == "" {
		return "the pod was bound, and no source has the revision of the bind"
	}
	if tale.Outcome == story.Deleted {
		return "no bind was sent; the pod stayed without a node until it was deleted"
	}
	return "no bind was sent; the pod stays without a node, and the request stops here"
}

// unplacedText says what is known of writes of which no source has the revision.
func unplacedText(writes []*assemble.Request) string {
	last := writes[len(writes)-1]
	return fmt.Sprintf("%s by %s recorded, the last one answered at %s with %d; the audit level %s does not say what it changed",
		prose.Count(len(writes), "write"), last.Actor(), prose.Clock(last.AnsweredAt()), last.Code, last.Level)
}

func unplacedEvidence(writes []*assemble.Request) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, w := range writes {
		all = append(all, auditEvidence(w, fmt.Sprintf("a write by %s, joined by object, verb, user agent and time", w.Actor())))
	}
	return all
}

func refusalText(tale *story.Story) string {
	if n := len(tale.LostBinds()); n > 0 {
		return prose.Count(n, "other bind request") + " lost the race and was refused with a conflict"
	}
	return ""
}

func decisionEvidence(tale *story.Story, e *evidence.Entry) v1alpha1.Evidence {
	d := e.Decision
	details := []string{
		fmt.Sprintf("%d nodes in the snapshot, %d considered, %d feasible", d.NodesTotal, d.NodesEvaluated, d.NodesFeasible),
	}
	if wait, ok := queueTime(d); ok {
		details = append(details, fmt.Sprintf("queued at %s, popped at %s: %s in the queue", prose.Clock(d.QueuedAt), prose.Clock(d.PoppedAt), prose.Span(wait)))
	}
	ev := v1alpha1.Evidence{Source: string(evidence.SourceDecision), Time: prose.Micro(d.DecidedAt), Summary: prose.Clip(attemptSummary(d), prose.MaxLine)}
	if r := tale.Exactly(timeline.Number(d.Pod.ResourceVersion)); r != nil {
		if lag, ok := lagOf(r, d.ObservedAt); ok {
			ev.Lag = lag
			details = append(details, lagText(lag, "the scheduler's clock"))
		}
	}
	ev.Details = bounded(append(details, verdictLines(*d)...))
	return ev
}

func attemptSummary(d *evidence.Decision) string {
	return fmt.Sprintf("attempt %d of profile %s: %s", d.Attempt, prose.OrNone(d.Profile),
		cmp.Or(prose.Prefixed("chose ", d.Node), prose.Prefixed("preempts pods on ", d.NominatedNode), d.Message, "chose no node"))
}

// writesEvidence is what each source says of revisions: the request that made
// it, etcd's state and the watch event.
func writesEvidence(tale *story.Story, revisions []*timeline.Revision) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, r := range revisions {
		if r.Write != nil {
			details := []string{joinNote(r)}
			if p := timeline.Precondition(r.Write); p != "" {
				details = append(details, "precondition in the request: resourceVersion "+p)
			}
			summary := fmt.Sprintf("the write by %s that made revision %d", r.Write.Actor(), r.Number)
			all = append(all, auditEvidence(r.Write, summary, details...))
		}
		if r.Etcd != nil {
			all = append(all, etcdEvidence(r.Etcd, revisionSummary(tale, r), changeLines(r)...))
		}
		if r.Watch != nil {
			all = append(all, watchEvidence(r))
		}
	}
	return all
}

// joinNote says how the request was joined; empty where it was on the revision.
func joinNote(r *timeline.Revision) string {
	w := r.Write
	switch {
	case w == nil || r.Exact:
		return ""
	case w.ResponseRevision > 0:
		return fmt.Sprintf("the request was joined by object, verb, user agent and time, because its answer names another revision, %d", w.ResponseRevision)
	}
	return fmt.Sprintf("the request was joined by object, verb, user agent and time, because its audit event (level %s) has no revision of its own", w.Level)
}
