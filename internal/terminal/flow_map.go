// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/render/look"
)

// The map shows where things are and who talks to whom. Its places never change:
// the API server is in the middle, because everything goes through it, clients and
// etcd are on its left, what watches it is on its right.

// hub is the ID of the actor in the middle.
const hub = "api-server"

// places are those that are on every map, whether they take part or not.
var places = []run.Actor{
	{ID: "client", Kind: run.KindClient, Name: "User / API client"},
	{ID: "etcd", Kind: run.KindEtcd, Name: "etcd"},
	{ID: "scheduler", Kind: run.KindScheduler, Name: "Scheduler"},
	{ID: "controller-manager", Kind: run.KindControllerManager, Name: "Controller manager"},
	{ID: "kubelet", Kind: run.KindKubelet, Name: "Kubelet"},
}

// Widths of the map's columns, and heights of a place without and with a border.
// There are as many arrows between two places as a place has lines.
const (
	leastSide, mostSide   = 21, 34
	leastBox              = 24
	leastHub, mostHub     = 14, 20
	leastArrow, mostArrow = 8, 44
	compact, roomy        = 3, 5
)

// flowMap draws one run at the cursor.
type flowMap struct {
	theme  look.Theme
	run    run.Run
	cursor *playback
	// side, arrow and hub are the widths of the columns, place the height of one.
	side, arrow, hub, place int
}

// draw returns lines of the width, as many as the map needs but not more than height.
func (f flowMap) draw(width, height int) []string {
	left, right := f.sides()
	rows := max(len(left), len(right))
	f.hub = clamp(width/7, leastHub, mostHub)
	f.side = clamp(width*3/11, leastSide, mostSide)
	f.arrow = min((width-f.hub-2*f.side)/2, mostArrow)
	if f.arrow < leastArrow {
		f.arrow = leastArrow
		f.side = max((width-f.hub)/2-f.arrow, 0)
	}
	f.place = compact
	if rows*roomy <= height && f.side >= leastBox {
		f.place = roomy
	}
	gap := 0
	if rows > 1 && rows*f.place+rows-1 <= height {
		gap = 1
	}
	total := min(rows*f.place+(rows-1)*gap, height)
	leftLines, rightLines := f.column(left, true, gap, total), f.column(right, false, gap, total)
	middle := f.middle(total)
	out := make([]string, total)
	for i := range out {
		out[i] = fit(leftLines[i]+middle[i]+rightLines[i], width)
	}
	return out
}

// sides are the actors left and right of the API server. Further ones come below
// those that are always there.
func (f flowMap) sides() (left, right []run.Actor) {
	for _, place := range places {
		actor := place
		if i := slices.IndexFunc(f.run.Actors, func(a run.Actor) bool { return a.ID == place.ID }); i >= 0 {
			actor = f.run.Actors[i]
		}
		if place.Kind == run.KindClient || place.Kind == run.KindEtcd {
			left = append(left, actor)
		} else {
			right = append(right, actor)
		}
	}
	for _, actor := range f.run.Actors {
		switch known := slices.ContainsFunc(places, func(p run.Actor) bool { return p.ID == actor.ID }); {
		case known || actor.ID == hub:
		case actor.Kind == run.KindClient:
			left = append(left, actor)
		default:
			right = append(right, actor)
		}
	}
	return left, right
}

// column draws the actors of one side with their arrows, spread over the height.
func (f flowMap) column(actors []run.Actor, left bool, gap, height int) []string {
	width := f.side + f.arrow
	out := make([]string, 0, height)
	for i, actor := range actors {
		// etcd is at the bottom, so that the places of both sides begin and end alike.
		for left && i == 1 && len(actors) == 2 && len(out) < height-f.place {
			out = append(out, strings.Repeat(" ", width))
		}
		box, arrows := f.box(actor), f.arrows(actor, left)
		for n := range box {
			if left {
				out = append(out, box[n]+arrows[n])
			} else {
				out = append(out, arrows[n]+box[n])
			}
		}
		if i < len(actors)-1 && gap > 0 {
			out = append(out, strings.Repeat(" ", width))
		}
	}
	for len(out) < height {
		out = append(out, strings.Repeat(" ", width))
	}
	return out[:height]
}

// corners are the borders of the shapes, from the upper left one clockwise, and
// the signs at both ends of the lines between them.
var corners = map[look.Shape][6]string{
	look.RoundedBox: {"╭", "╮", "╯", "╰", "│", "│"},
	look.Hexagon:    {"╱", "╲", "╱", "╲", "│", "│"},
	look.Cylinder:   {"╭", "╮", "╯", "╰", "├", "┤"},
	look.Diamond:    {"╱", "╲", "╱", "╲", "<", ">"},
	look.Circle:     {"╭", "╮", "╯", "╰", "(", ")"},
	look.PlainBox:   {"┌", "┐", "┘", "└", "│", "│"},
}

// box draws an actor: its shape, name and what is known of it. One that takes no
// part in the run is only named.
func (f flowMap) box(actor run.Actor) []string {
	l := look.Of(actor.Kind)
	paint := func(s string) string { return f.theme.Paint(l, s) }
	name := f.theme.Glyph(l) + " " + clean(actor.Name)
	if !f.takesPart(actor) {
		paint = quiet
	} else if f.acts(actor) {
		paint = func(s string) string { return strong(f.theme.Paint(l, s)) }
	}
	if f.place == compact {
		return []string{
			fit(paint(ansi.Truncate(name, f.side-1, "…")), f.side),
			fit("  "+quiet(ansi.Truncate(f.detail(actor), f.side-3, "…")), f.side),
			strings.Repeat(" ", f.side),
		}
	}
	inner := f.side - 3
	c := corners[l.Shape]
	side := func(text string) string { return paint(c[4]) + " " + text + paint(c[5]) }
	return []string{
		paint(c[0] + strings.Repeat("─", f.side-2) + c[1]),
		side(paint(fit(name, inner))),
		side(quiet(fit(f.detail(actor), inner))),
		side(quiet(fit(f.deed(actor), inner))),
		paint(c[3] + strings.Repeat("─", f.side-2) + c[2]),
	}
}

// deed is what the actor of the moment does.
func (f flowMap) deed(actor run.Actor) string {
	if at, ok := f.cursor.moment(); ok && at.Actor == actor.ID {
		return clean(at.Label)
	}
	return ""
}

// detail says more of an actor at the cursor.
func (f flowMap) detail(actor run.Actor) string {
	at, _ := f.cursor.moment()
	switch {
	case actor.Kind == run.KindEtcd && at.Revision > 0:
		return "revision " + number(at.Revision)
	case actor.Kind == run.KindEtcd:
		return "nothing yet"
	case actor.Kind == run.KindKubelet && !f.takesPart(actor):
		return f.nodeDetail(at)
	case actor.Detail == "":
		return ""
	}
	// The program says more in less room than the user of a component.
	detail := clean(actor.Detail)
	if _, program, found := strings.Cut(detail, " · "); found && ansi.StringWidth(detail) > f.side-3 {
		return program
	}
	return detail
}

// nodeDetail names the node that the pod has at the cursor: where the kubelet has no
// part of its own, the controller manager simulates it.
func (f flowMap) nodeDetail(at run.Moment) string {
	for _, r := range f.run.Trace.Revisions {
		if r.Revision == at.Revision && r.Node != "" {
			return clean(r.Node)
		}
	}
	return "takes no part"
}

func (f flowMap) takesPart(actor run.Actor) bool {
	return slices.ContainsFunc(f.run.Actors, func(a run.Actor) bool { return a.ID == actor.ID })
}

// acts is true for the actor of the moment at the cursor.
func (f flowMap) acts(actor run.Actor) bool {
	at, ok := f.cursor.moment()
	return ok && at.Actor == actor.ID
}

// strand is one of the arrows between an actor and the API server: all messages of
// some kinds in one direction.
type strand struct {
	kind run.MessageKind
	// toHub is true for what goes to the API server.
	toHub bool
}

// strands are the arrows of each kind of actor, in the order in which one message
// leads to the next.
func strands(kind run.ActorKind) []strand {
	switch kind {
	case run.KindEtcd:
		return []strand{{run.Write, false}, {run.Stored, true}}
	case run.KindClient:
		return []strand{{run.Request, true}, {run.Answer, false}, {run.Watch, false}}
	}
	return []strand{{run.Watch, false}, {run.Request, true}, {run.Answer, false}}
}

// arrows are the lines between an actor and the API server.
func (f flowMap) arrows(actor run.Actor, left bool) []string {
	out := make([]string, f.place)
	for i := range out {
		out[i] = strings.Repeat(" ", f.arrow)
	}
	first := 0
	if f.place == roomy {
		first = 1
	}
	for i, strand := range strands(actor.Kind) {
		from, to := hub, actor.ID
		if strand.toHub {
			from, to = actor.ID, hub
		}
		out[first+i] = f.arrowOf(strand.kind, from, to, strand.toHub == left)
	}
	return out
}

// lineOf draws what is now, what was before and what is still to come, of
// messages and of watch events: they differ without any colour too.
var lineOf = map[bool]map[when]string{
	false: {now: "━", past: "─", future: "┄"},
	true:  {now: "╍", past: "╌", future: "┄"},
}

// arrowOf draws the messages of a kind from one actor to another as one arrow: those
// of the moment, else the last one before, else a trace of those still to come.
func (f flowMap) arrowOf(kind run.MessageKind, from, to string, rightwards bool) string {
	label, at, ever := f.label(kind, from, to)
	if !ever {
		return strings.Repeat(" ", f.arrow)
	}
	line := lineOf[kind == run.Watch][at]
	length := f.arrow - 2
	label = ansi.Truncate(label, length-2, "…")
	if label != "" && ansi.StringWidth(label) <= length-4 {
		label = " " + label + " "
	}
	rest := length - 1 - ansi.StringWidth(label)
	before, after := strings.Repeat(line, rest/2), strings.Repeat(line, rest-rest/2)
	arrow := before + label + after + "▶"
	if !rightwards {
		arrow = "◀" + after + label + before
	}
	return " " + f.style(from, arrow, at) + " "
}

// style gives an arrow its sender's colour, as far as it has been sent.
func (f flowMap) style(from, arrow string, at when) string {
	l := look.Of(f.kindOf(from))
	switch at {
	case now:
		return strong(f.theme.Paint(l, arrow))
	case past:
		return f.theme.Paint(l, arrow)
	}
	return quiet(arrow)
}

func (f flowMap) kindOf(id string) run.ActorKind {
	for _, a := range slices.Concat(f.run.Actors, places) {
		if a.ID == id {
			return a.Kind
		}
	}
	return run.KindClient
}

// label is what goes from one actor to another at the cursor, when it went, and
// whether anything ever goes there.
func (f flowMap) label(kind run.MessageKind, from, to string) (text string, at when, ever bool) {
	var current []string
	last := ""
	for _, m := range f.run.Messages {
		if m.From != from || m.To != to || m.Kind != kind {
			continue
		}
		ever = true
		switch f.cursor.of(m) {
		case now:
			if label := labelOf(m); !slices.Contains(current, label) {
				current = append(current, label)
			}
		case past:
			last = labelOf(m)
		}
	}
	switch {
	case len(current) > 0:
		return strings.Join(current, ", "), now, ever
	case last != "":
		return last, past, ever
	}
	return "", future, ever
}

// labelOf is a message's label: of a request with its step, of a watch event with
// the revision that it tells of.
func labelOf(m run.Message) string {
	label := clean(m.Label)
	switch {
	case m.Kind == run.Watch && m.Revision > 0:
		return "sees " + number(m.Revision)
	case m.Kind == run.Request && m.Step > 0:
		return number(int64(m.Step)) + " " + label
	}
	return label
}

// middle draws the API server as high as the map: all arrows end at it.
func (f flowMap) middle(height int) []string {
	l := look.Of(run.KindAPIServer)
	paint := func(s string) string { return f.theme.Paint(l, s) }
	if f.acts(run.Actor{ID: hub}) {
		paint = func(s string) string { return strong(f.theme.Paint(l, s)) }
	}
	c := corners[l.Shape]
	inner := f.hub - 2
	out := make([]string, height)
	for i := range out {
		text := ""
		if i == (height-1)/2 {
			text = f.theme.Glyph(l) + " API server"
		}
		left := max(inner-ansi.StringWidth(text), 0) / 2
		out[i] = paint(c[4] + fit(strings.Repeat(" ", left)+text, inner) + c[5])
	}
	if height > 2 {
		line := strings.Repeat("─", inner)
		out[0], out[height-1] = paint(c[0]+line+c[1]), paint(c[3]+line+c[2])
	}
	return out
}
