// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/followed"
)

type walkCommand struct {
	io      IO
	clients *clients
	view    viewFlags

	request string

	subject subject
}

func newWalkCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &walkCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:     "walk (TYPE/NAME [--request=AUDIT-ID] | request/AUDIT-ID)",
		Aliases: []string{"walkthrough"},
		Short:   "Follow a recorded request through the control plane, step by step",
		Long: `Follow a recorded request through the control plane, step by step.

TYPE is simpod (sp), pod (po) for a real pod of the cluster, or a workload:
simreplicaset (srs), simdeployment (sdeploy), simstatefulset (ssts),
simdaemonset (sds), simjob (sjob). Whoever created it, it can be followed for as
long as the observer remembers it. Any single request, also one that was refused, is followed by the
audit ID that the API server gave to it.

The observer is that of the local control plane. In any other cluster it is
reached by port-forward to its pod, while the command runs.`,
		Example: examples(name, `
# Every view of how simpod web came to run
glassplane walk simpod/web

# A real pod of the cluster of another context
glassplane walk pod/mypod --context=kind-glassplane

# The table alone, or all of it for other programs
glassplane walk simpod/web -o table
glassplane walk simpod/web -o json

# One OpenTelemetry trace, for Jaeger or Tempo
glassplane walk simpod/web -o otlp > trace.json

# The page as one file that needs no network, to attach or to show
glassplane walk simpod/web -o html > web.html

# A request that was refused
glassplane walk simpod/web --request=2f1c7b1e-5d0a-4c51-9a0e-0c6f2a3e6f1d`),
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: clients.completeSubject(followed.Resources(), requestKind),
		RunE: func(command *cobra.Command, args []string) error {
			if err := c.Complete(args); err != nil {
				return err
			}
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	c.view.add(command)
	command.Flags().StringVar(&c.request, "request", "", "audit ID of the request; by default the one that created the object")
	return command
}

// Complete reads what flags and kubeconfig say.
func (c *walkCommand) Complete(args []string) error {
	namespace, err := c.clients.namespace()
	if err != nil {
		return err
	}
	if c.subject, err = parseSubject(args, namespace); err != nil {
		return err
	}
	if c.request != "" {
		c.subject.auditID = c.request
	}
	return nil
}

// Validate says what is wrong with the flags.
func (c *walkCommand) Validate() error { return c.view.validate() }

// Run prints the walkthrough.
func (c *walkCommand) Run(ctx context.Context) error {
	observer, err := c.clients.connectObserver(ctx)
	if err != nil {
		return err
	}
	defer observer.close()
	if c.view.asFile() {
		record, err := observer.wholeRecord(ctx, c.subject)
		if err != nil {
			return fmt.Errorf("following %s: %w", c.subject, err)
		}
		return c.view.printFile(c.io, record)
	}
	trace, err := observer.trace(ctx, c.subject)
	if err != nil {
		return fmt.Errorf("following %s: %w", c.subject, err)
	}
	return c.view.print(c.io, trace)
}
