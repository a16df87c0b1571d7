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
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

// stepRun is step 5: the bound pod is run and its status confirmed.
func (f *facts) stepRun() *v1alpha1.WalkthroughStep {
	writes := f.runWrites()
	unplaced := f.unplaced(f.rules.Runner)
	if len(writes)+len(f.transitions)+len(unplaced) == 0 {
		return nil
	}
	s := &v1alpha1.WalkthroughStep{
		Step: 5, Component: f.rules.Runner, Action: "sees the bound pod, runs it, confirms its status", Input: f.boundText(),
		Time: micro(f.confirmedAt(writes)),
	}
	if f.mirror() {
		s.Action, s.Input = "reports on the static pod that it runs", "the pod of a file on the node "+f.nodeName()+", not the object"
	}
	s.Effect = sentences(f.statusText(writes), f.restartsText(), f.endText(), f.transitionsText(), f.rules.Aside)
	for _, e := range f.transitions {
		s.Evidence = append(s.Evidence, f.transitionEvidence(e))
	}
	s.Evidence = append(s.Evidence, f.writesEvidence(writes)...)
	if len(unplaced) > 0 {
		s.Time = micro(unplaced[len(unplaced)-1].AnsweredAt())
		s.Effect = sentences(unplacedText(unplaced), f.transitionsText(), f.rules.Aside)
		s.Evidence = append(s.Evidence, unplacedEvidence(unplaced)...)
	}
	return s
}

// runWrites are the writes after the bind with which the runner reports on the
// pod or ends it. Others may write the status of a real Pod too, such as an
// eviction, which sets a condition.
func (f *facts) runWrites() []*revision {
	var writes []*revision
	for _, r := range f.revisions {
		bound := r.state.node != "" && (f.bind == nil || r.number > f.bind.number)
		status := r.kind == followed.Status && slices.Contains([]string{"", f.rules.Runner}, r.writer())
		byRunner := r.kind == followed.Change && r.write != nil && r.write.Component() == f.rules.Runner
		if bound && (status || byRunner || r.transition != nil && r != f.bind) {
			writes = append(writes, r)
		}
	}
	return writes
}

// confirmedAt is when the pod was first reported as running or, if it never
// was, when the last status was written.
func (f *facts) confirmedAt(writes []*revision) time.Time {
	if f.confirm != nil {
		at, _ := f.confirm.seenAt()
		return at
	}
	if len(writes) > 0 {
		at, _ := writes[len(writes)-1].seenAt()
		return at
	}
	if n := len(f.transitions); n > 0 {
		return f.transitions[n-1].Transition.WrittenAt
	}
	return time.Time{}
}

func (f *facts) boundText() string {
	text := "the pod, bound to " + cmp.Or(f.nodeName(), "a node that no source names")
	if len(f.transitions) == 0 {
		return text
	}
	t := f.transitions[0].Transition
	text += ", as its watch of the API server delivered it"
	if t.ObservedResourceVersion != "" {
		text += " at revision " + t.ObservedResourceVersion
	}
	if !t.ObservedAt.IsZero() {
		text += ", arrived at " + clock(t.ObservedAt)
	}
	return text
}

// maxTold bounds how many of a kind a text tells one by one.
const maxTold = 6

func (f *facts) transitionsText() string {
	if len(f.transitions) == 0 {
		return f.missing(evidence.SourceTransition, "transition of this pod")
	}
	var parts []string
	for i, e := range f.transitions {
		if i == maxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(f.transitions)-maxTold))
			break
		}
		t := e.Transition
		part := fmt.Sprintf("%s → %s (%s)", orNone(t.From), orNone(t.To), clip(t.Reason, maxValueLength))
		if t.Error != "" {
			part += ", refused: " + clip(t.Error, maxValueLength)
		}
		parts = append(parts, part)
	}
	return "transitions: " + strings.Join(parts, "; ")
}

func (f *facts) statusText(writes []*revision) string {
	writes = slices.DeleteFunc(slices.Clone(writes), func(r *revision) bool { return r.kind == followed.Change })
	if len(writes) == 0 {
		return "no source has the revision of a status write"
	}
	var parts []string
	for i, r := range writes {
		if i == maxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(writes)-maxTold))
			break
		}
		parts = append(parts, fmt.Sprintf("revision %d (phase %s%s)", r.number, orNone(r.state.phase), summaryText(r.state)))
	}
	text := count(len(writes), "write") + " of the status confirmed it: "
	if f.confirm == nil {
		text = count(len(writes), "write") + " of the status, none of which says that it runs: "
	}
	return text + strings.Join(parts, ", ")
}

// summaryText is the state in a word, where it says more than the phase.
func summaryText(s state) string {
	if s.object == nil || s.object.summary() == s.phase {
		return ""
	}
	return prefixed(", ", s.object.summary())
}

// endText says that the runner had a pod removed that ended gracefully.
func (f *facts) endText() string {
	if !f.rules.Graceful || f.last == nil || f.last.kind != followed.Remove || f.last.writer() != f.rules.Runner {
		return ""
	}
	return fmt.Sprintf("when its containers had ended, it asked for the removal with a grace period of 0, which is revision %d", f.last.number)
}

func (f *facts) restartsText() string {
	var most int32
	for _, r := range f.revisions {
		most = max(most, r.state.restarts)
	}
	if most == 0 {
		return ""
	}
	return "containers were restarted " + count(int(most), "time")
}

func (f *facts) transitionEvidence(e *evidence.Entry) v1alpha1.Evidence {
	t := e.Transition
	ev := v1alpha1.Evidence{
		Source: string(evidence.SourceTransition), Time: micro(t.WrittenAt), ModRevision: number(t.ResourceVersion),
		Summary: clip(fmt.Sprintf("%s → %s on %s: %s", orNone(t.From), orNone(t.To), t.Node, t.Reason), maxLine),
	}
	var details []string
	if t.ObservedResourceVersion != "" {
		details = append(details, "decided on the pod at revision "+t.ObservedResourceVersion)
	}
	if lag, ok := lagOf(f.at(number(t.ObservedResourceVersion)), t.ObservedAt); ok {
		ev.Lag = lag
		details = append(details, lagText(lag, "the controller manager's clock"))
	}
	ev.Details = bounded(append(details, prefixed("the API server refused the write: ", t.Error)))
	return ev
}

// stepKeep is step 6: etcd keeps each state of the key.
func (f *facts) stepKeep() *v1alpha1.WalkthroughStep {
	if !f.stored() {
		return nil
	}
	s := &v1alpha1.WalkthroughStep{
		Step: 6, Component: component.Etcd, Action: "keeps each state of the object", Input: "the writes of the API server",
	}
	if len(f.revisions) == 0 {
		s.Effect = sentences(f.missing(evidence.SourceEtcd, "revision of the key"), f.missing(evidence.SourceWatch, "event of the object"))
		s.Evidence = append(f.answerEvidence("the API server answered that the object was created"), unplacedEvidence(f.unplaced(""))...)
		return s
	}
	s.Time = micro(f.keptAt())
	s.Effect = sentences(f.keptText(), f.etcdGap())
	for _, r := range f.revisions {
		s.Evidence = append(s.Evidence, f.keptEvidence(r)...)
	}
	return s
}

// keptAt is when the state was stored that the request asked for, or the last one.
func (f *facts) keptAt() time.Time {
	at, _ := cmp.Or(f.confirm, f.last).seenAt()
	return at
}

func (f *facts) keptText() string {
	var parts []string
	for i, r := range f.revisions {
		if i == 2*maxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(f.revisions)-2*maxTold))
			break
		}
		parts = append(parts, f.revisionSummary(r))
	}
	return count(len(f.revisions), "revision") + " of the key: " + strings.Join(parts, "; ")
}

// etcdGap says what etcd itself could not show.
func (f *facts) etcdGap() string {
	missing := 0
	for _, r := range f.revisions {
		if r.etcd == nil {
			missing++
		}
	}
	switch {
	case missing == len(f.revisions):
		return f.missing(evidence.SourceEtcd, "revision of the key") + "; the revisions are known from the other sources"
	case missing > 0:
		return fmt.Sprintf("etcd itself has no entry for %d of them; they are known from the other sources", missing)
	}
	return ""
}

// revisionSummary says in one line who wrote a revision and what it did.
func (f *facts) revisionSummary(r *revision) string {
	return fmt.Sprintf("%d: %s %s", r.number, cmp.Or(r.writer(), "a writer that no source names"), r.deed())
}

// deed says what the revision did.
func (r *revision) deed() string {
	if r.write != nil && r.write.Subresource == "eviction" {
		return r.change() + " (to evict it)"
	}
	return r.change()
}

func (r *revision) change() string {
	switch r.kind {
	case followed.Create:
		return "creates the object"
	case followed.Bind:
		return "sets spec.nodeName to " + r.state.node
	case followed.Status:
		return "writes the status (phase " + orNone(r.state.phase) + restartCount(r.state) + waitingText(r.state) + summaryText(r.state) + ")"
	case followed.Mark:
		return "marks the object for deletion"
	case followed.Remove:
		return "removes the key"
	}
	if len(r.changes) > 0 {
		return "changes " + r.changes[exampleOf(r.changes)].Path
	}
	return "changes the object"
}

// waitingText says that the pod is not scheduled, and why in one word.
func waitingText(s state) string {
	if c := scheduledCondition(s); c != nil && c.Status != "True" && s.node == "" {
		return ", PodScheduled " + c.Status + " " + c.Reason
	}
	return ""
}

func restartCount(s state) string {
	if s.restarts == 0 {
		return ""
	}
	return ", " + count(int(s.restarts), "restart")
}

// changeLines are the fields that a revision changed, and who changed them.
func (f *facts) changeLines(r *revision) []string {
	var lines []string
	if r.manager != nil {
		lines = append(lines, managerText(r.manager))
	}
	switch {
	case r.kind == followed.Create || r.kind == followed.Remove:
		return lines
	case !r.compared:
		return append(lines, "not available: what changed, because one of the two states was not kept")
	}
	return append(lines, describe(r.changes, maxChanges)...)
}

// keptEvidence is the state of one revision and the request that made it.
func (f *facts) keptEvidence(r *revision) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	switch {
	case r.etcd != nil:
		all = append(all, etcdEvidence(r.etcd, f.revisionSummary(r), f.changeLines(r)...))
	case r.watch != nil:
		all = append(all, watchEvidence(r, append([]string{f.revisionSummary(r)}, f.changeLines(r)...)...))
	}
	if r.write != nil {
		all = append(all, auditEvidence(r.write, fmt.Sprintf("the write by %s that made revision %d: it %s", r.write.Actor(), r.number, r.deed()), r.joinNote()))
	}
	return all
}
