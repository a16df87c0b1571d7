// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command controlplane fills a cache outside of the clone with the binaries of
// the local control plane, in the versions that this module pins: as their
// projects released them, or built from their Go modules where those cannot be
// downloaded. It gets only what is missing there.
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

const usage = `Download or build the binaries of the local control plane into the cache.

Usage, in hack/controlplane:
  go run . [--print-dir] [%s …]

Without names: %s.

Environment:
  KUBEBUILDER_ASSETS  a folder with binaries: used as it is, nothing is added to it
  GLASSPLANE_CACHE    the cache's folder (default: glassplane in the user's cache folder)
  CONTROLPLANE        build: download nothing; download: build nothing
                      (default: download what can be downloaded, build the rest)
  HTTPS_PROXY         the proxy to download through; NO_PROXY names what goes without it

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
		fmt.Fprintln(os.Stderr, "interrupted: nothing unfinished was left in the cache")
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
	from, err := parseOrigin(env(originEnv))
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
	least := asFastAsBuilding
	if from == released {
		least = anyProgress
	}
	c := &cache{dir: dir, versions: pinned, origin: from, releases: newReleases(least), build: build, stderr: stderr}
	return c.ensure(ctx, names)
}

// parseArgs returns the wanted binaries, in the order of the table.
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
		return fmt.Errorf("KUBEBUILDER_ASSETS=%s has no %s; add it, or unset KUBEBUILDER_ASSETS so that it is downloaded or built",
			dir, strings.Join(needed, ", "))
	}
	fmt.Fprintf(stderr, "control plane: using KUBEBUILDER_ASSETS=%s\n", dir)
	return nil
}
