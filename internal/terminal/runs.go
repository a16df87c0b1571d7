// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/render/look"
)

// maxRuns bounds the list: the newest ones are kept.
const maxRuns = 1000

// runsScreen lists what is recorded, the newest first.
type runsScreen struct {
	items  []Recorded
	list   list
	search search
}

// listed are the runs that the search finds.
func (s *runsScreen) listed() []Recorded {
	return filtered(s.items, s.search, func(r Recorded) string {
		return strings.Join([]string{r.Subject.Resource, r.Subject.Namespace + "/" + r.Subject.Name, string(r.Outcome)}, " ")
	})
}

// load takes runs that are new or have changed.
func (s *runsScreen) load(items []Recorded) {
	for _, item := range items {
		i := slices.IndexFunc(s.items, func(r Recorded) bool { return r.Subject == item.Subject })
		if i < 0 {
			s.items = append(s.items, item)
		} else {
			s.items[i] = item
		}
	}
	slices.SortStableFunc(s.items, func(a, b Recorded) int { return cmp.Compare(b.Sequence, a.Sequence) })
	s.items = s.items[:min(len(s.items), maxRuns)]
}

// newest is the run of which something was recorded last.
func (s *runsScreen) newest() (Subject, bool) {
	if len(s.items) == 0 {
		return Subject{}, false
	}
	return s.items[0].Subject, true
}

func (s *runsScreen) keys() []string {
	items := s.listed()
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = fmt.Sprint(item.Subject)
	}
	return keys
}

func (s *runsScreen) move(by int) { s.list.move(s.keys(), by) }

// selected is the run that enter opens.
func (s *runsScreen) selected() (Subject, bool) {
	s.list.follow(s.keys())
	items := s.listed()
	if s.list.index >= len(items) {
		return Subject{}, false
	}
	return items[s.list.index].Subject, true
}

func (s *runsScreen) draw(theme look.Theme, shown Subject, at time.Time, width, height int) []string {
	out := []string{fit(" "+strong("Recorded runs")+quiet(fmt.Sprintf("  the newest %d", len(s.items)))+s.search.shown(), width)}
	if len(s.items) == 0 {
		return append(out, "", " Nothing is recorded yet. Create something, for example with:", "", "   "+exampleCommand)
	}
	items := s.listed()
	s.list.follow(s.keys())
	if len(items) == 0 {
		return append(out, "", "  "+quiet(s.search.none("")))
	}
	out = append(out, quiet(runsRow(" ", "KIND", "NAMESPACE", "NAME", "OUTCOME", "ENTRIES", "SEEN", width)))
	from, to := s.list.show(len(items), max(height-len(out), 1))
	for i := from; i < to; i++ {
		item, mark := items[i], " "
		if item.Subject.same(shown) {
			mark = "▸"
		}
		row := runsRow(mark, clean(item.Subject.Resource), clean(item.Subject.Namespace), clean(item.Subject.Name), outcome(theme, string(item.Outcome)),
			fmt.Sprint(item.Entries), age(item.LastSeen, at), width)
		if i == s.list.index {
			row = chosen(runsRow(mark, clean(item.Subject.Resource), clean(item.Subject.Namespace), clean(item.Subject.Name), outcome(look.Theme{}, string(item.Outcome)),
				fmt.Sprint(item.Entries), age(item.LastSeen, at), width))
		}
		out = append(out, row)
	}
	return out
}

func runsRow(mark, kind, namespace, name, outcome, entries, seen string, width int) string {
	const kindWidth, namespaceWidth, outcomeWidth, entriesWidth, seenWidth = 15, 14, 17, 8, 6
	room := max(width-kindWidth-namespaceWidth-outcomeWidth-entriesWidth-seenWidth-8, 10)
	return fit(mark+" "+fit(kind, kindWidth)+" "+fit(namespace, namespaceWidth)+" "+fit(name, room)+" "+fit(outcome, outcomeWidth)+" "+
		right(entries, entriesWidth)+" "+right(seen, seenWidth), width)
}
