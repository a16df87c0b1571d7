// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// writer is a phase that makes a file, and notes that it did.
func writer(name string, ran *[]string, err error) phase {
	return phase{output: name, what: "writing " + name, make: func(_ context.Context, path string) error {
		*ran = append(*ran, name)
		return errors.Join(os.WriteFile(path, []byte(name), 0o600), err)
	}}
}

// A run that failed is taken up where it stopped, and leaves nothing half-made.
func TestRunPhasesResumes(t *testing.T) {
	dir := t.TempDir()
	var ran []string
	broken := errors.New("broken")
	err := runPhases(t.Context(), dir, []phase{writer("a", &ran, nil), writer("b", &ran, broken), writer("c", &ran, nil)}, io.Discard)
	if !errors.Is(err, broken) || !slices.Equal(ran, []string{"a", "b"}) {
		t.Fatalf("first run: %v ran %v, want broken after a and b", err, ran)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
	if err := os.Mkdir(filepath.Join(dir, partialPrefix+"b-tmp"), 0o700); err != nil { // as after a kill
		t.Fatal(err)
	}
	ran = nil
	var out bytes.Buffer
	err = runPhases(t.Context(), dir, []phase{writer("a", &ran, nil), writer("b", &ran, nil), writer("c", &ran, nil)}, &out)
	if err != nil || !slices.Equal(ran, []string{"b", "c"}) {
		t.Fatalf("second run: %v ran %v, want b and c", err, ran)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, partialPrefix+"*")); len(left) > 0 {
		t.Errorf("the second run left %v", left)
	}
	if got := bytes.Count(out.Bytes(), []byte(": done after ")); got != 2 {
		t.Errorf("it gave %d times, want 2:\n%s", got, out.String())
	}
}

func TestLockDirWaits(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	unlock, err := lockDir(t.Context(), dir, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := lockDir(ctx, dir, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second lock: %v, want it to wait until its context ended", err)
	}
	unlock()
	unlock, err = lockDir(t.Context(), dir, io.Discard)
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	unlock()
}
