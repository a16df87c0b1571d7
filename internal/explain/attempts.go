// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
	"github.com/glassplane/glassplane/internal/explain/story"
)

const (
	// maxAttempts bounds the attempts that are shown, and maxNodes the nodes of each.
	maxAttempts = 8
	maxNodes    = 64
	// maxExamples bounds the nodes that a rejection names.
	maxExamples = 3
)

// attempts are the first one and the latest ones, oldest first.
func attempts(tale *story.Story) []Attempt {
	list := shown(tale.Decisions)
	attempts := make([]Attempt, 0, len(list))
	deciding := tale.DecidedEntry()
	for _, e := range list {
		a := Compact(*e.Decision)
		a.Deciding = e == deciding
		attempts = append(attempts, a)
	}
	return attempts
}

// shown are the first decision and the latest ones.
func shown(decisions []*evidence.Entry) []*evidence.Entry {
	if len(decisions) <= maxAttempts {
		return decisions
	}
	return append([]*evidence.Entry{decisions[0]}, decisions[len(decisions)-maxAttempts+1:]...)
}

// Compact reduces a decision to what is shown of it.
func Compact(d evidence.Decision) Attempt {
	a := Attempt{
		Attempt: d.Attempt, Profile: d.Profile, DecidedAt: prose.Micro(d.DecidedAt),
		NodesTotal: d.NodesTotal, NodesEvaluated: d.NodesEvaluated, NodesFeasible: d.NodesFeasible,
		Node: d.Node, NominatedNode: d.NominatedNode, Message: prose.Clip(d.Message, prose.MaxLine),
		Nodes: d.Nodes[:min(len(d.Nodes), maxNodes)], Rejections: rejections(d),
	}
	a.NodesOmitted = d.NodesOmitted + len(d.Nodes) - len(a.Nodes)
	if !d.PoppedAt.IsZero() && !d.QueuedAt.IsZero() {
		a.QueueTime = &metav1.Duration{Duration: d.PoppedAt.Sub(d.QueuedAt)}
	}
	if d.Bind != nil {
		a.BindError = prose.Clip(d.Bind.Error, prose.MaxLine)
	}
	return a
}

// rejections groups the nodes that did not fit by plugin and reason, the most
// frequent first.
func rejections(d evidence.Decision) []Rejection {
	if d.PreFilter != nil && len(d.PreFilter.Reasons) > 0 {
		return []Rejection{{Plugin: d.PreFilter.Plugin, Reason: strings.Join(d.PreFilter.Reasons, ", "), Nodes: d.NodesTotal}}
	}
	groups := map[[2]string]*Rejection{}
	for _, n := range d.Nodes {
		verdict := failure(n)
		if verdict == nil {
			continue
		}
		for _, reason := range verdict.Reasons {
			key := [2]string{verdict.Plugin, reason}
			if groups[key] == nil {
				groups[key] = &Rejection{Plugin: verdict.Plugin, Reason: reason}
			}
			g := groups[key]
			g.Nodes++
			if len(g.Examples) < maxExamples {
				g.Examples = append(g.Examples, n.Name)
			}
		}
	}
	sorted := slices.SortedFunc(maps.Values(groups), func(a, b *Rejection) int {
		return cmp.Or(cmp.Compare(b.Nodes, a.Nodes), cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.Reason, b.Reason))
	})
	var result []Rejection
	for _, r := range sorted {
		result = append(result, *r)
	}
	return result
}

// failure is the verdict that rejected a node; nil where it is feasible. A
// verdict without reasons is one with an empty reason, so that it is counted.
func failure(n evidence.NodeVerdict) *evidence.PluginVerdict {
	if n.Feasible || len(n.Filters) == 0 {
		return nil
	}
	v := n.Filters[len(n.Filters)-1]
	if len(v.Reasons) == 0 {
		v.Reasons = []string{v.Code}
	}
	return &v
}

// VerdictLine says in one line what the plugins said of a node.
func VerdictLine(n evidence.NodeVerdict) string {
	if v := failure(n); v != nil {
		return fmt.Sprintf("%s: rejected by %s (%s): %s", n.Name, v.Plugin, v.Code, strings.Join(v.Reasons, ", "))
	}
	if !n.Feasible {
		return n.Name + ": not feasible, no verdict recorded"
	}
	line := fmt.Sprintf("%s: feasible, passed %s", n.Name, strings.Join(passed(n), ", "))
	if len(n.Scores) == 0 {
		return line + "; not scored"
	}
	return fmt.Sprintf("%s; rank %d with %d points: %s", line, n.Rank, n.Total, scoresText(n))
}

func passed(n evidence.NodeVerdict) []string {
	names := make([]string, 0, len(n.Filters))
	for _, v := range n.Filters {
		names = append(names, v.Plugin)
	}
	if len(names) == 0 {
		return []string{"every filter"}
	}
	return names
}

func scoresText(n evidence.NodeVerdict) string {
	parts := make([]string, 0, len(n.Scores))
	for _, s := range n.Scores {
		parts = append(parts, fmt.Sprintf("%s %d×%d=%d", s.Plugin, s.Normalized, s.Weight, s.Weighted))
	}
	return strings.Join(parts, ", ")
}

// verdictLines are the verdicts of a decision: every node where they are few,
// otherwise the best ones and the rejections in groups.
func verdictLines(d evidence.Decision) []string {
	const maxLines = 24
	var lines []string
	if d.PreFilter != nil {
		lines = append(lines, fmt.Sprintf("all nodes: rejected by %s (%s): %s", d.PreFilter.Plugin, d.PreFilter.Code,
			strings.Join(d.PreFilter.Reasons, ", ")))
	}
	if len(d.Nodes) <= maxLines && d.NodesOmitted == 0 {
		for _, n := range d.Nodes {
			lines = append(lines, VerdictLine(n))
		}
		return lines
	}
	for _, n := range d.Nodes[:min(len(d.Nodes), maxLines/2)] {
		if n.Feasible {
			lines = append(lines, VerdictLine(n))
		}
	}
	for _, r := range rejections(d) {
		lines = append(lines, RejectionLine(r))
	}
	if d.NodesOmitted > 0 {
		lines = append(lines, fmt.Sprintf("the verdicts of %d more nodes were not kept", d.NodesOmitted))
	}
	return lines
}

// RejectionLine says in one line how many nodes a plugin rejected for a reason.
func RejectionLine(r Rejection) string {
	line := fmt.Sprintf("%s rejected by %s: %s", prose.Count(r.Nodes, "node"), r.Plugin, r.Reason)
	if len(r.Examples) == 0 {
		return line
	}
	more := ""
	if r.Nodes > len(r.Examples) {
		more = ", …"
	}
	return line + " (" + strings.Join(r.Examples, ", ") + more + ")"
}
