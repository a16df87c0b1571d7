// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/hold"
	"github.com/glassplane/glassplane/internal/render"
)

// refreshInterval is how often the time that is left is shown anew, and etcd asked
// whether it has something else.
const refreshInterval = 500 * time.Millisecond

// errInterrupted is the end by Ctrl-C where the terminal sends it as a key.
var errInterrupted = fmt.Errorf("interrupted: %w", context.Canceled)

// stepper shows each stop of a held request, and waits for a key or a time.
type stepper struct {
	run    *runCommand
	sender *sender
	ctx    context.Context
	cancel context.CancelCauseFunc
	// to is where the stops are shown, and out writes to it in whole lines, also
	// while the terminal is in raw mode.
	to, out io.Writer
	// observer reads etcd; nil where there is none, and noObserver says why.
	observer   *observer
	noObserver error
	sent       evidence.Client

	mu sync.Mutex
	// decided ends the stop; nil while nothing is held. stored is set once there is
	// a pod that can be let go.
	decided chan hold.Decision
	stored  bool
	// told is the last line about the pod.
	told string
}

var _ hold.Audience = (*stepper)(nil)

// connect connects to the observer, and returns what ends that.
func (s *stepper) connect(ctx context.Context) (done func()) {
	s.observer, s.noObserver = s.run.clients.connectObserver(ctx)
	if s.noObserver != nil {
		s.observer = nil
		return func() {}
	}
	return s.observer.close
}

// The keys that end a stop. In raw mode a terminal sends Ctrl-C as a key.
const (
	keyInterrupt = 3
	keyEnter     = '\r'
	keyNewline   = '\n'
	keySpace     = ' '
	keyQuit      = 'q'
)

// readKeys reads single keys from the terminal until restore is called, which puts
// it back as it was. Where each step has its time, none are read.
func (s *stepper) readKeys() (restore func(), err error) {
	if s.run.step.each > 0 {
		return func() {}, nil
	}
	terminal := terminalOf(s.run.io.In)
	before, err := term.MakeRaw(int(terminal.Fd()))
	if err != nil {
		return nil, fmt.Errorf("reading keys from the terminal: %w", err)
	}
	s.out = render.CleanWriter(rawWriter{s.to})
	keys, err := cancelreader.NewReader(terminal)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading keys from the terminal: %w", err), term.Restore(int(terminal.Fd()), before))
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for key := make([]byte, 1); ; {
			if n, err := keys.Read(key); err != nil {
				return
			} else if n == 1 {
				s.press(key[0])
			}
		}
	})
	return func() {
		if keys.Cancel() {
			reading.Wait()
		}
		_ = keys.Close()
		_ = term.Restore(int(terminal.Fd()), before)
		s.out = render.CleanWriter(s.to)
	}, nil
}

// press carries out a key.
func (s *stepper) press(key byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case key == keyInterrupt:
		s.cancel(errInterrupted)
	case key == keyQuit && s.decided != nil:
		s.decide(hold.LetGo)
	case key == keyQuit && s.stored:
		s.cancel(hold.ErrLetGo)
	case (key == keyEnter || key == keyNewline || key == keySpace) && s.decided != nil:
		s.decide(hold.GoOn)
	}
}

func (s *stepper) decide(decision hold.Decision) {
	select {
	case s.decided <- decision:
	default: // decided already
	}
}

// Pause shows a stop until it is over.
func (s *stepper) Pause(ctx context.Context, stop hold.Stop) hold.Decision {
	decided := make(chan hold.Decision, 1)
	s.setDecided(decided)
	defer s.setDecided(nil)
	words := placeWords[stop.Place]
	fmt.Fprintf(s.out, "\n■ Held %s\n  holds  %s\n", words.title, words.holds)
	shown := s.showStored(ctx, "")
	fmt.Fprintf(s.out, "  next   %s\n", words.next(stop))

	var timer <-chan time.Time
	if each := s.run.step.each; each > 0 {
		timer = s.run.io.Clock.After(each)
	}
	decision := hold.GoOn
	for over := false; !over; {
		s.prompt(stop)
		select {
		case decision = <-decided:
			over = true
		case <-timer:
			over = true
		case <-ctx.Done():
			over = true
		case <-s.run.io.Clock.After(refreshInterval):
			shown = s.showStored(ctx, shown)
		}
	}
	s.clearPrompt()
	fmt.Fprintf(s.out, "→ %s\n", s.howItEnded(ctx, stop, decision))
	return decision
}

func (s *stepper) setDecided(decided chan hold.Decision) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decided = decided
}

// howItEnded says what ended a stop.
func (s *stepper) howItEnded(ctx context.Context, stop hold.Stop, decision hold.Decision) string {
	after := s.run.io.Clock.Since(stop.Since).Round(100 * time.Millisecond)
	switch {
	case hold.RanOut(ctx):
		return fmt.Sprintf("%s were over: the API server waits no longer for a webhook, and this one must not stop anything (failurePolicy Ignore), so the request went on", after)
	case ctx.Err() != nil && stop.Place == hold.BeforeWrite:
		return "taken back: the webhook refuses the request, and nothing is written"
	case ctx.Err() != nil, decision == hold.LetGo:
		return "let go"
	}
	return fmt.Sprintf("on after %s", after)
}

// prompt shows the keys, and how long the stop may last. On a terminal it is redrawn
// in place.
func (s *stepper) prompt(stop hold.Stop) {
	if s.run.step.each > 0 || s.run.io.terminal == nil {
		return
	}
	left := ""
	if !stop.Until.IsZero() {
		seconds := max(0, stop.Until.Sub(s.run.io.Clock.Now()).Round(time.Second))
		left = fmt.Sprintf("   %s left, then the API server goes on by itself", seconds)
	}
	fmt.Fprintf(s.run.io.terminal, "%s  [Enter] go on   [q] let it go   [Ctrl-C] stop%s", clearLine, left)
}

// clearLine moves to the begin of the line and clears it.
const clearLine = "\r\x1b[K"

func (s *stepper) clearPrompt() {
	if s.run.step.each == 0 && s.run.io.terminal != nil {
		fmt.Fprint(s.run.io.terminal, clearLine)
	}
}

// showStored shows what etcd has where it is not what was shown last.
func (s *stepper) showStored(ctx context.Context, last string) string {
	var lines []string
	if stored, err := s.storedNow(ctx); err == nil {
		lines = etcdLines(stored)
		if stored.CreateRevision == 0 && last != "" {
			return last // its revision is that of all keys, and grows all the time
		}
	} else {
		lines = []string{"not available: " + err.Error()}
	}
	text := strings.Join(lines, "\n         ")
	if text == last || ctx.Err() != nil {
		return last
	}
	if last != "" {
		s.clearPrompt()
	}
	fmt.Fprintf(s.out, "  etcd   %s\n", text)
	return text
}

// Stored tells each state of the pod that differs for people.
func (s *stepper) Stored(pod *v1alpha1.SimPod) {
	s.mu.Lock()
	s.stored = true
	s.mu.Unlock()
	if line := describe(pod); line != s.told {
		s.told = line
		fmt.Fprintf(s.out, "%8s  %s\n", s.run.io.Clock.Since(s.sent.SentAt).Round(time.Millisecond), line)
	}
}

// placeWords say what holds at each place and what comes next.
var placeWords = map[hold.Place]struct {
	title, holds string
	next         func(hold.Stop) string
}{
	hold.BeforeWrite: {
		title: "before step 3, the write to etcd",
		holds: "a validating webhook of this command: the API server has decided on the request, and waits for the webhook's answer",
		next:  func(hold.Stop) string { return "the API server writes the pending pod to etcd, and answers" },
	},
	hold.BeforeScheduler: {
		title: "before step 4, the scheduler",
		holds: "the scheduling gate " + hold.SchedulingGate + ": the scheduler looks for no node as long as the pod has a gate",
		next: func(hold.Stop) string {
			return "this command takes the gate off, which is a write like any other; the scheduler picks a node and binds the pod"
		},
	},
	hold.BeforeKubelet: {
		title: "before step 5, the kubelet",
		holds: "the start gate, the annotation " + v1alpha1.AnnotationStartGate + ": simulated kubelets wait for it; real ones know no such gate",
		next: func(stop hold.Stop) string {
			return "this command takes the annotation off; the kubelet of " + stop.Pod.Spec.NodeName + " accepts the pod and reports on it"
		},
	},
}

func decodeSimPod(value []byte) (*v1alpha1.SimPod, error) {
	pod := &v1alpha1.SimPod{}
	return pod, json.Unmarshal(value, pod)
}

// rawWriter ends lines as a terminal in raw mode needs it.
type rawWriter struct{ io.Writer }

func (w rawWriter) Write(data []byte) (int, error) {
	if _, err := io.WriteString(w.Writer, strings.ReplaceAll(string(data), "\n", "\r\n")); err != nil {
		return 0, err
	}
	return len(data), nil
}
