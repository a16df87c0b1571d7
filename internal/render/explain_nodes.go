// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// nodes has a row per node: its place, its points or what rejected it. Of many
// nodes, those that do not fit are grouped.
func (p *explainPrinter) nodes(d explanation.Decision) {
	if len(d.Nodes) == 0 {
		return
	}
	grouped := len(d.Nodes) > maxListed && !p.o.AllNodes
	var listed []evidence.NodeVerdict
	more := d.NodesOmitted
	for _, n := range d.Nodes {
		switch {
		case grouped && !n.Feasible:
		case grouped && len(listed) == maxListed:
			more++
		default:
			listed = append(listed, n)
		}
	}
	p.nodeTable(listed, d.Node)
	if grouped {
		p.groups(d)
	}
	if more > 0 {
		p.line(fmt.Sprintf("The verdicts of %d more nodes are not listed.", more))
	}
	if p.o.Wide {
		p.details(listed)
		return
	}
	p.scores(listed)
}

// details has a table per node, of as many as may be listed.
func (p *explainPrinter) details(nodes []evidence.NodeVerdict) {
	for i, n := range nodes {
		if i == maxListed && !p.o.AllNodes {
			p.line(fmt.Sprintf("The verdicts on %d more nodes are not listed; --all-nodes or -o json show them.", len(nodes)-i))
			return
		}
		p.node(n)
	}
}

func (p *explainPrinter) nodeTable(listed []evidence.NodeVerdict, chosen string) {
	if len(listed) == 0 {
		return
	}
	var rows [][]string
	for _, n := range listed {
		rows = append(rows, nodeRow(n, chosen))
	}
	name := longest(rows)
	p.heading("NODES")
	p.table([]column{{title: "NODE", width: name}, {title: "VERDICT", width: 9}, {title: "RANK", width: 4}, {title: "TOTAL", width: 5},
		{title: "WHY", width: max(p.width-name-18-4*len(gap), 20)}}, rows)
}

// anyBest is the chosen node where the scheduler would take any of the first
// rank. It is not a valid name.
const anyBest = "*"

// best is the prediction's decision without a choice among equal nodes.
func best(p explanation.Prediction) explanation.Decision {
	d := p.Decision
	if len(p.BestNodes) > 1 {
		d.Node = anyBest
	}
	return d
}

func nodeRow(n evidence.NodeVerdict, chosen string) []string {
	if !n.Feasible {
		return []string{n.Name, "rejected", "", "", rejectedBy(n)}
	}
	verdict := "fits"
	switch {
	case n.Name == chosen:
		verdict = "chosen"
	case chosen == anyBest && n.Rank == 1:
		verdict = "best"
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

func rejectedBy(n evidence.NodeVerdict) string {
	var parts []string
	for _, v := range whatif.Objections(n) {
		parts = append(parts, fmt.Sprintf("%s: %s (%s)%s", v.Plugin, cmp.Or(strings.Join(v.Reasons, ", "), v.Code), v.Code, dueTo(v.Pods, v.Objects)))
	}
	if len(parts) == 0 {
		return "no verdict recorded"
	}
	return strings.Join(parts, "; ")
}

// dueTo names the pods and other objects to which a rejection is due; empty for none.
func dueTo(pods []evidence.PodReference, objects []evidence.ObjectReference) string {
	text := ""
	switch len(pods) {
	case 0:
	case 1:
		text = " because of pod " + podNames(pods)
	default:
		text = " because of pods " + podNames(pods)
	}
	for i, o := range objects {
		join := " and "
		if i == 0 && text == "" {
			join = " because of "
		}
		text += join + objectName(o)
	}
	return text
}

// objectName is the kind and the name of an object, and what of it matters.
func objectName(o evidence.ObjectReference) string {
	name := o.Kind + " " + o.Name
	if o.Namespace != "" {
		name = o.Kind + " " + o.Namespace + "/" + o.Name
	}
	return name + prefixed(", ", o.Detail)
}

// longest is the width of the first column: that of its longest cell, bounded.
func longest(rows [][]string) int {
	width := len("NODE")
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	return min(width, 40)
}

func (p *explainPrinter) groups(d explanation.Decision) {
	if len(d.Rejections) == 0 {
		return
	}
	p.heading("NODES THAT DO NOT FIT, BY REASON")
	if d.NodesOmitted > 0 {
		p.paragraph(fmt.Sprintf("Of the %d nodes whose verdicts were kept, of %d.", len(d.Nodes), d.NodesEvaluated), p.width, "")
	}
	const count, plugin = 5, 34
	columns := []column{{title: "NODES", width: count}, {title: "PLUGIN", width: plugin}, {title: "REASON AND EXAMPLES", width: p.width - count - plugin - 2*len(gap)}}
	var rows [][]string
	for _, r := range d.Rejections {
		examples := strings.Join(r.Examples, ", ")
		if r.Nodes > len(r.Examples) {
			examples += ", …"
		}
		rows = append(rows, []string{fmt.Sprint(r.Nodes), r.Plugin, fmt.Sprintf("%s (%s)%s", r.Reason, examples, dueTo(r.Pods, r.Objects))})
	}
	p.table(columns, rows)
}

// node has a row per plugin: what it said as a filter, and as a score.
func (p *explainPrinter) node(n evidence.NodeVerdict) {
	p.heading("NODE " + Clean(n.Name))
	const plugin, verdict, raw, weighted = 31, 28, 6, 11
	columns := []column{{title: "PLUGIN", width: plugin}, {title: "FILTER", width: verdict}, {title: "RAW", width: raw},
		{title: "WEIGHTED", width: weighted}, {title: "REASONS", width: max(p.width-plugin-verdict-raw-weighted-4*len(gap), 16)}}
	scores := map[string]evidence.PluginScore{}
	for _, s := range n.Scores {
		scores[s.Plugin] = s
	}
	var rows [][]string
	for _, v := range n.Filters {
		row := []string{v.Plugin, v.Code, "", "", strings.Join(v.Reasons, ", ") + dueTo(v.Pods, v.Objects)}
		if s, ok := scores[v.Plugin]; ok {
			row[2], row[3] = fmt.Sprint(s.Raw), points(s)
			delete(scores, v.Plugin)
		}
		rows = append(rows, row)
	}
	for _, s := range n.Scores {
		if _, rest := scores[s.Plugin]; rest {
			rows = append(rows, []string{s.Plugin, "", fmt.Sprint(s.Raw), points(s), ""})
		}
	}
	if n.Rank > 0 {
		rows = append(rows, []string{fmt.Sprintf("rank %d", n.Rank), "", "", fmt.Sprint(n.Total), ""})
	}
	p.table(columns, rows)
}

// points shows how the weighted score comes about.
func points(s evidence.PluginScore) string {
	if s.Weight == 1 {
		return fmt.Sprint(s.Weighted)
	}
	return fmt.Sprintf("%d×%d=%d", s.Normalized, s.Weight, s.Weighted)
}

// scores has a row per node and score plugin, of the best nodes.
func (p *explainPrinter) scores(listed []evidence.NodeVerdict) {
	const raw, normalized, weight, weighted = 6, 10, 6, 8
	var rows [][]string
	scored := 0
	for _, n := range listed {
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
	plugin := max(min(p.width-name-raw-normalized-weight-weighted-5*len(gap), 36), 10)
	p.table([]column{{title: "NODE", width: name}, {title: "PLUGIN", width: plugin}, {title: "RAW", width: raw},
		{title: "NORMALIZED", width: normalized}, {title: "WEIGHT", width: weight}, {title: "WEIGHTED", width: weighted}}, rows)
}
