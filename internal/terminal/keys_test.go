// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
)

// TestCursorKeys moves through a run whose steps 1 to 8 are its moments in order,
// with the revisions 218 from step 3, 219 from step 4 and 220 from step 5 on.
func TestCursorKeys(t *testing.T) {
	type cursor struct {
		step     int32
		revision int64
		live     bool
	}
	tests := map[string]struct {
		keys []string
		want cursor
	}{
		"a run is followed at first":         {nil, cursor{8, 220, true}},
		"left":                               {[]string{"left"}, cursor{7, 220, false}},
		"left and right":                     {[]string{"left", "left", "right"}, cursor{7, 220, false}},
		"right at the end stays":             {[]string{"right"}, cursor{8, 220, false}},
		"home":                               {[]string{"home"}, cursor{1, 0, false}},
		"left at the beginning":              {[]string{"home", "left"}, cursor{1, 0, false}},
		"home and end":                       {[]string{"home", "end"}, cursor{8, 220, false}},
		"revision back":                      {[]string{"shift+left"}, cursor{4, 219, false}},
		"revision back twice":                {[]string{"shift+left", "shift+left"}, cursor{3, 218, false}},
		"revision back to before the first":  {[]string{"[", "[", "["}, cursor{1, 0, false}},
		"revision on":                        {[]string{"home", "shift+right"}, cursor{3, 218, false}},
		"revision on twice":                  {[]string{"home", "]", "]"}, cursor{4, 219, false}},
		"go to a step":                       {[]string{"g", "4", "enter"}, cursor{4, 219, false}},
		"go to a revision":                   {[]string{"g", "2", "1", "8", "enter"}, cursor{3, 218, false}},
		"a mistake is corrected":             {[]string{"g", "9", "backspace", "5", "enter"}, cursor{5, 220, false}},
		"a revision that is not in the run":  {[]string{"g", "9", "9", "enter"}, cursor{8, 220, true}},
		"going is called off":                {[]string{"g", "4", "esc"}, cursor{8, 220, true}},
		"LIVE":                               {[]string{"home", "l"}, cursor{8, 220, true}},
		"playing starts over from the end":   {[]string{"space"}, cursor{1, 0, false}},
		"playing goes on from where one is":  {[]string{"g", "4", "enter", "space"}, cursor{4, 219, false}},
		"other screens leave the cursor":     {[]string{"left", "2", "tab", "4", "1"}, cursor{7, 220, false}},
		"keys of other screens do not count": {[]string{"3", "left", "left", "home"}, cursor{8, 220, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := showing(t, 80, 24, "fits").press(tt.keys...)
			at, _ := d.flow.cursor.moment()
			if got := (cursor{at.Step, at.Revision, d.flow.cursor.live}); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestPlaying(t *testing.T) {
	d := showing(t, 80, 24, "fits").press("space")
	if !d.flow.cursor.playing {
		t.Fatal("space does not play")
	}
	stale := playMsg{d.flow.cursor.generation}
	d.Update(stale)
	d.Update(stale)
	if got := d.flow.cursor.index; got != 1 {
		t.Errorf("a timer that has run out moves the cursor again: at %d, want 1", got)
	}
	for range 20 {
		d.Update(playMsg{d.flow.cursor.generation})
	}
	if d.flow.cursor.playing || d.flow.cursor.index != 7 {
		t.Errorf("playing does not stop at the end: %+v", d.flow.cursor)
	}
	if d.press("space", "left").flow.cursor.playing {
		t.Error("moving the cursor does not stop playing")
	}
}

func TestSpeeds(t *testing.T) {
	at := func(d time.Duration) run.Moment { return run.Moment{At: &metav1.MicroTime{Time: later.Add(d)}} }
	tests := map[string]struct {
		factor   float64
		from, to run.Moment
		want     time.Duration
	}{
		"step by step":    {0, at(0), at(time.Hour), time.Second},
		"real time":       {1, at(0), at(300 * time.Millisecond), 300 * time.Millisecond},
		"a tenth":         {0.1, at(0), at(30 * time.Millisecond), 300 * time.Millisecond},
		"ten times":       {10, at(0), at(3 * time.Second), 300 * time.Millisecond},
		"at once":         {1, at(0), at(0), leastPlayTime},
		"back in time":    {1, at(time.Second), at(0), leastPlayTime},
		"very long":       {1, at(0), at(time.Hour), mostPlayTime},
		"no time is know": {1, at(0), run.Moment{}, time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (speed{factor: tt.factor}).wait(tt.from, tt.to); got != tt.want {
				t.Errorf("waits %s, want %s", got, tt.want)
			}
		})
	}
}

// TestMessagesAtTheCursor checks what has happened, happens and is still to come.
func TestMessagesAtTheCursor(t *testing.T) {
	d := showing(t, 80, 24, "fits").press("g", "4", "enter")
	got := map[when]int{}
	for _, m := range d.flow.run.Messages {
		at := d.flow.cursor.of(m)
		got[at]++
		if m.Kind == run.Answer && m.Code == 201 && at != past {
			t.Errorf("the answer 201, sent before the bind, is %v, want past", at)
		}
	}
	want := map[when]int{past: 4, now: 5, future: 7}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("messages (-want +got):\n%s", d)
	}
}

// TestCursorWhileTheRunGoesOn checks that the cursor stays at what it shows.
func TestCursorWhileTheRunGoesOn(t *testing.T) {
	whole := recorded(t, "fits")
	begun := whole
	begun.Moments = whole.Moments[:3]
	d := newDesk(80, 24, subjectOf(whole))
	d.Update(runMsg{subjectOf(whole), begun})
	d.press("left")
	before, _ := d.flow.cursor.moment()
	d.Update(runMsg{subjectOf(whole), whole})
	if after, _ := d.flow.cursor.moment(); after.Step != before.Step {
		t.Errorf("the cursor went from step %d to step %d", before.Step, after.Step)
	}
	if d.press("l"); d.flow.cursor.index != 7 {
		t.Errorf("LIVE shows moment %d, want the last one", d.flow.cursor.index)
	}
}

func TestFollowingTheNewestRun(t *testing.T) {
	d := newDesk(80, 24, Subject{})
	runs := someRuns()
	d.Update(runsMsg{runs[1:2]})
	d.Update(runsMsg{runs[0:1]})
	d.Update(runsMsg{runs[2:3]})
	if d := cmp.Diff([]Subject{runs[1].Subject}, d.opened); d != "" {
		t.Errorf("the first run is not shown at once, or another too soon (-want +opened):\n%s", d)
	}
	d.Update(tickMsg(later.Add(time.Second)))
	d.Update(tickMsg(later.Add(2 * time.Second)))
	if d := cmp.Diff([]Subject{runs[1].Subject, runs[0].Subject}, d.opened); d != "" {
		t.Errorf("the newest run is not shown (-want +opened):\n%s", d)
	}
	stale := recorded(t, "fits")
	d.Update(runMsg{runs[1].Subject, stale})
	if d.flow.known {
		t.Error("a run is shown that is not followed any more")
	}
	d.Update(runMsg{runs[0].Subject, stale})
	d.press("left")
	newer := runs[1]
	newer.Sequence = 100
	d.Update(runsMsg{[]Recorded{newer}})
	d.Update(tickMsg(later.Add(3 * time.Second)))
	if len(d.opened) != 2 {
		t.Error("another run is shown although the cursor was moved")
	}
	if d.press("l"); len(d.opened) != 3 || d.opened[2] != newer.Subject {
		t.Errorf("LIVE does not go to the newest run: %v", d.opened)
	}
}

func TestOpening(t *testing.T) {
	d := newDesk(80, 24, Subject{})
	d.Update(runsMsg{someRuns()})
	d.Update(snapshotMsg{snapshot()})
	d.press("4", "down", "down", "enter")
	if got := d.opened[len(d.opened)-1]; got.Name != "huge" || d.screen != screenFlow || d.newest {
		t.Errorf("enter on Runs opened %v on screen %v, newest %v", got, d.screen, d.newest)
	}
	d.press("2", "enter")
	if got := d.opened[len(d.opened)-1]; got != (Subject{Resource: "simpods", Namespace: "shop", Name: "cart-2"}) {
		t.Errorf("enter on Queue opened %v", got)
	}
	if d.press("4", "l"); !d.newest || d.screen != screenFlow {
		t.Error("l on Runs does not follow the newest run")
	}
}

// TestSelectionStays checks that rows that come and go do not move the selection.
func TestSelectionStays(t *testing.T) {
	d := newDesk(80, 24, Subject{})
	d.Update(runsMsg{someRuns()})
	d.press("4", "down")
	selected, _ := d.runs.selected()
	d.Update(runsMsg{[]Recorded{{Subject: Subject{Resource: "simpods", Namespace: "a", Name: "new"}, Sequence: 50}}})
	if after, _ := d.runs.selected(); after != selected {
		t.Errorf("the selection went from %v to %v", selected, after)
	}
	d.Update(snapshotMsg{snapshot()})
	d.press("3", "right")
	d.draw()
	d.Update(deltaMsg{overview.Delta{Epoch: "e1", From: 7, To: 8, Nodes: []overview.Node{{ID: 9, Name: "a-node", Kind: "SimNode"}}}})
	d.draw()
	if d.nodes.list.key != "SimNode/node-2" {
		t.Errorf("the selection went to %s", d.nodes.list.key)
	}
}

func TestQuitAndHelp(t *testing.T) {
	for _, keys := range [][]string{{"q"}, {"ctrl+c"}, {"?", "q"}, {"g", "ctrl+c"}} {
		d := newDesk(80, 24, Subject{})
		var command tea.Cmd
		for _, key := range keys {
			_, command = d.Update(pressed(key))
		}
		if command == nil {
			t.Fatalf("%v does not quit", keys)
		}
		if _, ok := command().(tea.QuitMsg); !ok {
			t.Errorf("%v does not quit", keys)
		}
	}
	d := newDesk(80, 24, Subject{}).press("?")
	if !strings.Contains(d.text(), "step by step") || strings.Contains(d.press("esc").text(), "step by step, 1/10") {
		t.Error("? does not show the keys, or esc does not go back")
	}
}

// TestLostConnection checks that it is shown where it matters, and goes by itself.
func TestLostConnection(t *testing.T) {
	d := showing(t, 80, 24, "fits")
	d.Update(stateMsg{feedCluster, errors.New("connection refused")})
	if strings.Contains(d.text(), "Connection lost") {
		t.Error("the flow says that the cluster's stream is lost")
	}
	d.Update(tickMsg(later.Add(7 * time.Second)))
	if got := d.press("3").text(); !strings.Contains(got, "× Connection lost for 7s: connection refused") {
		t.Errorf("the nodes do not say that their stream is lost:\n%s", got)
	}
	d.Update(stateMsg{feedCluster, errors.New("still refused")})
	if got := d.text(); !strings.Contains(got, "lost for 7s: still refused") {
		t.Errorf("a further failure hides since when:\n%s", got)
	}
	d.Update(stateMsg{feedCluster, nil})
	if strings.Contains(d.text(), "Connection lost") {
		t.Error("a connection that is there again is said to be lost")
	}
}

func TestSearching(t *testing.T) {
	d := newDesk(80, 24, Subject{})
	d.Update(runsMsg{someRuns()})
	d.Update(snapshotMsg{snapshot()})
	tests := map[string]struct {
		keys       []string
		want, lack string
	}{
		"a name":            {[]string{"4", "/", "h", "u", "g", "e", "enter"}, "huge", "cart"},
		"several words":     {[]string{"4", "/", "S", "H", "O", "P", "space", "c", "enter"}, "cart", "huge"},
		"while it is typed": {[]string{"4", "/", "w", "e", "b"}, "web", "huge"},
		"a mistake":         {[]string{"4", "/", "h", "x", "backspace", "enter"}, "huge", "default        web"},
		"nodes by taint":    {[]string{"3", "/", "d", "b", "enter"}, "node-2", "node-1 "},
		"the queue":         {[]string{"2", "/", "a", "f", "f", "i", "n", "enter"}, "default/huge", "cart-2"},
		"nothing":           {[]string{"3", "/", "q", "z", "enter"}, "None has qz. esc shows all.", "node-1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := d.press(tt.keys...).text()
			if !strings.Contains(got, tt.want) || strings.Contains(got, tt.lack) {
				t.Errorf("want %q and no %q:\n%s", tt.want, tt.lack, got)
			}
			if all := d.press("esc").text(); !strings.Contains(all, tt.lack) {
				t.Errorf("esc does not show all:\n%s", all)
			}
		})
	}
	if d.press("1", "/").searching {
		t.Error("the flow, which has no list, is searched")
	}
}
