// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// maxListed is how many nodes are listed one by one. With more, those that did
// not fit are grouped by reason.
const maxListed = 20

// ExplainText says which node the scheduler chose for a pod and why, or why it
// chose none: of the last attempt per node and plugin, of the earlier ones in a
// line each. The decisions are those of one pod, in any order.
func ExplainText(w io.Writer, decisions []framework.Decision, o Options) error {
	p := &printer{w: w, color: o.Color}
	if len(decisions) == 0 {
		p.line("No decision on this pod is recorded: the scheduler has not tried to place it, or its record is gone.")
		return p.err
	}
	decisions = slices.SortedStableFunc(slices.Values(decisions), func(a, b framework.Decision) int {
		return cmp.Or(cmp.Compare(a.Attempt, b.Attempt), a.DecidedAt.Compare(b.DecidedAt))
	})
	last := decisions[len(decisions)-1]
	p.verdict(last, o.width())
	p.nodes(last, o.width())
	p.scores(last, o.width())
	p.earlier(decisions[:len(decisions)-1], o.width())
	return p.err
}

func (p *printer) verdict(d framework.Decision, width int) {
	pod := d.Pod.Namespace + "/" + d.Pod.Name
	switch {
	case d.Node != "" && d.Bind != nil && d.Bind.Error != "":
		p.printf("%s: %s\n", clean(pod), p.styled(red, clean("node "+d.Node+" was chosen, but the bind was refused: "+d.Bind.Error)))
	case d.Node != "":
		p.printf("%s: %s\n", clean(pod), p.styled(green, clean("assigned to node "+d.Node)))
	case d.NominatedNode != "":
		p.printf("%s: %s\n", clean(pod), p.styled(red, clean(fmt.Sprintf("pending: preempts %d pods on node %s", len(d.Victims), d.NominatedNode))))
	default:
		p.printf("%s: %s\n", clean(pod), p.styled(red, "pending: no node was chosen"))
	}
	if d.Message != "" {
		p.paragraph(d.Message, width, "  ")
	}
	p.paragraph(fmt.Sprintf("Attempt %d of profile %s at %s: %d of %d nodes considered, %d fit, decided in %s, seed %d.",
		d.Attempt, cmp.Or(d.Profile, "<none>"), d.DecidedAt.UTC().Format(time.RFC3339), d.NodesEvaluated, d.NodesTotal, d.NodesFeasible,
		d.DecidedAt.Sub(d.PoppedAt), d.Seed), width, "  ")
	if d.PreFilter != nil {
		p.paragraph(fmt.Sprintf("Plugin %s rejected the pod for all nodes (%s): %s.", d.PreFilter.Plugin, d.PreFilter.Code,
			strings.Join(d.PreFilter.Reasons, ", ")), width, "  ")
	}
}

// nodes has a row per node: its place, its points or what rejected it.
func (p *printer) nodes(d framework.Decision, width int) {
	if len(d.Nodes) == 0 {
		return
	}
	grouped := len(d.Nodes) > maxListed
	var rows [][]string
	more := d.NodesOmitted
	for _, n := range d.Nodes {
		switch {
		case grouped && !n.Feasible:
		case len(rows) == maxListed:
			more++
		default:
			rows = append(rows, nodeRow(n, d.Node))
		}
	}
	name := longest(rows)
	columns := []column{{title: "NODE", width: name}, {title: "VERDICT", width: 9}, {title: "RANK", width: 4}, {title: "TOTAL", width: 5}}
	columns = append(columns, column{title: "WHY", width: max(width-name-18-4*len(gap), 20)})
	if len(rows) > 0 {
		p.heading("NODES")
		p.table(columns, rows)
	}
	if grouped {
		p.groups(d, width)
	}
	if more > 0 {
		p.line(fmt.Sprintf("The verdicts of %d more nodes are not listed.", more))
	}
}

func nodeRow(n framework.NodeVerdict, chosen string) []string {
	if !n.Feasible {
		return []string{n.Name, "rejected", "", "", rejectedBy(n)}
	}
	verdict := "fits"
	if n.Name == chosen {
		verdict = "chosen"
	}
	if len(n.Scores) == 0 {
		return []string{n.Name, verdict, "", "", "passed every filter; not scored"}
	}
	parts := make([]string, 0, len(n.Scores))
	for _, s := range n.Scores {
		parts = append(parts, fmt.Sprintf("%s %d", s.Plugin, s.Weighted))
	}
	return []string{n.Name, verdict, fmt.Sprint(n.Rank), fmt.Sprint(n.Total), strings.Join(parts, ", ")}
}

func rejectedBy(n framework.NodeVerdict) string {
	if len(n.Filters) == 0 {
		return "no verdict recorded"
	}
	v := n.Filters[len(n.Filters)-1]
	return fmt.Sprintf("%s: %s (%s)", v.Plugin, cmp.Or(strings.Join(v.Reasons, ", "), v.Code), v.Code)
}

// longest is the width of the first column: that of its longest cell, bounded.
func longest(rows [][]string) int {
	width := len("NODE")
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	return min(width, 40)
}

func (p *printer) groups(d framework.Decision, width int) {
	rejections := explain.Compact(d).Rejections
	if len(rejections) == 0 {
		return
	}
	p.heading("NODES THAT DO NOT FIT, BY REASON")
	const count, plugin = 5, 34
	columns := []column{{title: "NODES", width: count}, {title: "PLUGIN", width: plugin}, {title: "REASON AND EXAMPLES", width: width - count - plugin - 2*len(gap)}}
	var rows [][]string
	for _, r := range rejections {
		rows = append(rows, []string{fmt.Sprint(r.Nodes), r.Plugin, fmt.Sprintf("%s (%s)", r.Reason, strings.Join(r.Examples, ", "))})
	}
	p.table(columns, rows)
}

// scores has a row per node and score plugin, of the best nodes.
func (p *printer) scores(d framework.Decision, width int) {
	const maxScored, raw, normalized, weight, weighted = 5, 6, 10, 6, 8
	var rows [][]string
	scored := 0
	for _, n := range d.Nodes {
		if len(n.Scores) == 0 || scored == maxScored {
			continue
		}
		scored++
		for _, s := range n.Scores {
			rows = append(rows, []string{n.Name, s.Plugin, fmt.Sprint(s.Raw), fmt.Sprint(s.Normalized), fmt.Sprint(s.Weight), fmt.Sprint(s.Weighted)})
		}
	}
	if len(rows) == 0 {
		return
	}
	p.heading("SCORES OF THE BEST NODES")
	name := longest(rows)
	plugin := max(min(width-name-raw-normalized-weight-weighted-5*len(gap), 36), 10)
	p.table([]column{{title: "NODE", width: name}, {title: "PLUGIN", width: plugin}, {title: "RAW", width: raw},
		{title: "NORMALIZED", width: normalized}, {title: "WEIGHT", width: weight}, {title: "WEIGHTED", width: weighted}}, rows)
}

func (p *printer) earlier(decisions []framework.Decision, width int) {
	if len(decisions) == 0 {
		return
	}
	p.heading("EARLIER ATTEMPTS")
	const attempt, at = 7, 20
	var rows [][]string
	for _, d := range decisions {
		result := cmp.Or(d.Message, "chose "+d.Node)
		if d.Bind != nil && d.Bind.Error != "" {
			result = fmt.Sprintf("chose %s, the bind was refused: %s", d.Node, d.Bind.Error)
		}
		rows = append(rows, []string{fmt.Sprint(d.Attempt), d.DecidedAt.UTC().Format(time.RFC3339), result})
	}
	p.table([]column{{title: "ATTEMPT", width: attempt}, {title: "TIME", width: at}, {title: "RESULT", width: width - attempt - at - 2*len(gap)}}, rows)
}
