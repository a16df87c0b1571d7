// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package terminal shows a cluster live in a terminal: one run at its cursor, the
// scheduler's queue, the nodes, and the list of runs. What it shows comes from an
// observer as it is; the screens only lay it out. The model is pure: it gets all
// data, keys and times as messages, and can be tested without a terminal.
package terminal

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/glassplane/glassplane/internal/render/look"
)

// screen is one of the views.
type screen int

const (
	screenFlow screen = iota
	screenQueue
	screenNodes
	screenRuns
	screens
)

var screenNames = [screens]string{"Flow", "Queue", "Nodes", "Runs"}

// The least size that the screens are made for.
const leastWidth, leastHeight = 60, 18

// model is everything that is shown.
type model struct {
	theme         look.Theme
	width, height int
	screen        screen
	help          bool
	// prompt is what was typed after g; asking is true while it is typed, and
	// searching while what is searched for is.
	prompt            string
	asking, searching bool
	// notice is the answer to the last key, until the next one.
	notice string

	flow    flowScreen
	queue   queueScreen
	nodes   nodesScreen
	runs    runsScreen
	cluster cluster
	// newest is true while the flow follows whatever run is the newest.
	newest bool
	// broken says why a feed is not connected, and since when.
	broken [feeds]brokenFeed
	now    time.Time
	// open starts to follow a run, in place of the one before.
	open func(Subject) tea.Cmd
}

type brokenFeed struct {
	err   error
	since time.Time
}

// newModel shows a run, or the newest one where the subject is empty.
func newModel(theme look.Theme, of Subject, open func(Subject) tea.Cmd) *model {
	m := &model{theme: theme, open: open, newest: of == Subject{}}
	m.flow.open(of)
	return m
}

// Init asks for what the program does not send by itself.
func (m *model) Init() tea.Cmd {
	commands := []tea.Cmd{tick(), tea.RequestBackgroundColor}
	if !m.newest {
		commands = append(commands, m.open(m.flow.subject))
	}
	return tea.Batch(commands...)
}

func tick() tea.Cmd {
	return tea.Tick(time.Second, func(t time.Time) tea.Msg { return tickMsg(t) })
}

// Update takes one message.
func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case tea.ColorProfileMsg:
		m.theme.Profile = message.Profile
	case tea.BackgroundColorMsg:
		m.theme.Ground = look.Light
		if message.IsDark() {
			m.theme.Ground = look.Dark
		}
	case tea.KeyPressMsg:
		return m, m.key(message.String())
	case tickMsg:
		m.now = time.Time(message)
		return m, tea.Batch(tick(), m.followNewest())
	case playMsg:
		return m, m.played(message)
	default:
		return m, m.take(message)
	}
	return m, nil
}

// take shows what a feed has read.
func (m *model) take(message tea.Msg) tea.Cmd {
	switch message := message.(type) {
	case runMsg:
		if message.of == m.flow.subject {
			m.flow.load(message.run)
		}
	case runsMsg:
		m.runs.load(message.items)
		if m.flow.subject == (Subject{}) {
			return m.followNewest()
		}
	case snapshotMsg:
		m.cluster.load(message.snapshot)
	case deltaMsg:
		m.cluster.apply(message.delta)
	case stateMsg:
		broken := &m.broken[message.feed]
		if message.err == nil || broken.err == nil {
			broken.since = m.now
		}
		broken.err = message.err
	}
	return nil
}

// followNewest opens the newest run, at most once a second, so that each is seen.
func (m *model) followNewest() tea.Cmd {
	newest, ok := m.runs.newest()
	if !ok || !m.newest || !m.flow.cursor.live || newest == m.flow.subject {
		return nil
	}
	return m.show(newest)
}

// show opens a run.
func (m *model) show(of Subject) tea.Cmd {
	m.flow.open(of)
	m.broken[feedRun] = brokenFeed{}
	return m.open(of)
}

// played shows the next moment when its time has come.
func (m *model) played(message playMsg) tea.Cmd {
	cursor := &m.flow.cursor
	if !cursor.playing || message.generation != cursor.generation {
		return nil
	}
	cursor.advance()
	m.flow.scroll = 0
	return m.wait()
}

// wait sets the timer for the next moment.
func (m *model) wait() tea.Cmd {
	cursor := &m.flow.cursor
	if !cursor.playing {
		return nil
	}
	generation := cursor.generation
	return tea.Tick(cursor.wait(), func(time.Time) tea.Msg { return playMsg{generation} })
}

// View draws the screen.
func (m *model) View() tea.View {
	view := tea.NewView(m.draw())
	view.AltScreen = true
	view.WindowTitle = "glassplane watch"
	return view
}

// draw returns exactly as many lines as the terminal has, each as wide as it.
func (m *model) draw() string {
	if m.width == 0 || m.height == 0 {
		return ""
	}
	var lines []string
	if m.width < leastWidth || m.height < leastHeight {
		lines = wrap(fmt.Sprintf("The terminal has %d×%d characters: at least %d×%d are needed. q quits.", m.width, m.height, leastWidth, leastHeight), m.width)
	} else {
		lines = append([]string{m.header()}, m.body(m.height-2)...)
		for len(lines) < m.height-1 {
			lines = append(lines, "")
		}
		lines = append(lines[:m.height-1], m.footer())
	}
	lines = lines[:min(len(lines), m.height)]
	for i := range lines {
		lines[i] = fit(lines[i], m.width)
	}
	text := strings.Join(lines, "\n")
	if m.theme.ASCII {
		text = onlyASCII(text)
	}
	return text
}

func (m *model) body(height int) []string {
	if m.help {
		return drawHelp(m.theme, m.width)
	}
	switch m.screen {
	case screenQueue:
		return m.queue.draw(m.theme, &m.cluster, m.now, m.width, height)
	case screenNodes:
		return m.nodes.draw(m.theme, &m.cluster, m.width, height)
	case screenRuns:
		return m.runs.draw(m.theme, m.flow.subject, m.now, m.width, height)
	}
	return m.flow.draw(m.theme, m.width, height)
}

// header names the screens and says whether the cursor follows what happens.
func (m *model) header() string {
	left := " " + strong("Glassplane") + "  "
	for i, name := range screenNames {
		title := fmt.Sprintf(" %d %s ", i+1, name)
		if screen(i) == m.screen && !m.help {
			title = chosen(title)
		}
		left += title
	}
	return ends(left, m.mode()+" ", m.width)
}

func (m *model) mode() string {
	cursor := &m.flow.cursor
	switch {
	case cursor.playing:
		return strong("▶ " + speeds[cursor.speed].name)
	case cursor.live && m.newest:
		return strong("● LIVE") + quiet(" newest run")
	case cursor.live:
		return strong("● LIVE")
	}
	return quiet("○ l: LIVE")
}

// footer is what is asked, what went wrong, or the keys.
func (m *model) footer() string {
	switch broken, name := m.brokenFeed(); {
	case m.asking:
		return fit(strong(" Go to step 1–8, or to a revision: ")+m.prompt+"_"+quiet("   enter: go   esc: stay"), m.width)
	case m.searching:
		return fit(strong(" Search: ")+clean(m.searched().text)+"_"+quiet("   enter: keep   esc: all"), m.width)
	case m.notice != "":
		return fit(" "+strong(m.notice), m.width)
	case broken.err != nil:
		since := ""
		if !broken.since.IsZero() {
			since = " for " + age(broken.since, m.now)
		}
		return fit(chosen(fmt.Sprintf(" × %s%s: %s ", name, since, clean(broken.err.Error()))), m.width)
	}
	return fit(" "+quiet(screenKeys[m.screen]+"  ? help  q quit"), m.width)
}

// brokenFeed is the first feed that is not connected and matters for the screen.
func (m *model) brokenFeed() (broken brokenFeed, name string) {
	order := []feed{feedRun, feedRuns}
	if m.screen == screenQueue || m.screen == screenNodes {
		order = []feed{feedCluster}
	}
	for _, f := range order {
		if m.broken[f].err != nil {
			return m.broken[f], "Connection lost"
		}
	}
	return brokenFeed{}, ""
}

// screenKeys are the keys of each screen that one needs most.
var screenKeys = [screens]string{
	screenFlow:  "←→ step  ⇧←→ revision  space play  ↑↓ read  g go to  e evidence",
	screenQueue: "↑↓ choose  enter open its run  / search",
	screenNodes: "←→↑↓ choose  r resource  o order  / search",
	screenRuns:  "↑↓ choose  enter open  l newest  / search",
}

var _ tea.Model = (*model)(nil)

// profileOf is what a terminal shows at once; later messages may say better.
func profileOf(theme look.Theme) colorprofile.Profile {
	return cmp.Or(theme.Profile, colorprofile.ASCII)
}
