// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// terminalInterval is how often the line on a terminal is rewritten.
	terminalInterval = 250 * time.Millisecond
	// logInterval is how often a line is written to anything else.
	logInterval = 15 * time.Second
)

// progress is how far a piece of work is, in one line.
type progress interface {
	line(since time.Duration) string
}

// compiling is how far the building of binaries is.
type compiling struct {
	what string
	// downloads counts the modules that the go command fetched.
	downloads int
	// done counts the packages that were compiled, total all that are needed;
	// those that the go build cache already has are in total only.
	done, total int
	// current is the module or package that was last worked on.
	current string
}

func (p *compiling) line(since time.Duration) string {
	var state string
	switch {
	case p.total > 0:
		state = fmt.Sprintf("%d/%d packages", p.done, p.total)
	case p.downloads > 0:
		state = fmt.Sprintf("%d modules downloaded", p.downloads)
	default:
		state = "listing packages"
	}
	line := fmt.Sprintf("building %s: %s, %s", p.what, state, elapsed(since))
	if p.current != "" {
		line += "  " + p.current
	}
	return line
}

// downloading is how far the download of a file is.
type downloading struct {
	what string
	// done and total are in bytes; total is 0 where the server does not tell.
	done, total int64
}

func (p *downloading) line(since time.Duration) string {
	const mib = 1 << 20
	size := ""
	if p.total > 0 {
		size = fmt.Sprintf("/%d", (p.total+mib-1)/mib)
	}
	return fmt.Sprintf("downloading %s: %d%s MiB, %s", p.what, p.done/mib, size, elapsed(since))
}

// elapsed renders a duration in whole seconds.
func elapsed(d time.Duration) string {
	return d.Truncate(time.Second).String()
}

// display shows progress until it is closed: on a terminal in one line that is
// rewritten, elsewhere in a new line now and then.
type display struct {
	out   io.Writer
	width int
	began time.Time
	stop  chan struct{}
	done  sync.WaitGroup

	mu sync.Mutex
	p  progress
}

func newDisplay(out io.Writer, p progress) *display {
	d := &display{out: out, began: time.Now(), stop: make(chan struct{}), p: p}
	interval := logInterval
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		interval = terminalInterval
		d.width = 79
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 1 {
			d.width = width - 1
		}
	}
	d.print()
	d.done.Go(func() { d.run(interval) })
	return d
}

func (d *display) run(interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-d.stop:
			return
		case <-tick.C:
			d.print()
		}
	}
}

func (d *display) print() {
	d.mu.Lock()
	line := d.p.line(time.Since(d.began))
	d.mu.Unlock()
	if d.width > 0 {
		if len(line) > d.width {
			line = line[:d.width]
		}
		fmt.Fprintf(d.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(d.out, line)
}

// update runs change, which may write to what is shown.
func (d *display) update(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// close ends the display and clears its line on a terminal.
func (d *display) close() {
	close(d.stop)
	d.done.Wait()
	if d.width > 0 {
		fmt.Fprint(d.out, "\r\x1b[K")
	}
}

// lineWriter calls line for each whole line that is written to it.
type lineWriter struct {
	line func(string)
	rest []byte
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		w.line(strings.TrimRight(string(line), "\r"))
		w.rest = rest
	}
}

// flush passes on a last line that did not end.
func (w *lineWriter) flush() {
	if len(w.rest) > 0 {
		w.line(string(w.rest))
		w.rest = nil
	}
}

// tailLines keeps the last max lines and counts those it dropped.
type tailLines struct {
	max     int
	lines   []string
	dropped int
}

func (t *tailLines) add(line string) {
	if len(t.lines) == t.max {
		t.lines = t.lines[1:]
		t.dropped++
	}
	t.lines = append(t.lines, line)
}

// String renders the lines indented below a first line, empty if there are none.
func (t *tailLines) String() string {
	var b strings.Builder
	if t.dropped > 0 {
		fmt.Fprintf(&b, "\n  … %d earlier lines left out", t.dropped)
	}
	for _, line := range t.lines {
		b.WriteString("\n  " + line)
	}
	return b.String()
}
