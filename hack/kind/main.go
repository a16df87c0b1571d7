// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kind starts and removes a kind cluster whose control plane can be seen
// through, and loads images into it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/glassplane/glassplane/internal/substrate/kindcluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand(os.Stdout, os.Stderr).ExecuteContext(ctx)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
	case interrupted:
		fmt.Fprintln(os.Stderr, "interrupted:", err)
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func newCommand(stdout, stderr io.Writer) *cobra.Command {
	options := kindcluster.Options{Out: stderr}
	root := &cobra.Command{
		Use:           "kind",
		Short:         "Run a kind cluster whose control plane can be seen through",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.PersistentFlags().StringVar(&options.Name, "name", kindcluster.DefaultName, "the cluster's name")
	root.AddCommand(upCommand(&options), downCommand(&options), loadCommand(&options), envCommand(&options))
	return root
}

func upCommand(options *kindcluster.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "up",
		Short: "Start the cluster, unless it runs, and wait until it is ready",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cluster, err := kindcluster.Up(cmd.Context(), *options)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "audit log:  %s\nkubeconfig: %s\n", cluster.AuditLogDir, cluster.Kubeconfig)
			return nil
		},
	}
}

func downCommand(options *kindcluster.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Remove the cluster and everything that was made for it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return kindcluster.Down(cmd.Context(), *options)
		},
	}
}

func loadCommand(options *kindcluster.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "load IMAGE…",
		Short: "Copy images from Docker to the cluster's nodes",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, images []string) error {
			cluster, err := kindcluster.Open(cmd.Context(), *options)
			if err != nil {
				return err
			}
			return cluster.LoadImages(cmd.Context(), images...)
		},
	}
}

func envCommand(options *kindcluster.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "Print what makes docker and kubectl use the cluster, for eval in a shell",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cluster, err := kindcluster.Open(cmd.Context(), *options)
			if err != nil {
				return err
			}
			for _, variable := range cluster.Env() {
				fmt.Fprintf(cmd.OutOrStdout(), "export %q\n", variable)
			}
			return nil
		},
	}
}
