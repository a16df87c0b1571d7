// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// spanEvidence is what the servers measured of the request in a step.
func spanEvidence(tale *story.Story, step int32) []v1alpha1.Evidence {
	if tale.Handled == nil {
		return nil
	}
	var all []v1alpha1.Evidence
	for i := range tale.Handled.Parts {
		p := &tale.Handled.Parts[i]
		if p.Step != step {
			continue
		}
		who := "the API server"
		if p.Server == component.Etcd {
			who = "etcd"
		}
		all = append(all, v1alpha1.Evidence{
			Source: string(evidence.SourceSpan), Time: prose.Micro(p.Begin), AuditID: tale.Handled.AuditID,
			Summary: prose.Clip(fmt.Sprintf("%s took %s: %s %s", p.Label, prose.Span(p.Duration()), who, p.Text), prose.MaxLine),
			Details: bounded(p.Details),
		})
	}
	return all
}

// unmeasured says why there are no spans; empty where the record knows no such
// source.
func unmeasured(tale *story.Story) string {
	state, named := tale.Source(evidence.SourceSpan)
	if !named {
		return ""
	}
	text := tale.Missing(evidence.SourceSpan, "span of the request, so how long each part took is not known")
	if state.Available && state.Reason != "" {
		text += " (" + prose.Clip(state.Reason, prose.MaxLine) + ")"
	}
	return text
}

// doing names what is done in a phase, for prose.
var doing = map[handling.Phase]string{
	handling.Authenticate: "authentication",
	handling.Authorize:    "authorization",
	handling.Decode:       "decoding",
	handling.Patch:        "patching",
	handling.Admit:        "admission with defaults and validation",
}

// tookText says how long phases took by what the servers measured; empty where
// none was.
func tookText(tale *story.Story, phases ...handling.Phase) string {
	var took []string
	for _, phase := range phases {
		if d, ok := tale.Handled.Took(phase); ok {
			took = append(took, doing[phase]+" took "+prose.Span(d))
		}
	}
	if webhooks, ok := tale.Handled.Took(handling.Webhook); ok {
		took = append(took, "of which webhooks "+prose.Span(webhooks))
	}
	if len(took) == 0 {
		return ""
	}
	return "by the servers' spans, " + strings.Join(took, ", ")
}

// writtenIn says when and for how long the request was written to etcd; empty
// where no span has it, or where the revision was not seen to follow from it.
func writtenIn(tale *story.Story, seen time.Time) string {
	call := tale.Handled.Write()
	if call == nil || seen.IsZero() || call.SentAt.After(seen) {
		return ""
	}
	text := fmt.Sprintf("by the servers' spans, the API server sent the transaction at %s and had etcd's answer after %s",
		prose.Clock(call.SentAt), prose.Span(call.ReturnedAt.Sub(call.SentAt)))
	if !call.AnsweredAt.IsZero() {
		text += ", of which etcd took " + prose.Span(call.AnsweredAt.Sub(call.ReceivedAt))
	}
	if seen.Before(call.ReturnedAt) {
		text += "; a watch had delivered the revision by " + prose.Clock(seen) + ", before that answer was read"
	}
	return text
}
