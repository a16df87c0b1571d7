// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kindnode makes what kind needs where no image can be pulled and no
// Docker daemon runs: a node image, composed from Debian packages and Go modules,
// and a daemon of its own that leaves nothing behind.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

const usage = `Make what kind needs where no image can be pulled and no Docker daemon runs.

Usage, in hack/kindnode:
  kindnode image                     compose the node image, unless the cache has it, and print its name
  kindnode archive                   write the composed image to stdout, as docker load reads it
  kindnode install COMMAND…          install the Debian packages of those commands that are missing
  kindnode dockerd FLAGS             run a Docker daemon as the first process of new namespaces
  kindnode runc …                    run runc without a capability that this machine lacks

Environment:
  GLASSPLANE_CACHE  the cache's folder (default: glassplane in the user's cache folder)
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
	case interrupted:
		fmt.Fprintln(os.Stderr, "interrupted: the next run goes on after the last phase that was finished")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run is the whole command. Only results go to stdout.
func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("no command given\n\n%s", strings.TrimSpace(usage))
	}
	switch args[0] {
	case "image":
		image, err := findImage(ctx, env)
		if err != nil {
			return err
		}
		if err := image.compose(ctx, stderr); err != nil {
			return err
		}
		_, err = fmt.Fprintln(stdout, image.name())
		return err
	case "archive":
		image, err := findImage(ctx, env)
		if err != nil {
			return err
		}
		return image.writeArchive(stdout)
	case "install":
		return installCommands(ctx, args[1:], stderr)
	case "dockerd":
		return runDockerd(ctx, args[1:], stderr)
	case "runc":
		return execRunc(args[1:])
	case "--version": // asked by Docker, which takes this for a runc
		return execRunc(args)
	default:
		return fmt.Errorf("unknown command %q\n\n%s", args[0], strings.TrimSpace(usage))
	}
}
