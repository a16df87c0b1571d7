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
	// tempPrefix marks folders of what has not finished.
	tempPrefix = ".build-"
	// lockPoll is how often a waiting builder looks whether it is its turn.
	lockPoll = 300 * time.Millisecond
)

// cache is the folder of the binaries of these versions for this platform, and
// what fills it.
type cache struct {
	dir      string
	versions versions
	origin   origin
	releases releases
	// build builds the named binaries into the folder temp.
	build  func(ctx context.Context, temp string, v versions, names []string, stderr io.Writer) error
	stderr io.Writer
}

// ensure downloads or builds those of the named binaries that the cache lacks.
// Two that fill the same folder wait for each other, so that none does what
// another just has.
func (c *cache) ensure(ctx context.Context, names []string) error {
	if len(missing(c.dir, names)) == 0 {
		c.say("%s are in %s", strings.Join(names, ", "), c.dir)
		return nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("make the cache folder (GLASSPLANE_CACHE sets another one): %w", err)
	}
	lock, err := waitLock(ctx, filepath.Join(c.dir, ".lock"), c.stderr)
	if err != nil {
		return err
	}
	defer lock.Close()
	removeStale(c.dir)
	names = missing(c.dir, names)
	if len(names) == 0 {
		return nil
	}
	temp, err := os.MkdirTemp(c.dir, tempPrefix)
	if err != nil {
		return fmt.Errorf("make a folder beside the binaries: %w", err)
	}
	defer os.RemoveAll(temp)
	return c.fill(ctx, temp, names)
}

// fill makes the named binaries in temp, runs each, and only then moves it to
// its final place.
func (c *cache) fill(ctx context.Context, temp string, names []string) error {
	if c.origin != built {
		failed := c.download(ctx, temp, names)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case len(failed) == 0:
			return nil
		case c.origin == released:
			return fmt.Errorf("cannot be downloaded: %w (without CONTROLPLANE=%s it is built)", failed, released)
		}
		c.say("building what cannot be downloaded: %v", failed)
		names = failed.names()
	}
	began := time.Now()
	if err := c.build(ctx, temp, c.versions, names, c.stderr); err != nil {
		return err
	}
	for _, name := range names {
		if err := c.install(ctx, temp, name); err != nil {
			return fmt.Errorf("the built %w", err)
		}
	}
	c.say("built %s in %s, into %s", strings.Join(names, ", "), elapsed(time.Since(began)), c.dir)
	return nil
}

// download installs what is released, and returns what is not or what cannot
// be had.
func (c *cache) download(ctx context.Context, temp string, names []string) failures {
	began := time.Now()
	var done []string
	failed := c.releases.download(ctx, temp, c.versions, names, c.stderr, func(name string) error {
		if err := c.install(ctx, temp, name); err != nil {
			return fmt.Errorf("the released %w", err)
		}
		done = append(done, name)
		return nil
	})
	if len(done) > 0 {
		c.say("downloaded %s in %s, into %s", strings.Join(done, ", "), elapsed(time.Since(began)), c.dir)
	}
	return failed
}

func (c *cache) say(format string, args ...any) {
	fmt.Fprintf(c.stderr, "control plane: "+format+"\n", args...)
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

// install checks that the binary runs and reports the version that go.mod
// pins, and moves it from temp into the cache. Its error starts with the name.
func (c *cache) install(ctx context.Context, temp, name string) error {
	file, version := name+exeSuffix(runtime.GOOS), c.versions.of(name)
	path := filepath.Join(temp, file)
	out, err := exec.CommandContext(ctx, path, lookup(name).versionArgs...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s does not run: %w\n%s", name, err, out)
	}
	if !containsWord(string(out), version) {
		return fmt.Errorf("%s reports another version than %s:\n%s", name, version, out)
	}
	if err := os.Rename(path, filepath.Join(c.dir, file)); err != nil {
		return fmt.Errorf("%s cannot be installed: %w", name, err)
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

// missing returns those names that are no executable file in dir.
func missing(dir string, names []string) []string {
	var out []string
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name+exeSuffix(runtime.GOOS)))
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
			out = append(out, name)
		}
	}
	return out
}

// exeSuffix ends the names of executables.
func exeSuffix(goos string) string {
	if goos == "windows" {
		return ".exe"
	}
	return ""
}

// cacheDir returns the folder of these versions' binaries for this platform.
// internal/substrate finds them there by the same rule.
func cacheDir(env func(string) string, v versions) (string, error) {
	root := env("GLASSPLANE_CACHE")
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder (GLASSPLANE_CACHE sets another one): %w", err)
		}
		root = filepath.Join(user, "glassplane")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-etcd-%s-%s-%s", v.kubernetes, v.etcd, runtime.GOOS, runtime.GOARCH)
	return filepath.Join(root, "controlplane", name), nil
}
