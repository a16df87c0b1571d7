// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// amount is one of what nodes have and pods ask for.
type amount struct {
	name string
	of   func(overview.Amounts) int64
	text func(int64) string
}

var amounts = []amount{
	{"cpu", func(a overview.Amounts) int64 { return a.CPU }, cores},
	{"memory", func(a overview.Amounts) int64 { return a.Memory }, bytesText},
	{"pods", func(a overview.Amounts) int64 { return a.Pods }, number},
}

func cores(milli int64) string {
	if milli%1000 == 0 {
		return number(milli / 1000)
	}
	return fmt.Sprintf("%dm", milli)
}

func bytesText(n int64) string {
	units := []string{"B", "Ki", "Mi", "Gi", "Ti"}
	value, unit := float64(n), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if value == float64(int64(value)) {
		return fmt.Sprintf("%d%s", int64(value), units[unit])
	}
	return fmt.Sprintf("%.1f%s", value, units[unit])
}

// fill is how much of a node's amount is asked for, from 0 to 1.
func (a amount) fill(n overview.Node) float64 {
	if a.of(n.Allocatable) <= 0 {
		return 0
	}
	return float64(a.of(n.Requested)) / float64(a.of(n.Allocatable))
}

// nodesScreen shows the nodes by how full they are, and the pods on them by phase.
type nodesScreen struct {
	list   list
	search search
	amount int
	// fullest is true where the fullest nodes come first.
	fullest bool
	// columns is how many tiles are beside each other, and page how many are seen.
	columns, page int
}

// order is the nodes as they are shown.
func (s *nodesScreen) order(c *cluster) []overview.Node {
	nodes := c.sorted()
	if s.search.text != "" {
		nodes = filtered(nodes, s.search, func(n overview.Node) string {
			return strings.Join(append([]string{n.Name, n.Kind, n.Zone}, n.Taints...), " ")
		})
	}
	if !s.fullest {
		return nodes
	}
	nodes = slices.Clone(nodes)
	a := amounts[s.amount]
	slices.SortStableFunc(nodes, func(x, y overview.Node) int {
		switch fx, fy := a.fill(x), a.fill(y); {
		case fx > fy:
			return -1
		case fx < fy:
			return 1
		}
		return 0
	})
	return nodes
}

func nodeKeys(nodes []overview.Node) []string {
	keys := make([]string, len(nodes))
	for i, n := range nodes {
		keys[i] = n.Kind + "/" + n.Name
	}
	return keys
}

func (s *nodesScreen) move(c *cluster, by int) { s.list.move(nodeKeys(s.order(c)), by) }

func (s *nodesScreen) draw(theme look.Theme, c *cluster, width, height int) []string {
	if !c.known {
		return []string{" " + s.title(theme, c), "", "  " + quiet("Waiting for the cluster's state")}
	}
	nodes := s.order(c)
	s.list.follow(nodeKeys(nodes))
	out := []string{ends(" "+s.title(theme, c), quiet("r: "+amounts[s.amount].name+"  o: by "+s.orderName()+" "), width), " " + phaseWords(theme, c.phases)}
	for _, note := range c.notes {
		out = append(out, fit(" "+quiet(clean(note)), width))
	}
	out = append(out, quiet(strings.Repeat("─", width)))
	if len(nodes) == 0 {
		return append(out, "  "+quiet(s.search.none("There are no nodes.")))
	}
	// What the tiles do not need is for the pods of the selected node.
	rows := (len(nodes) + columnsIn(width, len(nodes)) - 1) / columnsIn(width, len(nodes))
	about := s.about(theme, c, nodes[s.list.index], width, max(clamp(height/3, 6, 14), height-len(out)-rows-1))
	out = append(out, s.tiles(theme, c, nodes, width, max(height-len(out)-len(about), 1))...)
	return append(out, about...)
}

func (s *nodesScreen) orderName() string {
	if s.fullest {
		return "fill"
	}
	return "name"
}

func (s *nodesScreen) title(theme look.Theme, c *cluster) string {
	l := look.Of(run.KindKubelet)
	ready := 0
	for _, n := range c.nodes {
		if n.Ready {
			ready++
		}
	}
	return theme.Paint(l, theme.Glyph(l)+" "+count(len(c.nodes), "node")) + quiet(fmt.Sprintf(", %d ready · ", ready)) + count(len(c.pods), "pod") + s.search.shown()
}

// columnsIn is how many tiles are beside each other.
func columnsIn(width, nodes int) int {
	const least = 38
	return clamp(width/least, 1, max(nodes, 1))
}

// tiles are laid out row by row, so that the selection moves as the eye does.
func (s *nodesScreen) tiles(theme look.Theme, c *cluster, nodes []overview.Node, width, height int) []string {
	s.columns = columnsIn(width, len(nodes))
	tile := width / s.columns
	rows := (len(nodes) + s.columns - 1) / s.columns
	byRow := list{index: s.list.index / s.columns, offset: s.list.offset}
	from, to := byRow.show(rows, height)
	s.list.offset, s.page = byRow.offset, s.columns*height
	out := make([]string, 0, height)
	for row := from; row < to; row++ {
		line := ""
		for i := row * s.columns; i < min((row+1)*s.columns, len(nodes)); i++ {
			line += s.tile(theme, c, nodes[i], i == s.list.index, tile)
		}
		out = append(out, line)
	}
	for len(out) < height {
		out = append(out, "")
	}
	return out
}

// tile is a node in one line: its name, how full it is, and its pods.
func (s *nodesScreen) tile(theme look.Theme, c *cluster, n overview.Node, selected bool, width int) string {
	const percent, letters = 5, 10
	name := clamp(width-percent-letters-12, 10, 28)
	room := width - name - percent - letters - 4
	share := amounts[s.amount].fill(n)
	title := fit(nodeSign(n)+" "+clean(n.Name), name)
	if selected {
		title = chosen(title)
	}
	return " " + title + " " + theme.Paint(look.Of(run.KindKubelet), bar(share, room, theme.ASCII)) +
		right(fmt.Sprintf("%d%%", int(share*100+0.5)), percent) + " " + fit(phaseLetters(theme, c.phasesOf(n.ID)), letters) + " "
}

// nodeSign says in one character whether pods may come.
func nodeSign(n overview.Node) string {
	switch {
	case n.Unseen:
		return "?"
	case !n.Ready:
		return "×"
	case n.Unschedulable:
		return "–"
	}
	return " "
}

// about says more of the selected node.
func (s *nodesScreen) about(theme look.Theme, c *cluster, n overview.Node, width, height int) []string {
	state := "ready"
	switch {
	case n.Unseen:
		state = "? not known: only its pods name it"
	case !n.Ready:
		state = "× not ready"
	case n.Unschedulable:
		state = "– cordoned"
	}
	head := " " + strong(clean(n.Name)) + "  " + clean(n.Kind) + " · " + state
	if n.Zone != "" {
		head += " · zone " + clean(n.Zone)
	}
	for _, taint := range n.Taints {
		head += " · taint " + clean(taint)
	}
	lines := []string{quiet(strings.Repeat("─", width)), head}
	for _, a := range amounts {
		share := a.fill(n)
		lines = append(lines, " "+fit(a.name, 8)+theme.Paint(look.Of(run.KindKubelet), bar(share, clamp(width/4, 10, 40), theme.ASCII))+
			right(fmt.Sprintf("%d%%", int(share*100+0.5)), 5)+"  "+a.text(a.of(n.Requested))+quiet(" of ")+a.text(a.of(n.Allocatable)))
	}
	lines = append(lines, " "+phaseWords(theme, c.phasesOf(n.ID)))
	lines = append(lines, podCells(theme, c.podsOf(n.ID), width, max(height-len(lines), 0))...)
	return lines[:min(len(lines), height)]
}

// podCells names pods beside each other, as many as there is room for.
func podCells(theme look.Theme, pods []pod, width, height int) []string {
	const cell = 38
	columns := max(width/cell, 1)
	var out []string
	for row := range height {
		line := " "
		for i := row * columns; i < min((row+1)*columns, len(pods)); i++ {
			if rest := len(pods) - i; row == height-1 && i == (row+1)*columns-1 && rest > 1 {
				line += quiet(fmt.Sprintf("and %d more", rest))
				continue
			}
			p := phaseOf(pods[i].phase)
			line += theme.Write(p.ink, p.letter) + " " + fit(clean(pods[i].namespace)+"/"+clean(pods[i].name), cell-3) + " "
		}
		if line != " " {
			out = append(out, line)
		}
	}
	return out
}
