// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package terminal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/term"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// recording is a source that shows one run and what happens to it.
type recording struct {
	run run.Run
	// panics is closed when FollowCluster is to panic.
	panics chan struct{}
}

func (r *recording) FollowRun(ctx context.Context, _ Subject, show func(run.Run), state func(error)) {
	state(nil)
	show(r.run)
	<-ctx.Done()
}

func (r *recording) FollowRuns(ctx context.Context, show func([]Recorded), _ func(error)) {
	show([]Recorded{{Subject: subjectOf(r.run), Sequence: 1}})
	<-ctx.Done()
}

func (r *recording) FollowCluster(ctx context.Context, _ func(overview.Snapshot), _ func(overview.Delta), _ func(error)) {
	select {
	case <-ctx.Done():
	case <-r.panics:
		panic("a feed panics")
	}
}

// screenOf collects what is written to a terminal.
type screenOf struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (s *screenOf) read(from *os.File) {
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		s.mu.Lock()
		s.written.Write(buffer[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screenOf) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written.String()
}

// until waits until a text has been written, and forgets it and what came before.
func (s *screenOf) until(t *testing.T, text string) {
	t.Helper()
	for ended := time.After(20 * time.Second); ; {
		s.mu.Lock()
		before, _, found := strings.Cut(s.written.String(), text)
		if found {
			s.written.Next(len(before) + len(text))
		}
		s.mu.Unlock()
		if found {
			return
		}
		select {
		case <-ended:
			t.Fatalf("the terminal never showed %q, but %q", text, s.text())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// everything compares the state of a terminal field by field.
var everything = cmp.Exporter(func(reflect.Type) bool { return true })

// resize makes the terminal another size, and says so as a terminal does.
func resize(tty *os.File, columns, rows uint16) error {
	if err := pty.Setsize(tty, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		return err
	}
	// The test has another controlling terminal, so the kernel signals others.
	return syscall.Kill(os.Getpid(), syscall.SIGWINCH)
}

// TestTerminalIsLeftAsItWas runs the program on a terminal and ends it in each way.
func TestTerminalIsLeftAsItWas(t *testing.T) {
	type ending struct {
		how  func(keyboard *os.File, cancel func(), source *recording) error
		want error
	}
	typing := func(keys string) func(*os.File, func(), *recording) error {
		return func(keyboard *os.File, _ func(), _ *recording) error {
			_, err := keyboard.WriteString(keys)
			return err
		}
	}
	for name, ending := range map[string]ending{
		"q":        {typing("q"), nil},
		"ctrl+c":   {typing("\x03"), nil},
		"a signal": {func(_ *os.File, cancel func(), _ *recording) error { cancel(); return nil }, context.Canceled},
		"a panic":  {func(_ *os.File, _ func(), source *recording) error { close(source.panics); return nil }, tea.ErrProgramPanic},
	} {
		t.Run(name, func(t *testing.T) {
			keyboard, tty, err := pty.Open()
			if err != nil {
				t.Skipf("this machine has no pseudo-terminal: %v", err)
			}
			defer func() { _ = keyboard.Close(); _ = tty.Close() }()
			if err := pty.Setsize(tty, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
				t.Fatal(err)
			}
			before, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			screen := &screenOf{}
			go screen.read(keyboard)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			source := &recording{recorded(t, "fits"), make(chan struct{})}
			ended := make(chan error, 1)
			go func() {
				ended <- Show(ctx, Options{In: tty, Out: tty, Environ: []string{"TERM=xterm-256color"}, Theme: look.Theme{}, Source: source})
			}()
			screen.until(t, "\x1b[?1049h")
			screen.until(t, "mypod")

			if _, err := keyboard.WriteString("\x1b[D"); err != nil { // left
				t.Fatal(err)
			}
			screen.until(t, "Answers")
			if err := resize(tty, 140, 40); err != nil {
				t.Fatal(err)
			}
			screen.until(t, "Messages")
			if err := ending.how(keyboard, cancel, source); err != nil {
				t.Fatal(err)
			}
			select {
			case err = <-ended:
			case <-time.After(20 * time.Second):
				t.Fatal("the program does not end")
			}
			if !errors.Is(err, ending.want) {
				t.Errorf("ended with %v, want %v", err, ending.want)
			}
			screen.until(t, "\x1b[?1049l") // the screen that was there before
			after, err := term.GetState(int(tty.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(before, after, everything); d != "" {
				t.Errorf("the terminal's state has changed (-before +after):\n%s", d)
			}
		})
	}
}
