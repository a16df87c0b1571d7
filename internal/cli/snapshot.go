// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/substrate/snapshot"
)

func newSnapshotCommand(name string, io IO, clients *clients) *cobra.Command {
	command := &cobra.Command{
		Use:   "snapshot",
		Short: "Save the state of the local control plane, or what decisions depend on of a real cluster",
		Long: `Save the state of the local control plane in a file, and start another one from it.

The file is that of etcd's own snapshot API, as "etcdctl snapshot save" writes it:
all objects and, as far as etcd has not compacted it, their history.

"snapshot cluster" saves something else: what scheduling decisions depend on of a
real cluster, without secrets.`,
		Example: examples(name, `
glassplane snapshot save before.db
glassplane snapshot restore before.db

# What explain and pending need of a real cluster
glassplane snapshot cluster cluster.yaml.gz`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(newSnapshotSaveCommand(name, io, clients), newSnapshotStatusCommand(name, io), newSnapshotClusterCommand(name, io, clients))
	command.AddCommand(snapshotLocalCommands(name, io)...)
	return command
}

// snapshotSaveCommand saves the state of the running control plane.
type snapshotSaveCommand struct {
	io      IO
	clients *clients

	path  string
	force bool
}

func newSnapshotSaveCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &snapshotSaveCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:   "save FILE",
		Short: "Save the state of the running local control plane",
		Long: `Save the state of the running local control plane in a file that only you can
read: it has all Secrets. Nothing of the control plane is changed.`,
		Example: examples(name, `
glassplane snapshot save before.db`),
		Args: exactFile("glassplane snapshot save FILE"),
		RunE: func(command *cobra.Command, args []string) error {
			c.path = args[0]
			return c.Run(command.Context())
		},
	}
	command.Flags().BoolVar(&c.force, "force", false, "overwrite a file that is there")
	return command
}

// Run saves the snapshot.
func (c *snapshotSaveCommand) Run(ctx context.Context) error {
	if _, err := os.Stat(c.path); !c.force && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already: choose another name, or overwrite it with --force", c.path), err)
	}
	plane, err := c.clients.runningPlane()
	if err != nil {
		return err
	}
	stream, err := plane.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	info, err := snapshot.Save(c.path, stream)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.io.Out, "%s saved: %s\n", c.path, describeSnapshot(info))
	return nil
}

func newSnapshotStatusCommand(name string, io IO) *cobra.Command {
	return &cobra.Command{
		Use:   "status FILE",
		Short: "Check a snapshot, and say which revisions are in it",
		Example: examples(name, `
glassplane snapshot status before.db`),
		Args: exactFile("glassplane snapshot status FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			info, err := snapshot.Read(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(io.Out, "%s: %s\n", args[0], describeSnapshot(info))
			return nil
		},
	}
}

func describeSnapshot(info snapshot.Info) string {
	return fmt.Sprintf("revisions %d to %d, %d KiB", max(info.Compacted, 1), info.Revision, info.Bytes>>10)
}

// exactFile is the check of a command whose only argument is a file.
func exactFile(usage string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("expected one FILE, got %d arguments: %s", len(args), usage)
		}
		return nil
	}
}
