// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/internal/version"
)

const (
	defaultUninstallTimeout = 10 * time.Minute
	defaultGrace            = 30 * time.Second
)

type uninstallCommand struct {
	io      IO
	clients *clients

	yes            bool
	dryRun         string
	grace, timeout time.Duration

	config *rest.Config
	// cluster names the cluster for the question.
	cluster string
}

func newUninstallCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &uninstallCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove Glassplane and all simulated objects from a cluster",
		Long: `Remove Glassplane and all simulated objects from a cluster.

Removed are all simulated pods, nodes, replica sets and walkthroughs, the
components, their CustomResourceDefinitions, admission policies and RBAC, and the
namespaces glassplane-system and simnode-lease with everything in them.

Simulated pods end as they do when they are deleted, for as long as the
components run. If for the grace period none ends, those that are left lose
Glassplane's finalizers. Finalizers of others are left alone, and named.

It can be interrupted and run again, and completes a "kubectl delete -f
install.yaml" that does not come to its end. Where nothing is installed it says
so and succeeds.

The cluster is that of kubectl's current context, or of --context and
--kubeconfig. A local control plane needs no uninstall: stop "glassplane up", and
nothing is left. It is taken only if --context or --kubeconfig name it.`,
		Example: examples(name, `
# Show what would be removed
glassplane uninstall --dry-run=client

# Remove it, without being asked
glassplane uninstall --context=kind-glassplane --yes`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return err
			}
			if err := c.Complete(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&c.yes, "yes", "y", false, "do not ask")
	flags.StringVar(&c.dryRun, "dry-run", "none", "none, or client (show what would be removed)")
	flags.DurationVar(&c.grace, "grace-period", defaultGrace, "how long simulated pods may take to end by themselves, from the last one that did; 0 for not at all")
	flags.DurationVar(&c.timeout, "timeout", defaultUninstallTimeout, "how long the removal may take")
	completeFlags(command, map[string]cobra.CompletionFunc{"dry-run": oneOf("none", "client")})
	return command
}

// Validate says what is wrong with the flags.
func (c *uninstallCommand) Validate() error {
	switch {
	case c.dryRun != "none" && c.dryRun != "client":
		return fmt.Errorf("invalid --dry-run %q: must be none or client", c.dryRun)
	case c.grace < 0:
		return fmt.Errorf("invalid --grace-period %s: must not be negative", c.grace)
	case c.timeout <= 0:
		return fmt.Errorf("invalid --timeout %s: must be positive", c.timeout)
	}
	return nil
}

// Complete finds the cluster: unlike other commands not the running local
// control plane by itself.
func (c *uninstallCommand) Complete() error {
	flags := c.clients.flags
	config, err := flags.ToRESTConfig()
	if err != nil {
		return fmt.Errorf("finding the cluster; name one with --context or --kubeconfig: %w", err)
	}
	named := *flags.Context != "" || *flags.KubeConfig != ""
	if instance, err := c.clients.instanceAt(config.Host); err == nil && !named {
		return fmt.Errorf("%s is the local control plane (process %d): stop it with Ctrl-C where it runs, and nothing is left; to uninstall from another cluster, name it with --context or --kubeconfig",
			config.Host, instance.PID)
	}
	c.config = rest.CopyConfig(config)
	c.config.UserAgent = version.UserAgent("glassplane-uninstall")
	server := strings.TrimSuffix(config.Host, "/")
	c.cluster = server
	if raw, err := flags.ToRawKubeConfigLoader().RawConfig(); err == nil {
		name := raw.CurrentContext
		if *flags.Context != "" {
			name = *flags.Context
		}
		if name != "" {
			c.cluster = fmt.Sprintf("%s of context %s", server, name)
		}
	}
	return nil
}

// Run removes everything.
func (c *uninstallCommand) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	uninstaller, err := install.NewUninstaller(c.config, c.grace, newProgress(c.io).tell)
	if err != nil {
		return err
	}
	plan, err := uninstaller.Plan(ctx)
	if utilnet.IsConnectionRefused(err) {
		return &hintError{fmt.Errorf("the cluster %s cannot be reached: %w", c.cluster, err), "Name another one with --context or --kubeconfig."}
	}
	if err != nil {
		return fmt.Errorf("looking for what is installed: %w", err)
	}
	if len(plan.Counts) == 0 {
		_, err := fmt.Fprintf(c.io.Out, "Glassplane is not installed in the cluster %s: nothing to remove.\n", c.cluster)
		return err
	}
	if err := c.show(plan); err != nil || c.dryRun == "client" {
		return err
	}
	if err := c.confirm(ctx); err != nil {
		return err
	}
	ctx, cancel = context.WithTimeoutCause(ctx, c.timeout,
		fmt.Errorf("not done within %s; run it again to go on, with a longer --timeout if it only needs more time", c.timeout))
	defer cancel()
	if err := uninstaller.Run(ctx, plan); err != nil {
		if kept, ok := errors.AsType[*install.KeptError](err); ok {
			return &hintError{kept, "They go, and what waits for them, once whoever set the finalizers removes them. Run it again to check."}
		}
		return err
	}
	_, err = fmt.Fprintf(c.io.Out, "Glassplane is removed from the cluster %s.\n", c.cluster)
	return err
}

// show prints what is removed.
func (c *uninstallCommand) show(plan install.Plan) error {
	title := "To be removed from the cluster %s:\n"
	if c.dryRun == "client" {
		title = "Would be removed from the cluster %s (dry run):\n"
	}
	fmt.Fprintf(c.io.Out, title, c.cluster)
	table := tabwriter.NewWriter(c.io.Out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, count := range plan.Counts {
		what := count.Resource.String()
		if count.Resource.Resource == "namespaces" {
			what += ", with everything in them"
		}
		fmt.Fprintf(table, "%d\t  %s\n", count.Objects, what)
	}
	return table.Flush()
}

// confirm asks, unless that was answered by --yes.
func (c *uninstallCommand) confirm(ctx context.Context) error {
	if c.yes {
		return nil
	}
	if file, ok := c.io.In.(*os.File); !ok || !term.IsTerminal(int(file.Fd())) {
		return errors.New("nothing was removed: there is no terminal to ask on; add --yes to remove it without being asked")
	}
	return ask(ctx, c.io.In, c.io.ErrOut)
}

// ask returns once the user has agreed.
func ask(ctx context.Context, in io.Reader, out io.Writer) error {
	fmt.Fprint(out, "Remove all of it? [y/N] ")
	answer := make(chan string, 1)
	// A terminal cannot be told to stop reading; the process ends with the command.
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case line := <-answer:
		if slices.Contains([]string{"y", "yes"}, line) {
			return nil
		}
		return errors.New("nothing was removed")
	}
}
