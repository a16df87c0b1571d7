// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

const (
	// tempPrefix marks folders of builds that have not finished.
	tempPrefix = ".build-"
	// lockPoll is how often a waiting builder looks whether it is its turn.
	lockPoll = 300 * time.Millisecond
	// killDelay is how long an interrupted go command may take to clean up.
	killDelay = 10 * time.Second
)

// ensure builds those of the named binaries that dir lacks. Builders of the
// same folder wait for each other, so that none builds what another just has.
func ensure(ctx context.Context, dir string, v versions, names []string, stderr io.Writer) error {
	if len(missing(dir, names)) == 0 {
		fmt.Fprintf(stderr, "control plane: %s are in %s\n", strings.Join(names, ", "), dir)
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache folder (GLASSPLANE_CACHE sets another one): %w", err)
	}
	lock, err := waitLock(ctx, filepath.Join(dir, ".lock"), stderr)
	if err != nil {
		return err
	}
	defer lock.Close()
	removeStale(dir)
	names = missing(dir, names)
	if len(names) == 0 {
		return nil
	}
	return build(ctx, dir, v, names, stderr)
}

// waitLock takes the lock, and says so once where another builder has it.
func waitLock(ctx context.Context, path string, stderr io.Writer) (*fileutil.LockedFile, error) {
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for waiting := false; ; {
		lock, err := fileutil.TryLockFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			return lock, nil
		}
		if !errors.Is(err, fileutil.ErrLocked) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !waiting {
			fmt.Fprintf(stderr, "control plane: another build into %s is running, waiting for it\n", filepath.Dir(path))
			waiting = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// removeStale removes what killed builders left. The caller holds the lock.
func removeStale(dir string) {
	stale, _ := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	for _, path := range stale {
		_ = os.RemoveAll(path)
	}
}

// build builds the named binaries into a folder beside their final place,
// runs each, and only then moves it there.
func build(ctx context.Context, dir string, v versions, names []string, stderr io.Writer) error {
	temp, err := os.MkdirTemp(dir, tempPrefix)
	if err != nil {
		return fmt.Errorf("make a build folder: %w", err)
	}
	defer os.RemoveAll(temp)

	began := time.Now()
	for _, group := range buildGroups(names) {
		if err := goBuild(ctx, temp, v, group, stderr); err != nil {
			return err
		}
		for _, name := range group {
			if err := install(ctx, temp, dir, name, v.of(name)); err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(stderr, "control plane: built %s in %s, into %s\n", strings.Join(names, ", "), elapsed(time.Since(began)), dir)
	return nil
}

// buildGroups splits the names into calls of go build: etcd's package is not
// named etcd, so it needs an output file of its own; all others share one call,
// so that what they have in common is compiled in parallel and once.
func buildGroups(names []string) [][]string {
	var groups [][]string
	var kubernetes []string
	for _, name := range names {
		if name == "etcd" {
			groups = append(groups, []string{name})
		} else {
			kubernetes = append(kubernetes, name)
		}
	}
	if len(kubernetes) > 0 {
		groups = append(groups, kubernetes)
	}
	return groups
}

// goBuild builds one group into temp and shows how far it is.
func goBuild(ctx context.Context, temp string, v versions, group []string, stderr io.Writer) error {
	what := strings.Join(group, ", ")
	show := newDisplay(stderr, what)
	defer show.close()

	deps, err := listPackages(ctx, group, show)
	if err != nil {
		return err
	}
	show.update(func(p *progress) { p.total = len(deps) })

	out := temp + string(filepath.Separator)
	if group[0] == "etcd" {
		out += "etcd" + exeSuffix()
	}
	args := append([]string{"build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", v.ldflags(group[0]), "-o", out}, packages(group)...)
	tail, err := goCommand(ctx, args, nil, func(line string) bool {
		if !deps[line] {
			return false
		}
		show.update(func(p *progress) { p.done++; p.current = line })
		return true
	})
	if err != nil {
		return fmt.Errorf("build %s: %w%s", what, err, tail)
	}
	return nil
}

// listPackages returns the import paths of all that the group is built from;
// it also makes the go command download the modules.
func listPackages(ctx context.Context, group []string, show *display) (map[string]bool, error) {
	deps := map[string]bool{}
	args := append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, packages(group)...)
	tail, err := goCommand(ctx, args, func(line string) { deps[line] = true }, func(line string) bool {
		module, ok := strings.CutPrefix(line, "go: downloading ")
		if ok {
			show.update(func(p *progress) { p.downloads++; p.current = module })
		}
		return ok
	})
	if err != nil {
		return nil, fmt.Errorf("list the packages of %s: %w%s", strings.Join(group, ", "), err, tail)
	}
	return deps, nil
}

func packages(group []string) []string {
	pkgs := make([]string, 0, len(group))
	for _, name := range group {
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

// install checks that the binary runs and reports the version that go.mod
// pins, and moves it from temp to dir.
func install(ctx context.Context, temp, dir, name, version string) error {
	file := name + exeSuffix()
	path := filepath.Join(temp, file)
	out, err := exec.CommandContext(ctx, path, lookup(name).versionArgs...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the built %s does not run: %w\n%s", name, err, out)
	}
	if !containsWord(string(out), version) {
		return fmt.Errorf("the built %s reports another version than %s:\n%s", name, version, out)
	}
	if err := os.Rename(path, filepath.Join(dir, file)); err != nil {
		return fmt.Errorf("install %s: %w", name, err)
	}
	return nil
}

// containsWord reports whether one of text's blank-separated words is word.
func containsWord(text, word string) bool {
	words := bufio.NewScanner(strings.NewReader(text))
	words.Split(bufio.ScanWords)
	for words.Scan() {
		if words.Text() == word {
			return true
		}
	}
	return false
}
