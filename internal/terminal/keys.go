// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/glassplane/glassplane/internal/render/look"
)

// keyHelp explains the keys, screen by screen.
var keyHelp = []struct {
	title string
	keys  [][2]string
}{
	{"Everywhere", [][2]string{
		{"1 to 4, tab", "the screens: Flow, Queue, Nodes, Runs"},
		{"l", "LIVE: follow what happens now; without a named run, the newest one"},
		{"?, esc", "this help, and back"},
		{"q, ctrl+c", "quit"},
	}},
	{"Flow: one cursor in the map, the steps and the story", [][2]string{
		{"← →", "step by step"},
		{"shift+← shift+→, [ ]", "revision by revision of etcd"},
		{"home end", "the first and the last moment"},
		{"space", "play and stop"},
		{"s", "speed: step by step, 1/10, 1 or 10 times real time"},
		{"g NUMBER", "go to a step, or to a revision"},
		{"↑ ↓, pgup pgdn", "read on in the story"},
		{"e", "the evidence in full"},
	}},
	{"Queue, Nodes, Runs", [][2]string{
		{"↑ ↓ ← →, pgup pgdn", "choose"},
		{"/ WORDS, esc", "only what has all words; all again"},
		{"enter", "open the run"},
		{"r, o", "on Nodes: another resource; by name or by fill"},
	}},
}

func drawHelp(theme look.Theme, width int) []string {
	var out []string
	for _, section := range keyHelp {
		out = append(out, " "+strong(section.title))
		for _, key := range section.keys {
			out = append(out, fit("   "+fit(key[0], 22)+quiet(key[1]), width))
		}
	}
	legend := " "
	for _, l := range look.All() {
		legend += theme.Paint(l, theme.Glyph(l)+" "+string(l.Kind)) + "  "
	}
	return append(out, legend, quiet(" ━━▶ now   ──▶ before   ┄┄▶ still to come   ╌╌▶ watch event"))
}

// key does what a key asks for.
func (m *model) key(key string) tea.Cmd {
	m.notice = ""
	switch {
	case key == "ctrl+c":
		return tea.Quit
	case m.asking:
		m.typed(key)
		return nil
	case m.searching:
		m.typedSearch(key)
		return nil
	case m.help && (key == "esc" || key == "?"):
		m.help = false
		return nil
	}
	switch key {
	case "q":
		return tea.Quit
	case "?":
		m.help = true
	case "1", "2", "3", "4":
		m.help, m.screen = false, screen(key[0]-'1')
	case "tab":
		m.help, m.screen = false, (m.screen+1)%screens
	case "shift+tab":
		m.help, m.screen = false, (m.screen+screens-1)%screens
	case "l":
		return m.goLive()
	case "ctrl+z":
		return tea.Suspend
	case "/":
		m.searching = m.searched() != nil
	case "esc":
		if s := m.searched(); s != nil {
			s.text = ""
		}
	default:
		return m.screenKey(key)
	}
	return nil
}

// goLive follows what happens now.
func (m *model) goLive() tea.Cmd {
	cursor := &m.flow.cursor
	cursor.live, cursor.playing = true, false
	cursor.load(m.flow.run.Moments)
	m.flow.scroll = 0
	if m.screen == screenRuns {
		m.newest, m.screen = true, screenFlow
	}
	return m.followNewest()
}

func (m *model) screenKey(key string) tea.Cmd {
	switch m.screen {
	case screenFlow:
		return m.flowKey(key)
	case screenQueue:
		return m.queueKey(key)
	case screenNodes:
		m.nodesKey(key)
	case screenRuns:
		return m.runsKey(key)
	}
	return nil
}

func (m *model) flowKey(key string) tea.Cmd {
	cursor, before := &m.flow.cursor, m.flow.cursor.index
	switch key {
	case "left":
		cursor.move(-1)
	case "right":
		cursor.move(1)
	case "shift+left", "[":
		cursor.moveRevision(-1)
	case "shift+right", "]":
		cursor.moveRevision(1)
	case "home":
		cursor.to(0)
	case "end":
		cursor.to(len(cursor.moments) - 1)
	case "space":
		cursor.play()
		m.flow.scroll = 0
		return m.wait()
	case "s":
		cursor.speed = (cursor.speed + 1) % len(speeds)
		cursor.generation++
		m.notice = "Plays " + speeds[cursor.speed].name
		return m.wait()
	case "g":
		m.asking, m.prompt = true, ""
	case "e":
		m.flow.raw, m.flow.scroll = !m.flow.raw, 0
	default:
		m.flow.scroll = max(m.flow.scroll+lines(key, m.height/2), 0)
	}
	if cursor.index != before {
		m.flow.scroll = 0
	}
	return nil
}

// lines is how many lines a key moves by, where a page has so many.
func lines(key string, page int) int {
	switch key {
	case "up", "k":
		return -1
	case "down", "j":
		return 1
	case "pgup":
		return -page
	case "pgdown":
		return page
	case "home":
		return -1 << 20
	case "end":
		return 1 << 20
	}
	return 0
}

// typed takes a key of the number that g asks for.
func (m *model) typed(key string) {
	const most = 19
	switch {
	case len(key) == 1 && key[0] >= '0' && key[0] <= '9' && len(m.prompt) < most:
		m.prompt += key
	case key == "backspace" && m.prompt != "":
		m.prompt = m.prompt[:len(m.prompt)-1]
	case key == "enter":
		m.asking = false
		m.jump()
	case key == "esc" || key == "q" || key == "backspace":
		m.asking = false
	}
}

// searched is the search of the screen; nil where there is no list.
func (m *model) searched() *search {
	switch m.screen {
	case screenQueue:
		return &m.queue.search
	case screenNodes:
		return &m.nodes.search
	case screenRuns:
		return &m.runs.search
	}
	return nil
}

// typedSearch takes a key of what is searched for; the list narrows at once.
func (m *model) typedSearch(key string) {
	const most = 100
	s := m.searched()
	switch {
	case key == "enter":
		m.searching = false
	case key == "esc":
		m.searching, s.text = false, ""
	case key == "space":
		key = " "
		fallthrough
	case utf8.RuneCountInString(key) == 1 && len(s.text) < most:
		s.text += key
	case key == "backspace":
		if runes := []rune(s.text); len(runes) > 0 {
			s.text = string(runes[:len(runes)-1])
		}
	}
}

func (m *model) jump() {
	n, err := strconv.ParseInt(m.prompt, 10, 64)
	switch {
	case m.prompt == "":
	case err != nil || !m.flow.cursor.jump(n):
		m.notice = fmt.Sprintf("There is no step and no revision %s in this run", m.prompt)
	default:
		m.flow.scroll = 0
	}
}

func (m *model) queueKey(key string) tea.Cmd {
	q := m.cluster.queues
	m.queue.list.move(m.queue.keys(q), lines(key, m.height/2))
	if w, ok := m.queue.selected(q); ok && key == "enter" {
		return m.pin(Subject{Resource: "simpods", Namespace: w.Namespace, Name: w.Name, UID: string(w.UID)})
	}
	return nil
}

func (m *model) nodesKey(key string) {
	row := max(m.nodes.columns, 1)
	switch key {
	case "left":
		m.nodes.move(&m.cluster, -1)
	case "right":
		m.nodes.move(&m.cluster, 1)
	case "r":
		m.nodes.amount = (m.nodes.amount + 1) % len(amounts)
	case "o":
		m.nodes.fullest = !m.nodes.fullest
	case "pgup", "pgdown", "home", "end":
		m.nodes.move(&m.cluster, lines(key, m.nodes.page))
	default:
		m.nodes.move(&m.cluster, row*lines(key, 1))
	}
}

func (m *model) runsKey(key string) tea.Cmd {
	m.runs.move(lines(key, m.height/2))
	if of, ok := m.runs.selected(); ok && key == "enter" {
		return m.pin(of)
	}
	return nil
}

// pin opens a run and stays with it, whichever is the newest.
func (m *model) pin(of Subject) tea.Cmd {
	m.newest, m.screen = false, screenFlow
	return m.show(of)
}
