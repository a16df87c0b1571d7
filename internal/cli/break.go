// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/remote"
)

// breakCommand breaks a process of the control plane.
type breakCommand struct {
	io      IO
	clients *clients

	request remote.Request
}

func newBreakCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &breakCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:   "break TARGET KIND",
		Short: "Break etcd, the API server or kube-controller-manager for real, and heal it",
		Long: `Break a process of the running local control plane for real, and heal it.

  etcd                     pause, stop, kill, full, slow
  kube-apiserver           pause, stop, kill, overload, refuse-writes
  kube-controller-manager  pause, stop, kill

What is broken stays so until it is healed, until --for is over, or until the
control plane stops; "glassplane up" heals everything when it ends, and what a
killed one has left is undone by the next. Nothing of what the API server has
accepted is lost. Scheduler, controller manager and nodes are broken by a Fault.`,
		Example: examples(name, `
# What can be broken, and what is
glassplane break list

# etcd does not answer for half a minute
glassplane break etcd pause --for=30s

# The API server crashes, until it is healed
glassplane break kube-apiserver kill
glassplane break heal kube-apiserver

# Each write of etcd takes 300 ms longer
glassplane break etcd slow --delay=300ms

# Heal everything
glassplane break heal`),
		Args:              c.complete,
		ValidArgsFunction: completeDisruption,
		RunE:              func(command *cobra.Command, _ []string) error { return c.Run(command.Context()) },
	}
	command.Flags().DurationVar(&c.request.For, "for", 0, "heal by itself after this time; 0 means not before it is told to")
	command.Flags().DurationVar(&c.request.Delay, "delay", 0, fmt.Sprintf("for slow: how long each flush to the disk takes longer, at most %s; %s unless given", substrate.MaxDelay, substrate.DefaultDelay))
	command.AddCommand(newBreakListCommand(name, io, clients), newBreakHealCommand(name, io, clients))
	return command
}

// complete reads TARGET and KIND, and says what is wrong with them and the flags.
func (c *breakCommand) complete(_ *cobra.Command, args []string) (err error) {
	if len(args) != 2 {
		return fmt.Errorf("expected TARGET and KIND, such as etcd pause; got %q", strings.Join(args, " "))
	}
	c.request.Target = args[0]
	if c.request.Kind, err = substrate.ParseDisruptionKind(args[1]); err != nil {
		return err
	}
	if c.request.For < 0 {
		return fmt.Errorf("invalid --for %s: must not be negative", c.request.For)
	}
	return c.request.Validate()
}

// Run returns once the target is broken.
func (c *breakCommand) Run(ctx context.Context) error {
	plane, err := c.clients.runningPlane()
	if err != nil {
		return err
	}
	if err := plane.Disrupt(ctx, c.request); err != nil {
		return err
	}
	until := ""
	if c.request.For > 0 {
		until = fmt.Sprintf(" for %s", c.request.For)
	}
	fmt.Fprintf(c.io.Out, "%s broken: %s%s\n", c.request.Target, c.request.Kind, until)
	return nil
}

func newBreakHealCommand(name string, io IO, clients *clients) *cobra.Command {
	return &cobra.Command{
		Use:   "heal [TARGET]",
		Short: "Heal what is broken",
		Long:  `Heal a process, or all that are broken, and return once it works again.`,
		Example: examples(name, `
# Heal one, or all
glassplane break heal etcd
glassplane break heal`),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeDisruption,
		RunE: func(command *cobra.Command, args []string) error {
			plane, err := clients.runningPlane()
			if err != nil {
				return err
			}
			target := strings.Join(args, "")
			state, err := plane.List(command.Context())
			if err != nil {
				return err
			}
			if err := plane.Heal(command.Context(), target); err != nil {
				return err
			}
			for _, f := range state.InForce {
				if target == "" || target == f.Target {
					fmt.Fprintf(io.Out, "%s healed\n", f.Target)
				}
			}
			if target == "" && len(state.InForce) == 0 {
				fmt.Fprintln(io.ErrOut, "Nothing is broken.")
			}
			return nil
		},
	}
}

// breakListCommand shows what can be broken and what is.
type breakListCommand struct {
	io      IO
	clients *clients
	output  string
}

func newBreakListCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &breakListCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "Show what can be broken, what is, and since when",
		Example: examples(name, `
glassplane break list
glassplane break list -o json`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if c.output != "" && c.output != "json" {
				return fmt.Errorf("invalid --output %q: must be json, or left out", c.output)
			}
			return c.Run(command.Context())
		},
	}
	command.Flags().StringVarP(&c.output, "output", "o", "", "json, or a table where it is left out")
	completeFlags(command, map[string]cobra.CompletionFunc{"output": oneOf("json")})
	return command
}

// Run prints the table.
func (c *breakListCommand) Run(ctx context.Context) error {
	plane, err := c.clients.runningPlane()
	if err != nil {
		return err
	}
	state, err := plane.List(ctx)
	if err != nil {
		return err
	}
	if c.output == "json" {
		encoder := json.NewEncoder(c.io.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(state)
	}
	return printBreakable(c.io.Out, state, c.io.Clock.Now())
}

// printBreakable prints a line for each process.
func printBreakable(out io.Writer, state remote.State, now time.Time) error {
	const none = "<none>"
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tBROKEN\tHEALS IN\tCAN BE\tAGE")
	for _, disruptable := range state.Disruptable {
		broken, heals, age := none, none, none
		for _, f := range state.InForce {
			if f.Target != disruptable.Target {
				continue
			}
			broken, age = hyphenated(f.Kind), duration.HumanDuration(now.Sub(f.Since))
			if !f.Until.IsZero() {
				heals = duration.HumanDuration(max(0, f.Until.Sub(now)))
			}
		}
		var kinds []string
		for _, kind := range disruptable.Kinds {
			kinds = append(kinds, hyphenated(kind))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", disruptable.Target, broken, heals, strings.Join(kinds, ","), age)
	}
	return table.Flush()
}

// hyphenated is a kind as it is typed, such as refuse-writes.
func hyphenated(kind substrate.DisruptionKind) string {
	var b strings.Builder
	for i, r := range string(kind) {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}

// runningPlane returns the running local control plane that commands use.
func (c *clients) runningPlane() (*remote.Client, error) {
	instance, err := c.localInstance()
	if errors.Is(err, substrate.ErrNoInstance) {
		return nil, &hintError{
			err,
			"Start a local control plane with \"glassplane up\", or name one by its kubeconfig with --kubeconfig.",
		}
	}
	if err != nil {
		return nil, err
	}
	return remote.NewClient(filepath.Dir(instance.Kubeconfig)), nil
}

// completeDisruption completes TARGET and KIND.
func completeDisruption(command *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var words []string
	for _, disruptable := range substrate.Disruptables() {
		switch {
		case len(args) == 0:
			words = append(words, disruptable.Target)
		case len(args) == 1 && args[0] == disruptable.Target && command.Name() == "break":
			for _, kind := range disruptable.Kinds {
				words = append(words, hyphenated(kind))
			}
		}
	}
	var completions []cobra.Completion
	for _, word := range words {
		if strings.HasPrefix(word, typed) {
			completions = append(completions, word)
		}
	}
	return completions, cobra.ShellCompDirectiveNoFileComp
}
