// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"strconv"
	"strings"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/render/look"
)

// wide is the width from which the story has a column of its own beside map and
// steps. leastMap is the height that the map needs, roomyMap that with borders.
const (
	wide     = 120
	leastMap = 9
	roomyMap = 17
)

// flowScreen is one run at its cursor.
type flowScreen struct {
	run     run.Run
	subject Subject
	// known is true once the run has been read.
	known  bool
	cursor playback
	// scroll is that of the story, raw is true where it shows all evidence.
	scroll int
	raw    bool
}

// load shows a newer state of the run.
func (s *flowScreen) load(r run.Run) {
	s.run, s.known = r, true
	s.cursor.load(r.Moments)
}

// open shows another run, of which nothing is known yet.
func (s *flowScreen) open(of Subject) {
	generation := s.cursor.generation + 1
	*s = flowScreen{subject: of, cursor: playback{live: true, speed: s.cursor.speed, generation: generation}}
}

// draw fills width and height.
func (s *flowScreen) draw(theme look.Theme, width, height int) []string {
	out := []string{s.headline(theme, width)}
	height--
	switch {
	case !s.known || len(s.run.Moments) == 0:
		out = append(out, s.nothing(width)...)
	case width >= wide:
		story := clamp(width*36/100, 44, 92)
		left := width - story - 2
		out = append(out, beside(s.mapAndSteps(theme, left, height), left+2, s.story(theme, story, height), story)...)
	default:
		// The story needs as much room as the map.
		most := leastMap + 2
		if height >= 2*roomyMap {
			most = roomyMap
		}
		picture := flowMap{theme: theme, run: s.run, cursor: &s.cursor}.draw(width, clamp(height-1-len(s.run.Moments), leastMap, most))
		rest := height - len(picture) - 1
		steps := 34
		out = append(out, picture...)
		out = append(out, quiet(strings.Repeat("─", width)))
		out = append(out, beside(s.steps(theme, steps, rest), steps+2, s.story(theme, width-steps-2, rest), width-steps-2)...)
	}
	return out
}

// mapAndSteps is the left column where there is room for two: below the steps come
// the messages in the order of their times.
func (s *flowScreen) mapAndSteps(theme look.Theme, width, height int) []string {
	out := flowMap{theme: theme, run: s.run, cursor: &s.cursor}.draw(width, max(height-len(s.run.Moments)-2, leastMap))
	out = append(out, quiet(strings.Repeat("─", width)))
	steps := min(len(s.run.Moments), height-len(out))
	out = append(out, s.steps(theme, width, steps)...)
	if room := height - len(out); room > 3 {
		out = append(out, "", strong("Messages by time")+quiet(s.omitted()))
		out = append(out, s.messages(theme, width, room-2)...)
	}
	return out
}

func (s *flowScreen) omitted() string {
	if s.run.MessagesOmitted == 0 {
		return ""
	}
	return "  " + count(s.run.MessagesOmitted, "message") + " in the middle left out"
}

// headline is what the run is about and what had become of it at the cursor.
func (s *flowScreen) headline(theme look.Theme, width int) string {
	if s.subject == (Subject{}) {
		return fit(quiet("Waiting for the first run"), width)
	}
	left := " " + s.title()
	at, ok := s.cursor.moment()
	if s.known {
		left += "  " + s.became(theme, at)
	}
	if !ok {
		return fit(left, width)
	}
	cursor := "  " + s.at(at)
	if at.Step > 0 {
		cursor += " · step " + number(int64(at.Step))
	}
	if at.Revision > 0 {
		cursor += " · rev " + number(at.Revision)
	}
	return ends(left, strong(cursor)+" ", width)
}

// became is what had become of the run at the cursor, and at the end why.
func (s *flowScreen) became(theme look.Theme, at run.Moment) string {
	last := string(s.run.Trace.Outcome)
	switch {
	case s.cursor.index >= len(s.run.Moments)-1:
		return outcome(theme, last) + quiet("  "+clean(s.run.Trace.Reason))
	case at.Outcome == "":
		return quiet("○ nothing yet, later " + clean(last))
	case string(at.Outcome) == last:
		return outcome(theme, last)
	}
	return outcome(theme, string(at.Outcome)) + quiet(", later "+clean(last))
}

// nothing is shown where a run has no moments.
func (s *flowScreen) nothing(width int) []string {
	text, command := "Nothing is recorded of it yet. It appears here as soon as it is requested.", ""
	switch {
	case s.subject == (Subject{}):
		text, command = "Nothing is recorded yet. Create something, for example with:", exampleCommand
	case s.known:
		text = "No step of it is recorded: " + s.run.Trace.Reason
	}
	out := append([]string{""}, indented(wrap(text, width-2))...)
	return append(out, "", "   "+command)
}

// exampleCommand makes something to see where there is nothing.
const exampleCommand = "glassplane run web --image=nginx"

// title names the run by its object, which a request by audit ID tells once it is known.
func (s *flowScreen) title() string {
	of := s.subject
	if o := s.run.Trace.Subject; of.Name == "" && o.Name != "" {
		of.Resource, of.Namespace, of.Name = o.Resource, o.Namespace, o.Name
	}
	return titleOf(of)
}

// titleOf names a run as kubectl names an object.
func titleOf(of Subject) string {
	if of.Name == "" {
		return "request " + clean(of.AuditID)
	}
	name := clean(of.Name)
	if of.Namespace != "" {
		name = clean(of.Namespace) + "/" + name
	}
	return strings.TrimSuffix(clean(of.Resource), "s") + " " + strong(name)
}

// outcome says what became of a run; the sign says the same as the colour.
func outcome(theme look.Theme, o string) string {
	switch explain.Outcome(o) {
	case "":
		return ""
	case explain.OutcomePending, explain.OutcomeScheduled, explain.OutcomeSchedulingGated, explain.OutcomeTerminating:
		return theme.Write(look.Waiting, "○ "+clean(o))
	case explain.OutcomeUnschedulable, explain.OutcomeFailed, explain.OutcomeForbidden, explain.OutcomeRejected, explain.OutcomeUnauthenticated,
		explain.OutcomeAlreadyExists, explain.OutcomeError:
		return theme.Write(look.Bad, "× "+clean(o))
	case explain.OutcomeUnknown, explain.OutcomeDeleted:
		return "○ " + clean(o)
	}
	return theme.Write(look.Good, "● "+clean(o))
}

// at is a moment's distance from the beginning of the run, or the bound that is
// known of it.
func (s *flowScreen) at(m run.Moment) string {
	switch begin := s.run.Begin; {
	case begin == nil:
		return "+?"
	case m.At != nil:
		return "+" + span(m.At.Sub(begin.Time))
	case m.NotAfter != nil:
		return "≤+" + span(m.NotAfter.Sub(begin.Time))
	case m.NotBefore != nil:
		return "≥+" + span(m.NotBefore.Sub(begin.Time))
	}
	return "+?"
}

// steps are the moments in the order in which they were completed.
func (s *flowScreen) steps(theme look.Theme, width, height int) []string {
	lines := make([]string, len(s.run.Moments))
	for i, m := range s.run.Moments {
		lines[i] = s.step(theme, i, m, width)
	}
	return window(lines, s.cursor.index-height/2, width, height)
}

func (s *flowScreen) step(theme look.Theme, index int, m run.Moment, width int) string {
	const label = 10
	at, step, revision := s.cursor.ofMoment(index), " ", ""
	if m.Step > 0 {
		step = number(int64(m.Step))
	}
	if index == 0 || s.run.Moments[index-1].Revision != m.Revision {
		revision = number(m.Revision)
	}
	if m.Revision == 0 {
		revision = ""
	}
	mark := " "
	if at == now {
		mark = "▸"
	}
	l := look.Of(flowMap{run: s.run}.kindOf(m.Actor))
	line := mark + step + " " + right(s.at(m), 9) + " "
	rest := fit(clean(m.Label), label) + right(revision, 7)
	if width >= 70 {
		rest += "  " + clean(m.Title)
	}
	switch at {
	case now:
		return strong(line) + theme.Paint(l, theme.Glyph(l)) + " " + strong(rest)
	case past:
		return line + theme.Paint(l, theme.Glyph(l)) + " " + rest
	}
	return quiet(line + theme.Glyph(l) + " " + rest)
}

// messages are listed by time, around those of the moment at the cursor.
func (s *flowScreen) messages(theme look.Theme, width, height int) []string {
	lines := make([]string, len(s.run.Messages))
	first := -1
	picture := flowMap{run: s.run}
	for i, m := range s.run.Messages {
		at := s.cursor.of(m)
		if at == now && first < 0 {
			first = i
		}
		lines[i] = s.message(theme, picture, m, at)
	}
	return window(lines, max(first, 0)-height/3, width, height)
}

func (s *flowScreen) message(theme look.Theme, picture flowMap, m run.Message, at when) string {
	from, to := look.Of(picture.kindOf(m.From)), look.Of(picture.kindOf(m.To))
	arrow := "──▶"
	if m.Kind == run.Watch {
		arrow = "╌╌▶"
	}
	time := right(s.sent(m), 10)
	switch at {
	case now:
		return strong("▸"+time+"  ") + theme.Paint(from, theme.Glyph(from)+" "+arrow) + " " + theme.Paint(to, theme.Glyph(to)) + "  " + strong(clean(m.Text))
	case past:
		return " " + time + "  " + theme.Paint(from, theme.Glyph(from)+" "+arrow) + " " + theme.Paint(to, theme.Glyph(to)) + "  " + clean(m.Text)
	}
	return quiet(" " + time + "  " + theme.Glyph(from) + " " + arrow + " " + theme.Glyph(to) + "  " + clean(m.Text))
}

// sent is when a message was sent; a time that only bounds it says so.
func (s *flowScreen) sent(m run.Message) string {
	t := timeOf(m)
	if t == nil || s.run.Begin == nil {
		return "+?"
	}
	sign := "+"
	if m.SentAt == nil {
		sign = "≤+"
	}
	return sign + span(t.Sub(s.run.Begin.Time))
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
