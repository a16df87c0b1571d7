// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/snapshot"
)

// whatIsKept is in the help of the commands that start from a state.
const whatIsKept = `Objects keep their UIDs, and revisions their numbers; etcd has the history before.
Certificates, keys and ports are new: a token that was issued before is good for
nothing. No requests, decisions and watches from before are recorded: what is told of
them is what etcd's history proves, and the rest is "not available". Time goes on:
nodes send heartbeats again, and delays that are over by now are over.

It runs in a temporary folder, unless --data-dir names one; kubeconfig of other
contexts is not changed.`

// forkCommand starts a control plane from a state, and keeps it.
type forkCommand struct {
	io      IO
	clients *clients
	name    string
	local   localFlags

	revision int64
}

func (c *forkCommand) flags(command *cobra.Command) {
	c.local.addWithoutNodes(command)
	command.Flags().Int64Var(&c.revision, "at-revision", 0, "begin with the state at this revision of etcd; 0 means the newest")
	command.Flags().BoolVar(&c.local.allowWrites, "allow-writes", false, "let the page create simulated pods, as the ServiceAccount glassplane-page")
	command.Flags().Lookup(substrate.FlagDataDir).DefValue = "a temporary one"
}

func (c *forkCommand) validate() error {
	if c.revision < 0 {
		return fmt.Errorf("invalid --at-revision %d: must not be negative", c.revision)
	}
	return c.local.validate()
}

func newForkCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &forkCommand{io: io, clients: clients, name: name}
	command := &cobra.Command{
		Use:   "fork",
		Short: "Start another control plane from the state of the running one, also an earlier one",
		Long: `Start another control plane from the state of the running one at a revision of
etcd, and keep it until Ctrl-C. From there it goes its own way, and the running one
is not changed: see how things end otherwise.

` + whatIsKept,
		Example: examples(name, `
# From now on
glassplane fork

# From before the pod was bound: see the revisions in the walkthrough
glassplane walk simpod/web
glassplane fork --at-revision=345`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := c.validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	c.flags(command)
	return command
}

// Run takes the state of the running control plane and keeps another one that
// begins with it.
func (c *forkCommand) Run(ctx context.Context) error {
	plane, err := c.clients.runningPlane()
	if err != nil {
		return err
	}
	state, err := plane.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer state.Close()
	return c.keep(ctx, state)
}

// keep starts the control plane from a state, and keeps it.
func (c *forkCommand) keep(ctx context.Context, state io.Reader) error {
	c.local.restore = &substrate.Restore{Snapshot: state, Revision: c.revision}
	cluster, err := startLocal(ctx, c.io, &c.local)
	if err != nil {
		return err
	}
	return c.local.keep(ctx, c.io, cluster, func() {
		fmt.Fprintf(c.io.Out, `Another control plane goes on from revision %[4]d. In another terminal:

  export KUBECONFIG=%[1]s
  kubectl get simnodes,simpods -A
  %[3]s watch

Page: %[2]s   Ctrl-C stops it; the one that it comes from is not changed.
`, cluster.KubeconfigPath(), cluster.PageURL(), c.name, cluster.Restored())
	})
}

// snapshotLocalCommands are those of snapshot that start a control plane.
func snapshotLocalCommands(name string, io IO) []*cobra.Command {
	c := &forkCommand{io: io, name: name}
	command := &cobra.Command{
		Use:   "restore FILE",
		Short: "Start a local control plane from a snapshot, and keep it until Ctrl-C",
		Long: `Start a local control plane from a snapshot, and keep it until Ctrl-C. The file is
not changed.

` + whatIsKept,
		Example: examples(name, `
glassplane snapshot restore before.db
glassplane snapshot restore before.db --at-revision=345`),
		Args: exactFile("glassplane snapshot restore FILE"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.validate(); err != nil {
				return err
			}
			// It says which file is meant, before anything is started.
			if _, err := snapshot.Read(args[0]); err != nil {
				return err
			}
			state, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer state.Close()
			return c.keep(command.Context(), state)
		},
	}
	c.flags(command)
	return []*cobra.Command{command}
}
