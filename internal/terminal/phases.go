// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// phase is what a phase looks like: a letter that says what the colour says.
type phase struct {
	name, letter string
	// color is a parameter of SGR: one of the terminal's own colours.
	color string
}

// phases are in the order in which they are counted.
var phases = []phase{
	{overview.PhaseRunning, "R", "32"}, {overview.PhaseStarting, "S", "36"}, {overview.PhaseNotReady, "N", "33"},
	{overview.PhasePending, "P", "33"}, {overview.PhaseUnschedulable, "U", "31"}, {overview.PhaseGated, "G", "35"},
	{overview.PhaseSucceeded, "C", "34"}, {overview.PhaseFailed, "F", "31"}, {overview.PhaseTerminating, "T", "35"},
}

func (p phase) paint(theme look.Theme, s string) string {
	if !theme.Colors() {
		return s
	}
	return "\x1b[" + p.color + "m" + s + "\x1b[m"
}

// phaseWords are counts of phases in words, each after its letter, without those
// that no pod is in.
func phaseWords(theme look.Theme, counts map[string]int) string {
	var parts []string
	for _, p := range phases {
		if n := counts[p.name]; n > 0 {
			parts = append(parts, p.paint(theme, fmt.Sprintf("%s %d %s", p.letter, n, p.name)))
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
			parts = append(parts, p.paint(theme, fmt.Sprintf("%d%s", n, p.letter)))
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
	return phase{name: name, letter: "?", color: "39"}
}
