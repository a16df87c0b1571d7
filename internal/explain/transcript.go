// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// snapshot is the run in exactly five lines, one per part of the story.
func snapshot(tale *story.Story) []string {
	if !tale.OfPod() {
		return []string{
			"Request: " + requestLine(tale),
			"API server: " + carriedOutLine(tale),
			"Scheduler: " + partLine(tale, story.Schedule),
			tale.Resource.Runner + ": " + partLine(tale, story.Control, story.End),
			"Result: " + resultLine(tale),
		}
	}
	return []string{
		"Request: " + requestLine(tale),
		"API server: " + admissionLine(tale),
		"Scheduler: " + schedulerLine(tale),
		tale.Resource.Runner + ": " + runnerLine(tale),
		"Result: " + resultLine(tale),
	}
}

func requestLine(tale *story.Story) string {
	if tale.Asked == nil {
		return "create " + subject(tale) + "; " + tale.Missing(evidence.SourceAudit, "request that creates the object")
	}
	return fmt.Sprintf("%s %s by %s at %s", tale.Asked.Verb, subject(tale), cmp.Or(tale.Asked.User, "(none)"), prose.Clock(tale.Asked.ReceivedAt))
}

// carriedOutLine says what the API server did with a request that is no create of
// a pod.
func carriedOutLine(tale *story.Story) string {
	switch {
	case tale.Asked == nil, tale.Refused, tale.NothingStored(), tale.OfLife():
		return admissionLine(tale)
	case !tale.Asked.Answered:
		return tale.Missing(evidence.SourceAudit, "answer to the request")
	case tale.Kind.Reads():
		return fmt.Sprintf("allowed it and answered with %d; nothing was stored", tale.Asked.Code)
	case len(tale.Made) > 0:
		return "admitted it and wrote " + numbered(tale.Made)
	case tale.Outcome == story.Unchanged:
		return "admitted it; it changed nothing, so nothing was written"
	}
	return fmt.Sprintf("admitted it and answered with %d; no source has its revision", tale.Asked.Code)
}

// partLine says what a component wrote because of the request.
func partLine(tale *story.Story, ids ...story.ID) string {
	for _, step := range tale.Steps {
		if !slices.Contains(ids, step.ID) {
			continue
		}
		if len(step.Revisions) > 0 {
			return "acted on it, with " + numbered(step.Revisions)
		}
		return "acted on it"
	}
	if tale.NothingStored() || tale.Kind.Reads() {
		return "never heard of it"
	}
	return "left no trace of having acted on it"
}

func admissionLine(tale *story.Story) string {
	switch {
	case tale.Outcome == story.Error:
		return fmt.Sprintf("could not carry it out: %d %s", tale.Asked.Code, tale.Asked.Reason)
	case tale.DryRun:
		return "admitted it as a dry run and stored nothing"
	case tale.Stopped():
		return fmt.Sprintf("refused it on its way with %d %s, when it had written %s", tale.Asked.Code, tale.Asked.Reason, numbered(tale.Made))
	case tale.Refused:
		return fmt.Sprintf("refused it with %d %s; nothing was stored for it", tale.Asked.Code, tale.Asked.Reason)
	case tale.First != nil && tale.First.Etcd != nil:
		return fmt.Sprintf("admitted it and stored it as revision %d (%d bytes)", tale.First.Number, tale.First.Etcd.Etcd.Bytes)
	case tale.First != nil:
		return fmt.Sprintf("admitted it and stored it as revision %d", tale.First.Number)
	case tale.Stored():
		return "admitted and stored it; no source has the revision"
	}
	return tale.Missing(evidence.SourceAudit, "answer to the request")
}

func schedulerLine(tale *story.Story) string {
	d := tale.Decided()
	_, unscheduled := tale.Unscheduled()
	switch {
	case tale.Bind != nil && d != nil && d.Node != "":
		return fmt.Sprintf("chose %s out of %s and bound the pod with revision %d", d.Node, prose.Count(d.NodesTotal, "node"), tale.Bind.Number)
	case tale.Bind != nil:
		return fmt.Sprintf("bound the pod to %s with revision %d", tale.Bind.State.Node, tale.Bind.Number)
	case tale.Refused || tale.DryRun:
		return "never heard of it"
	case tale.Outcome == story.Unschedulable:
		return "found no node: " + tale.Reason
	case tale.Outcome == story.SchedulingGated:
		return "holds it back: " + tale.Reason
	case d != nil && d.Message != "":
		return "found no node: " + prose.Clip(d.Message, prose.MaxLine)
	case unscheduled != nil && tale.NodeName() == "":
		return "found no node: " + prose.Clip(unscheduled.Message, prose.MaxLine)
	case tale.BoundUnseen():
		return "bound the pod to " + tale.NodeName() + "; no source has the revision"
	case len(tale.Unplaced(component.Scheduler)) > 0:
		return prose.Count(len(tale.Unplaced(component.Scheduler)), "write") + " of it recorded; no source says what it changed"
	case tale.NodeName() != "":
		return "had no part in it: the request named the node " + tale.NodeName()
	}
	return "left no decision on it; " + tale.Missing(evidence.SourceDecision, "decision on this pod")
}

func runnerLine(tale *story.Story) string {
	switch {
	case tale.Confirm != nil:
		return fmt.Sprintf("reported phase %s on %s with revision %d", tale.Confirm.State.Phase, tale.Confirm.State.Node, tale.Confirm.Number)
	case tale.Last() == nil && !tale.Refused && !tale.DryRun:
		return tale.Missing(evidence.SourceTransition, "transition of this pod")
	case tale.NodeName() == "":
		return "had nothing to do, because the pod has no node"
	}
	return "has not reported that the pod runs"
}

func resultLine(tale *story.Story) string {
	text := string(tale.Outcome)
	if tale.Reason != "" {
		text += ": " + tale.Reason
	}
	if tale.Last() != nil && tale.OfLife() {
		text += fmt.Sprintf(" (revision %d)", tale.Last().Number)
	}
	return text
}

// transcript is the run in prose: an opening, a paragraph per step and a close.
func transcript(tale *story.Story, steps []v1alpha1.WalkthroughStep) string {
	paragraphs := []string{opening(tale)}
	for _, s := range steps {
		paragraphs = append(paragraphs, paragraph(s))
	}
	return strings.Join(append(paragraphs, closing(tale)), "\n\n")
}

func opening(tale *story.Story) string {
	var have, lack []string
	for _, s := range tale.Record.Sources {
		if s.Available {
			have = append(have, string(s.Source))
		} else {
			lack = append(lack, string(s.Source))
		}
	}
	text := "This is what the control plane recorded of the request to " + requestText(tale)
	if len(have) > 0 {
		text += ", by the sources " + strings.Join(have, ", ")
	}
	text = prose.Sentence(text)
	if len(lack) > 0 {
		text += " " + prose.Sentence("not available were: "+strings.Join(lack, ", "))
	}
	if tale.Record.Dropped > 0 {
		text += " The journal has dropped older entries, so something of this request may be missing."
	}
	return text
}

// paragraph tells one step: when, who, what it did and with which effect.
func paragraph(s v1alpha1.WalkthroughStep) string {
	when := "at a time that no source recorded"
	if s.Time != nil {
		when = "done by " + prose.Clock(s.Time.Time) + " UTC"
	}
	return fmt.Sprintf("Step %d, %s: %s %s. %s", s.Step, when, actorText(s.Component), s.Action, strings.ReplaceAll(s.Effect, "\n", " "))
}

func actorText(actor string) string {
	switch actor {
	case component.Etcd:
		return actor
	case component.Client:
		return "the client"
	case component.APIServer:
		return "the API server"
	}
	return "the " + strings.ToLower(actor[:1]) + actor[1:]
}

func closing(tale *story.Story) string {
	if tale.Complete {
		return prose.Sentence("That is the end of this request: " + resultLine(tale))
	}
	return prose.Sentence("The request goes on; so far it has come to: " + resultLine(tale))
}
