// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

type pendingCommand struct {
	io      IO
	clients *clients
	real    realFlags

	all         bool
	watch       bool
	interval    time.Duration
	suggestions int
	exitCode    bool
	color       colorFlag

	namespace string
}

func newPendingCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &pendingCommand{io: io, clients: clients, suggestions: 3, interval: 10 * time.Second}
	command := &cobra.Command{
		Use:   "pending",
		Short: "Say why the pods of a real cluster are pending, and which change would free the most",
		Long: `Say why the pods of a real cluster are pending, grouped by the reason, and which
change would free the most of them. Each change was checked by placing the pods
one after the other with it. Nothing need be installed in the cluster, and
nothing is written.`,
		Example: examples(name, `
# Every pending pod
glassplane pending -A

# Of one namespace, again every ten seconds
glassplane pending -n shop -w

# From a file
glassplane pending -A --from=cluster.yaml.gz`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) (err error) {
			if err := c.Validate(); err != nil {
				return err
			}
			if c.namespace, err = c.clients.namespace(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&c.all, "all-namespaces", "A", false, "of all namespaces")
	flags.BoolVarP(&c.watch, "watch", "w", false, "say it again when it has changed, until you end it")
	flags.DurationVar(&c.interval, "interval", c.interval, "with --watch: how often the cluster is read; at least 2s")
	flags.IntVar(&c.suggestions, "suggestions", c.suggestions, "how many changes to look for in each group; 0 for none")
	flags.BoolVar(&c.exitCode, "exit-code", false, "exit with 2 where a pod would stay pending")
	c.real.add(command)
	c.color.add(command)
	return command
}

// Validate says what is wrong with the flags.
func (c *pendingCommand) Validate() error {
	const maxSuggestions, minInterval = 10, 2 * time.Second
	if err := c.real.validate(); err != nil {
		return err
	}
	switch {
	case c.suggestions < 0 || c.suggestions > maxSuggestions:
		return fmt.Errorf("invalid --suggestions %d: must be 0 to %d", c.suggestions, maxSuggestions)
	case c.watch && c.real.from != "":
		return errors.New("give either --watch or --from, not both: a file does not change")
	case c.watch && c.exitCode:
		return errors.New("give either --watch or --exit-code, not both: watching ends when you end it")
	case c.interval < minInterval:
		return fmt.Errorf("invalid --interval %s: must be at least %s", c.interval, minInterval)
	}
	return nil
}

// Run says it once, or each time that it has changed.
func (c *pendingCommand) Run(ctx context.Context) error {
	source, err := c.clients.realSource(c.real.from)
	if err != nil {
		return err
	}
	for last := ""; ; {
		pending, err := c.read(ctx, source)
		if err != nil {
			return err
		}
		if said := fmt.Sprint(pending.Causes, pending.NotDecided); said != last {
			if last != "" {
				fmt.Fprintln(c.io.Out)
			}
			if err := printPending(c.io.Out, pending, c.real.output, render.Options{Width: c.io.width, Theme: c.color.theme(c.io)}); err != nil {
				return err
			}
			last = said
		}
		if !c.watch {
			return c.code(pending)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.io.Clock.After(c.interval):
		}
	}
}

func (c *pendingCommand) code(pending explanation.Pending) error {
	stays := len(pending.NotDecided) > 0 || slices.ContainsFunc(pending.Causes, func(c explanation.Cause) bool { return c.Message != "" })
	if c.exitCode && stays {
		return exitPending
	}
	return nil
}

func (c *pendingCommand) read(ctx context.Context, source realSource) (explanation.Pending, error) {
	listed, err := source.list(ctx, c.namespace)
	if err != nil {
		return explanation.Pending{}, err
	}
	about, of := "all namespaces", func(*corev1.Pod) bool { return true }
	if !c.all {
		about, of = "namespace "+c.namespace, func(p *corev1.Pod) bool { return p.Namespace == c.namespace }
	}
	return pendingOf(listed, c.real, about, of, c.suggestions), nil
}

// pendingOf groups the pods that wait of those that are meant.
func pendingOf(listed whatif.Listing, flags realFlags, about string, of func(*corev1.Pod) bool, suggestions int) explanation.Pending {
	var waiting []*corev1.Pod
	onNodes := 0
	for _, pod := range listed.Objects.Pods {
		switch {
		case !of(pod) || pod.DeletionTimestamp != nil:
		case pod.Spec.NodeName != "":
			onNodes++
		default:
			waiting = append(waiting, pod)
		}
	}
	cluster := whatif.NewCluster(listed.Objects)
	out := explanation.NewPending(waiting, func(pod *corev1.Pod) (whatif.Case, []explanation.NotEvaluated, error) {
		profile, missing, err := realProfile(flags.schedulerConfig, pod)
		if err != nil {
			return whatif.Case{}, nil, err
		}
		what, err := cluster.Case(pod, profile)
		what.Owner = listed.ControllerOf(pod)
		return what, slices.Concat(missing, explanation.NotEvaluatedFor(pod, profile, listed.Lists)), err
	}, suggestions)
	out.About, out.OnNodes = about, onNodes
	out.ReadAt, out.ReadUntil, out.Source, out.Lists = listed.ReadAt, listed.ReadUntil, listed.Source, listed.Lists
	return out
}

func printPending(w io.Writer, pending explanation.Pending, output string, o render.Options) error {
	switch output {
	case "json":
		return render.PendingJSON(w, pending)
	case "yaml":
		return render.PendingYAML(w, pending)
	}
	return render.PendingText(w, pending, o)
}
