// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/rollout"
	"github.com/glassplane/glassplane/internal/workload/deployment"
)

// restartedAt is the annotation of a template by which kubectl restarts pods.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// rolloutChangeCommand changes each workload in one way.
type rolloutChangeCommand struct {
	rolloutTargets
	// done is what is said afterwards, how the change.
	done string
	how  func(rolled) error
}

func newRolloutPauseCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutChangeCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}, done: "paused", how: pause}
	return c.command(&cobra.Command{
		Use:   "pause",
		Short: "Mark a deployment as paused",
		Long: `Mark a SimDeployment as paused: its pods live on and it can be scaled, but a changed
template replaces nothing until it is resumed.`,
		Example: examples(name, `
# Change several things at once
glassplane rollout pause simdeployment/web`),
	}, c.Run)
}

func newRolloutResumeCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutChangeCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}, done: "resumed", how: resume}
	return c.command(&cobra.Command{
		Use:   "resume",
		Short: "Resume a paused deployment",
		Long:  `Resume a paused SimDeployment: what has changed meanwhile is rolled out.`,
		Example: examples(name, `
# Roll out what has changed meanwhile
glassplane rollout resume simdeployment/web`),
	}, c.Run)
}

func newRolloutRestartCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutChangeCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}, done: "restarted", how: restart(io)}
	return c.command(&cobra.Command{
		Use:   "restart",
		Short: "Restart the pods of a workload",
		Long:  `Replace all pods of a workload as it would for a changed template.`,
		Example: examples(name, `
# Replace all pods of the deployments of an app
glassplane rollout restart simdeployment --selector=app=web`),
	}, c.Run)
}

// Run changes the workloads. One that cannot be changed does not keep the others from
// being changed.
func (c *rolloutChangeCommand) Run(ctx context.Context, args []string) error {
	cluster, workloads, err := c.find(ctx, args)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range workloads {
		if err := change(ctx, cluster, r, false, c.how); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(c.io.Out, "%s %s\n", r.name(), c.done)
	}
	return errors.Join(errs...)
}

func pause(r rolled) error {
	paused := r.paused()
	switch {
	case paused == nil:
		return r.refusal("pausing is not supported")
	case *paused:
		return r.refusal("is already paused")
	}
	*paused = true
	return nil
}

func resume(r rolled) error {
	paused := r.paused()
	switch {
	case paused == nil:
		return r.refusal("resuming is not supported")
	case !*paused:
		return r.refusal("is not paused")
	}
	*paused = false
	return nil
}

func restart(io IO) func(rolled) error {
	return func(r rolled) error {
		if paused := r.paused(); paused != nil && *paused {
			return r.refusal("can't restart paused deployment (run rollout resume first)")
		}
		template, at := r.template(), io.Clock.Now().Format(time.RFC3339)
		if template.Metadata.Annotations[restartedAt] == at {
			return fmt.Errorf("failed to create patch for %s: if restart has already been triggered within the past second, please wait before attempting to trigger another", r.GetName())
		}
		if template.Metadata.Annotations == nil {
			template.Metadata.Annotations = make(map[string]string, 1)
		}
		template.Metadata.Annotations[restartedAt] = at
		return nil
	}
}

type rolloutUndoCommand struct {
	rolloutTargets
	program  string
	revision int64
	dryRun   dryRun
}

func newRolloutUndoCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutUndoCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}, program: name}
	command := c.command(&cobra.Command{
		Use:   "undo",
		Short: "Undo a previous rollout",
		Long:  `Roll back to a template that a workload has had: to the one before, unless --to-revision names another.`,
		Example: examples(name, `
# Roll back to the previous template, or to that of revision 3
glassplane rollout undo simdeployment/web
glassplane rollout undo simdeployment/web --to-revision=3`),
	}, c.Run)
	command.Flags().Int64Var(&c.revision, "to-revision", 0, "the revision to roll back to; 0 means the one before the last")
	c.dryRun.add(command.Flags())
	completeFlags(command, map[string]cobra.CompletionFunc{"dry-run": completeDryRun})
	return command
}

// Run rolls each workload back.
func (c *rolloutUndoCommand) Run(ctx context.Context, args []string) error {
	if err := c.dryRun.validate(); err != nil {
		return err
	}
	if c.revision < 0 {
		return fmt.Errorf("unable to find specified revision %d in history", c.revision)
	}
	cluster, workloads, err := c.find(ctx, args)
	if err != nil {
		return err
	}
	for _, r := range workloads {
		result, err := c.undo(ctx, cluster, r)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.io.Out, "%s %s%s\n", r.name(), result, c.dryRun.suffix())
	}
	return nil
}

func (c *rolloutUndoCommand) undo(ctx context.Context, cluster client.Client, r rolled) (string, error) {
	if _, ok := r.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; ok {
		fmt.Fprintf(c.io.ErrOut, "Warning: resource %s was previously managed with 'kubectl apply'. Rolling back will not update the %s annotation, "+
			"which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
			r.name(), corev1.LastAppliedConfigAnnotation)
	}
	revisions, err := history(ctx, cluster, r)
	if err != nil {
		return "", err
	}
	to, err := rollout.Find(revisions, c.revision)
	if err != nil {
		return "", err
	}
	template := deployment.WithoutHash(to.Template)
	switch paused := r.paused(); {
	case c.dryRun == dryRunClient:
		return rollout.Describe(to.Template, to.Cause), nil
	case paused != nil && *paused:
		return "", fmt.Errorf("you cannot rollback a paused deployment; resume it first with '%s rollout resume' and try again", programName(c.program))
	case deployment.SameTemplate(template, r.template()):
		return fmt.Sprintf("skipped rollback (current template already matches revision %d)", c.revision), nil
	}
	err = change(ctx, cluster, r, c.dryRun == dryRunServer, func(r rolled) error {
		*r.template() = *template
		if d, ok := r.Object.(*v1alpha1.SimDeployment); ok {
			d.Annotations = deployment.RollbackAnnotations(d, to.Kept.(*v1alpha1.SimReplicaSet))
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("failed restoring revision %d: %w", to.Number, err)
	}
	return "rolled back", nil
}
