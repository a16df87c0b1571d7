// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/drain"
	"github.com/glassplane/glassplane/internal/scheme"
)

const drainUserAgent = "glassplane-drain"

// nodeFlags say which nodes a command changes, and whether it does.
type nodeFlags struct {
	selector string
	dryRun   dryRun
}

func (f *nodeFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&f.selector, "selector", "l", "", "label selector of the nodes, such as topology.kubernetes.io/zone=a; in place of their names")
	f.dryRun.add(flags)
}

// validate says what is wrong with the flags and the names of nodes.
func (f *nodeFlags) validate(args []string) error {
	switch {
	case len(args) == 0 && f.selector == "":
		return errors.New("name the nodes, such as node-1, or select them with --selector")
	case len(args) > 0 && f.selector != "":
		return errors.New("node names and --selector exclude each other: leave one of them out")
	}
	if _, err := labels.Parse(f.selector); err != nil {
		return fmt.Errorf("invalid --selector %q: %w", f.selector, err)
	}
	return f.dryRun.validate()
}

// simNodeNames are the names that kubectl accepts for the kind.
var simNodeNames = []string{"simnode", "simnodes", "sn", "simnodes.sim.glassplane.dev", "simnode.sim.glassplane.dev"}

// nodes returns the nodes that the arguments name or the selector selects, each
// of them once.
func (f *nodeFlags) nodes(ctx context.Context, c client.Reader, args []string) ([]v1alpha1.SimNode, error) {
	if f.selector != "" {
		selector, err := labels.Parse(f.selector)
		if err != nil {
			return nil, fmt.Errorf("invalid --selector %q: %w", f.selector, err)
		}
		list := &v1alpha1.SimNodeList{}
		if err := c.List(ctx, list, client.MatchingLabelsSelector{Selector: selector}); err != nil {
			return nil, unreachable(err)
		}
		if len(list.Items) == 0 {
			return nil, &hintError{
				fmt.Errorf("no simulated node matches --selector %s", f.selector),
				"See their labels with \"kubectl get simnodes --show-labels\".",
			}
		}
		return list.Items, nil
	}
	var nodes []v1alpha1.SimNode
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		if !found {
			kind, name = simNodeNames[0], arg
		}
		if !slices.Contains(simNodeNames, strings.ToLower(kind)) || name == "" {
			return nil, fmt.Errorf("%q: expected the name of a simulated node, such as node-1 or simnode/node-1; for real nodes use kubectl", arg)
		}
		if slices.ContainsFunc(nodes, func(n v1alpha1.SimNode) bool { return n.Name == name }) {
			continue
		}
		node := v1alpha1.SimNode{}
		err := c.Get(ctx, client.ObjectKey{Name: name}, &node)
		if apierrors.IsNotFound(err) {
			return nil, &hintError{err, "See the simulated nodes with \"kubectl get simnodes\"; for real nodes use kubectl."}
		}
		if err != nil {
			return nil, unreachable(err)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// cordonCommand is both cordon and uncordon.
type cordonCommand struct {
	io      IO
	clients *clients
	nodes   nodeFlags

	unschedulable bool
}

func newCordonCommand(name string, io IO, clients *clients) *cobra.Command {
	return (&cordonCommand{io: io, clients: clients, unschedulable: true}).command(&cobra.Command{
		Use:   "cordon NODE...",
		Short: "Mark simulated nodes as unschedulable",
		Long: `Mark simulated nodes as unschedulable: no pod is scheduled on them any more,
but for those that tolerate it. kubectl cordon does it for real nodes only.`,
		Example: examples(name, `
# Mark node "node-1" as unschedulable
glassplane cordon node-1`),
	})
}

func newUncordonCommand(name string, io IO, clients *clients) *cobra.Command {
	return (&cordonCommand{io: io, clients: clients}).command(&cobra.Command{
		Use:   "uncordon NODE...",
		Short: "Mark simulated nodes as schedulable",
		Long:  `Mark simulated nodes as schedulable again after cordon or drain.`,
		Example: examples(name, `
# Mark node "node-1" as schedulable
glassplane uncordon node-1`),
	})
}

func (c *cordonCommand) command(command *cobra.Command) *cobra.Command {
	command.ValidArgsFunction = c.clients.completeNodes
	command.RunE = func(command *cobra.Command, args []string) error {
		if err := c.nodes.validate(args); err != nil {
			return err
		}
		return c.Run(command.Context(), args)
	}
	c.nodes.add(command.Flags())
	completeFlags(command, map[string]cobra.CompletionFunc{"dry-run": completeDryRun})
	return command
}

// Run marks the nodes.
func (c *cordonCommand) Run(ctx context.Context, args []string) error {
	cluster, err := c.clients.client(drainUserAgent)
	if err != nil {
		return err
	}
	nodes, err := c.nodes.nodes(ctx, cluster, args)
	if err != nil {
		return err
	}
	drainer := drain.New(cluster, c.io.Clock, c.nodes.dryRun.drainOptions(), nil)
	return cordon(ctx, drainer, nodes, c.unschedulable, func(node *v1alpha1.SimNode, verb string) {
		fmt.Fprintf(c.io.Out, "simnode.sim.glassplane.dev/%s %s%s\n", node.Name, verb, c.nodes.dryRun.suffix())
	})
}

// cordon marks nodes, and tells of each in the words of kubectl.
func cordon(ctx context.Context, drainer *drain.Drainer, nodes []v1alpha1.SimNode, unschedulable bool, tell func(*v1alpha1.SimNode, string)) error {
	infinitive, done := "uncordon", "uncordoned"
	if unschedulable {
		infinitive, done = "cordon", "cordoned"
	}
	var errs []error
	for i := range nodes {
		node := nodes[i].DeepCopy()
		switch changed, err := drainer.Cordon(ctx, node, unschedulable); {
		case err != nil:
			errs = append(errs, fmt.Errorf("unable to %s simnode %q: %w", infinitive, node.Name, err))
		case changed:
			tell(node, done)
		default:
			tell(node, "already "+done)
		}
	}
	return errors.Join(errs...)
}

// client returns a client of the cluster that knows all kinds.
func (c *clients) client(userAgent string) (client.Client, error) {
	config, err := c.restConfig(userAgent)
	if err != nil {
		return nil, err
	}
	cluster, err := client.New(config, client.Options{Scheme: scheme.New(), FieldOwner: userAgent, FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server at %s: %w", config.Host, unreachable(err))
	}
	return cluster, nil
}
