// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// stepAnswer is step 7: the API server answers the create, and the read that
// returns the running pod.
func (f *facts) stepAnswer() *v1alpha1.WalkthroughStep {
	s := &v1alpha1.WalkthroughStep{Step: 7, Component: component.APIServer, Action: "answers the client", Input: "the request"}
	r := f.create
	if r == nil || !r.Answered {
		s.Effect = sentence(f.missing(evidence.SourceAudit, "answer to the request that creates the object"))
		return s
	}
	s.Time = micro(r.AnsweredAt())
	s.Effect = sentences(fmt.Sprintf("the %s was answered at %s with %d: %s", r.Verb, clock(r.AnsweredAt()), r.Code, bodyText(r)))
	s.Evidence = append(s.Evidence, auditEvidence(r, "the answer to the request", bodyDetails(r)...))
	if f.refused || f.dryRun {
		return s
	}
	read := f.runningRead()
	if read == nil {
		s.Effect += " " + sentence(f.noRead())
		return s
	}
	s.Input = "the request, and a " + read.Verb + " by the same client"
	s.Time = micro(read.AnsweredAt())
	if read.Open() {
		s.Time = nil
	}
	s.Effect += " " + sentence(f.readText(read))
	s.Evidence = append(s.Evidence, auditEvidence(read, "the answer to the read that followed", bodyDetails(read)...))
	return s
}

// bodyText says in one line what the response held.
func bodyText(r *assemble.Request) string {
	if r.Refused() {
		return cmp.Or(r.Reason, "no reason recorded") + ": " + cmp.Or(clip(r.Message, maxLine), "no message recorded")
	}
	o := decode(r.ResponseObject)
	switch {
	case o == nil:
		return "audit level " + r.Level + " keeps no body"
	case o.isStatus():
		return "a Status without the object"
	case o.Metadata.Name == "":
		return "a " + orNone(o.Kind)
	}
	return fmt.Sprintf("%s %s at resourceVersion %s, phase %s, node %s", o.Kind, o.Metadata.Name,
		orNone(o.Metadata.ResourceVersion), orNone(o.Status.Phase), orNone(o.Spec.NodeName))
}

func bodyDetails(r *assemble.Request) []string {
	if len(r.ResponseObject) == 0 {
		return []string{"body not available: audit level " + r.Level + " keeps none"}
	}
	return []string{"body: " + clip(string(r.ResponseObject), maxLine)}
}

// runningRead finds the read by the same client that returned the pod in the
// state that was confirmed: a get, or a watch that was open when it came.
func (f *facts) runningRead() *assemble.Request {
	if f.confirm == nil {
		return nil
	}
	// The answer of a get says what the client saw; that of a watch is not kept.
	for _, isProof := range []func(*assemble.Request) bool{f.returnedRunning, f.followedRunning} {
		for _, r := range f.requests {
			if r.Reads() && r.Succeeded() && r.SameClient(f.create) && isProof(r) {
				return r
			}
		}
	}
	return nil
}

// returnedRunning is true for a read after the create whose recorded answer is
// the pod as it runs.
func (f *facts) returnedRunning(r *assemble.Request) bool {
	o := decode(r.ResponseObject)
	if o == nil || o.Metadata.Name == "" || r.ReceivedAt.Before(f.create.ReceivedAt) {
		return false
	}
	return o.Status.Phase == f.confirm.state.phase || o.Status.Phase == f.now().phase && f.now().ran()
}

// followedRunning is true for a read whose answer is not recorded, but that was
// open when the pod was first reported as running, or came after it.
func (f *facts) followedRunning(r *assemble.Request) bool {
	if o := decode(r.ResponseObject); o != nil && o.Metadata.Name != "" {
		return false
	}
	// A client may begin to watch before it creates the object.
	if r.Verb != "watch" && r.ReceivedAt.Before(f.create.ReceivedAt) {
		return false
	}
	confirmed, _ := f.confirm.seenAt()
	return r.Open() || !confirmed.IsZero() && r.StageAt.After(confirmed)
}

// readText says what a read returned, and what the audit log does not keep of it.
func (f *facts) readText(r *assemble.Request) string {
	answer := fmt.Sprintf("the %s by the same client was answered at %s with %d", r.Verb, clock(r.AnsweredAt()), r.Code)
	const unseen = "an audit log does not keep what a watch delivers"
	switch o := decode(r.ResponseObject); {
	case o != nil && o.Metadata.Name != "":
		return answer + ": " + bodyText(r)
	case r.Open():
		return fmt.Sprintf("%s and is still open, so revision %d reached the client; %s, nor when", answer, f.confirm.number, unseen)
	case r.Verb == "watch":
		return fmt.Sprintf("the watch by the same client ended at %s, after revision %d was written; %s",
			clock(r.AnsweredAt()), f.confirm.number, unseen)
	}
	return fmt.Sprintf("%s: %s, and revision %d was written before", answer, bodyText(r), f.confirm.number)
}

func (f *facts) noRead() string {
	if f.last == nil {
		return "not available: whether a read returned the running pod, because no source has a revision of it"
	}
	if f.confirm == nil {
		return "the pod was not running, so no read could return it as running"
	}
	return "not available: no read of the running pod by the same client was recorded"
}

// stepShow is step 8: the client shows the answer.
func (f *facts) stepShow() *v1alpha1.WalkthroughStep {
	s := &v1alpha1.WalkthroughStep{Step: 8, Component: f.clientComponent(), Action: "shows the answer", Input: "the response"}
	shown := slices.DeleteFunc(slices.Clone(f.clients), func(e *evidence.Entry) bool { return e.Client.Line == "" })
	if len(shown) > 0 {
		for _, e := range shown {
			s.Effect += fmt.Sprintf("The client printed: %s\n", clip(e.Client.Line, maxLine))
			s.Evidence = append(s.Evidence, printedEvidence(e))
			s.Time = micro(e.Client.AnsweredAt)
		}
		s.Effect = strings.TrimSuffix(s.Effect, "\n")
		return s
	}
	r := f.create
	switch {
	case r == nil || !r.Answered:
		s.Effect = sentences(f.missing(evidence.SourceClient, "line that the client printed"),
			f.missing(evidence.SourceAudit, "answer to derive it from"))
	case r.IsProgram():
		s.Action = "takes note of the answer"
		s.Effect = sentence(fmt.Sprintf("%s is a program and prints nothing to a person; it got the answer %d", r.Actor(), r.Code))
		s.Evidence = []v1alpha1.Evidence{auditEvidence(r, "the answer that the client got")}
	default:
		s.Effect = "kubectl would print: " + f.kubectlLine() + "\n(Derived from the recorded answer, not observed: " +
			f.missing(evidence.SourceClient, "line that the client printed") + ".)"
		s.Evidence = []v1alpha1.Evidence{auditEvidence(r, "the recorded answer that the line is derived from")}
	}
	return s
}

func printedEvidence(e *evidence.Entry) v1alpha1.Evidence {
	ev := clientEvidence(e, "the client printed its line after the answer, by its own clock", e.Client.AnsweredAt)
	ev.Code = e.Client.Code
	ev.Details = bounded([]string{"printed: " + e.Client.Line})
	return ev
}

// kubectlLine is what kubectl prints for the recorded answer
// (k8s.io/kubectl/pkg/cmd/util.StandardErrorMessage for a refused request).
func (f *facts) kubectlLine() string {
	r := f.create
	if r.Refused() {
		return refusedLine(r, f.rules.Kind)
	}
	kind := strings.ToLower(f.kind())
	if group := f.record.Subject.Group; group != "" {
		kind += "." + group
	}
	done := " created"
	if r.Verb == "patch" {
		// Of all patches only a server-side apply creates.
		done = " serverside-applied"
	}
	return kind + "/" + cmp.Or(f.record.Subject.Name, f.create.Object.Name, "(name not recorded)") + done + dryRunText(r)
}

// dryRunText is what kubectl adds to the line of a server-side dry run.
func dryRunText(r *assemble.Request) string {
	if r.DryRun() {
		return " (server dry run)"
	}
	return ""
}

func refusedLine(r *assemble.Request, kind string) string {
	if _, cause, found := strings.Cut(r.Message, " is invalid: "); r.Reason == "Invalid" && found {
		return clip(fmt.Sprintf("The %s %q is invalid: %s", kind, r.Object.Name, cause), maxLine)
	}
	if r.Reason == "Unauthorized" {
		return clip("error: You must be logged in to the server ("+r.Message+")", maxLine)
	}
	if r.Reason == "" {
		return clip("Error from server: "+r.Message, maxLine)
	}
	return clip(fmt.Sprintf("Error from server (%s): %s", r.Reason, r.Message), maxLine)
}

// kind of the object as the answer names it, else as the rules of its resource do.
func (f *facts) kind() string {
	if f.create != nil {
		if o := decode(f.create.ResponseObject); o != nil && !o.isStatus() && o.Kind != "" {
			return o.Kind
		}
	}
	return cmp.Or(f.rules.Kind, strings.TrimSuffix(f.record.Subject.Resource, "s"))
}
