// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Report is all that one scheduler says of a scenario.
type Report struct {
	// PreFilter is the rejection for all nodes; nil where there is none.
	PreFilter *Verdict
	// Filters holds what each filter plugin says of each node, by node and plugin.
	// Success is left out.
	Filters map[string]map[string]Verdict
	// Scores holds what each score plugin gives each node that fits (each node at
	// all where fewer than two fit), by node and plugin. Zero is left out.
	Scores map[string]map[string]Score
	// Best are the nodes of the highest total score, sorted; the only feasible
	// node where there is one.
	Best []string
	// Chosen is the node that the scheduling cycle took.
	Chosen string
	// Message is that of the PodScheduled condition; empty where a node was found.
	Message string
	// Error is true where the cycle failed rather than finding no node.
	Error bool
	// Preemption is how room can be made: the equally good choices.
	Preemption []Preemption
}

// Verdict is what a filter plugin says of a node.
type Verdict struct {
	Code    string
	Reasons []string
	// Plugin that rejected the pod for all nodes; empty in Filters.
	Plugin string
}

// newVerdict sorts the reasons: kube-scheduler iterates over a map of extended
// resources, so that their order means nothing.
func newVerdict(code fmt.Stringer, reasons []string, plugin string) Verdict {
	return Verdict{Code: code.String(), Reasons: slices.Sorted(slices.Values(reasons)), Plugin: plugin}
}

func (v Verdict) String() string {
	text := v.Code
	if v.Plugin != "" {
		text = v.Plugin + " " + text
	}
	if len(v.Reasons) > 0 {
		text += fmt.Sprintf(" %q", v.Reasons)
	}
	return text
}

// Score is what a score plugin gives a node.
type Score struct{ Raw, Normalized int64 }

// Preemption is a node and the pods that are deleted for the pod, sorted.
type Preemption struct {
	Node    string
	Victims []string
}

func (p Preemption) String() string {
	return fmt.Sprintf("%s without %s", p.Node, strings.Join(p.Victims, " "))
}

// Disagreement is one thing on which the schedulers differ.
type Disagreement struct {
	// Kind is the plugin and extension point, or what else differs. Shrinking
	// keeps it.
	Kind string
	// Node is empty where it is not about one node.
	Node string
	// Real and Ours are what kube-scheduler and our scheduler say.
	Real, Ours string
}

func (d Disagreement) String() string {
	where := ""
	if d.Node != "" {
		where = " on node " + d.Node
	}
	return fmt.Sprintf("%s%s:\n  kube-scheduler: %s\n  ours:           %s", d.Kind, where, d.Real, d.Ours)
}

// Comparison is the outcome of comparing two reports.
type Comparison struct {
	// Compared counts verdicts: one for each node and plugin that filters or
	// scores, one for the outcome of the cycle and one for its preemption.
	Compared      int
	Disagreements []Disagreement
	// ByKind counts Compared by kind.
	ByKind map[string]int
}

func (c *Comparison) check(kind, node, real, ours string) {
	c.Compared++
	c.ByKind[kind]++
	if real != ours {
		c.Disagreements = append(c.Disagreements, Disagreement{Kind: kind, Node: node, Real: real, Ours: ours})
	}
}

// Compare compares what two schedulers say of the nodes, plugin by plugin.
func Compare(real, ours *Report, nodes, filters, scores []string) *Comparison {
	c := &Comparison{ByKind: make(map[string]int)}
	c.check("PreFilter", "", describePreFilter(real), describePreFilter(ours))
	if real.PreFilter == nil && ours.PreFilter == nil {
		for _, node := range nodes {
			for _, plugin := range filters {
				c.check(plugin+" Filter", node, describeFilter(real, node, plugin), describeFilter(ours, node, plugin))
			}
		}
		// Scores depend on which nodes fit, so another set is reported by Filter alone.
		for _, node := range nodes {
			for _, plugin := range scores {
				if len(c.Disagreements) == 0 {
					c.check(plugin+" Score", node, describeScore(real, node, plugin), describeScore(ours, node, plugin))
				}
			}
		}
	}
	c.check("Outcome", "", describeOutcome(real), describeOutcome(ours))
	c.checkChosen(real, ours)
	if strings.Contains(real.Message+ours.Message, "preemption:") {
		c.checkPreemption(real, ours)
	}
	return c
}

// checkChosen asks whether the node that we took is one of the best of the real ones.
func (c *Comparison) checkChosen(real, ours *Report) {
	if ours.Chosen == "" || len(real.Best) == 0 {
		return
	}
	chosen := ours.Chosen
	if slices.Contains(real.Best, chosen) {
		chosen = real.Best[0]
	}
	c.check("Chosen", "", real.Best[0], chosen)
}

// checkPreemption accepts each of the real one's equally good choices.
func (c *Comparison) checkPreemption(real, ours *Report) {
	describe := func(list []Preemption) string {
		if len(list) == 0 {
			return "none"
		}
		return list[0].String()
	}
	text := describe(ours.Preemption)
	for _, p := range real.Preemption {
		if p.String() == text {
			c.check("Preemption", "", text, text)
			return
		}
	}
	c.check("Preemption", "", describe(real.Preemption), text)
}

func describePreFilter(r *Report) string {
	if r.PreFilter == nil {
		return "Success"
	}
	return r.PreFilter.String()
}

func describeFilter(r *Report, node, plugin string) string {
	if v, ok := r.Filters[node][plugin]; ok {
		return v.String()
	}
	return "Success"
}

func describeScore(r *Report, node, plugin string) string {
	s := r.Scores[node][plugin]
	return fmt.Sprintf("raw %d, normalized %d", s.Raw, s.Normalized)
}

func describeOutcome(r *Report) string {
	switch {
	case r.Error:
		return "error"
	case r.Message != "":
		return r.Message
	}
	return "best: " + strings.Join(r.Best, " ")
}

// merge adds the counts and findings of another comparison.
func (c *Comparison) merge(other *Comparison) {
	c.Compared += other.Compared
	c.Disagreements = append(c.Disagreements, other.Disagreements...)
	for kind, n := range other.ByKind {
		c.ByKind[kind] += n
	}
}

// Coverage lists how many verdicts of each kind were compared.
func (c *Comparison) Coverage() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(c.ByKind)) {
		fmt.Fprintf(&b, "  %-40s %d\n", kind, c.ByKind[kind])
	}
	return b.String()
}
