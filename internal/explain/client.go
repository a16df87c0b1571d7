// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
)

// AddClient adds to a trace what only the client knows: when it sent the request
// and had the answer by its own clock, the object as it sent it, and the line that
// it printed. A client says several things of one run, such as of its create and
// of the watch that showed the pod running: each is added in turn.
func AddClient(t Trace, c evidence.Client) Trace {
	steps := slices.Clone(t.Steps)
	for i := range steps {
		steps[i].Evidence = slices.Clone(steps[i].Evidence)
	}
	t.Steps = steps
	if c.AuditID == t.AuditID {
		if s := t.Step(1); s != nil {
			addSent(s, c)
		}
		if s := t.Step(2); s != nil && c.Object != nil && c.Answer != nil {
			addDefaults(s, c)
		}
	}
	if s := t.Step(8); s != nil && c.Line != "" {
		addPrinted(&t, s, c)
	}
	t.Sources = addSource(t.Sources)
	t.Transcript = retold(t.Transcript, t.Steps)
	return t
}

func addSent(s *v1alpha1.WalkthroughStep, c evidence.Client) {
	if s.Time == nil {
		s.Time = prose.Micro(c.SentAt)
	}
	s.Evidence = append(s.Evidence, sentEvidence(c))
}

func sentEvidence(c evidence.Client) v1alpha1.Evidence {
	return clientEvidence(c, "the client sent the request, by its own clock", c.SentAt)
}

// decodedOnly is said where the audit log has the object with the defaults of its
// schema already in it.
const decodedOnly = "Not available: which defaults of the schema were added, because the audit log keeps the object as decoded, with its defaults."

var addedSentence = regexp.MustCompile(`(Nothing was added to the object|\d+ fields? (?:was|were) added or changed, such as \S+)\.( |$)`)

// addDefaults compares the object as the client sent it with the one it got back.
func addDefaults(s *v1alpha1.WalkthroughStep, c evidence.Client) {
	lines, effect, ok := added(c.Object, c.Answer)
	if !ok {
		return
	}
	text := strings.ReplaceAll(strings.ReplaceAll(s.Effect, decodedOnly+" ", ""), " "+decodedOnly, "")
	if place := addedSentence.FindStringIndex(text); place != nil {
		text = text[:place[0]] + strings.TrimSpace(prose.Sentence(effect)+" "+text[place[1]:])
	} else {
		text += " " + prose.Sentence(effect)
	}
	s.Effect = prose.Clip(text, prose.MaxEffect)
	s.Evidence = append(s.Evidence, v1alpha1.Evidence{
		Source: string(evidence.SourceClient), Time: prose.Micro(c.AnsweredAt), AuditID: c.AuditID, Code: c.Code,
		Summary: "the client compared the object that it sent with the one it got back", Details: bounded(lines),
	})
}

func addPrinted(t *Trace, s *v1alpha1.WalkthroughStep, c evidence.Client) {
	said := fmt.Sprintf("The client printed: %s", prose.Clip(c.Line, prose.MaxLine))
	if t.Printed == nil || !t.Printed.Observed {
		// What was derived gives way to what the client says.
		t.Printed = &PrintedLine{Line: c.Line, Observed: true}
		s.Effect, s.Evidence = said, nil
	} else {
		t.Printed = &PrintedLine{Line: t.Printed.Line + "\n" + c.Line, Observed: true}
		s.Effect += "\n" + said
	}
	t.Printed.Line = prose.Clip(t.Printed.Line, maxPrinted)
	s.Action = "shows the answer"
	s.Effect = prose.Clip(s.Effect, prose.MaxEffect)
	s.Time = prose.Micro(c.AnsweredAt)
	s.Evidence = append(s.Evidence, printedEvidence(c))
}

// addSource counts the client among the sources.
func addSource(sources []v1alpha1.EvidenceSource) []v1alpha1.EvidenceSource {
	sources = slices.Clone(sources)
	i := slices.IndexFunc(sources, func(s v1alpha1.EvidenceSource) bool { return s.Name == string(evidence.SourceClient) })
	if i < 0 {
		sources, i = append(sources, v1alpha1.EvidenceSource{Name: string(evidence.SourceClient)}), len(sources)
	}
	sources[i].Available, sources[i].Reason = true, ""
	sources[i].Entries++
	return sources
}

// retold puts the steps as they are now into a transcript, which has a paragraph
// for each between its opening and its close.
func retold(transcript string, steps []v1alpha1.WalkthroughStep) string {
	paragraphs := strings.Split(transcript, "\n\n")
	if len(paragraphs) != len(steps)+2 {
		return transcript
	}
	for i, s := range steps {
		paragraphs[i+1] = paragraph(s)
	}
	return strings.Join(paragraphs, "\n\n")
}
