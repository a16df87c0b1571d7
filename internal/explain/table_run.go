// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// tellRun tells step 5: the bound pod is run and its status confirmed.
func tellRun(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	writes, unplaced := step.Revisions, step.Requests
	s := v1alpha1.WalkthroughStep{Action: "sees the bound pod, runs it, confirms its status", Input: boundText(tale)}
	if tale.Mirror() {
		s.Action, s.Input = "reports on the static pod that it runs", "the pod of a file on the node "+tale.NodeName()+", not the object"
	}
	s.Effect = prose.Sentences(startUngatedText(tale), statusText(tale, writes), restartsText(tale), endText(tale), transitionsText(tale, step.Transitions), tale.Resource.Aside)
	for _, e := range tale.Transitions {
		s.Evidence = append(s.Evidence, transitionEvidence(tale, e))
	}
	s.Evidence = append(s.Evidence, writesEvidence(tale, writes)...)
	if len(unplaced) > 0 {
		s.Effect = prose.Sentences(unplacedText(unplaced), transitionsText(tale, step.Transitions), tale.Resource.Aside)
		s.Evidence = append(s.Evidence, unplacedEvidence(unplaced)...)
	}
	return s
}

// tellControl tells step 5 where a controller or a kubelet acts on an object that
// changed.
func tellControl(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "sees the object, acts on it and reports", Input: "the object, as its watch of the API server delivered it"}
	s.Effect = actedText(tale, step)
	s.Evidence = actedEvidence(tale, step)
	return s
}

// tellEnd tells step 5 of a request that ends an object: what followed its mark.
func tellEnd(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "sees that the pod is to end, stops it and lets it go", Input: "the marked object, as its watch of the API server delivered it"}
	switch {
	case tale.OfCollection():
		s.Action, s.Input = "sees each object that is to end, and lets it go", "the marked objects, as its watch of the API server delivered them"
	case tale.Resource.Role == followed.Set:
		s.Action = "ends the objects that this one controls"
	}
	s.Effect = actedText(tale, step)
	s.Evidence = actedEvidence(tale, step)
	return s
}

func actedText(tale *story.Story, step story.Step) string {
	var parts []string
	for i, r := range step.Revisions {
		if i == prose.MaxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(step.Revisions)-prose.MaxTold))
			break
		}
		parts = append(parts, fmt.Sprintf("revision %d %s", r.Number, tale.Deed(r)))
	}
	text := strings.Join(parts, ", ")
	if len(step.Requests) > 0 {
		text = unplacedText(step.Requests)
	}
	transitions := ""
	if len(step.Transitions) > 0 {
		transitions = transitionsText(tale, step.Transitions)
	}
	return prose.Sentences(seenText(tale, step), text, transitions, childrenText(tale, step.Children))
}

// seenText says by which revision the controller had seen what the object asks
// for: its status names the generation that it read.
func seenText(tale *story.Story, step story.Step) string {
	if tale.Resource.Role != followed.Set {
		return ""
	}
	for _, r := range step.Revisions {
		if o := r.State.Object; o != nil && r.Kind == followed.Status && o.Status.ObservedGeneration > 0 {
			return fmt.Sprintf("revision %d says that the controller had seen generation %d", r.Number, o.Status.ObservedGeneration)
		}
	}
	return ""
}

func actedEvidence(tale *story.Story, step story.Step) []v1alpha1.Evidence {
	var all []v1alpha1.Evidence
	for _, e := range step.Transitions {
		all = append(all, transitionEvidence(tale, e))
	}
	return slices.Concat(all, writesEvidence(tale, step.Revisions), childrenEvidence(step.Children), unplacedEvidence(step.Requests))
}

func boundText(tale *story.Story) string {
	text := "the pod, bound to " + cmp.Or(tale.NodeName(), "a node that no source names")
	if len(tale.Transitions) == 0 {
		return text
	}
	t := tale.Transitions[0].Transition
	text += ", as its watch of the API server delivered it"
	if t.ObservedResourceVersion != "" {
		text += " at revision " + t.ObservedResourceVersion
	}
	if !t.ObservedAt.IsZero() {
		text += ", arrived at " + prose.Clock(t.ObservedAt)
	}
	return text
}

func transitionsText(tale *story.Story, transitions []*evidence.Entry) string {
	if len(transitions) == 0 {
		return tale.Missing(evidence.SourceTransition, "transition of this pod")
	}
	var parts []string
	for i, e := range transitions {
		if i == prose.MaxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(transitions)-prose.MaxTold))
			break
		}
		t := e.Transition
		part := fmt.Sprintf("%s → %s (%s)", prose.OrNone(t.From), prose.OrNone(t.To), prose.Clip(t.Reason, prose.MaxValue))
		if t.Error != "" {
			part += ", refused: " + prose.Clip(t.Error, prose.MaxValue)
		}
		parts = append(parts, part)
	}
	return "transitions: " + strings.Join(parts, "; ")
}

func statusText(tale *story.Story, writes []*timeline.Revision) string {
	writes = slices.DeleteFunc(slices.Clone(writes), func(r *timeline.Revision) bool { return r.Kind != followed.Status })
	if len(writes) == 0 {
		return "no source has the revision of a status write"
	}
	var parts []string
	for i, r := range writes {
		if i == prose.MaxTold {
			parts = append(parts, fmt.Sprintf("and %d more", len(writes)-prose.MaxTold))
			break
		}
		parts = append(parts, fmt.Sprintf("revision %d (phase %s%s)", r.Number, prose.OrNone(r.State.Phase), story.SummaryText(r.State)))
	}
	text := prose.Count(len(writes), "write") + " of the status confirmed it: "
	if tale.Confirm == nil {
		text = prose.Count(len(writes), "write") + " of the status, none of which says that it runs: "
	}
	return text + strings.Join(parts, ", ")
}

// endText says that the runner had a pod removed that ended gracefully.
func endText(tale *story.Story) string {
	if !tale.Resource.Graceful || tale.Last() == nil || tale.Last().Kind != followed.Remove || tale.Last().Writer() != tale.Resource.Runner {
		return ""
	}
	return fmt.Sprintf("when its containers had ended, it asked for the removal with a grace period of 0, which is revision %d", tale.Last().Number)
}

func restartsText(tale *story.Story) string {
	var most int32
	for _, r := range tale.Revisions {
		most = max(most, r.State.Restarts)
	}
	if most == 0 {
		return ""
	}
	return "containers were restarted " + prose.Count(int(most), "time")
}

func transitionEvidence(tale *story.Story, e *evidence.Entry) v1alpha1.Evidence {
	t := e.Transition
	ev := v1alpha1.Evidence{
		Source: string(evidence.SourceTransition), Time: prose.Micro(t.WrittenAt), ModRevision: timeline.MadeBy(e),
		Summary: prose.Clip(fmt.Sprintf("%s → %s on %s: %s", prose.OrNone(t.From), prose.OrNone(t.To), t.Node, t.Reason), prose.MaxLine),
	}
	var details []string
	if t.ObservedResourceVersion != "" {
		details = append(details, "decided on the pod at revision "+t.ObservedResourceVersion)
	}
	if lag, ok := lagOf(tale.Exactly(timeline.Number(t.ObservedResourceVersion)), t.ObservedAt); ok {
		ev.Lag = lag
		details = append(details, lagText(lag, "the controller manager's clock"))
	}
	ev.Details = bounded(append(details, prose.Prefixed("the API server refused the write: ", t.Error)))
	return ev
}
