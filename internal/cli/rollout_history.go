// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/glassplane/glassplane/internal/rollout"
	"github.com/glassplane/glassplane/internal/scheme"
)

type rolloutHistoryCommand struct {
	rolloutTargets
	revision int64
	output   string
}

func newRolloutHistoryCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutHistoryCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}}
	command := c.command(&cobra.Command{
		Use:   "history",
		Short: "View previous rollout revisions and configurations",
		Long: `View the templates that a workload has had. CHANGE-CAUSE is the annotation
kubernetes.io/change-cause that the workload had then.`,
		Example: examples(name, `
# View the history of a deployment, and a template of it
glassplane rollout history simdeployment/web
glassplane rollout history simdeployment/web --revision=2`),
	}, c.Run)
	command.Flags().Int64Var(&c.revision, "revision", 0, "see the details of this revision, with its template")
	command.Flags().StringVarP(&c.output, "output", "o", "", "json, yaml or name, of the objects that keep the templates")
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf("json", "yaml", "name")})
	return command
}

// Run shows the history of each workload.
func (c *rolloutHistoryCommand) Run(ctx context.Context, args []string) error {
	switch {
	case c.revision < 0:
		return fmt.Errorf("revision must be a positive integer: %d", c.revision)
	case !slices.Contains([]string{"", "json", "yaml", "name"}, c.output):
		return fmt.Errorf("invalid --output %q: must be json, yaml or name", c.output)
	}
	cluster, workloads, err := c.find(ctx, args)
	if err != nil {
		return err
	}
	for _, r := range workloads {
		revisions, err := history(ctx, cluster, r)
		if err != nil {
			return err
		}
		if err := c.show(r, revisions); err != nil {
			return err
		}
	}
	return nil
}

func (c *rolloutHistoryCommand) show(r rolled, revisions []rollout.Revision) error {
	with := ""
	if c.revision > 0 {
		one, err := rollout.Find(revisions, c.revision)
		if err != nil {
			return fmt.Errorf("unable to find the specified revision")
		}
		revisions, with = []rollout.Revision{one}, fmt.Sprintf("with revision #%d", c.revision)
	}
	switch {
	case c.output != "":
		return c.print(revisions)
	case c.revision > 0:
		fmt.Fprintf(c.io.Out, "%s %s\n%s\n", r.name(), with, rollout.Describe(revisions[0].Template, revisions[0].Cause))
	default:
		fmt.Fprintf(c.io.Out, "%s \n%s\n", r.name(), rollout.Table(revisions))
	}
	return nil
}

// print writes the objects that keep the revisions.
func (c *rolloutHistoryCommand) print(revisions []rollout.Revision) error {
	var printer printers.ResourcePrinter
	switch c.output {
	case "json":
		printer = &printers.JSONPrinter{}
	case "yaml":
		printer = &printers.YAMLPrinter{}
	default:
		printer = &printers.NamePrinter{}
	}
	printer = printers.NewTypeSetter(scheme.New()).ToPrinter(printer)
	for _, revision := range revisions {
		if err := printer.PrintObj(revision.Kept, c.io.Out); err != nil {
			return fmt.Errorf("printing revision %d: %w", revision.Number, err)
		}
	}
	return nil
}
