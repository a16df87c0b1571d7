// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/local"
)

type demoCommand struct {
	io    IO
	local localFlags
	pod   podFlags
	view  viewFlags

	timeout time.Duration
}

func newDemoCommand(name string, io IO) *cobra.Command {
	c := &demoCommand{io: io, local: localFlags{nodes: 3}, pod: podFlags{image: "nginx"}}
	command := &cobra.Command{
		Use:   "demo",
		Short: "Send one request through a local control plane and explain it",
		Long: `Send one request through a local control plane and explain it.

Starts what "glassplane up" starts in a temporary folder, creates simulated
nodes, sends the request of "glassplane run mypod --image=nginx", waits until
the pod runs, prints the walkthrough and stops everything.`,
		Example: examples(name, `
# Every view
glassplane demo

# The table alone, or all of it for other programs
glassplane demo --quiet
glassplane demo -o json

# The page as one file
glassplane demo -o html > demo.html`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	c.local.add(command)
	c.view.add(command)
	command.Flags().BoolVarP(&c.view.quiet, "quiet", "q", false, "print the table alone")
	command.Flags().StringVar(&c.pod.image, "image", c.pod.image, "the image of the pod's container")
	command.Flags().StringToStringVar(&c.pod.requests, "requests", nil, "resources that the pod requests, such as cpu=500m")
	command.Flags().DurationVar(&c.timeout, "timeout", defaultTimeout, "how long the pod may take to run")
	return command
}

// Validate says what is wrong with the flags.
func (c *demoCommand) Validate() error {
	if c.timeout <= 0 {
		return fmt.Errorf("invalid --timeout %s: must be positive", c.timeout)
	}
	if err := c.local.validate(); err != nil {
		return err
	}
	if err := c.pod.validate(); err != nil {
		return err
	}
	return c.view.validate()
}

// Run starts the control plane, sends the request and explains it.
func (c *demoCommand) Run(ctx context.Context) (err error) {
	tell := newProgress(c.io).tell
	cluster, err := startLocal(ctx, c.io, &c.local)
	if err != nil {
		return err
	}
	defer func() {
		err = c.local.stop(c.io, cluster, err)
		tell("stopped; nothing is left behind")
	}()
	said, err := c.sendRequest(ctx, cluster)
	if err != nil {
		return err
	}
	return c.show(ctx, newObserver(cluster.ObserverURL()), said)
}

// demoPod is the one that is created.
var demoPod = subject{resource: followed.SimPods().Resource, namespace: metav1.NamespaceDefault, name: "mypod"}

// show prints how the request went, by the observer and by the client's own clock.
func (c *demoCommand) show(ctx context.Context, observer *observer, said []evidence.Client) error {
	if c.view.asFile() {
		record, err := observer.wholeRecord(ctx, demoPod)
		if err != nil {
			return err
		}
		return c.view.printFile(c.io, withClient(record, said...))
	}
	trace, err := observer.trace(ctx, demoPod)
	if err != nil {
		return err
	}
	for _, client := range said {
		trace = explain.AddClient(trace, client)
	}
	return c.view.print(c.io, trace)
}

// sendRequest creates the pod as glassplane run does, waits until it runs, and
// returns how that went by its own clock.
func (c *demoCommand) sendRequest(ctx context.Context, cluster *local.Cluster) ([]evidence.Client, error) {
	pod, err := c.pod.newSimPod(demoPod.namespace, demoPod.name)
	if err != nil {
		return nil, err
	}
	config, err := cluster.UserConfig(runUserAgent)
	if err != nil {
		return nil, err
	}
	sender, err := newSender(config, c.io)
	if err != nil {
		return nil, err
	}
	sent, err := sender.create(ctx, pod)
	if err != nil {
		return nil, err
	}
	followCtx, cancel := context.WithTimeoutCause(ctx, c.timeout, fmt.Errorf("simpod/%s did not run within %s", pod.Name, c.timeout))
	defer cancel()
	shown, err := sender.follow(followCtx, pod, func(_ *v1alpha1.SimPod, line string, _ time.Time) {
		fmt.Fprintf(c.io.ErrOut, "        %s\n", line)
	})
	if err != nil {
		return nil, err
	}
	return []evidence.Client{sent, shown}, nil
}
