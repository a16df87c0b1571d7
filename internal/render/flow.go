// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/render/look"
)

// lane is a vertical line of the flow diagram: one component.
type lane int

const (
	laneClient lane = iota
	laneAPIServer
	laneEtcd
	laneScheduler
	laneRunner
	lanes
)

const (
	laneWidth = 20
	// timeWidth is the space before the first lane.
	timeWidth = 17
)

// message is an arrow of the flow diagram, or a note where both ends are the same.
type message struct {
	time     string
	from, to lane
	label    string
}

// flow writes the steps as a sequence diagram, top to bottom in the order in
// which they were completed.
func (p *printer) flow(t explain.Trace) {
	d := newDiagram(p.theme, t)
	p.printf("%s\n%s\n", d.heads(), d.text(d.lifelines()))
	for _, s := range t.Steps {
		for _, m := range messages(t, s) {
			p.printf("%s\n", d.text(d.draw(m)))
		}
	}
	p.printf("%s\n", d.text(d.lifelines()))
}

// diagram knows what the lanes look like.
type diagram struct {
	theme  look.Theme
	titles [lanes]string
	looks  [lanes]look.Look
}

func newDiagram(theme look.Theme, t explain.Trace) diagram {
	runner := runnerOf(t)
	return diagram{theme: theme, titles: [lanes]string{"API client", "API server", "etcd", "Scheduler", runner},
		looks: [lanes]look.Look{
			look.Of(run.KindClient), look.Of(run.KindAPIServer), look.Of(run.KindEtcd), look.Of(run.KindScheduler), look.OfComponent(runner),
		}}
}

// runnerOf is the component of step 5, which differs for real pods.
func runnerOf(t explain.Trace) string {
	if s := t.Step(5); s != nil {
		return s.Component
	}
	return followed.Of(t.Subject).Runner
}

// heads centres titles, each with its component's shape, over the lanes.
func (d diagram) heads() string {
	var b strings.Builder
	written := 0
	for l, title := range d.titles {
		title = d.theme.Glyph(d.looks[l]) + " " + Clean(title)
		width := utf8.RuneCountInString(title)
		left := max(lane(l).column()+1-(width+1)/2, written)
		b.WriteString(strings.Repeat(" ", left-written) + d.theme.Paint(d.looks[l], title))
		written = left + width
	}
	return b.String()
}

// mark is a character of the diagram and the lane whose colour it has.
type mark struct {
	r  rune
	by lane
}

// lifelines is a line with a mark at each lane.
func (d diagram) lifelines() []mark {
	line := make([]mark, timeWidth+int(lanes)*laneWidth)
	for i := range line {
		line[i] = mark{' ', lanes}
	}
	for l := range lanes {
		line[l.column()] = mark{'│', l}
	}
	return line
}

func (l lane) column() int { return timeWidth + int(l)*laneWidth + laneWidth/2 }

// watchEvent is the label of what the API server tells who watches.
const watchEvent = "watch event"

// draw puts a message onto the lanes: an arrow with its label in the middle, in
// the colour of its sender.
func (d diagram) draw(m message) []mark {
	line := d.lifelines()
	put(line, m.time, lanes)
	if m.from == m.to {
		put(line[m.from.column():], "● "+Clean(m.label), m.from)
		return line
	}
	left, right := m.from.column(), m.to.column()
	if left > right {
		left, right = right, left
	}
	for i := left + 1; i < right; i++ {
		line[i] = mark{'─', m.from}
	}
	if m.from < m.to {
		line[right-1].r = '▶'
	} else {
		line[left+1].r = '◀'
	}
	label := []rune(" " + Clean(m.label) + " ")
	room := right - left - 4
	if len(label) > room {
		// What is cut off is said to be: half of a number is another number.
		label = append(label[:room-1:room-1], '…')
	}
	put(line[left+2+(room-len(label))/2:], string(label), m.from)
	return line
}

// put writes a text into a line, as far as there is room.
func put(line []mark, text string, by lane) {
	for i, r := range []rune(text) {
		if i < len(line) {
			line[i] = mark{r, by}
		}
	}
}

// inASCII is how the diagram is drawn where nothing else can be shown.
var inASCII = strings.NewReplacer("│", "|", "─", "-", "▶", ">", "◀", "<", "●", "*", "…", "~")

// text paints each stretch of one colour, without spaces at the end.
func (d diagram) text(line []mark) string {
	for len(line) > 0 && line[len(line)-1].r == ' ' {
		line = line[:len(line)-1]
	}
	var b strings.Builder
	for len(line) > 0 {
		n := 1
		for n < len(line) && line[n].by == line[0].by {
			n++
		}
		stretch := make([]rune, n)
		for i, m := range line[:n] {
			stretch[i] = m.r
		}
		text := string(stretch)
		if d.theme.ASCII {
			text = inASCII.Replace(text)
		}
		if by := line[0].by; by < lanes {
			text = d.theme.Paint(d.looks[by], text)
		}
		b.WriteString(text)
		line = line[n:]
	}
	return b.String()
}

// messages are the arrows of a step. A watch is drawn where a component says
// that its watch delivered the object.
func messages(t explain.Trace, s v1alpha1.WalkthroughStep) []message {
	at := clock(s.Time)
	switch s.Step {
	case 1:
		return []message{{at, laneClient, laneAPIServer, "1 " + cmp.Or(string(t.Kind), "create")}}
	case 2:
		if refusal := code(s); refusal >= 400 {
			return []message{{at, laneAPIServer, laneAPIServer, fmt.Sprintf("2 refuses: %d", refusal)}}
		}
		return []message{{at, laneAPIServer, laneAPIServer, "2 admits"}}
	case 3:
		return []message{{at, laneAPIServer, laneEtcd, "3 " + cmp.Or(revision(s, "etcd", "audit"), "write")}}
	case 4:
		return exchange(s, laneScheduler, "decision", "4 bind ")
	case 5:
		if t.Kind != "create" {
			return exchange(s, laneRunner, "transition", "5 acts ")
		}
		return exchange(s, laneRunner, "transition", "5 status ")
	case 6:
		return []message{{at, laneEtcd, laneEtcd, fmt.Sprintf("6 keeps %s", revisions(s))}}
	case 7:
		return []message{{at, laneAPIServer, laneClient, fmt.Sprintf("7 %s", answered(s))}}
	}
	return []message{{at, laneClient, laneClient, "8 shows the answer"}}
}

// exchange is a watch event to a component, and what it wrote in return.
func exchange(s v1alpha1.WalkthroughStep, l lane, source, label string) []message {
	var all []message
	for _, e := range s.Evidence {
		if e.Source == source {
			all = append(all, message{"", laneAPIServer, l, watchEvent})
			break
		}
	}
	if strings.HasSuffix(s.Action, "none") {
		return append(all, message{clock(s.Time), l, l, "4 no node"})
	}
	return append(all, message{clock(s.Time), l, laneAPIServer, label + revisionDone(s)})
}

// revisionDone is the one with which the step was done: of several writes that
// of the step's time.
func revisionDone(s v1alpha1.WalkthroughStep) string {
	for _, e := range s.Evidence {
		if e.ModRevision != 0 && e.Time != nil && s.Time != nil && e.Time.Equal(s.Time) {
			return fmt.Sprintf("rev %d", e.ModRevision)
		}
	}
	return revision(s, "audit", "etcd")
}

// revision is the first that one of the sources shows.
func revision(s v1alpha1.WalkthroughStep, sources ...string) string {
	for _, source := range sources {
		for _, e := range s.Evidence {
			if e.Source == source && e.ModRevision != 0 {
				return fmt.Sprintf("rev %d", e.ModRevision)
			}
		}
	}
	return ""
}

func revisions(s v1alpha1.WalkthroughStep) string {
	known := map[int64]bool{}
	for _, e := range s.Evidence {
		if e.ModRevision != 0 {
			known[e.ModRevision] = true
		}
	}
	switch len(known) {
	case 0:
		return "its state"
	case 1:
		return "1 revision"
	}
	return fmt.Sprintf("%d revisions", len(known))
}

func code(s v1alpha1.WalkthroughStep) int32 {
	if len(s.Evidence) == 0 {
		return 0
	}
	return s.Evidence[0].Code
}

// answered is the last code that the client got: that of the read, if there was one.
func answered(s v1alpha1.WalkthroughStep) string {
	if n := len(s.Evidence); n > 0 && s.Evidence[n-1].Code != 0 {
		return fmt.Sprintf("answer %d", s.Evidence[n-1].Code)
	}
	return "answer"
}
