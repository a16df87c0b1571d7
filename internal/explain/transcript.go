// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// snapshot is the run in exactly five lines, one per part of the story.
func (f *facts) snapshot() []string {
	return []string{
		"Request: " + f.requestLine(),
		"API server: " + f.admissionLine(),
		"Scheduler: " + f.schedulerLine(),
		f.rules.Runner + ": " + f.runnerLine(),
		"Result: " + f.resultLine(),
	}
}

func (f *facts) requestLine() string {
	if f.create == nil {
		return "create " + f.subject() + "; " + f.missing(evidence.SourceAudit, "request that creates the object")
	}
	return fmt.Sprintf("%s %s by %s at %s", f.create.Verb, f.subject(), cmp.Or(f.create.User, "(none)"), clock(f.create.ReceivedAt))
}

func (f *facts) admissionLine() string {
	switch {
	case f.outcome == OutcomeError:
		return fmt.Sprintf("could not carry it out: %d %s", f.create.Code, f.create.Reason)
	case f.dryRun:
		return "admitted it as a dry run and stored nothing"
	case f.refused:
		return fmt.Sprintf("refused it with %d %s; nothing was stored for it", f.create.Code, f.create.Reason)
	case f.first != nil && f.first.etcd != nil:
		return fmt.Sprintf("admitted it and stored it as revision %d (%d bytes)", f.first.number, f.first.etcd.Etcd.Bytes)
	case f.first != nil:
		return fmt.Sprintf("admitted it and stored it as revision %d", f.first.number)
	case f.stored():
		return "admitted and stored it; no source has the revision"
	}
	return f.missing(evidence.SourceAudit, "answer to the request")
}

func (f *facts) schedulerLine() string {
	d := f.decided()
	_, unscheduled := f.unscheduled()
	switch {
	case f.bind != nil && d != nil && d.Node != "":
		return fmt.Sprintf("chose %s out of %s and bound the pod with revision %d", d.Node, count(d.NodesTotal, "node"), f.bind.number)
	case f.bind != nil:
		return fmt.Sprintf("bound the pod to %s with revision %d", f.bind.state.node, f.bind.number)
	case f.refused || f.dryRun:
		return "never heard of it"
	case f.outcome == OutcomeUnschedulable:
		return "found no node: " + f.reason
	case f.outcome == OutcomeSchedulingGated:
		return "holds it back: " + f.reason
	case d != nil && d.Message != "":
		return "found no node: " + clip(d.Message, maxLine)
	case unscheduled != nil && f.nodeName() == "":
		return "found no node: " + clip(unscheduled.Message, maxLine)
	case f.boundUnseen():
		return "bound the pod to " + f.nodeName() + "; no source has the revision"
	case len(f.unplaced(component.Scheduler)) > 0:
		return count(len(f.unplaced(component.Scheduler)), "write") + " of it recorded; no source says what it changed"
	case f.nodeName() != "":
		return "had no part in it: the request named the node " + f.nodeName()
	}
	return "left no decision on it; " + f.missing(evidence.SourceDecision, "decision on this pod")
}

func (f *facts) runnerLine() string {
	switch {
	case f.confirm != nil:
		return fmt.Sprintf("reported phase %s on %s with revision %d", f.confirm.state.phase, f.confirm.state.node, f.confirm.number)
	case f.last == nil && !f.refused && !f.dryRun:
		return f.missing(evidence.SourceTransition, "transition of this pod")
	case f.nodeName() == "":
		return "had nothing to do, because the pod has no node"
	}
	return "has not reported that the pod runs"
}

func (f *facts) resultLine() string {
	text := string(f.outcome)
	if f.reason != "" {
		text += ": " + f.reason
	}
	if f.last != nil {
		text += fmt.Sprintf(" (revision %d)", f.last.number)
	}
	return text
}

// transcript is the run in prose: an opening, a paragraph per step and a close.
func (f *facts) transcript(steps []v1alpha1.WalkthroughStep) string {
	paragraphs := []string{f.opening()}
	for _, s := range steps {
		paragraphs = append(paragraphs, paragraph(s))
	}
	return strings.Join(append(paragraphs, f.closing()), "\n\n")
}

func (f *facts) opening() string {
	var have, lack []string
	for _, s := range f.record.Sources {
		if s.Available {
			have = append(have, string(s.Source))
		} else {
			lack = append(lack, string(s.Source))
		}
	}
	text := "This is what the control plane recorded of the request to create " + f.subject()
	if len(have) > 0 {
		text += ", by the sources " + strings.Join(have, ", ")
	}
	text = sentence(text)
	if len(lack) > 0 {
		text += " " + sentence("not available were: "+strings.Join(lack, ", "))
	}
	if f.record.Dropped > 0 {
		text += " " + sentence(fmt.Sprintf("The journal dropped %d entries of all requests, so something of this one may be missing", f.record.Dropped))
	}
	return text
}

// paragraph tells one step: when, who, what it did and with which effect.
func paragraph(s v1alpha1.WalkthroughStep) string {
	when := "at a time that no source recorded"
	if s.Time != nil {
		when = "done by " + clock(s.Time.Time) + " UTC"
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

func (f *facts) closing() string {
	if f.complete {
		return sentence("That is the end of this request: " + f.resultLine())
	}
	return sentence("The request goes on; so far it has come to: " + f.resultLine())
}
