// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"context"
	"time"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
)

// Subject names a run: that of an object, or that of one request by its audit ID.
type Subject struct {
	Resource, Namespace, Name, UID string
	AuditID                        string
}

// same reports whether both name one run; a missing UID stands for any.
func (s Subject) same(o Subject) bool {
	if s.UID == "" || o.UID == "" {
		s.UID, o.UID = "", ""
	}
	return s == o
}

// Recorded is a run of the list.
type Recorded struct {
	Subject Subject
	// LastSeen is when the latest entry about it was recorded, Sequence its number
	// and Entries how many there are.
	LastSeen time.Time
	Sequence uint64
	Entries  int
	// Outcome is what became of it so far; empty where the observer does not say.
	Outcome explain.Outcome
}

// Source reads from an observer. Each method hands on what it reads until the
// context ends, and tells of a connection that is lost or there again; it goes on
// by itself. A nil error is a connection that works.
type Source interface {
	// FollowRun hands on a run whenever something new is recorded of it.
	FollowRun(ctx context.Context, of Subject, show func(run.Run), state func(error))
	// FollowRuns hands on the newest runs, and then those that are new or changed.
	FollowRuns(ctx context.Context, show func([]Recorded), state func(error))
	// FollowCluster hands on the cluster's state, and then its changes.
	FollowCluster(ctx context.Context, snapshot func(overview.Snapshot), delta func(overview.Delta), state func(error))
}

// The messages of the program.
type (
	runMsg struct {
		of  Subject
		run run.Run
	}
	runsMsg     struct{ items []Recorded }
	snapshotMsg struct{ snapshot overview.Snapshot }
	deltaMsg    struct{ delta overview.Delta }
	// stateMsg says that a feed has lost its connection, or has it again.
	stateMsg struct {
		feed feed
		err  error
	}
	// tickMsg comes once a second, playMsg when the next moment is to be shown.
	tickMsg time.Time
	playMsg struct{ generation int }
)

// feed is one of the streams that are followed.
type feed int

const (
	feedRun feed = iota
	feedRuns
	feedCluster
	feeds
)
