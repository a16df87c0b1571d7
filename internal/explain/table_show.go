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
)

// tellShow tells step 8: the client shows the answer.
func tellShow(tale *story.Story, _ story.Step) v1alpha1.WalkthroughStep {
	s := v1alpha1.WalkthroughStep{Action: "shows the answer", Input: "the response"}
	if shown := tale.Printed(); len(shown) > 0 {
		for _, e := range shown {
			s.Effect += fmt.Sprintf("The client printed: %s\n", prose.Clip(e.Client.Line, prose.MaxLine))
			s.Evidence = append(s.Evidence, printedEvidence(*e.Client))
		}
		s.Effect = strings.TrimSuffix(s.Effect, "\n")
		return s
	}
	switch r := tale.Asked; {
	case r == nil || !r.Answered:
		s.Effect = prose.Sentences(tale.Missing(evidence.SourceClient, "line that the client printed"),
			tale.Missing(evidence.SourceAudit, "answer to derive it from"))
	case r.IsProgram():
		s.Action = "takes note of the answer"
		s.Effect = prose.Sentence(fmt.Sprintf("%s is a program and prints nothing to a person; it got the answer %d", r.Actor(), r.Code))
		s.Evidence = []v1alpha1.Evidence{auditEvidence(r, "the answer that the client got")}
	default:
		s.Effect = derivedText(tale)
		s.Evidence = []v1alpha1.Evidence{auditEvidence(r, "the recorded answer that the line is derived from")}
	}
	return s
}

// derivedText is the line that kubectl would print, said to be derived.
func derivedText(tale *story.Story) string {
	line, why := kubectlLine(tale)
	if why != "" {
		return prose.Sentence("not available: what the client showed: " + why)
	}
	return "kubectl would print: " + line + "\n(Derived from the recorded answer, not observed: " +
		tale.Missing(evidence.SourceClient, "line that the client printed") + fileNote(tale.Asked) + ".)"
}

func printedEvidence(c evidence.Client) v1alpha1.Evidence {
	e := clientEvidence(c, "the client printed its line after the answer, by its own clock", c.AnsweredAt)
	e.Code = c.Code
	e.Details = bounded([]string{"printed: " + c.Line})
	return e
}
