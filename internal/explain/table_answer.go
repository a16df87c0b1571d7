// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
	"github.com/glassplane/glassplane/internal/followed"
)

// tellAnswer tells step 7: the API server answers the request, and the read that
// returns the running pod.
func tellAnswer(tale *story.Story, step story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "answers the client", Input: "the request"}
	if len(step.Requests) == 0 {
		s.Effect = prose.Sentence(tale.Missing(evidence.SourceAudit, "answer to the request"+whichRequest(tale)))
		return s
	}
	r := step.Requests[0]
	s.Effect = prose.Sentences(fmt.Sprintf("the %s was answered at %s with %d: %s", r.Verb, prose.Clock(r.AnsweredAt()), r.Code, bodyText(r)))
	s.Evidence = append(s.Evidence, auditEvidence(r, "the answer to the request", bodyDetails(r)...))
	s.Evidence = append(s.Evidence, spanEvidence(tale, 7)...)
	if tale.NothingStored() || !tale.OfPod() {
		return s
	}
	if len(step.Requests) == 1 {
		s.Effect += " " + prose.Sentence(noRead(tale))
		return s
	}
	read := step.Requests[1]
	s.Input = "the request, and a " + read.Verb + " by the same client"
	s.Effect += " " + prose.Sentence(readText(tale, read))
	s.Evidence = append(s.Evidence, auditEvidence(read, "the answer to the read that followed", bodyDetails(read)...))
	return s
}

func whichRequest(tale *story.Story) string {
	if tale.OfLife() {
		return " that creates the object"
	}
	return ""
}

// bodyText says in one line what the response held.
func bodyText(r *assemble.Request) string {
	if r.Refused() {
		return cmp.Or(r.Reason, "no reason recorded") + ": " + cmp.Or(prose.Clip(r.Message, prose.MaxLine), "no message recorded")
	}
	o := timeline.Decode(r.ResponseObject)
	switch {
	case o == nil:
		return "audit level " + r.Level + " keeps no body"
	case o.IsStatus():
		return "a Status without the object"
	case o.Metadata.Name == "":
		return "a " + prose.OrNone(o.Kind)
	}
	text := fmt.Sprintf("%s %s at resourceVersion %s", o.Kind, o.Metadata.Name, prose.OrNone(o.Metadata.ResourceVersion))
	resource, _ := followed.ByName(o.Kind)
	switch {
	case o.Spec.Replicas != nil:
		return fmt.Sprintf("%s, replicas %d", text, *o.Spec.Replicas)
	case resource.Role == followed.Set:
		return text
	}
	return fmt.Sprintf("%s, phase %s, node %s", text, prose.OrNone(o.Status.Phase), prose.OrNone(o.Spec.NodeName))
}

func bodyDetails(r *assemble.Request) []string {
	if len(r.ResponseObject) == 0 {
		return []string{"body not available: audit level " + r.Level + " keeps none"}
	}
	return []string{"body: " + prose.Clip(string(r.ResponseObject), prose.MaxLine)}
}

// readText says what a read returned, and what the audit log does not keep of it.
func readText(tale *story.Story, r *assemble.Request) string {
	answer := fmt.Sprintf("the %s by the same client was answered at %s with %d", r.Verb, prose.Clock(r.AnsweredAt()), r.Code)
	const unseen = "an audit log does not keep what a watch delivers"
	switch o := timeline.Decode(r.ResponseObject); {
	case o != nil && o.Metadata.Name != "":
		return answer + ": " + bodyText(r)
	case r.Open():
		return fmt.Sprintf("%s and is still open, so revision %d reached the client; %s, nor when", answer, tale.Confirm.Number, unseen)
	case r.Verb == "watch":
		return fmt.Sprintf("the watch by the same client ended at %s, after revision %d was written; %s",
			prose.Clock(r.AnsweredAt()), tale.Confirm.Number, unseen)
	}
	return fmt.Sprintf("%s: %s, and revision %d was written before", answer, bodyText(r), tale.Confirm.Number)
}

func noRead(tale *story.Story) string {
	if tale.Last() == nil {
		return "not available: whether a read returned the running pod, because no source has a revision of it"
	}
	if tale.Confirm == nil {
		return "the pod was not running, so no read could return it as running"
	}
	return "not available: no read of the running pod by the same client was recorded"
}
