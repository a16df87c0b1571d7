// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/convert"
)

// maxNamed is how many objects of one group are named; what is said holds for all.
const maxNamed = 3

// effectTitles are how the effects of differences are called for people.
var effectTitles = map[convert.Effect]string{
	convert.EffectUnknown:   "unknown field",
	convert.EffectPlacement: "changes where it may run",
	convert.EffectLifecycle: "changes how it lives",
	convert.EffectNone:      "no effect",
}

// Conversion says what became of objects, and in what they differ from the
// simulated ones. Objects of which the same is said are a group.
func Conversion(w io.Writer, results []convert.Result) error {
	p := new(newPrinter(w, Options{Width: Unwrapped}))
	for _, group := range groupBy(results, becomes) {
		p.line(namesOf(group) + " " + becomes(group[0])[0])
		for _, said := range becomes(group[0])[1:] {
			p.line("  " + said)
		}
	}
	return p.err
}

// groupBy returns groups of results of which the same is said, in their order.
func groupBy(results []convert.Result, say func(convert.Result) []string) [][]convert.Result {
	var groups [][]convert.Result
	index := map[string]int{}
	for _, r := range results {
		if r.Err != nil { // said as errors are
			continue
		}
		key := strings.Join(say(r), "\n")
		if i, ok := index[key]; ok {
			groups[i] = append(groups[i], r)
			continue
		}
		index[key] = len(groups)
		groups = append(groups, []convert.Result{r})
	}
	return groups
}

func namesOf(group []convert.Result) string {
	var names []string
	for _, r := range group[:min(len(group), maxNamed)] {
		names = append(names, convert.Name(r.Original))
	}
	out := strings.Join(names, ", ")
	if more := len(group) - len(names); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

// becomes says what became of an object, then a line for each thing in which it
// differs; what has no effect is in one line.
func becomes(r convert.Result) []string {
	switch {
	case r.Skipped != "":
		return []string{"left out: " + r.Skipped}
	case len(r.Objects) == 0:
		return []string{"becomes no pod"}
	}
	kind := r.Objects[0].GetObjectKind().GroupVersionKind().Kind
	lines := []string{"becomes a " + kind}
	if n := len(r.Objects); n > 1 {
		lines[0] = fmt.Sprintf("becomes %d %ss", n, kind)
	}
	if kind == r.Original.GetKind() {
		lines[0] = "is kept as it is"
	}
	for _, effect := range convert.Effects {
		var bare []string
		for _, d := range r.Differences {
			switch {
			case d.Effect != effect:
			case effect == convert.EffectNone && d.Why == "":
				bare = append(bare, d.Field)
			case d.LeftOut:
				lines = append(lines, fmt.Sprintf("%s: %s is left out: %s", effectTitles[effect], d.Field, d.Why))
			default:
				lines = append(lines, fmt.Sprintf("%s: %s: %s", effectTitles[effect], d.Field, d.Why))
			}
		}
		if len(bare) > 0 {
			slices.Sort(bare)
			lines = append(lines, fmt.Sprintf("%s: left out: %s", effectTitles[effect], strings.Join(bare, ", ")))
		}
	}
	return lines
}
