// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/drain"
)

type drainCommand struct {
	io      IO
	clients *clients
	// program is how the user calls glassplane.
	program string
	nodes   nodeFlags

	force, disableEviction, ignoreDaemonSets bool

	grace, skip int
	timeout     time.Duration
	podSelector string
}

func newDrainCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &drainCommand{io: io, clients: clients, program: name, grace: -1}
	command := &cobra.Command{
		Use:   "drain NODE...",
		Short: "Drain simulated nodes in preparation for maintenance",
		Long: `Drain simulated nodes in preparation for maintenance.

The nodes are marked as unschedulable, and their pods are evicted; the command
waits until they are gone. Pods that no controller would replace are deleted only
with --force: without it, nothing is deleted from a node that has such pods.
"glassplane uncordon" makes the nodes schedulable again.

A pod that a PodDisruptionBudget keeps is asked for again every five seconds, until
the budget lets it go or --timeout is over. What a budget allows is computed from
the simulated pods; each eviction is recorded in the budget's annotation
"sim.glassplane.dev/disrupted-pods" before the pod is deleted, so that several
drains at once take no more than it allows. --disable-eviction deletes pods without
asking. Pods of a SimDaemonSet would be back at once: they are in the way unless
--ignore-daemonsets leaves them alone.

A pod ends as it does when it is deleted, within its own grace period. Those that take longer than --grace-period are deleted by force, unless
the node is silent; a longer one than its own is not given to a pod.
--grace-period=0 removes pods at once, whatever their node does.`,
		Example: examples(name, `
# Drain node "node-1", even if there are pods on it that no controller manages
glassplane drain node-1 --force

# Drain all nodes of a zone, within two minutes
glassplane drain --selector=topology.kubernetes.io/zone=a --timeout=2m`),
		ValidArgsFunction: clients.completeNodes,
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Validate(args); err != nil {
				return err
			}
			return c.Run(command.Context(), args)
		},
	}
	flags := command.Flags()
	c.nodes.add(flags)
	flags.BoolVar(&c.force, "force", false, "continue even if there are pods that do not declare a controller")
	flags.IntVar(&c.grace, "grace-period", c.grace, "period of time in seconds given to each pod to terminate gracefully; if negative, the one of the pod")
	flags.DurationVar(&c.timeout, "timeout", 0, "the length of time to wait before giving up, zero means infinite")
	flags.StringVar(&c.podSelector, "pod-selector", "", "label selector to filter pods on the node")
	flags.IntVar(&c.skip, "skip-wait-for-delete-timeout", 0, "if a pod has been terminating for more than this many seconds, do not wait for it; 0 waits for each")
	flags.BoolVar(&c.disableEviction, "disable-eviction", false, "delete pods without asking PodDisruptionBudgets; use with caution")
	flags.BoolVar(&c.ignoreDaemonSets, "ignore-daemonsets", false, "ignore pods of SimDaemonSets")
	flags.Bool("delete-emptydir-data", false, "accepted as by kubectl drain, without effect: simulated pods have nothing of the kind")
	completeFlags(command, map[string]cobra.CompletionFunc{"dry-run": completeDryRun})
	return command
}

// Validate says what is wrong with flags and arguments.
func (c *drainCommand) Validate(args []string) error {
	if _, err := labels.Parse(c.podSelector); err != nil {
		return fmt.Errorf("invalid --pod-selector %q: %w", c.podSelector, err)
	}
	if c.timeout < 0 {
		return fmt.Errorf("invalid --timeout %s: must not be negative", c.timeout)
	}
	if c.skip < 0 {
		return fmt.Errorf("invalid --skip-wait-for-delete-timeout %d: must not be negative", c.skip)
	}
	return c.nodes.validate(args)
}

// Run cordons and drains the nodes.
func (c *drainCommand) Run(ctx context.Context, args []string) error {
	cluster, err := c.clients.client(drainUserAgent)
	if err != nil {
		return err
	}
	nodes, err := c.nodes.nodes(ctx, cluster, args)
	if err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("not drained within %s", c.timeout))
		defer cancel()
	}
	drainer := drain.New(cluster, c.io.Clock, options, c)
	if err := cordon(ctx, drainer, nodes, true, c.tellNode); err != nil {
		return err
	}
	var errs []error
	for i := range nodes {
		if err := drainer.Drain(ctx, nodes[i].Name); err != nil {
			errs = append(errs, fmt.Errorf("unable to drain simnode %q: %w", nodes[i].Name, err))
			continue
		}
		c.tellNode(&nodes[i], "drained")
	}
	return errors.Join(errs...)
}

func (c *drainCommand) options() (drain.Options, error) {
	options := c.nodes.dryRun.drainOptions()
	options.Force, options.DisableEviction, options.IgnoreDaemonSets = c.force, c.disableEviction, c.ignoreDaemonSets
	options.GracePeriod = time.Duration(c.grace) * time.Second
	options.SkipTerminating = time.Duration(c.skip) * time.Second
	if c.podSelector != "" {
		selector, err := labels.Parse(c.podSelector)
		if err != nil {
			return options, fmt.Errorf("invalid --pod-selector %q: %w", c.podSelector, err)
		}
		options.PodSelector = selector
	}
	return options, nil
}

func (c *drainCommand) tellNode(node *v1alpha1.SimNode, verb string) {
	fmt.Fprintf(c.io.Out, "simnode.sim.glassplane.dev/%s %s%s\n", node.Name, verb, c.nodes.dryRun.suffix())
}

// Warn implements drain.Reporter.
func (c *drainCommand) Warn(message string) { fmt.Fprintln(c.io.ErrOut, message) }

// Deleting implements drain.Reporter.
func (c *drainCommand) Deleting(pod *v1alpha1.SimPod) {
	verb := "evicting"
	if c.disableEviction {
		verb = "deleting"
	}
	fmt.Fprintf(c.io.Out, "%s simpod %s/%s%s\n", verb, pod.Namespace, pod.Name, c.nodes.dryRun.suffix())
}

// Deleted implements drain.Reporter.
func (c *drainCommand) Deleted(pod *v1alpha1.SimPod) {
	verb := "evicted"
	if c.disableEviction {
		verb = "deleted"
	}
	fmt.Fprintf(c.io.Out, "simpod.sim.glassplane.dev/%s %s\n", pod.Name, verb)
}
