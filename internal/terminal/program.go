// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/render/look"
)

// Options say what is shown, and where.
type Options struct {
	// In and Out are the terminal.
	In, Out *os.File
	// Environ is the environment, as os.Environ has it.
	Environ []string
	Theme   look.Theme
	Source  Source
	// Of is the run to show first; the newest one where it is empty.
	Of Subject
}

// Show fills the terminal until the user quits or the context ends. It leaves the
// terminal as it was, also after a panic. It returns the context's error where that
// is why it ended.
func Show(ctx context.Context, o Options) error {
	follow, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &session{ctx: follow, source: o.Source}
	m := newModel(o.Theme, o.Of, s.open)
	s.program = tea.NewProgram(s.following(m), tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithEnvironment(o.Environ),
		tea.WithColorProfile(profileOf(o.Theme)), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond))
	_, err := s.program.Run()
	switch {
	case ctx.Err() != nil && errors.Is(err, tea.ErrProgramKilled):
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("show on the terminal: %w", err)
	}
	return nil
}

// framesPerSecond is how often the screen is drawn at most: what changes faster
// is not seen, and a slow line is not flooded.
const framesPerSecond = 20

// session runs the feeds of a program. They are commands of it, so that it also
// restores the terminal when one of them panics.
type session struct {
	ctx     context.Context
	source  Source
	program *tea.Program
	// cancel ends following the run that is shown. Only the model's Update uses it.
	cancel context.CancelFunc
}

// following is the model with the feeds that run all the time.
type following struct {
	*model
	session *session
}

func (s *session) following(m *model) tea.Model { return following{m, s} }

// Init starts the feeds.
func (f following) Init() tea.Cmd {
	return tea.Batch(f.model.Init(), f.session.followRuns, f.session.followCluster)
}

// Update takes a message and stays what it is.
func (f following) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	_, command := f.model.Update(message)
	return f, command
}

func (s *session) state(of feed) func(error) {
	return func(err error) { s.program.Send(stateMsg{of, err}) }
}

func (s *session) followRuns() tea.Msg {
	s.source.FollowRuns(s.ctx, func(items []Recorded) { s.program.Send(runsMsg{items}) }, s.state(feedRuns))
	return nil
}

func (s *session) followCluster() tea.Msg {
	s.source.FollowCluster(s.ctx,
		func(snapshot overview.Snapshot) { s.program.Send(snapshotMsg{snapshot}) },
		func(delta overview.Delta) { s.program.Send(deltaMsg{delta}) }, s.state(feedCluster))
	return nil
}

// open follows a run in place of the one before.
func (s *session) open(of Subject) tea.Cmd {
	if s.cancel != nil {
		s.cancel()
	}
	ctx, cancel := context.WithCancel(s.ctx)
	s.cancel = cancel
	return func() tea.Msg {
		s.source.FollowRun(ctx, of, func(r run.Run) { s.program.Send(runMsg{of, r}) }, func(err error) {
			if ctx.Err() == nil {
				s.program.Send(stateMsg{feedRun, err})
			}
		})
		return nil
	}
}
