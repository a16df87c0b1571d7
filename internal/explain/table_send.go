// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
	"github.com/glassplane/glassplane/internal/explain/timeline"
)

// tellSend tells step 1: the client sends the request.
func tellSend(tale *story.Story, _ story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "sends the request", Input: requestText(tale) + ownerText(tale)}
	for _, e := range tale.SentByClient() {
		s.Evidence = append(s.Evidence, sentEvidence(*e.Client))
	}
	r := tale.Asked
	if r == nil {
		s.Effect = prose.Sentence(tale.Missing(evidence.SourceAudit, "request that creates the object"))
		s.Evidence = append(s.Evidence, createdByFields(tale)...)
		return s
	}
	s.Effect = prose.Sentences(fmt.Sprintf("the API server received it from user %s with user agent %s, as %s of %s, and gave it the audit ID %s",
		cmp.Or(r.User, "(none)"), cmp.Or(r.UserAgent, "(none)"), r.Verb, r.URI, r.AuditID), managerOf(tale))
	received := receivedEvidence(r, "the API server received the request", addresses(r)...)
	s.Evidence = append([]v1alpha1.Evidence{received}, s.Evidence...)
	return s
}

// requestText is what the request asks for, in kubectl's words for the object.
func requestText(tale *story.Story) string {
	r := tale.Asked
	switch {
	case r == nil:
		return "create " + subject(tale)
	case r.Subresource != "":
		return r.Verb + " " + r.Subresource + " of " + subject(tale)
	case tale.Kind == story.Apply:
		return r.Verb + " (server-side apply) " + subject(tale)
	}
	return r.Verb + " " + subject(tale)
}

// managerOf names the manager of fields that the client chose; empty where it is
// what its program writes as anyway.
func managerOf(tale *story.Story) string {
	if name := tale.Asked.FieldManager(); name != "" && tale.Kind == story.Apply {
		return "it writes as the field manager " + name
	}
	return ""
}

// ownerText says for which object a controller made the pod.
func ownerText(tale *story.Story) string {
	for _, o := range []*timeline.Object{tale.FirstObject(), requestObject(tale)} {
		if o == nil {
			continue
		}
		if owner := o.Controller(); owner != nil {
			return " for " + owner.Kind + " " + owner.Name
		}
	}
	return ""
}

func requestObject(tale *story.Story) *timeline.Object {
	if tale.Asked == nil {
		return nil
	}
	return timeline.Decode(tale.Asked.RequestObject)
}

func addresses(r *assemble.Request) []string {
	if len(r.SourceIPs) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("source IPs: %v", r.SourceIPs)}
}

func clientEvidence(c evidence.Client, summary string, t time.Time) v1alpha1.Evidence {
	return v1alpha1.Evidence{Source: string(evidence.SourceClient), Summary: summary, Time: prose.Micro(t), AuditID: c.AuditID}
}

// createdByFields tells from managedFields who created the object, for where no
// audit log does.
func createdByFields(tale *story.Story) []v1alpha1.Evidence {
	if tale.First == nil || tale.First.Manager == nil {
		return nil
	}
	m := tale.First.Manager
	return []v1alpha1.Evidence{{
		Source: string(tale.First.From), ModRevision: tale.First.Number,
		Summary: prose.Clip("managedFields name the manager of the object's first fields", prose.MaxLine),
		Details: bounded([]string{managerText(m)}),
	}}
}

func managerText(m *timeline.FieldOwner) string {
	text := "managedFields: " + m.Manager + " (" + m.Operation
	if m.Subresource != "" {
		text += " of " + m.Subresource
	}
	return text + ")"
}
