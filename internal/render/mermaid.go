// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/render/look"
)

// laneIDs name the lanes in the diagram's source.
var laneIDs = [lanes]string{"client", "api", "etcd", "scheduler", "runner"}

// mermaidShapes are the signs around a node's text, after
// https://mermaid.js.org/syntax/flowchart.html.
var mermaidShapes = map[look.Shape][2]string{
	look.RoundedBox: {"(", ")"},
	look.Hexagon:    {"{{", "}}"},
	look.Cylinder:   {"[(", ")]"},
	look.Diamond:    {"{", "}"},
	look.Circle:     {"((", "))"},
	look.PlainBox:   {"[", "]"},
}

// markdownFlow draws who told whom what as a Mermaid flowchart: the components
// that took part in their shapes and colours, the messages by the steps' numbers.
func (p *printer) markdownFlow(t explain.Trace) {
	if len(t.Steps) == 0 {
		return
	}
	var all []message
	for _, s := range t.Steps {
		all = append(all, messages(t, s)...)
	}
	d := newDiagram(p.theme, t)
	p.printf("## Flow\n\n```mermaid\nflowchart LR\n")
	p.mermaidNodes(d, all)
	p.mermaidEdges(d, all)
	p.printf("```\n\n")
}

// mermaidNodes declares the lanes that the messages touch, with what each did by
// itself. Every ground is white, which is seen on light and on dark pages.
func (p *printer) mermaidNodes(d diagram, all []message) {
	for l := range lanes {
		takesPart, notes := false, ""
		for _, m := range all {
			takesPart = takesPart || m.from == l || m.to == l
			if m.from == l && m.to == l {
				notes += "<br/>" + mermaidText(m.label)
			}
		}
		if !takesPart {
			continue
		}
		signs := mermaidShapes[d.looks[l].Shape]
		p.printf("  %s%s\"%s%s\"%s\n", laneIDs[l], signs[0], mermaidText(d.titles[l]), notes, signs[1])
		p.printf("  style %s fill:#ffffff,color:#17202b,stroke:%s,stroke-width:2px\n", laneIDs[l], d.looks[l].Ink.Light)
	}
}

// mermaidEdges draws the messages in the colours of their senders; a watch is dashed.
func (p *printer) mermaidEdges(d diagram, all []message) {
	n := 0
	for _, m := range all {
		if m.from == m.to {
			continue
		}
		arrow := "-->"
		if m.label == watchEvent {
			arrow = "-.->"
		}
		p.printf("  %s %s|\"%s\"| %s\n", laneIDs[m.from], arrow, mermaidText(m.label), laneIDs[m.to])
		p.printf("  linkStyle %d stroke:%s\n", n, d.looks[m.from].Ink.Light)
		n++
	}
}

// mermaidText keeps recorded texts from being read as Mermaid, Markdown or HTML:
// all but letters, digits and spaces are written as numbers.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range Clean(s) {
		switch {
		case r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".,:/-", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
