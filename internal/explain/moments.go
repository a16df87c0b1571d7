// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// keyMoments explain what the order of the steps proves, each from this run.
func keyMoments(tale *story.Story) []v1alpha1.KeyMoment {
	if !tale.OfPod() {
		return requestMoments(tale)
	}
	moments := []v1alpha1.KeyMoment{
		{Title: "Why does the scheduler act after the API server?", Explanation: orderMoment(tale)},
		{Title: "How does etcd keep all components consistent?", Explanation: lockMoment(tale)},
		{Title: "What does the " + strings.ToLower(tale.Resource.Runner) + " do after the bind?", Explanation: runMoment(tale)},
	}
	if len(tale.Decisions) > 1 && tale.Bind != nil {
		moments = append(moments, v1alpha1.KeyMoment{Title: "Why did the pod wait, and what let it go on?", Explanation: waitMoment(tale)})
	}
	if text := restartMoment(tale); text != "" {
		moments = append(moments, v1alpha1.KeyMoment{Title: "What happened when a container ended?", Explanation: text})
	}
	if tale.Last() != nil && tale.Last().State.Removed {
		moments = append(moments, v1alpha1.KeyMoment{Title: "How was the pod removed?", Explanation: removalMoment(tale)})
	}
	return moments
}

func orderMoment(tale *story.Story) string {
	const rule = "The scheduler is never called by the API server or by the client: it watches the API server, which announces only what etcd has stored."
	switch {
	case tale.Refused:
		return rule + " " + prose.Sentences(fmt.Sprintf("This request was refused with %d before anything was stored for it, so there was no event to watch, and the scheduler never heard of it",
			tale.Asked.Code))
	case tale.DryRun:
		return rule + " This request was a dry run: nothing was stored, so there was no event to watch."
	case tale.First == nil:
		return rule + " " + prose.Sentence(tale.Missing(evidence.SourceEtcd, "first revision of the key"))
	}
	at, by := tale.First.SeenAt()
	text := rule + " " + prose.Sentence(fmt.Sprintf("revision %d stored the pod%s", tale.First.Number, byTime(at.IsZero(), prose.Clock(at), by)))
	text += " " + seenMoment(tale)
	if tale.Bind != nil {
		return text + " " + prose.Sentence(fmt.Sprintf("The bind is revision %d, and %d is greater than %d: etcd numbers its writes in the order in which they happened",
			tale.Bind.Number, tale.Bind.Number, tale.First.Number))
	}
	return text
}

// seenMoment says when the scheduler saw the pod.
func seenMoment(tale *story.Story) string {
	d := tale.Decided()
	if d == nil && tale.NamedNode() {
		return prose.Sentence("the request itself named the node " + tale.NodeName() + ", so the scheduler left the pod alone")
	}
	if d == nil {
		return prose.Sentence(tale.Missing(evidence.SourceDecision, "decision on this pod"))
	}
	text := prose.Sentence(fmt.Sprintf("The scheduler decided on the pod at revision %s, which its watch delivered at %s",
		prose.OrNone(d.Pod.ResourceVersion), prose.Clock(d.ObservedAt)))
	if lag, ok := lagOf(tale.Exactly(timeline.Number(d.Pod.ResourceVersion)), d.ObservedAt); ok {
		text += " " + prose.Sentence(lagText(lag, "the scheduler's clock"))
	}
	return text
}

func byTime(unknown bool, t string, by evidence.Source) string {
	if unknown {
		return ""
	}
	return fmt.Sprintf(" by %s (source %s)", t, by)
}

func lockMoment(tale *story.Story) string {
	const rule = "All state is in etcd, and each write to it gets the next revision, so there is one order of events for everyone."
	if tale.Refused || tale.DryRun {
		return rule + " " + prose.Sentence(refusedLock(tale))
	}
	if len(tale.Revisions) == 0 {
		return rule + " " + prose.Sentence(tale.Missing(evidence.SourceEtcd, "revision of the key"))
	}
	text := rule + " " + prose.Sentence("This pod went through the revisions "+numbers(tale.Revisions))
	if tale.BoundUnseen() {
		return text + " " + prose.Sentence("not available: the precondition of the bind, because no source has its revision")
	}
	if tale.Bind == nil {
		return text + " " + prose.Sentence("No bind was written, so no precondition was put to the test")
	}
	p := timeline.Precondition(tale.Bind.Write)
	switch {
	case p == "" && tale.Resource.Lock != "":
		return text + " " + prose.Sentence(fmt.Sprintf("The request that made revision %d %s", tale.Bind.Number, tale.Resource.Lock))
	case p == "":
		return text + " " + prose.Sentence("not available: the precondition of the bind, because no request body of it was kept")
	}
	text += " " + prose.Sentence(fmt.Sprintf("The bind asked for resourceVersion %s and made revision %d: had anyone written the pod in between, the API server would have refused it with 409",
		p, tale.Bind.Number))
	if n := len(tale.LostBinds()); n > 0 {
		return text + " " + prose.Sentence(fmt.Sprintf("That is what happened to %s in this run: there is one winner", prose.Count(n, "other bind request")))
	}
	return text + " " + prose.Sentence(fmt.Sprintf("A second scheduler that had also read revision %s would have lost: there is one winner", p))
}

func refusedLock(tale *story.Story) string {
	if tale.Outcome == story.AlreadyExists {
		return "a create asks etcd for a key that does not exist; here it does, so the request was refused with 409 and " + existing(tale)
	}
	return "this request made no revision" + proof(tale)
}

// numbered names revisions, as in "revision 7" or "revisions 7, 9".
func numbered(revisions []*timeline.Revision) string {
	if len(revisions) == 1 {
		return "revision " + numbers(revisions)
	}
	return "revisions " + numbers(revisions)
}

func numbers(revisions []*timeline.Revision) string {
	var parts []string
	for i, r := range revisions {
		if i == 2*prose.MaxTold {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprint(r.Number))
	}
	return strings.Join(parts, ", ")
}

func runMoment(tale *story.Story) string {
	runner := strings.ToLower(tale.Resource.Runner)
	switch {
	case tale.Refused || tale.DryRun:
		return prose.Sentence("there was no bind: nothing was stored for the request, so the " + runner + " had nothing to do")
	case tale.Last() == nil:
		return prose.Sentence(tale.Missing(evidence.SourceTransition, "transition of this pod"))
	case tale.NodeName() == "" && tale.Bind == nil:
		return prose.Sentence("the pod has no node, so the " + runner + " had nothing to do: it acts only on pods that are bound")
	}
	text := "The bind assigns a node; nothing runs because of it until the " + runner + " sees the new state in its own watch."
	switch {
	case tale.Mirror():
		text = "There was no bind: this object is the mirror of a static pod, which the kubelet ran from a file of its node before the API server knew of it."
	case tale.NamedNode():
		text = "There was no bind: the request named the node. Nothing runs until the " + runner + " sees the new state in its own watch."
	}
	writes := tale.RunWrites()
	if len(writes) == 0 && len(tale.Transitions) == 0 {
		return text + " " + prose.Sentences("no status was written after the bind in this run", tale.Missing(evidence.SourceTransition, "transition of this pod"))
	}
	if len(tale.Transitions) > 0 {
		t := tale.Transitions[0].Transition
		text += " " + prose.Sentence(fmt.Sprintf("It saw revision %s at %s and wrote: %s", prose.OrNone(t.ObservedResourceVersion), prose.Clock(t.ObservedAt), prose.Clip(t.Reason, prose.MaxLine)))
	} else {
		text += " " + prose.Sentence(tale.Missing(evidence.SourceTransition, "transition of this pod"))
	}
	if tale.Confirm != nil {
		at, by := tale.Confirm.SeenAt()
		text += " " + prose.Sentence(fmt.Sprintf("Revision %d is the first with phase %s%s", tale.Confirm.Number, tale.Confirm.State.Phase, byTime(at.IsZero(), prose.Clock(at), by)))
	}
	return text
}

func waitMoment(tale *story.Story) string {
	first, last := tale.Decisions[0].Decision, tale.Decided()
	return prose.Sentences(
		fmt.Sprintf("attempt %d at %s ended with: %s", first.Attempt, prose.Clock(first.DecidedAt), prose.OrNone(prose.Clip(first.Message, prose.MaxLine))),
		fmt.Sprintf("attempt %d at %s saw %s, of which %d fit, and chose %s", last.Attempt, prose.Clock(last.DecidedAt),
			prose.Count(last.NodesTotal, "node"), last.NodesFeasible, prose.OrNone(last.Node)),
		"In between the pod stayed in the scheduler's queue, and its state in etcd said why it was waiting",
	)
}

// restartMoment tells of the first restart; empty where there was none.
func restartMoment(tale *story.Story) string {
	for _, r := range tale.Revisions {
		if r.State.Restarts == 0 {
			continue
		}
		text := prose.Sentences(fmt.Sprintf("revision %d is the first that counts a restart (%s)", r.Number, strings.TrimPrefix(story.RestartCount(r.State), ", ")))
		if r.Transition != nil {
			text += " " + prose.Sentence("it was written because: "+prose.Clip(r.Transition.Transition.Reason, prose.MaxLine))
		}
		return text + " " + prose.Sentence("The pod kept its node: a restart is the work of what runs the pod, and the scheduler takes no part in it")
	}
	return ""
}

func removalMoment(tale *story.Story) string {
	text := fmt.Sprintf("revision %d removed the key, written by %s", tale.Last().Number, orUnknown(tale.Last().Writer()))
	if tale.Mark == nil {
		return prose.Sentences(text, "the object had no finalizer, so the delete removed it at once")
	}
	why, then := keptMarked(tale)
	return prose.Sentences(fmt.Sprintf("revision %d only set metadata.deletionTimestamp, because %s, written by %s",
		tale.Mark.Number, why, orUnknown(tale.Mark.Writer())), text, then)
}

// keptMarked says why the mark did not remove the object, and what then did.
func keptMarked(tale *story.Story) (why, then string) {
	o := tale.Mark.State.Object
	if !tale.Resource.Graceful || o != nil && len(o.Metadata.Finalizers) > 0 {
		return "the object had finalizers", "the key goes only when the last finalizer is gone"
	}
	why = "a " + kind(tale) + " ends gracefully"
	switch {
	case tale.Mark.State.EndsAtOnce():
		return why, "one request makes both, because the grace period is 0"
	case o != nil && o.Metadata.GracePeriod != nil:
		why += fmt.Sprintf(" (it has %d s for it)", *o.Metadata.GracePeriod)
	}
	return why, "the key goes only when the " + strings.ToLower(tale.Resource.Runner) + " asks for it with a grace period of 0, once the containers have ended"
}

func orUnknown(s string) string {
	if s == "" {
		return "someone whom no source names"
	}
	return s
}
