// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

const (
	// partialPrefix marks what phases that did not finish have left.
	partialPrefix = ".partial-"
	// lockPoll is how often a waiting builder looks whether it is its turn.
	lockPoll = 300 * time.Millisecond
	// timeInterval is how often a phase that takes long says so.
	timeInterval = 15 * time.Second
)

// phase makes one file or folder of the cache. A phase whose output is there is
// done, so that an interrupted run goes on where it was.
type phase struct {
	// output is the name of what it makes.
	output string
	// what says what it does.
	what string
	// make makes the output at path, which does not exist yet.
	make func(ctx context.Context, path string) error
	// talks says that it shows its progress itself.
	talks bool
}

// runPhases makes in dir what it lacks, one phase after the other. The caller
// holds the lock of dir.
func runPhases(ctx context.Context, dir string, phases []phase, stderr io.Writer) error {
	removePartial(dir) // of a run that was killed
	defer removePartial(dir)
	for i, p := range phases {
		output := filepath.Join(dir, p.output)
		if _, err := os.Lstat(output); err == nil {
			continue
		}
		began := time.Now()
		title := fmt.Sprintf("node image %d/%d: %s", i+1, len(phases), p.what)
		fmt.Fprintln(stderr, title)
		partial := filepath.Join(dir, partialPrefix+p.output)
		stop := func() {}
		if !p.talks {
			stop = showTime(stderr, title, began)
		}
		err := p.make(ctx, partial)
		stop()
		if err != nil {
			return fmt.Errorf("%s: %w", p.what, err)
		}
		if err := os.Rename(partial, output); err != nil {
			return err
		}
		fmt.Fprintf(stderr, "%s: done after %s\n", title, time.Since(began).Round(100*time.Millisecond))
	}
	return nil
}

// showTime writes now and then how long a phase has been running, until the
// returned function is called.
func showTime(stderr io.Writer, title string, began time.Time) (stop func()) {
	done := make(chan struct{})
	var shown sync.WaitGroup
	shown.Go(func() {
		tick := time.NewTicker(timeInterval)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				fmt.Fprintf(stderr, "%s: %s\n", title, time.Since(began).Truncate(time.Second))
			}
		}
	})
	return func() {
		close(done)
		shown.Wait()
	}
}

// removePartial removes what phases that did not finish have left, under the
// names of their outputs or longer ones.
func removePartial(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*"))
	for _, path := range left {
		_ = os.RemoveAll(path)
	}
}

// lockDir makes the folder and waits until no other builder works in it. The
// returned function lets the next one in.
func lockDir(ctx context.Context, dir string, stderr io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache folder (GLASSPLANE_CACHE sets another one): %w", err)
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for waiting := false; ; {
		lock, err := fileutil.TryLockFile(filepath.Join(dir, ".lock"), os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			return func() { _ = lock.Close() }, nil
		}
		if !errors.Is(err, fileutil.ErrLocked) {
			return nil, fmt.Errorf("lock %s: %w", dir, err)
		}
		if !waiting {
			fmt.Fprintf(stderr, "node image: another build into %s is running, waiting for it\n", dir)
			waiting = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
