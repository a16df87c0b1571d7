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
	// PreEnqueue is why the pod is not tried at all; nil where it is.
	PreEnqueue *Verdict
	// PreFilter is the rejection for all nodes; nil where there is none.
	PreFilter *Verdict
	// Filters holds what each filter plugin says of each node, by node and plugin.
	// Success is left out.
	Filters map[string]map[string]Verdict
	// Scores holds what each score plugin gives each node that fits (each node at
	// all where fewer than two fit), by node and plugin. Zero is left out.
	Scores map[string]map[string]Score
	// Best are the nodes of the highest total score, sorted; the only feasible
	// node where there is one. Nodes that others wait for are not left out.
	Best []string
	// Fit is how many nodes the scheduling cycle found.
	Fit int
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
	// Failed is true where a filter failed on the way. What the condition says of
	// that depends on which node was first, and is left out of Message.
	Failed bool
}

// preemptionFailed is true where no room can be made because a filter failed.
func (r *Report) preemptionFailed() bool { return len(r.Preemption) == 1 && r.Preemption[0].Failed }

func (p Preemption) String() string {
	if p.Failed {
		return "failed"
	}
	return fmt.Sprintf("%s without %s", p.Node, strings.Join(p.Victims, " "))
}

// message is what Evaluator.Preempt of kube-scheduler adds to the pod's condition.
func (p Preemption) message() string {
	return fmt.Sprintf("preemption: found a potential placement for pod on node %v, preempting %d victims", p.Node, len(p.Victims))
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
	ByKind map[string]Coverage
}

// Coverage counts what was compared of one kind.
type Coverage struct {
	Compared int
	// Telling are those where the real plugin objects, or gives a score.
	Telling int
}

// quiet are the answers of a plugin that has nothing to say.
var quiet = map[string]bool{"Success": true, describe(Score{}): true, noPreemption: true}

func (c *Comparison) check(kind, node, real, ours string) {
	c.Compared++
	coverage := c.ByKind[kind]
	coverage.Compared++
	if !quiet[real] {
		coverage.Telling++
	}
	c.ByKind[kind] = coverage
	if real != ours {
		c.Disagreements = append(c.Disagreements, Disagreement{Kind: kind, Node: node, Real: real, Ours: ours})
	}
}

// Compare compares what two schedulers say of the nodes, plugin by plugin.
func Compare(real, ours *Report, nodes, filters, scores []string) *Comparison {
	c := &Comparison{ByKind: make(map[string]Coverage)}
	c.check("PreEnqueue", "", describePre(real.PreEnqueue), describePre(ours.PreEnqueue))
	c.check("PreFilter", "", describePre(real.PreFilter), describePre(ours.PreFilter))
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
	real.alignTo(ours)
	c.check("Outcome", "", describeOutcome(real), describeOutcome(ours))
	c.checkChosen(real, ours)
	if strings.Contains(real.Message+ours.Message, "preemption:") {
		c.check("Preemption", "", describePreemption(real), describePreemption(ours))
	}
	return c
}

// checkChosen asks whether the node that we took is one of the best of the real ones.
func (c *Comparison) checkChosen(real, ours *Report) {
	if ours.Chosen == "" || !slices.Contains(real.Best, real.Chosen) {
		return // the best node waits for another pod
	}
	chosen := ours.Chosen
	if slices.Contains(real.Best, chosen) {
		chosen = real.Best[0]
	}
	c.check("Chosen", "", real.Best[0], chosen)
}

// noPreemption says that deleting pods does not help.
const noPreemption = "none"

// alignTo makes the choice of the other the one that counts, where it is one of
// several that are equally good.
func (r *Report) alignTo(other *Report) {
	if len(other.Preemption) == 0 {
		return
	}
	i := slices.IndexFunc(r.Preemption, func(p Preemption) bool { return p.String() == other.Preemption[0].String() })
	if i > 0 {
		r.Message = strings.Replace(r.Message, r.Preemption[0].message(), r.Preemption[i].message(), 1)
		r.Preemption[0], r.Preemption[i] = r.Preemption[i], r.Preemption[0]
	}
}

func describePreemption(r *Report) string {
	if len(r.Preemption) == 0 {
		return noPreemption
	}
	return r.Preemption[0].String()
}

func describePre(v *Verdict) string {
	if v == nil {
		return "Success"
	}
	return v.String()
}

func describeFilter(r *Report, node, plugin string) string {
	if v, ok := r.Filters[node][plugin]; ok {
		return v.String()
	}
	return "Success"
}

func describeScore(r *Report, node, plugin string) string {
	return describe(r.Scores[node][plugin])
}

func describe(s Score) string { return fmt.Sprintf("raw %d, normalized %d", s.Raw, s.Normalized) }

func describeOutcome(r *Report) string {
	switch {
	case r.Error:
		return "error"
	case r.Message != "":
		return r.Message
	}
	return fmt.Sprintf("%d fit, best: %s", r.Fit, strings.Join(r.Best, " "))
}

// merge adds the counts and findings of another comparison.
func (c *Comparison) merge(other *Comparison) {
	c.Compared += other.Compared
	c.Disagreements = append(c.Disagreements, other.Disagreements...)
	for kind, n := range other.ByKind {
		sum := c.ByKind[kind]
		c.ByKind[kind] = Coverage{Compared: sum.Compared + n.Compared, Telling: sum.Telling + n.Telling}
	}
}

// Table lists how many verdicts of each kind were compared, and how many of
// them were objections or scores.
func (c *Comparison) Table() string {
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(c.ByKind)) {
		n := c.ByKind[kind]
		fmt.Fprintf(&b, "  %-40s %8d, of which %8d telling\n", kind, n.Compared, n.Telling)
	}
	return b.String()
}
