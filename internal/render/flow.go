// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
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
	titles := [lanes]string{"API client", "API server", "etcd", "Scheduler", runnerOf(t)}
	p.printf("%s\n", strings.TrimRight(strings.Repeat(" ", timeWidth)+laneRow(titles[:]), " "))
	p.printf("%s\n", lifelines())
	for _, s := range t.Steps {
		for _, m := range messages(t, s) {
			p.printf("%s\n", draw(m))
		}
	}
	p.printf("%s\n", lifelines())
}

// runnerOf is the component of step 5, which differs for real pods.
func runnerOf(t explain.Trace) string {
	if s := t.Step(5); s != nil {
		return s.Component
	}
	return followed.Of(t.Subject).Runner
}

// laneRow centres titles over their lanes.
func laneRow(titles []string) string {
	var b strings.Builder
	for _, title := range titles {
		left := max((laneWidth-len(title))/2, 0)
		fmt.Fprintf(&b, "%-*s", laneWidth, strings.Repeat(" ", left)+title)
	}
	return b.String()
}

// canvas is an empty line with a mark at each lane.
func canvas() []rune {
	line := []rune(strings.Repeat(" ", timeWidth+int(lanes)*laneWidth))
	for l := range lanes {
		line[l.column()] = '│'
	}
	return line
}

func (l lane) column() int { return timeWidth + int(l)*laneWidth + laneWidth/2 }

func lifelines() string { return strings.TrimRight(string(canvas()), " ") }

// draw puts a message onto the lanes: an arrow with its label in the middle.
func draw(m message) string {
	line := canvas()
	copy(line, []rune(m.time))
	label := []rune(" " + clean(m.label) + " ")
	if m.from == m.to {
		note := []rune("● " + clean(m.label))
		copy(line[m.from.column():], note[:min(len(note), len(line)-m.from.column())])
		return strings.TrimRight(string(line), " ")
	}
	left, right := m.from.column(), m.to.column()
	if left > right {
		left, right = right, left
	}
	for i := left + 1; i < right; i++ {
		line[i] = '─'
	}
	if m.from < m.to {
		line[right-1] = '▶'
	} else {
		line[left+1] = '◀'
	}
	room := right - left - 4
	if len(label) > room {
		// What is cut off is said to be: half of a number is another number.
		label = append(label[:room-1:room-1], '…')
	}
	copy(line[left+2+(room-len(label))/2:], label)
	return strings.TrimRight(string(line), " ")
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
			all = append(all, message{"", laneAPIServer, l, "watch event"})
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
