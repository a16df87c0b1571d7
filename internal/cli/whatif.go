// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/render"
)

// exitDiffers is the exit code where an experiment could be run, and reality is not
// what it expects. Errors of the command itself have 1.
const exitDiffers = 2

func newWhatIfCommand(name string, io IO, clients *clients) *cobra.Command {
	command := &cobra.Command{
		Use:   "what-if",
		Short: "Predict what happens when the control plane breaks, and break it",
		Long: `Predict what happens when the control plane breaks, and break it.

An experiment asks what you expect, does it to a real control plane, heals it,
and compares your prediction with what etcd stored and the audit log has.`,
		Example: examples(name, `
# Which experiments there are, and what one is about
glassplane what-if list
glassplane what-if describe etcd-down

# Run one on a control plane of its own
glassplane what-if run etcd-down`),
		Args: cobra.NoArgs,
		Run:  func(command *cobra.Command, _ []string) { _ = command.Help() },
	}
	command.AddCommand(newWhatIfListCommand(name, io), newWhatIfDescribeCommand(name, io), newWhatIfRunCommand(name, io, clients), newWhatIfValidateCommand(name, io))
	return command
}

func newWhatIfListCommand(name string, io IO) *cobra.Command {
	output := string(render.FormatText)
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the experiments that ship",
		Example: examples(name, "glassplane what-if list"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			if output == string(render.FormatJSON) {
				return render.Listings(io.Out, experiment.Listings())
			}
			return render.Experiments(io.Out, experiment.Listings(), render.Options{Width: io.width})
		},
	}
	addOutput(command, &output, render.FormatText, render.FormatJSON)
	return command
}

func newWhatIfDescribeCommand(name string, io IO) *cobra.Command {
	output := string(render.FormatText)
	var color colorFlag
	command := &cobra.Command{
		Use:   "describe NAME|FILE",
		Short: "Say what an experiment does and asks, without its answers",
		Example: examples(name, `
glassplane what-if describe etcd-down
glassplane what-if describe ./my-experiment.yaml -o json`),
		Args:              exactName(name + " what-if describe NAME|FILE"),
		ValidArgsFunction: completeExperiments,
		RunE: func(_ *cobra.Command, args []string) error {
			if err := textOrJSON(output); err != nil {
				return err
			}
			e, err := findExperiment(args[0])
			if err != nil {
				return err
			}
			if output == string(render.FormatJSON) {
				return render.Listings(io.Out, e.Listing())
			}
			return render.Experiment(io.Out, e.Listing(), render.Options{Width: io.width, Theme: color.theme(io)})
		},
	}
	addOutput(command, &output, render.FormatText, render.FormatJSON)
	color.add(command)
	return command
}

func newWhatIfValidateCommand(name string, io IO) *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check files with experiments, and say all that is wrong",
		Example: examples(name, `
glassplane what-if validate ./my-experiment.yaml`),
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return validateFiles(io, "experiment", args, func(file string) (string, error) {
				e, err := readExperiment(file)
				if err != nil {
					return "", err
				}
				return e.Name, nil
			})
		},
	}
}

func addOutput(command *cobra.Command, output *string, all ...render.Format) {
	names := make([]string, 0, len(all))
	for _, format := range all {
		names = append(names, string(format))
	}
	command.Flags().StringVarP(output, "output", "o", *output, strings.Join(names, ", "))
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf(names...)})
}

// findExperiment reads a file, or finds an experiment that ships.
func findExperiment(nameOrFile string) (*experiment.Experiment, error) {
	if isFile(nameOrFile) {
		return readExperiment(nameOrFile)
	}
	e, err := experiment.Find(nameOrFile)
	if err != nil {
		return nil, &hintError{err, "To see all: what-if list. A file of your own is named with its path, such as ./" + nameOrFile + ".yaml."}
	}
	return e, nil
}

func readExperiment(file string) (*experiment.Experiment, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the experiment: %w", err)
	}
	return experiment.Parse(file, data)
}

// completeExperiments completes the names of those that ship, and files.
func completeExperiments(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for _, l := range experiment.Listings() {
		if strings.HasPrefix(l.Name, toComplete) {
			names = append(names, cobra.CompletionWithDesc(l.Name, l.Title))
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}
