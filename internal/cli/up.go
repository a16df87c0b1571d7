// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	uberzap "go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/glassplane/glassplane/internal/local"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/remote"
)

type upCommand struct {
	io IO
	// name by which the program is called.
	name  string
	local localFlags
}

func newUpCommand(name string, io IO) *cobra.Command {
	c := &upCommand{io: io, name: name, local: localFlags{nodes: 3}}
	command := &cobra.Command{
		Use:   "up",
		Short: "Start a local control plane and keep it until Ctrl-C",
		Long: `Start a local control plane and keep it until Ctrl-C.

etcd, kube-apiserver and kube-controller-manager run as processes on loopback,
with TLS, RBAC and an audit log; scheduler, controller manager and observer run
beside them, each with an identity of its own. When it stops, nothing is left.

The kubeconfig of kubectl is not changed: the command prints the one to use, and
the address of the page, on which each request is shown as it happens. The page
only reads, unless --allow-writes lets it create simulated pods.`,
		Example: examples(name, `
# Start, then use it from another terminal
glassplane up
glassplane run web --image=nginx

# With 50 nodes, the API server and the page at fixed ports
glassplane up --nodes=50 --apiserver-port=6443 --observer-address=127.0.0.1:8080`),
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := c.Complete(); err != nil {
				return err
			}
			if err := c.Validate(); err != nil {
				return err
			}
			return c.Run(command.Context())
		},
	}
	c.local.add(command)
	command.Flags().BoolVar(&c.local.allowWrites, "allow-writes", false, "let the page create simulated pods, as the ServiceAccount glassplane-page")
	return command
}

// Complete finds the data folder.
func (c *upCommand) Complete() (err error) {
	if c.local.dataDir == "" {
		c.local.dataDir, err = substrate.DefaultDir(c.io.Env)
	}
	return err
}

// Validate says what is wrong with the flags.
func (c *upCommand) Validate() error { return c.local.validate() }

// Run starts the control plane and returns once it has stopped.
func (c *upCommand) Run(ctx context.Context) error {
	cluster, err := startLocal(ctx, c.io, &c.local)
	if err != nil {
		return err
	}
	return c.local.keep(ctx, c.io, cluster, func() {
		fmt.Fprintf(c.io.Out, `The control plane is up. In another terminal:

  export KUBECONFIG=%[1]s
  kubectl get simnodes
  %[3]s run web --image=nginx
  %[3]s walk simpod/web

Page: %[2]s   Ctrl-C stops everything.
`, cluster.KubeconfigPath(), cluster.PageURL(), c.name)
	})
}

// keep makes the control plane known to other commands, and keeps it until ctx
// ends or it fails. Then it is stopped.
func (f *localFlags) keep(ctx context.Context, io IO, cluster *local.Cluster, tell func()) (err error) {
	defer func() { err = f.stop(io, cluster, err) }()
	commands, err := remote.Serve(ctx, cluster.Dir(), cluster, newProgress(io).tell)
	if err != nil {
		return err
	}
	defer func() { _ = commands.Close() }() // What it was asked for ends with the control plane.
	if err := cluster.WriteInstance(); err != nil {
		return err
	}
	tell()
	select {
	case <-ctx.Done():
		return nil
	case <-cluster.Done():
		return cluster.Err()
	}
}

// startLocal starts a local control plane with its simulated nodes.
func startLocal(ctx context.Context, io IO, flags *localFlags) (*local.Cluster, error) {
	options, err := flags.options(io)
	if err != nil {
		return nil, err
	}
	cluster, err := local.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := cluster.CreateNodes(ctx, flags.nodes); err != nil {
		return nil, flags.stop(io, cluster, err)
	}
	return cluster, nil
}

// stop stops the control plane and joins what went wrong with err. What
// libraries log about being stopped in the middle of something is not an error.
func (f *localFlags) stop(io IO, cluster *local.Cluster, err error) error {
	if !f.verbose {
		f.logLevel.SetLevel(zapcore.FatalLevel)
	}
	if stopErr := cluster.Stop(); stopErr != nil {
		stopErr = fmt.Errorf("stopping the control plane: %w", stopErr)
		if err == nil {
			return stopErr
		}
		fmt.Fprintln(io.ErrOut, stopErr)
	}
	return err
}

// newLogger returns the logger of the components: errors, or also what they do.
// It is set for the libraries that log to a global one.
func newLogger(out io.Writer, verbose bool) (logr.Logger, uberzap.AtomicLevel) {
	level := uberzap.NewAtomicLevelAt(zapcore.ErrorLevel)
	if verbose {
		level.SetLevel(zapcore.InfoLevel)
	}
	logger := zap.New(zap.WriteTo(out), zap.Level(level), zap.UseDevMode(false), zap.StacktraceLevel(zapcore.PanicLevel))
	ctrl.SetLogger(logger)
	klog.SetLogger(logger)
	return logger, level
}
