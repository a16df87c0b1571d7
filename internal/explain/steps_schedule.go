// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// stepSchedule is step 4: the scheduler sees the pod and decides on it.
func (f *facts) stepSchedule() *v1alpha1.WalkthroughStep {
	if !f.scheduling() {
		return nil
	}
	s := &v1alpha1.WalkthroughStep{
		Step: 4, Component: component.Scheduler, Action: "watches, picks a node, binds the pod to it", Input: f.observedText(),
	}
	if f.nodeName() == "" && len(f.unplaced(component.Scheduler)) == 0 {
		s.Action = "watches, looks for a node, finds none"
	}
	s.Time = micro(f.scheduledAt())
	s.Effect = sentences(f.decisionText(), f.earlierAttempts(), f.bindText(), f.refusalText())
	if f.decided() == nil {
		s.Effect = sentences(f.bindText(), f.refusalText(), f.decisionText())
	}
	for _, e := range f.shownDecisions() {
		s.Evidence = append(s.Evidence, f.decisionEvidence(e))
	}
	s.Evidence = append(s.Evidence, f.bindEvidence()...)
	s.Evidence = append(s.Evidence, f.lostBinds()...)
	if f.bind == nil {
		s.Evidence = append(s.Evidence, f.writesEvidence(f.schedulerWrites())...)
		s.Evidence = append(s.Evidence, unplacedEvidence(f.unplaced(component.Scheduler))...)
	}
	return s
}

// scheduling reports whether the scheduler did anything that some source saw. A
// pod that was created with a node never meets it.
func (f *facts) scheduling() bool {
	return !f.refused && (f.bind != nil || f.boundUnseen() || len(f.decisions) > 0 || len(f.schedulerWrites()) > 0 ||
		len(f.unplaced(component.Scheduler)) > 0)
}

// schedulerWrites are the status writes before the bind, which tell why the pod
// is not scheduled.
func (f *facts) schedulerWrites() []*revision {
	var writes []*revision
	for _, r := range f.revisions {
		if r.kind == followed.Status && r.state.node == "" && !r.state.removed && r.writer() != f.rules.Runner {
			writes = append(writes, r)
		}
	}
	return writes
}

// unscheduled is the last status write before a bind that says why there was
// none yet, and its condition; nil where there is none.
func (f *facts) unscheduled() (*revision, *condition) {
	for _, r := range slices.Backward(f.schedulerWrites()) {
		if c := scheduledCondition(r.state); c != nil && c.Status == "False" {
			return r, c
		}
	}
	return nil, nil
}

// scheduledAt is when the bind was answered or, without one, when the last
// attempt was decided.
func (f *facts) scheduledAt() time.Time {
	if f.bind != nil {
		at, _ := f.bind.seenAt()
		return at
	}
	if d := f.decided(); d != nil {
		return d.DecidedAt
	}
	if writes := f.schedulerWrites(); len(writes) > 0 {
		at, _ := writes[len(writes)-1].seenAt()
		return at
	}
	if writes := f.unplaced(component.Scheduler); len(writes) > 0 {
		return writes[len(writes)-1].AnsweredAt()
	}
	return time.Time{}
}

// observedText says in which version the scheduler saw the pod, and how soon.
func (f *facts) observedText() string {
	d := f.decided()
	if d == nil {
		return "the pod, as its watch of the API server delivered it"
	}
	text := "watch event of the pod"
	if d.Pod.ResourceVersion != "" {
		text += " at revision " + d.Pod.ResourceVersion
	}
	if !d.ObservedAt.IsZero() {
		text += ", arrived at " + clock(d.ObservedAt)
	}
	return text
}

func (f *facts) decisionText() string {
	d := f.decided()
	if d == nil {
		return f.missing(evidence.SourceDecision, "decision on this pod")
	}
	nodes := fmt.Sprintf("attempt %d considered %d of %s, %d fit", d.Attempt, d.NodesEvaluated, count(d.NodesTotal, "node"), d.NodesFeasible)
	if wait, ok := queueTime(d); ok {
		nodes += fmt.Sprintf(", after %s in the queue", span(wait))
	}
	switch {
	case d.Node != "":
		return "the choice is " + d.Node + pointsText(d) + ": " + nodes
	case f.outcome == OutcomeSchedulingGated:
		return "the pod is held back by its scheduling gates: " + f.reason
	case d.Message != "":
		return strings.TrimSuffix(clip(d.Message, maxLine), ".") + ". " + sentence(nodes) + countsText(d)
	}
	return nodes
}

func queueTime(d *framework.Decision) (time.Duration, bool) {
	return d.PoppedAt.Sub(d.QueuedAt), !d.PoppedAt.IsZero() && !d.QueuedAt.IsZero()
}

func pointsText(d *framework.Decision) string {
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
func countsText(d *framework.Decision) string {
	var parts []string
	for _, r := range rejections(*d) {
		parts = append(parts, fmt.Sprintf("%s %d (%s)", r.Plugin, r.Nodes, r.Reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return " Nodes rejected per plugin: " + strings.Join(parts, ", ")
}

func (f *facts) earlierAttempts() string {
	d := f.decided()
	if d == nil || len(f.decisions) < 2 {
		return ""
	}
	first := f.decisions[0].Decision
	if first == d || first.Message == "" {
		return fmt.Sprintf("%d attempts are recorded", len(f.decisions))
	}
	return fmt.Sprintf("%d attempts are recorded; attempt %d ended with: %s", len(f.decisions), first.Attempt, clip(first.Message, maxLine))
}

func (f *facts) bindText() string {
	b := f.bind
	if b == nil {
		return f.unboundText()
	}
	text := fmt.Sprintf("the bind is revision %d, which sets spec.nodeName to %s", b.number, b.state.node)
	if b.write == nil {
		return text + "; " + f.missing(evidence.SourceAudit, "bind request")
	}
	text += fmt.Sprintf("; %s sent it (audit ID %s, answered with %d)", b.write.Actor(), b.write.AuditID, b.write.Code)
	return text + prefixed("; ", b.joinNote())
}

func (f *facts) unboundText() string {
	if d := f.decided(); d != nil && d.Bind != nil && d.Bind.Error != "" {
		return "the API server refused the bind: " + clip(d.Bind.Error, maxLine)
	}
	if w := f.unplaced(component.Scheduler); len(w) > 0 {
		return unplacedText(w)
	}
	if r, c := f.unscheduled(); r != nil && f.decided() == nil {
		return fmt.Sprintf("revision %d sets the condition PodScheduled to False (%s): %s; no bind was sent", r.number, c.Reason, strings.TrimSuffix(clip(c.Message, maxLine), "."))
	}
	if d := f.decided(); f.boundUnseen() || d != nil && d.Bind != nil && d.Bind.Error == "" {
		return "the pod was bound, and no source has the revision of the bind"
	}
	if f.outcome == OutcomeDeleted {
		return "no bind was sent; the pod stayed without a node until it was deleted"
	}
	return "no bind was sent; the pod stays without a node, and the request stops here"
}

// unplacedText says what is known of writes of which no source has the revision.
func unplacedText(writes []*assemble.Request) string {
	last := writes[len(writes)-1]
	return fmt.Sprintf("%s by %s recorded, the last one answered at %s with %d; the audit level %s does not say what it changed",
		count(len(writes), "write"), last.Actor(), clock(last.AnsweredAt()), last.Code, last.Level)
}

func unplacedEvidence(writes []*assemble.Request) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, w := range writes {
		all = append(all, auditEvidence(w, fmt.Sprintf("a write by %s, joined by object, verb, user agent and time", w.Actor())))
	}
	return all
}

// joinNote says how the request was joined; empty where it was on the revision.
func (r *revision) joinNote() string {
	w := r.write
	switch {
	case w == nil || r.exact:
		return ""
	case w.ResponseRevision > 0:
		return fmt.Sprintf("the request was joined by object, verb, user agent and time, because its answer names another revision, %d", w.ResponseRevision)
	}
	return fmt.Sprintf("the request was joined by object, verb, user agent and time, because its audit event (level %s) has no revision of its own", w.Level)
}

func (f *facts) refusalText() string {
	if n := len(f.lostBinds()); n > 0 {
		return count(n, "other bind request") + " lost the race and was refused with a conflict"
	}
	return ""
}

func (f *facts) decisionEvidence(e *evidence.Entry) v1alpha1.Evidence {
	d := e.Decision
	details := []string{
		fmt.Sprintf("%d nodes in the snapshot, %d considered, %d feasible", d.NodesTotal, d.NodesEvaluated, d.NodesFeasible),
	}
	if wait, ok := queueTime(d); ok {
		details = append(details, fmt.Sprintf("queued at %s, popped at %s: %s in the queue", clock(d.QueuedAt), clock(d.PoppedAt), span(wait)))
	}
	ev := v1alpha1.Evidence{Source: string(evidence.SourceDecision), Time: micro(d.DecidedAt), Summary: clip(attemptSummary(d), maxLine)}
	if r := f.at(number(d.Pod.ResourceVersion)); r != nil {
		if lag, ok := lagOf(r, d.ObservedAt); ok {
			ev.Lag = lag
			details = append(details, lagText(lag, "the scheduler's clock"))
		}
	}
	ev.Details = bounded(append(details, verdictLines(*d)...))
	return ev
}

func attemptSummary(d *framework.Decision) string {
	return fmt.Sprintf("attempt %d of profile %s: %s", d.Attempt, orNone(d.Profile),
		cmp.Or(prefixed("chose ", d.Node), prefixed("preempts pods on ", d.NominatedNode), d.Message, "chose no node"))
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// at returns the revision with the number, or nil.
func (f *facts) at(number int64) *revision {
	for _, r := range f.revisions {
		if r.number == number && number > 0 {
			return r
		}
	}
	return nil
}

func (f *facts) bindEvidence() []v1alpha1.Evidence {
	if f.bind == nil {
		return nil
	}
	return f.writesEvidence([]*revision{f.bind})
}

// writesEvidence is what each source says of revisions: the request that made
// it, etcd's state and the watch event.
func (f *facts) writesEvidence(revisions []*revision) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, r := range revisions {
		if r.write != nil {
			details := []string{r.joinNote()}
			if p := precondition(r); p != "" {
				details = append(details, "precondition in the request: resourceVersion "+p)
			}
			summary := fmt.Sprintf("the write by %s that made revision %d", r.write.Actor(), r.number)
			all = append(all, auditEvidence(r.write, summary, details...))
		}
		if r.etcd != nil {
			all = append(all, etcdEvidence(r.etcd, f.revisionSummary(r), f.changeLines(r)...))
		}
		if r.watch != nil {
			all = append(all, watchEvidence(r))
		}
	}
	return all
}

// precondition is the resourceVersion that a write asked for: the API server
// refuses it with 409 where the object has moved on.
func precondition(r *revision) string {
	if r.write == nil {
		return ""
	}
	if o := decode(r.write.RequestObject); o != nil {
		return o.Metadata.ResourceVersion
	}
	return ""
}

// lostBinds are bind requests that were refused with a conflict: another write
// came first.
func (f *facts) lostBinds() []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, r := range f.requests {
		o := decode(r.RequestObject)
		sets := r.Subresource == "binding" || r.Subresource == "" && o != nil && o.Spec.NodeName != ""
		if r != f.create && r.Code == 409 && r.Writes() && sets && f.rules.Allows(followed.Bind, &r.Audit) {
			all = append(all, auditEvidence(r, fmt.Sprintf("the bind by %s was refused with 409: %s", r.Actor(), r.Message)))
		}
	}
	return all
}
