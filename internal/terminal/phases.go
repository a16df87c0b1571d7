// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// phase is what a phase looks like: a letter that says more than the colour.
type phase struct {
	name, letter string
	ink          look.Ink
}

// phases are in the order in which they are counted.
var phases = []phase{
	{overview.PhaseRunning, "R", look.Good}, {overview.PhaseStarting, "S", look.Good}, {overview.PhaseNotReady, "N", look.Waiting},
	{overview.PhasePending, "P", look.Waiting}, {overview.PhaseUnschedulable, "U", look.Bad}, {overview.PhaseGated, "G", look.Waiting},
	{overview.PhaseSucceeded, "C", look.Good}, {overview.PhaseFailed, "F", look.Bad}, {overview.PhaseTerminating, "T", look.Waiting},
}

// phaseWords are counts of phases in words, each after its letter, without those
// that no pod is in.
func phaseWords(theme look.Theme, counts map[string]int) string {
	var parts []string
	for _, p := range phases {
		if n := counts[p.name]; n > 0 {
			parts = append(parts, theme.Write(p.ink, fmt.Sprintf("%s %d %s", p.letter, n, p.name)))
		}
	}
	if len(parts) == 0 {
		return quiet("no pods")
	}
	return strings.Join(parts, quiet(" · "))
}

// phaseLetters are counts of phases in as little room as there is, such as 12R 1P.
func phaseLetters(theme look.Theme, counts map[string]int) string {
	var parts []string
	for _, p := range phases {
		if n := counts[p.name]; n > 0 {
			parts = append(parts, theme.Write(p.ink, fmt.Sprintf("%d%s", n, p.letter)))
		}
	}
	return strings.Join(parts, " ")
}

func phaseOf(name string) phase {
	for _, p := range phases {
		if p.name == name {
			return p
		}
	}
	return phase{name: name, letter: "?", ink: look.Waiting}
}
