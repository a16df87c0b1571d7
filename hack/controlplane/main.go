// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command controlplane builds the binaries of the local control plane from the
// Go modules that this module pins, into a cache outside of the clone. It
// builds only what is missing there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const usage = `Build the binaries of the local control plane into the cache.

Usage, in hack/controlplane:
  go run . [--print-dir] [%s …]

Without names: %s.

Environment:
  KUBEBUILDER_ASSETS  a folder with binaries: used as it is, nothing is built
  GLASSPLANE_CACHE    the cache's folder (default: glassplane in the user's cache folder)

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case interrupted:
		fmt.Fprintln(os.Stderr, "interrupted: nothing half-built was left in the cache")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run is the whole command. Its only result on stdout is the folder that
// --print-dir asks for; all else goes to stderr.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	names, printDir, err := parseArgs(args, stderr)
	if err != nil {
		return err
	}
	if assets := env("KUBEBUILDER_ASSETS"); assets != "" {
		if printDir {
			_, err := fmt.Fprintln(stdout, assets)
			return err
		}
		return reportAssets(assets, names, stderr)
	}
	pinned, err := readVersions(ctx)
	if err != nil {
		return err
	}
	dir, err := cacheDir(env, pinned)
	if err != nil {
		return err
	}
	if printDir {
		_, err := fmt.Fprintln(stdout, dir)
		return err
	}
	return ensure(ctx, dir, pinned, names, stderr)
}

// parseArgs returns the wanted binaries, in the order in which they are built.
func parseArgs(args []string, stderr io.Writer) (names []string, printDir bool, err error) {
	flags := flag.NewFlagSet("controlplane", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&printDir, "print-dir", false, "print the folder of the binaries and exit")
	flags.Usage = func() {
		fmt.Fprintf(stderr, usage, strings.Join(binaryNames(binaries), " "), strings.Join(defaultBinaries, ", "))
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return nil, false, err
	}
	names, err = selectBinaries(flags.Args())
	return names, printDir, err
}

// reportAssets says what KUBEBUILDER_ASSETS lacks, and fails if the control
// plane cannot do without it.
func reportAssets(dir string, names []string, stderr io.Writer) error {
	var needed []string
	for _, name := range missing(dir, names) {
		if cost := lookup(name).withoutIt; cost != "" {
			fmt.Fprintf(stderr, "warning: KUBEBUILDER_ASSETS=%s has no %s: %s\n", dir, name, cost)
			continue
		}
		needed = append(needed, name)
	}
	if len(needed) > 0 {
		return fmt.Errorf("KUBEBUILDER_ASSETS=%s has no %s; add it, or unset KUBEBUILDER_ASSETS so that it is built",
			dir, strings.Join(needed, ", "))
	}
	fmt.Fprintf(stderr, "control plane: using KUBEBUILDER_ASSETS=%s\n", dir)
	return nil
}
