// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

// ungatedText says how long scheduling gates held the pod back; empty where none
// did.
func ungatedText(tale *story.Story) string {
	r := tale.Ungated()
	if r == nil {
		return ""
	}
	what := "the scheduling gates "
	if len(r.Gates) == 1 {
		what = "the scheduling gate "
	}
	return what + releaseText(r, "held the pod back")
}

// startUngatedText says how long a start gate held the pod back; empty where none
// did.
func startUngatedText(tale *story.Story) string {
	r := tale.StartUngated()
	if r == nil {
		return ""
	}
	return "the start gate " + releaseText(r, "kept the kubelet from accepting the pod")
}

func releaseText(r *story.Release, what string) string {
	by := r.By.Writer()
	if by == "" {
		by = "somebody whom no source names"
	}
	text := fmt.Sprintf("%s %s until revision %d, with which %s took it off", prose.Clip(strings.Join(r.Gates, ", "), prose.MaxValue), what, r.By.Number, by)
	since, _ := r.Since.SeenAt()
	until, _ := r.By.SeenAt()
	if !since.IsZero() && until.After(since) {
		text += fmt.Sprintf(", %s after revision %d", prose.Span(until.Sub(since)), r.Since.Number)
	}
	return text
}
