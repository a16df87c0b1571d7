// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
	"github.com/glassplane/glassplane/test/golden"
)

// begin is the time of the runs that package run tests, and later a time after them.
var later = time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC)

// recorded reads a run that the tests of package run check.
func recorded(t *testing.T, name string) run.Run {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "explain", "run", "testdata", name+".golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r run.Run
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func subjectOf(r run.Run) Subject {
	if r.Trace.Subject.Name == "" {
		return Subject{AuditID: r.Trace.AuditID}
	}
	return Subject{Resource: r.Trace.Subject.Resource, Namespace: r.Trace.Subject.Namespace, Name: r.Trace.Subject.Name}
}

// desk is a model with what it asked for.
type desk struct {
	*model
	opened []Subject
}

// newDesk shows a run at a size, without colours.
func newDesk(width, height int, of Subject) *desk {
	d := &desk{}
	d.model = newModel(look.Theme{}, of, func(of Subject) tea.Cmd {
		d.opened = append(d.opened, of)
		return nil
	})
	d.Update(tea.WindowSizeMsg{Width: width, Height: height})
	d.Update(tickMsg(later))
	return d
}

// showing is a desk that has read a run.
func showing(t *testing.T, width, height int, name string) *desk {
	t.Helper()
	r := recorded(t, name)
	d := newDesk(width, height, subjectOf(r))
	d.Update(runMsg{subjectOf(r), r})
	return d
}

func (d *desk) press(keys ...string) *desk {
	for _, key := range keys {
		d.Update(pressed(key))
	}
	return d
}

// pressed is the message of a key by its name.
func pressed(name string) tea.KeyPressMsg {
	key := tea.Key{}
	if rest, ok := strings.CutPrefix(name, "shift+"); ok {
		key.Mod, name = tea.ModShift, rest
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok {
		key.Mod, name = tea.ModCtrl, rest
	}
	codes := map[string]rune{
		"left": tea.KeyLeft, "right": tea.KeyRight, "up": tea.KeyUp, "down": tea.KeyDown, "space": tea.KeySpace, "enter": tea.KeyEnter,
		"esc": tea.KeyEscape, "tab": tea.KeyTab, "home": tea.KeyHome, "end": tea.KeyEnd, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace,
	}
	if code, ok := codes[name]; ok {
		key.Code = code
	} else {
		key.Code = []rune(name)[0]
		if key.Mod == 0 {
			key.Text = name
		}
	}
	return tea.KeyPressMsg(key)
}

func (d *desk) text() string { return ansi.Strip(d.draw()) }

// compare compares a screen, without the spaces at the ends of its lines, with a file.
func compare(t *testing.T, name, got string) {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(got, "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	golden.Check(t, filepath.Join("testdata", name+".golden"), strings.Join(lines, "\n")+"\n")
}

// sizes are the least that is promised, and a large one.
var sizes = []struct{ width, height int }{{80, 24}, {140, 40}}

func TestFlow(t *testing.T) {
	tests := map[string]struct {
		run  string
		keys []string
	}{
		"newest":         {"fits", nil},
		"bind":           {"fits", []string{"g", "4", "enter"}},
		"sends":          {"fits", []string{"home"}},
		"forbidden":      {"forbidden", nil},
		"unschedulable":  {"unschedulable", nil},
		"several actors": {"race", []string{"left", "left"}},
		"set":            {"replicaset", nil},
		"evidence":       {"fits", []string{"g", "4", "enter", "e", "pgdown"}},
	}
	for name, tt := range tests {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s %dx%d", name, size.width, size.height), func(t *testing.T) {
				d := showing(t, size.width, size.height, tt.run).press(tt.keys...)
				compare(t, fmt.Sprintf("flow-%s-%dx%d", strings.ReplaceAll(name, " ", "-"), size.width, size.height), d.text())
			})
		}
	}
}

// snapshot is a small cluster.
func snapshot() overview.Snapshot {
	const gib = 1 << 30
	node := func(id uint32, name string, cpu, pods int64) overview.Node {
		return overview.Node{ID: id, Name: name, Kind: "SimNode", Zone: "a", Ready: true,
			Allocatable: overview.Amounts{CPU: 4000, Memory: 8 * gib, Pods: 110}, Requested: overview.Amounts{CPU: cpu, Memory: gib, Pods: pods}}
	}
	s := overview.Snapshot{Epoch: "e1", Sequence: 7, Nodes: []overview.Node{node(1, "node-1", 3500, 2), node(2, "node-2", 500, 1), node(3, "node-3", 0, 0)}}
	s.Nodes[2].Ready = false
	s.Nodes[1].Unschedulable, s.Nodes[1].Taints = true, []string{"dedicated=db:NoSchedule"}
	s.Pods = overview.Pods{ID: []uint32{1, 2, 3, 4}, Namespace: []uint32{0, 0, 1, 0}, Namespaces: []string{"default", "shop"},
		Name: []string{"web", "api", "cart", "huge"}, Node: []uint32{1, 1, 2, 0}, Phases: []string{"Running", "Starting", "Unschedulable"},
		CPU: []int64{3000, 500, 500, 9000}, Memory: []int64{512, 512, 1024, 64}}
	s.Pods.Phase = append(s.Pods.Phase, 0, 0, 1, 2)
	s.Pods.Real = append(s.Pods.Real, 0, 0, 0, 0)
	since, ends := later.Add(-95*time.Second), later.Add(1500*time.Millisecond)
	s.Queues = overview.Queues{Available: true, Queue: evidence.Queue{Unschedulable: 1, Backoff: 1, Waiting: []evidence.Waiting{
		{Namespace: "shop", Name: "cart-2", Queue: "backoff", Since: since, Attempts: 3, For: "the end of its backoff", BackoffEnds: &ends, Plugins: []string{"NodeResourcesFit"}},
		{Namespace: "default", Name: "huge", Queue: "unschedulable", Since: since, Attempts: 1, Priority: 1000,
			For: "a node that is added or gets more room, or a pod that goes", Plugins: []string{"NodeResourcesFit", "NodeAffinity"}},
	}}}
	return s
}

func TestQueueAndNodes(t *testing.T) {
	tests := map[string][]string{"queue": {"2", "down"}, "nodes": {"3"}, "nodes-by-fill": {"3", "o", "r", "right"}}
	for name, keys := range tests {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s %dx%d", name, size.width, size.height), func(t *testing.T) {
				d := newDesk(size.width, size.height, Subject{})
				d.Update(snapshotMsg{snapshot()})
				compare(t, fmt.Sprintf("%s-%dx%d", name, size.width, size.height), d.press(keys...).text())
			})
		}
	}
}

func someRuns() []Recorded {
	return []Recorded{
		{Subject: Subject{Resource: "simpods", Namespace: "default", Name: "web", UID: "u1"}, LastSeen: later.Add(-3 * time.Second), Sequence: 12, Entries: 18, Outcome: "Running"},
		{Subject: Subject{Resource: "simreplicasets", Namespace: "shop", Name: "cart", UID: "u2"}, LastSeen: later.Add(-90 * time.Second), Sequence: 9, Entries: 31},
		{Subject: Subject{Resource: "simpods", Namespace: "default", Name: "huge", UID: "u3"}, LastSeen: later.Add(-5 * time.Hour), Sequence: 4, Entries: 9, Outcome: "Unschedulable"},
	}
}

func TestRunsAndHelp(t *testing.T) {
	for name, keys := range map[string][]string{"runs": {"4", "down"}, "help": {"?"}} {
		for _, size := range sizes {
			d := newDesk(size.width, size.height, Subject{})
			d.Update(runsMsg{someRuns()})
			compare(t, fmt.Sprintf("%s-%dx%d", name, size.width, size.height), d.press(keys...).text())
		}
	}
}

// TestNothingIsKnown shows what a screen says before there is anything to show.
func TestNothingIsKnown(t *testing.T) {
	d := newDesk(80, 24, Subject{})
	for key, want := range map[string]string{"1": "glassplane run web", "2": "Waiting for the cluster", "3": "Waiting for the cluster", "4": "Nothing is recorded yet"} {
		if got := d.press(key).text(); !strings.Contains(got, want) {
			t.Errorf("screen %s does not say %q:\n%s", key, want, got)
		}
	}
	d.Update(snapshotMsg{overview.Snapshot{Queues: overview.Queues{Reason: "no scheduler serves its queue"}}})
	if got := d.press("2").text(); !strings.Contains(got, "Not available: no scheduler serves its queue") {
		t.Errorf("the queue does not say why it is not there:\n%s", got)
	}
}

// TestEverySize draws all screens at many sizes: no line is too long, none too much.
func TestEverySize(t *testing.T) {
	for _, size := range []struct{ width, height int }{{1, 1}, {20, 5}, {60, 18}, {80, 24}, {81, 19}, {119, 30}, {120, 24}, {132, 43}, {200, 60}, {500, 9}, {400, 200}} {
		for _, name := range []string{"fits", "forbidden", "nothing", "race", "replicaset", "restarted"} {
			d := showing(t, size.width, size.height, name)
			d.Update(snapshotMsg{snapshot()})
			d.Update(runsMsg{someRuns()})
			for _, key := range []string{"1", "home", "end", "2", "3", "4", "?"} {
				d.press(key)
				lines := strings.Split(d.draw(), "\n")
				if len(lines) > size.height {
					t.Errorf("%s at %v after %s: %d lines", name, size, key, len(lines))
				}
				for _, line := range lines {
					if n := ansi.StringWidth(line); n != size.width {
						t.Errorf("%s at %v after %s: a line of %d cells: %q", name, size, key, n, ansi.Strip(line))
					}
				}
			}
		}
	}
}

// TestHostileText checks that nothing of the cluster's can drive the terminal or
// break the lines.
func TestHostileText(t *testing.T) {
	const evil = "a\x1b[2J\x1b]0;title\a\u202e\u2066\u200b\r\n\t漢字か\U0001f469\u200d\U0001f467e\u0301"
	r := recorded(t, "fits")
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(evil)
	if err != nil {
		t.Fatal(err)
	}
	hostile := strings.NewReplacer("mypod", string(quoted[1:len(quoted)-1]), "node-a", string(quoted[1:len(quoted)-1])).Replace(string(data))
	if err := json.Unmarshal([]byte(hostile), &r); err != nil {
		t.Fatal(err)
	}
	cluster := snapshot()
	cluster.Nodes[0].Name, cluster.Nodes[0].Taints, cluster.Pods.Name[0] = evil, []string{evil}, evil
	cluster.Queues.Waiting[0].Name, cluster.Queues.Waiting[0].For, cluster.Unavailable = evil, evil, []string{evil}
	for _, size := range sizes {
		d := newDesk(size.width, size.height, Subject{Resource: "simpods", Namespace: "default", Name: evil})
		d.Update(runMsg{d.flow.subject, r})
		d.Update(snapshotMsg{cluster})
		d.Update(runsMsg{[]Recorded{{Subject: Subject{Resource: "simpods", Namespace: evil, Name: evil}, Sequence: 1}}})
		d.Update(stateMsg{feedRun, errors.New(evil)})
		for _, key := range []string{"1", "home", "right", "right", "right", "e", "end", "pgdown", "2", "3", "4", "?"} {
			d.press(key)
			got := d.draw()
			if text := ansi.Strip(got); strings.ContainsAny(text, "\x1b\a\r\t\u202e\u2066\u200b") {
				t.Errorf("after %s a control character is on the screen: %q", key, text)
			}
			if strings.Contains(got, "\x1b[2J") || strings.Contains(got, "\x1b]") {
				t.Errorf("after %s a sequence of the cluster's is on the screen", key)
			}
			for _, line := range strings.Split(got, "\n") {
				if n := ansi.StringWidth(line); n != size.width {
					t.Errorf("after %s a line has %d cells, want %d: %q", key, n, size.width, ansi.Strip(line))
				}
			}
		}
	}
}

// TestPlainThemes checks that colours only repeat what is there without them.
func TestPlainThemes(t *testing.T) {
	plain := showing(t, 100, 30, "fits").press("left")
	colored := showing(t, 100, 30, "fits").press("left")
	colored.theme = look.Theme{Profile: colorprofile.TrueColor, Ground: look.Dark}
	if strings.Contains(plain.draw(), "\x1b[3") {
		t.Error("there are colours although the theme has none")
	}
	if !strings.Contains(colored.draw(), "38;2;") {
		t.Error("there are no colours although the theme has them")
	}
	if d := cmp.Diff(plain.text(), colored.text()); d != "" {
		t.Errorf("colours change the text (-plain +coloured):\n%s", d)
	}
	ascii := showing(t, 100, 30, "fits").press("left")
	ascii.theme = look.Theme{ASCII: true}
	if got := ascii.text(); strings.ContainsFunc(got, func(r rune) bool { return r > '~' }) {
		t.Errorf("there are other characters than ASCII:\n%s", got)
	}
}
