// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Scale measures how many simulated pods per second go from create to Running
// through a fresh local control plane, and what that costs each process. Beside
// it, on another fresh control plane in the same run, a bare client does the
// same writes (create, bind, event, status) with no component at all: the ratio
// of the two is what can be compared between machines.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/glassplane/glassplane/internal/substrate"
)

type options struct {
	nodes, pods, workers int
	auditLevel           string
	traceSampling        float64
	modes                []string
	output               string
	cpuProfile           string
	assets               substrate.Assets
}

func main() {
	ctrl.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	opts, err := parse(args)
	if err != nil {
		return err
	}
	if opts.cpuProfile != "" {
		file, err := os.Create(opts.cpuProfile)
		if err != nil {
			return fmt.Errorf("creating the CPU profile: %w", err)
		}
		defer func() { _ = file.Close() }()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("starting the CPU profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	var results []result
	for _, mode := range opts.modes {
		fmt.Fprintf(os.Stderr, "%s: %d nodes, %d pods, %d workers, audit level %s\n", mode, opts.nodes, opts.pods, opts.workers, opts.auditLevel)
		measure := measureComponents
		if mode == modeBare {
			measure = measureBare
		}
		measured, err := measure(ctx, opts)
		if err != nil {
			return fmt.Errorf("%s: %w", mode, err)
		}
		results = append(results, measured)
	}
	if opts.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(results)
	}
	return printTable(out, results)
}

const (
	modeGlassplane = "glassplane"
	modeBare       = "bare-client"
)

func parse(args []string) (options, error) {
	opts := options{modes: []string{modeBare, modeGlassplane}}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.IntVar(&opts.nodes, "nodes", 500, "number of simulated nodes")
	flags.IntVar(&opts.pods, "pods", 5000, "number of simulated pods")
	flags.IntVar(&opts.workers, "workers", 16, "requests that the load keeps in flight")
	flags.StringVar(&opts.auditLevel, "audit-level", "Metadata", "audit level of requests for simulated pods; None turns the log off")
	flags.Float64Var(&opts.traceSampling, "trace-sampling", 0, "part of all requests that API server and etcd trace, from 0 to 1")
	flags.StringVar(&opts.output, "o", "table", "table or json")
	flags.StringVar(&opts.cpuProfile, "cpuprofile", "", "file for a CPU profile of this process")
	mode := flags.String("mode", "all", "all, glassplane or bare-client")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if *mode != "all" {
		if !slices.Contains(opts.modes, *mode) {
			return options{}, fmt.Errorf("invalid -mode %q: must be all, %s or %s", *mode, modeGlassplane, modeBare)
		}
		opts.modes = []string{*mode}
	}
	if opts.nodes < 1 || opts.pods < 1 || opts.workers < 1 {
		return options{}, fmt.Errorf("-nodes, -pods and -workers must be at least 1")
	}
	if opts.output != "table" && opts.output != "json" {
		return options{}, fmt.Errorf("invalid -o %q: must be table or json", opts.output)
	}
	var err error
	opts.assets, err = substrate.FindAssets(os.Getenv)
	return opts, err
}
