// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package run

import (
	"strings"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/prose"
)

// nodes are those of an attempt, in the order that it has them: best first.
func nodes(d *evidence.Decision) (all []Node, omitted int) {
	if d == nil {
		return nil, 0
	}
	for _, verdict := range d.Nodes[:min(len(d.Nodes), MaxNodes)] {
		n := Node{Name: verdict.Name, Feasible: verdict.Feasible, Chosen: verdict.Name == d.Node, Total: verdict.Total, Rank: verdict.Rank}
		if k := len(verdict.Filters); !n.Feasible && k > 0 {
			last := verdict.Filters[k-1]
			n.Reason = prose.Clip(last.Plugin+": "+strings.Join(last.Reasons, ", "), prose.MaxLine)
		}
		all = append(all, n)
	}
	return all, d.NodesOmitted + len(d.Nodes) - len(all)
}
