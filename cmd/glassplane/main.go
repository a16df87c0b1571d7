// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Glassplane is the command line: it runs a local control plane, sends requests
// through it and explains what became of them. It also works as the plugin
// kubectl glassplane.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/cli"
)

func main() {
	// A reader that goes away, as head does, is an error of that write and no
	// reason to leave processes behind.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := cli.Main(ctx, os.Args[0], os.Args[1:], cli.IO{
		IOStreams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Clock:     clock.RealClock{},
		Env:       os.Getenv,
	})
	stop()
	os.Exit(code)
}
