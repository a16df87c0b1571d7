// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kindcluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// One cgroup of each hierarchy goes, with all below it; the others stay.
func TestRemoveCgroups(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"cpu/ours/a/b", "memory/ours", "cpu/others", "ours/c"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeCgroups(root, "ours"); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{"cpu/ours": false, "memory/ours": false, "ours": false, "cpu/others": true} {
		_, err := os.Stat(filepath.Join(root, dir))
		if got := !errors.Is(err, os.ErrNotExist); got != want {
			t.Errorf("%s is there: %t, want %t", dir, got, want)
		}
	}
}

func TestDaemonRuns(t *testing.T) {
	s := stateOf(testOptions(t, nil))
	if daemonRuns(s) {
		t.Error("a daemon without a folder runs")
	}
	if _, err := s.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.daemonLock(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if daemonRuns(s) {
		t.Error("a daemon runs, of which nobody holds the lock")
	}
}

func TestLeftovers(t *testing.T) {
	options := testOptions(t, nil)
	if left, err := Leftovers(options); err != nil || len(left) != 0 {
		t.Fatalf("Leftovers = %q, %v, want none", left, err)
	}
	s, err := stateOf(options).prepare()
	if err != nil {
		t.Fatal(err)
	}
	user := exec.Command("cat", "-", s.file())
	input, err := user.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := user.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = user.Wait()
	})
	want := []string{"folder " + s.dir, fmt.Sprintf("process %d cat - %s", user.Process.Pid, s.file())}
	if left, err := Leftovers(options); err != nil || !slices.Equal(left, want) {
		t.Errorf("Leftovers = %q, %v, want %q", left, err, want)
	}
}
