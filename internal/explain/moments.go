// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
)

// keyMoments explain what the order of the steps proves, each from this run.
func (f *facts) keyMoments() []v1alpha1.KeyMoment {
	moments := []v1alpha1.KeyMoment{
		{Title: "Why does the scheduler act after the API server?", Explanation: f.orderMoment()},
		{Title: "How does etcd keep all components consistent?", Explanation: f.lockMoment()},
		{Title: "What does the " + strings.ToLower(f.rules.Runner) + " do after the bind?", Explanation: f.runMoment()},
	}
	if len(f.decisions) > 1 && f.bind != nil {
		moments = append(moments, v1alpha1.KeyMoment{Title: "Why did the pod wait, and what let it go on?", Explanation: f.waitMoment()})
	}
	if text := f.restartMoment(); text != "" {
		moments = append(moments, v1alpha1.KeyMoment{Title: "What happened when a container ended?", Explanation: text})
	}
	if f.last != nil && f.last.state.removed {
		moments = append(moments, v1alpha1.KeyMoment{Title: "How was the pod removed?", Explanation: f.removalMoment()})
	}
	return moments
}

func (f *facts) orderMoment() string {
	const rule = "The scheduler is never called by the API server or by the client: it watches the API server, which announces only what etcd has stored."
	switch {
	case f.refused:
		return rule + " " + sentences(fmt.Sprintf("This request was refused with %d before anything was stored for it, so there was no event to watch, and the scheduler never heard of it",
			f.create.Code))
	case f.dryRun:
		return rule + " This request was a dry run: nothing was stored, so there was no event to watch."
	case f.first == nil:
		return rule + " " + sentence(f.missing(evidence.SourceEtcd, "first revision of the key"))
	}
	at, by := f.first.seenAt()
	text := rule + " " + sentence(fmt.Sprintf("revision %d stored the pod%s", f.first.number, byTime(at.IsZero(), clock(at), by)))
	text += " " + f.seenMoment()
	if f.bind != nil {
		return text + " " + sentence(fmt.Sprintf("The bind is revision %d, and %d is greater than %d: etcd numbers its writes in the order in which they happened",
			f.bind.number, f.bind.number, f.first.number))
	}
	return text
}

// seenMoment says when the scheduler saw the pod.
func (f *facts) seenMoment() string {
	d := f.decided()
	if d == nil && f.namedNode() {
		return sentence("the request itself named the node " + f.nodeName() + ", so the scheduler left the pod alone")
	}
	if d == nil {
		return sentence(f.missing(evidence.SourceDecision, "decision on this pod"))
	}
	text := sentence(fmt.Sprintf("The scheduler decided on the pod at revision %s, which its watch delivered at %s",
		orNone(d.Pod.ResourceVersion), clock(d.ObservedAt)))
	if lag, ok := lagOf(f.at(number(d.Pod.ResourceVersion)), d.ObservedAt); ok {
		text += " " + sentence(lagText(lag, "the scheduler's clock"))
	}
	return text
}

func byTime(unknown bool, t string, by evidence.Source) string {
	if unknown {
		return ""
	}
	return fmt.Sprintf(" by %s (source %s)", t, by)
}

func (f *facts) lockMoment() string {
	const rule = "All state is in etcd, and each write to it gets the next revision, so there is one order of events for everyone."
	if f.refused || f.dryRun {
		return rule + " " + sentence(f.refusedLock())
	}
	if len(f.revisions) == 0 {
		return rule + " " + sentence(f.missing(evidence.SourceEtcd, "revision of the key"))
	}
	text := rule + " " + sentence("This pod went through the revisions "+f.numbers())
	if f.boundUnseen() {
		return text + " " + sentence("not available: the precondition of the bind, because no source has its revision")
	}
	if f.bind == nil {
		return text + " " + sentence("No bind was written, so no precondition was put to the test")
	}
	p := precondition(f.bind)
	switch {
	case p == "" && f.rules.Lock != "":
		return text + " " + sentence(fmt.Sprintf("The request that made revision %d %s", f.bind.number, f.rules.Lock))
	case p == "":
		return text + " " + sentence("not available: the precondition of the bind, because no request body of it was kept")
	}
	text += " " + sentence(fmt.Sprintf("The bind asked for resourceVersion %s and made revision %d: had anyone written the pod in between, the API server would have refused it with 409",
		p, f.bind.number))
	if n := len(f.lostBinds()); n > 0 {
		return text + " " + sentence(fmt.Sprintf("That is what happened to %s in this run: there is one winner", count(n, "other bind request")))
	}
	return text + " " + sentence(fmt.Sprintf("A second scheduler that had also read revision %s would have lost: there is one winner", p))
}

func (f *facts) refusedLock() string {
	if f.outcome == OutcomeAlreadyExists {
		return "a create asks etcd for a key that does not exist; here it does, so the request was refused with 409 and " + f.existing()
	}
	return "this request made no revision" + f.proof()
}

func (f *facts) numbers() string {
	var parts []string
	for i, r := range f.revisions {
		if i == 2*maxTold {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprint(r.number))
	}
	return strings.Join(parts, ", ")
}

func (f *facts) runMoment() string {
	runner := strings.ToLower(f.rules.Runner)
	switch {
	case f.refused || f.dryRun:
		return sentence("there was no bind: nothing was stored for the request, so the " + runner + " had nothing to do")
	case f.last == nil:
		return sentence(f.missing(evidence.SourceTransition, "transition of this pod"))
	case f.nodeName() == "" && f.bind == nil:
		return sentence("the pod has no node, so the " + runner + " had nothing to do: it acts only on pods that are bound")
	}
	text := "The bind assigns a node; nothing runs because of it until the " + runner + " sees the new state in its own watch."
	switch {
	case f.mirror():
		text = "There was no bind: this object is the mirror of a static pod, which the kubelet ran from a file of its node before the API server knew of it."
	case f.namedNode():
		text = "There was no bind: the request named the node. Nothing runs until the " + runner + " sees the new state in its own watch."
	}
	writes := f.runWrites()
	if len(writes) == 0 && len(f.transitions) == 0 {
		return text + " " + sentences("no status was written after the bind in this run", f.missing(evidence.SourceTransition, "transition of this pod"))
	}
	if len(f.transitions) > 0 {
		t := f.transitions[0].Transition
		text += " " + sentence(fmt.Sprintf("It saw revision %s at %s and wrote: %s", orNone(t.ObservedResourceVersion), clock(t.ObservedAt), clip(t.Reason, maxLine)))
	} else {
		text += " " + sentence(f.missing(evidence.SourceTransition, "transition of this pod"))
	}
	if f.confirm != nil {
		at, by := f.confirm.seenAt()
		text += " " + sentence(fmt.Sprintf("Revision %d is the first with phase %s%s", f.confirm.number, f.confirm.state.phase, byTime(at.IsZero(), clock(at), by)))
	}
	return text
}

func (f *facts) waitMoment() string {
	first, last := f.decisions[0].Decision, f.decided()
	return sentences(
		fmt.Sprintf("attempt %d at %s ended with: %s", first.Attempt, clock(first.DecidedAt), orNone(clip(first.Message, maxLine))),
		fmt.Sprintf("attempt %d at %s saw %s, of which %d fit, and chose %s", last.Attempt, clock(last.DecidedAt),
			count(last.NodesTotal, "node"), last.NodesFeasible, orNone(last.Node)),
		"In between the pod stayed in the scheduler's queue, and its state in etcd said why it was waiting",
	)
}

// restartMoment tells of the first restart; empty where there was none.
func (f *facts) restartMoment() string {
	for _, r := range f.revisions {
		if r.state.restarts == 0 {
			continue
		}
		text := sentences(fmt.Sprintf("revision %d is the first that counts a restart (%s)", r.number, strings.TrimPrefix(restartCount(r.state), ", ")))
		if r.transition != nil {
			text += " " + sentence("it was written because: "+clip(r.transition.Transition.Reason, maxLine))
		}
		return text + " " + sentence("The pod kept its node: a restart is the work of what runs the pod, and the scheduler takes no part in it")
	}
	return ""
}

func (f *facts) removalMoment() string {
	text := fmt.Sprintf("revision %d removed the key, written by %s", f.last.number, orUnknown(f.last.writer()))
	if f.mark == nil {
		return sentences(text, "the object had no finalizer, so the delete removed it at once")
	}
	why, then := f.keptMarked()
	return sentences(fmt.Sprintf("revision %d only set metadata.deletionTimestamp, because %s, written by %s",
		f.mark.number, why, orUnknown(f.mark.writer())), text, then)
}

// keptMarked says why the mark did not remove the object, and what then did.
func (f *facts) keptMarked() (why, then string) {
	o := f.mark.state.object
	if !f.rules.Graceful || o != nil && len(o.Metadata.Finalizers) > 0 {
		return "the object had finalizers", "the key goes only when the last finalizer is gone"
	}
	why = "a " + f.kind() + " ends gracefully"
	switch {
	case f.mark.state.endsAtOnce():
		return why, "one request makes both, because the grace period is 0"
	case o != nil && o.Metadata.GracePeriod != nil:
		why += fmt.Sprintf(" (it has %d s for it)", *o.Metadata.GracePeriod)
	}
	return why, "the key goes only when the " + strings.ToLower(f.rules.Runner) + " asks for it with a grace period of 0, once the containers have ended"
}

func orUnknown(s string) string {
	if s == "" {
		return "someone whom no source names"
	}
	return s
}
