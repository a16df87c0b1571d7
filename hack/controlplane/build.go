// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// killDelay is how long an interrupted go command may take to clean up.
const killDelay = 10 * time.Second

// build builds the named binaries into temp and shows how far it is: all in one
// call of go build, so that what they have in common is compiled once, and one
// is linked while others are still compiled.
func build(ctx context.Context, temp string, v versions, names []string, stderr io.Writer) error {
	what := strings.Join(names, ", ")
	p := &compiling{what: what}
	show := newDisplay(stderr, p)
	defer show.close()

	deps, err := listPackages(ctx, names, p, show)
	if err != nil {
		return err
	}
	show.update(func() { p.total = len(deps) })

	args := []string{"build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", v.ldflags(), "-o", temp + string(filepath.Separator)}
	tail, err := goCommand(ctx, append(args, packages(names)...), nil, func(line string) bool {
		if !deps[line] {
			return false
		}
		show.update(func() { p.done++; p.current = line })
		return true
	})
	if err != nil {
		return fmt.Errorf("build %s: %w%s", what, err, tail)
	}
	return nameBuilt(temp, names)
}

// nameBuilt gives the binaries their names where their packages have others.
func nameBuilt(temp string, names []string) error {
	for _, name := range names {
		built := lookup(name).built
		if built == "" {
			continue
		}
		if err := os.Rename(filepath.Join(temp, built+exeSuffix(runtime.GOOS)), filepath.Join(temp, name+exeSuffix(runtime.GOOS))); err != nil {
			return fmt.Errorf("name the built %s: %w", name, err)
		}
	}
	return nil
}

// listPackages returns the import paths of all that the binaries are built
// from; it also makes the go command download the modules.
func listPackages(ctx context.Context, names []string, p *compiling, show *display) (map[string]bool, error) {
	deps := map[string]bool{}
	args := append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, packages(names)...)
	tail, err := goCommand(ctx, args, func(line string) { deps[line] = true }, func(line string) bool {
		module, ok := strings.CutPrefix(line, "go: downloading ")
		if ok {
			show.update(func() { p.downloads++; p.current = module })
		}
		return ok
	})
	if err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w%s", strings.Join(names, ", "), err, tail)
	}
	return deps, nil
}

func packages(names []string) []string {
	pkgs := make([]string, 0, len(names))
	for _, name := range names {
		pkgs = append(pkgs, lookup(name).pkg)
	}
	return pkgs
}

// goCommand runs the go command. Lines on its stderr that consume does not
// take are what it complains about; the last of them are returned as tail,
// ready to be appended to an error.
func goCommand(ctx context.Context, args []string, stdout func(string), consume func(string) bool) (tail string, err error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	// No cgo: the binaries must not depend on the C library of this machine.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOFLAGS=-mod=readonly", "GOWORK=off")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = killDelay

	complaints := &tailLines{max: 40}
	errLines := &lineWriter{line: func(line string) {
		if !consume(line) {
			complaints.add(line)
		}
	}}
	outLines := &lineWriter{line: stdout}
	cmd.Stderr = errLines
	if stdout != nil {
		cmd.Stdout = outLines
	}
	err = cmd.Run()
	errLines.flush()
	if stdout != nil {
		outLines.flush()
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return complaints.String(), err
}
