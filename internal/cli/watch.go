// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/terminal"
	"github.com/glassplane/glassplane/internal/web/sse"
)

type watchCommand struct {
	io      IO
	clients *clients

	subject subject
}

func newWatchCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &watchCommand{io: io, clients: clients}
	return &cobra.Command{
		Use:   "watch [TYPE/NAME | request/AUDIT-ID]",
		Short: "Watch requests, queue and nodes live in the terminal",
		Long: `Watch requests, the scheduler's queue and the nodes live in the terminal.

Flow shows a run as a map of the components with the messages between them, its
steps, what each changed in etcd, and the evidence. One cursor is in all of them:
the left and right keys move it step by step, with shift revision by revision.
Without a name the newest run is shown, and the next one as soon as there is one.

Press ? for the keys and q to quit. Where there is no terminal, use walk with -o.`,
		Example: examples(name, `
# What happens now
glassplane watch

# How one pod came to run, from the beginning
glassplane watch simpod/web`),
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: clients.completeSubject(followed.Resources(), requestKind),
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Complete(args); err != nil {
				return err
			}
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
}

// Complete reads what arguments and kubeconfig say.
func (c *watchCommand) Complete(args []string) error {
	if len(args) == 0 {
		return nil
	}
	namespace, err := c.clients.namespace()
	if err != nil {
		return err
	}
	c.subject, err = parseSubject(args, namespace)
	return err
}

// Validate says whether there is a terminal to show anything in.
func (c *watchCommand) Validate() error {
	why := ""
	switch {
	case c.io.terminal == nil:
		why = "its output is no terminal"
	case terminalOf(c.io.In) == nil:
		why = "its input is no terminal"
	case c.io.Env("TERM") == "dumb":
		why = "the terminal cannot move its cursor (TERM is dumb)"
	default:
		return nil
	}
	return &hintError{
		fmt.Errorf("watch needs a terminal, and %s", why),
		"Print a run instead: glassplane walk TYPE/NAME, for other programs with -o json, yaml, markdown or table.",
	}
}

// Run shows the terminal's screens until the user quits.
func (c *watchCommand) Run(ctx context.Context) error {
	// The first connection is made before the screen is taken: where there is no
	// observer at all, an error is of more use than an empty screen.
	observer, err := c.clients.connectObserver(ctx)
	if err != nil {
		return err
	}
	streams := &streams{connect: c.clients.connectObserver, retries: retries, observer: observer}
	defer streams.close()
	return terminal.Show(ctx, terminal.Options{
		In: terminalOf(c.io.In), Out: c.io.terminal, Environ: os.Environ(), Theme: c.io.theme,
		Source: &watchSource{streams}, Of: runOf(c.subject),
	})
}

func runOf(s subject) terminal.Subject {
	return terminal.Subject{Resource: s.resource, Namespace: s.namespace, Name: s.name, AuditID: s.auditID}
}

// watchSource reads what the screens show from the observer's API.
type watchSource struct{ streams *streams }

var _ terminal.Source = (*watchSource)(nil)

// requestInterval is how often a request is asked for that is followed by its audit
// ID: it has no stream.
const requestInterval = 2 * time.Second

// FollowRun hands on a run whenever something new is recorded of it.
func (w *watchSource) FollowRun(ctx context.Context, of terminal.Subject, show func(run.Run), state func(error)) {
	// What is not recorded may be tomorrow; that is no lost connection.
	patient := func(err error) {
		if errors.Is(err, errNotRecorded) {
			err = nil
		}
		state(err)
	}
	if of.AuditID != "" {
		poll(ctx, w.streams, []string{"requests", of.AuditID, "run"}, requestInterval, show, patient)
		return
	}
	query := url.Values{}
	if of.UID != "" {
		query.Set("uid", of.UID)
	}
	w.streams.follow(ctx, []string{"runs", of.Resource, of.Namespace, of.Name, "stream"}, query, func(event sse.Event) error {
		if event.Name != "run" {
			return nil
		}
		return decoded(event, show)
	}, patient)
}

// recordedSubject is a run of the list, as the API has it.
type recordedSubject struct {
	record.Subject
	Outcome explain.Outcome `json:"outcome"`
}

// FollowRuns hands on the newest runs, and then those that are new or changed.
func (w *watchSource) FollowRuns(ctx context.Context, show func([]terminal.Recorded), state func(error)) {
	w.streams.follow(ctx, []string{"traces", "stream"}, nil, func(event sse.Event) error {
		if event.Name != "traces" {
			return nil
		}
		return decoded(event, func(traces struct {
			Items []recordedSubject `json:"items"`
		}) {
			items := make([]terminal.Recorded, len(traces.Items))
			for i, s := range traces.Items {
				items[i] = terminal.Recorded{
					Subject:  terminal.Subject{Resource: s.Object.Resource, Namespace: s.Object.Namespace, Name: s.Object.Name, UID: string(s.Object.UID)},
					LastSeen: s.LastSeen, Sequence: s.Sequence, Entries: s.Entries, Outcome: s.Outcome,
				}
			}
			show(items)
		})
	}, state)
}

// FollowCluster hands on the cluster's state, and then its changes.
func (w *watchSource) FollowCluster(ctx context.Context, snapshot func(overview.Snapshot), delta func(overview.Delta), state func(error)) {
	w.streams.follow(ctx, []string{"cluster", "stream"}, nil, func(event sse.Event) error {
		switch event.Name {
		case "snapshot":
			return decoded(event, snapshot)
		case "delta":
			return decoded(event, delta)
		}
		return nil
	}, state)
}
