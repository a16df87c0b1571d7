// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// queueScreen shows where the scheduler keeps the pods that wait, and for what
// each of them waits.
type queueScreen struct {
	list   list
	search search
}

// listed are the waiting pods that the search finds.
func (s *queueScreen) listed(q overview.Queues) []evidence.Waiting {
	return filtered(q.Waiting, s.search, func(w evidence.Waiting) string {
		return strings.Join(append([]string{w.Namespace + "/" + w.Name, w.Queue, w.For}, w.Plugins...), " ")
	})
}

// place of the queue and what it means.
type place struct {
	name, about string
	count       func(overview.Queues) int
}

var queuePlaces = []place{
	{"active", "next to be tried", func(q overview.Queues) int { return q.Active }},
	{"in flight", "being tried now", func(q overview.Queues) int { return q.InFlight }},
	{"backoff", "wait after a failure", func(q overview.Queues) int { return q.Backoff }},
	{"unschedulable", "wait for an event", func(q overview.Queues) int { return q.Unschedulable }},
	{"gated", "have scheduling gates", func(q overview.Queues) int { return q.Gated }},
}

func (s *queueScreen) keys(q overview.Queues) []string {
	waiting := s.listed(q)
	keys := make([]string, len(waiting))
	for i, w := range waiting {
		keys[i] = w.Namespace + "/" + w.Name
	}
	return keys
}

// selected is the pod that keys act on, if there is any.
func (s *queueScreen) selected(q overview.Queues) (evidence.Waiting, bool) {
	s.list.follow(s.keys(q))
	waiting := s.listed(q)
	if s.list.index >= len(waiting) {
		return evidence.Waiting{}, false
	}
	return waiting[s.list.index], true
}

func (s *queueScreen) draw(theme look.Theme, c *cluster, at time.Time, width, height int) []string {
	scheduler := look.Of(run.KindScheduler)
	out := []string{" " + theme.Paint(scheduler, theme.Glyph(scheduler)+" Scheduler's queue") + s.search.shown()}
	switch {
	case !c.known:
		return append(out, "", "  "+quiet("Waiting for the cluster's state"))
	case !c.queues.Available:
		return append(append(out, ""), indented(wrap("Not available: "+cmp.Or(c.queues.Reason, "the scheduler does not say"), width-4))...)
	}
	out = append(out, placeBars(theme, c.queues, width)...)
	out = append(out, fit("  "+quiet(rateWords(c.rates)), width))
	out = append(out, quiet(strings.Repeat("─", width)))
	w, ok := s.selected(c.queues)
	if !ok {
		return append(out, "  "+quiet(s.search.none("No pod waits.")))
	}
	const about = 4
	waiting := s.listed(c.queues)
	rows := height - len(out) - about - 1
	out = append(out, quiet(waitingRow("POD", "PLACE", "FOR", "TRIED", "PRIORITY", "WAITS FOR", width)))
	from, to := s.list.show(len(waiting), max(rows, 1))
	for i := from; i < to; i++ {
		out = append(out, s.row(waiting[i], at, i == s.list.index, width))
	}
	for len(out) < height-about {
		out = append(out, "")
	}
	return append(out, aboutWaiting(w, at, width)...)
}

// placeBars draws how many pods are in each place.
func placeBars(theme look.Theme, q overview.Queues, width int) []string {
	most := 1
	for _, p := range queuePlaces {
		most = max(most, p.count(q))
	}
	const name, number, about = 15, 7, 24
	var out []string
	for _, p := range queuePlaces {
		n := p.count(q)
		line := "  " + fit(p.name, name) + right(fmt.Sprint(n), number) + "  " +
			theme.Paint(look.Of(run.KindScheduler), bar(float64(n)/float64(most), clamp(width-name-number-about-8, 8, 60), theme.ASCII)) + "  " + quiet(p.about)
		out = append(out, line)
	}
	return out
}

func (s *queueScreen) row(w evidence.Waiting, at time.Time, selected bool, width int) string {
	since := age(w.Since, at)
	row := waitingRow(clean(w.Namespace)+"/"+clean(w.Name), clean(w.Queue), since, fmt.Sprint(w.Attempts), fmt.Sprint(w.Priority), waitsFor(w, at), width)
	if selected {
		return chosen(row)
	}
	return row
}

func waitingRow(pod, place, since, attempts, priority, why string, width int) string {
	name := clamp(width/4, 18, 44)
	row := " " + fit(pod, name) + " " + fit(place, 13) + " " + right(since, 6) + " " + right(attempts, 5)
	if width >= 100 {
		row += " " + right(priority, 11)
	}
	return fit(row+"  "+why, width)
}

// waitsFor is what a pod waits for, with the rest of its backoff.
func waitsFor(w evidence.Waiting, at time.Time) string {
	text := clean(w.For)
	if w.BackoffEnds != nil && !at.IsZero() {
		if rest := w.BackoffEnds.Sub(at); rest > 0 {
			text = strings.TrimSpace("may be tried in " + span(rest.Round(100*time.Millisecond)) + "  " + text)
		}
	}
	return text
}

// aboutWaiting says in full what the selected pod waits for.
func aboutWaiting(w evidence.Waiting, at time.Time, width int) []string {
	const height = 4
	text := cmp.Or(clean(w.For), "The scheduler does not say what it waits for.")
	if len(w.Plugins) > 0 {
		text += "; rejected by " + clean(strings.Join(w.Plugins, ", "))
	}
	if w.NominatedNode != "" {
		text += "; room is made for it on " + clean(w.NominatedNode)
	}
	if w.TriedBy != nil && !at.IsZero() {
		text += "; tried in " + span(max(w.TriedBy.Sub(at), 0).Round(time.Second)) + " at the latest"
	}
	lines := append([]string{quiet(strings.Repeat("─", width)), " " + strong(clean(w.Namespace)+"/"+clean(w.Name)) + quiet("  enter: its run")}, indented(wrap(text, width-2))...)
	return window(lines, 0, width, height)
}

func indented(lines []string) []string {
	for i := range lines {
		lines[i] = " " + lines[i]
	}
	return lines
}

// rateWords are the writes per second by component.
func rateWords(r overview.Rates) string {
	if !r.Available {
		return "writes per second: not available" + strings.TrimRight(": "+clean(r.Reason), ": ")
	}
	parts := make([]string, 0, len(r.Components))
	for _, c := range r.Components {
		if c.Writes > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f", clean(c.Component), c.Writes))
		}
	}
	if len(parts) == 0 {
		parts = []string{"none"}
	}
	return "writes per second: " + strings.Join(parts, " · ") + fmt.Sprintf(" · watch events %.1f", r.WatchEvents)
}
