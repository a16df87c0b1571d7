// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Synthetic serves the page with a cluster that is made up, so that one can see
// what 50,000 pods look like without an API server.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/glassplane/glassplane/test/synthetic"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var options synthetic.Options
	flags := flag.NewFlagSet("synthetic", flag.ContinueOnError)
	address := flags.String("address", "127.0.0.1:0", "loopback address to serve at; port 0 takes a free one")
	flags.IntVar(&options.Nodes, "nodes", 5000, "number of nodes")
	flags.IntVar(&options.Pods, "pods", 50_000, "number of pods")
	flags.Float64Var(&options.Rate, "rate", 100, "pods that are created, and go, per second")
	flags.Uint64Var(&options.Seed, "seed", 1, "seed of what is random")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server, err := synthetic.Serve(ctx, *address, options)
	if err != nil {
		return err
	}
	fmt.Println(server.URL())
	return server.Wait()
}
