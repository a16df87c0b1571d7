// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/listing"
)

// snapshotClusterCommand writes what decisions depend on of a real cluster.
type snapshotClusterCommand struct {
	io      IO
	clients *clients

	path   string
	from   string
	images bool
	force  bool
	// anonymize puts others in place of all names.
	anonymize bool
}

func newSnapshotClusterCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &snapshotClusterCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:   "cluster FILE",
		Short: "Save what scheduling decisions depend on of a real cluster, without secrets",
		Long: `Save what scheduling decisions depend on of a real cluster in a file that explain
and pending take with --from. Nothing need be installed in the cluster, and
nothing is written to it.

Only the fields that a decision reads are in the file: no environment, arguments
or Secrets, annotations only as far as they bind volumes, and other names in
place of those of images unless --images asks for them. Its header says when and
what was read, what could not be, and what was left out. Names of pods, nodes and
namespaces, labels and the scheduler's messages are in it; with --anonymize
others stand for these names, always the same for the same, and decisions stay
what they are.

The file is readable by you only. It is compressed where its name ends in .gz;
- is stdout.`,
		Example: examples(name, `
glassplane snapshot cluster cluster.yaml.gz
glassplane explain pod/web-7d4b --from=cluster.yaml.gz

# Of what kubectl printed
kubectl get nodes,pods,namespaces -A -o yaml | glassplane snapshot cluster cluster.yaml.gz --from=-`),
		Args: exactFile("glassplane snapshot cluster FILE"),
		RunE: func(command *cobra.Command, args []string) error {
			c.path = args[0]
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&c.from, "from", "", fromUsage)
	flags.BoolVar(&c.images, "images", false, "keep the names of images")
	flags.BoolVar(&c.anonymize, "anonymize", false, "put others in place of all names and values of labels, and leave out what the scheduler wrote")
	flags.BoolVar(&c.force, "force", false, "overwrite a file that is there")
	return command
}

// Run reads the cluster and writes the file.
func (c *snapshotClusterCommand) Run(ctx context.Context) error {
	if c.images && c.anonymize {
		return errors.New("give either --images or --anonymize, not both")
	}
	if err := c.isFree(); err != nil {
		return err
	}
	taken, err := c.take(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.anonymize:
		taken.Anonymize()
	case !c.images:
		taken.HideImages()
	}
	if c.path == "-" {
		return taken.Write(c.io.Out)
	}
	size, err := writeSnapshot(c.path, taken)
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	fmt.Fprintf(c.io.Out, "%s saved: %s, %d KiB\n", c.path, describeLists(taken.Header), (size+1023)>>10)
	return nil
}

// isFree fails where the file is there and may not be overwritten.
func (c *snapshotClusterCommand) isFree() error {
	if c.path == "-" || c.force {
		return nil
	}
	switch _, err := os.Lstat(c.path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	return fmt.Errorf("%s is there already: choose another name, or overwrite it with --force", c.path)
}

func (c *snapshotClusterCommand) take(ctx context.Context) (*listing.Snapshot, error) {
	if c.from != "" {
		return listing.SnapshotOfFile(c.from, c.io.In)
	}
	client, err := c.clients.kubernetes(explainUserAgent)
	if err != nil {
		return nil, err
	}
	namespace, err := c.clients.namespace()
	if err != nil {
		return nil, err
	}
	source := &clusterSource{io: c.io, client: client}
	taken, err := listing.NewCluster(client, c.io.Clock, source.progress()).Snapshot(ctx, namespace)
	return taken, unreachable(err)
}

// describeLists says what is in a snapshot, and what is not and why.
func describeLists(header listing.SnapshotHeader) string {
	var has, reasons []string
	lacks := map[string][]string{}
	for _, list := range header.Lists {
		switch {
		case list.Error != "":
			if lacks[list.Error] == nil {
				reasons = append(reasons, list.Error)
			}
			lacks[list.Error] = append(lacks[list.Error], list.Resource)
		case list.Namespace != "":
			has = append(has, fmt.Sprintf("%s %d of namespace %s only", list.Resource, list.Items, list.Namespace))
		case list.Items > 0:
			has = append(has, fmt.Sprintf("%s %d", list.Resource, list.Items))
		}
	}
	text := strings.Join(has, ", ")
	for _, reason := range reasons {
		text += fmt.Sprintf("; without %s (%s)", strings.Join(lacks[reason], ", "), reason)
	}
	return text
}

// writeSnapshot writes the file in one step, readable by its owner only, and
// returns its size. Where that fails, what was there before stays.
func writeSnapshot(path string, taken *listing.Snapshot) (size int64, err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	if err := compressed(temp, strings.HasSuffix(path, ".gz"), taken.Write); err != nil {
		_ = temp.Close()
		return 0, err
	}
	info, err := temp.Stat()
	if err := errors.Join(err, temp.Close()); err != nil {
		return 0, err
	}
	return info.Size(), os.Rename(temp.Name(), path)
}

// compressed writes through gzip where it is asked for.
func compressed(out io.Writer, zip bool, write func(io.Writer) error) error {
	if !zip {
		return write(out)
	}
	zipped := gzip.NewWriter(out)
	return errors.Join(write(zipped), zipped.Close())
}
