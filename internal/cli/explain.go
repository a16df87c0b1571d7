// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/render"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

type explainCommand struct {
	io      IO
	clients *clients
	output  string

	subject  subject
	observer *observer
}

func newExplainCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &explainCommand{io: io, clients: clients}
	command := &cobra.Command{
		Use:   "explain simpod/NAME",
		Short: "Say which node a pod got and why, or why it is pending",
		Long: `Say which node a pod got and why, or why it is pending: for each node, what
each plugin of the scheduler said. It is what the scheduler decided then, not a
new decision.`,
		Example: examples(name, `
# Why that node?
glassplane explain simpod/web

# For other programs
glassplane explain simpod/web -o json`),
		Args: cobra.RangeArgs(1, 2),
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
	command.Flags().StringVarP(&c.output, "output", "o", "text", "text, json or yaml")
	return command
}

// Complete reads what flags and kubeconfig say.
func (c *explainCommand) Complete(args []string) error {
	namespace, err := c.clients.namespace()
	if err != nil {
		return err
	}
	if c.subject, err = parseSubject(args, namespace); err != nil {
		return err
	}
	address, err := c.clients.observerURL()
	if err != nil {
		return err
	}
	c.observer = newObserver(address)
	return nil
}

// Validate says what is wrong with the flags.
func (c *explainCommand) Validate() error {
	if formats := []string{"text", "json", "yaml"}; !slices.Contains(formats, c.output) {
		return fmt.Errorf("invalid --output %q: must be text, json or yaml", c.output)
	}
	if c.subject.auditID != "" {
		return fmt.Errorf("cannot explain %s: name the pod, such as simpod/web", c.subject)
	}
	return nil
}

// Run prints the decisions about the pod.
func (c *explainCommand) Run(ctx context.Context) error {
	record, err := c.observer.record(ctx, c.subject)
	if err != nil {
		return fmt.Errorf("explaining %s: %w", c.subject, err)
	}
	decisions := decisionsOf(record)
	if len(decisions) == 0 {
		return fmt.Errorf("explaining %s: %s", c.subject, whyNoDecision(record))
	}
	switch c.output {
	case "json":
		encoder := json.NewEncoder(c.io.Out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(decisions)
	case "yaml":
		data, err := yaml.Marshal(decisions)
		if err != nil {
			return err
		}
		_, err = c.io.Out.Write(data)
		return err
	default:
		return render.ExplainText(c.io.Out, decisions, render.Options{})
	}
}

func decisionsOf(record evidence.Record) []framework.Decision {
	var decisions []framework.Decision
	for _, entry := range record.Entries {
		if entry.Decision != nil {
			decisions = append(decisions, *entry.Decision)
		}
	}
	return decisions
}

// whyNoDecision says why the record holds no decision of the scheduler.
func whyNoDecision(record evidence.Record) string {
	for _, state := range record.Sources {
		if state.Source == evidence.SourceDecision && !state.Available {
			return "the scheduler's decisions are not available: " + state.Reason
		}
	}
	return "the scheduler has not decided about it: it was bound by somebody else, or another scheduler is to bind it"
}
