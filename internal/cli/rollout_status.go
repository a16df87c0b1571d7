// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/rollout"
)

type rolloutStatusCommand struct {
	rolloutTargets
	watch    bool
	revision int64
	timeout  time.Duration
}

func newRolloutStatusCommand(name string, io IO, clients *clients) *cobra.Command {
	c := &rolloutStatusCommand{rolloutTargets: rolloutTargets{io: io, clients: clients}}
	command := c.command(&cobra.Command{
		Use:   "status",
		Short: "Show the status of the rollout",
		Long: `Show the status of the rollout, and watch it until it is done. --watch=false looks
once. A rollout that exceeds its progress deadline is an error. Where a new rollout
starts in between, that is watched; --revision ends with an error then.`,
		Example: examples(name, `
# Watch the rollout of a deployment
glassplane rollout status simdeployment/web`),
	}, c.Run)
	flags := command.Flags()
	flags.BoolVarP(&c.watch, "watch", "w", true, "watch the status of the rollout until it is done")
	flags.Int64Var(&c.revision, "revision", 0, "pin to a specific revision; 0 means the last one")
	flags.DurationVar(&c.timeout, "timeout", 0, "the length of time to wait before giving up, zero means infinite")
	return command
}

// Run shows the status of each workload.
func (c *rolloutStatusCommand) Run(ctx context.Context, args []string) error {
	switch {
	case c.revision < 0:
		return fmt.Errorf("revision must be a positive integer: %d", c.revision)
	case c.timeout < 0:
		return fmt.Errorf("invalid --timeout %s: must not be negative", c.timeout)
	}
	cluster, workloads, err := c.find(ctx, args)
	if err != nil {
		return err
	}
	for _, r := range workloads {
		if err := c.follow(ctx, cluster, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *rolloutStatusCommand) follow(ctx context.Context, cluster client.WithWatch, r rolled) error {
	limited, cancel := watchtools.ContextWithOptionalTimeout(ctx, c.timeout)
	defer cancel()
	options := func(o metav1.ListOptions) *client.ListOptions {
		return &client.ListOptions{Namespace: r.GetNamespace(), FieldSelector: fields.OneTermEqualSelector("metadata.name", r.GetName()), Raw: &o}
	}
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list := r.kind.list()
			return list, cluster.List(ctx, list, options(o))
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return cluster.Watch(ctx, r.kind.list(), options(o))
		},
	}
	_, err := watchtools.UntilWithSync(limited, source, r.kind.new(), nil, func(e watch.Event) (bool, error) {
		if e.Type == watch.Deleted {
			return true, errors.New("object has been deleted")
		}
		text, done, err := rollout.Status(e.Object, c.revision)
		if err != nil {
			return false, err
		}
		fmt.Fprint(c.io.Out, text)
		return done || !c.watch, nil
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
