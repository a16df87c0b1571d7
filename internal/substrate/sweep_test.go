// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package substrate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr/testr"
)

// leaveDataDir makes a folder as a killed instance leaves it and returns a file
// in it that cleaning up removes.
func leaveDataDir(t *testing.T, path string) string {
	t.Helper()
	stored := filepath.Join(path, etcdDir, "stored")
	if err := os.MkdirAll(filepath.Dir(stored), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		stored:                             "data",
		filepath.Join(path, lockName):      "",
		filepath.Join(path, processesFile): "[]",
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return stored
}

// asOwner skips where the test may not give files away.
func asOwner(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make a folder of another user")
	}
}

// Anybody may put links and folders into the folder for temporary files.
func TestSweepTemporary(t *testing.T) {
	tests := []struct {
		name string
		// plant puts something into the temporary folder, with what is elsewhere
		// if it needs that, and returns the file to look for.
		plant     func(t *testing.T, temp, elsewhere string) string
		wantSwept bool
	}{
		{
			name:      "what a killed instance left",
			plant:     func(t *testing.T, temp, _ string) string { return leaveDataDir(t, filepath.Join(temp, "glassplane-1")) },
			wantSwept: true,
		},
		{
			name: "a link to a data folder elsewhere",
			plant: func(t *testing.T, temp, elsewhere string) string {
				stored := leaveDataDir(t, elsewhere)
				link(t, elsewhere, filepath.Join(temp, "glassplane-1"))
				return stored
			},
		},
		{
			name: "a link to a folder beside it",
			plant: func(t *testing.T, temp, _ string) string {
				stored := leaveDataDir(t, filepath.Join(temp, "mine"))
				link(t, "mine", filepath.Join(temp, "glassplane-1"))
				return stored
			},
		},
		{
			name: "a folder whose list of processes is a link",
			plant: func(t *testing.T, temp, elsewhere string) string {
				leaveDataDir(t, elsewhere)
				dir := filepath.Join(temp, "glassplane-1")
				stored := leaveDataDir(t, dir)
				list := filepath.Join(dir, processesFile)
				if err := os.Remove(list); err != nil {
					t.Fatal(err)
				}
				link(t, filepath.Join(elsewhere, processesFile), list)
				return stored
			},
		},
		{
			name: "a folder whose lock is a link",
			plant: func(t *testing.T, temp, elsewhere string) string {
				dir := filepath.Join(temp, "glassplane-1")
				stored := leaveDataDir(t, dir)
				if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
					t.Fatal(err)
				}
				link(t, filepath.Join(elsewhere, lockName), filepath.Join(dir, lockName))
				return stored
			},
		},
		{
			name: "another user's folder",
			plant: func(t *testing.T, temp, _ string) string {
				asOwner(t)
				dir := filepath.Join(temp, "glassplane-1")
				stored := leaveDataDir(t, dir)
				if err := os.Chown(dir, 12345, -1); err != nil {
					t.Fatal(err)
				}
				return stored
			},
		},
		{
			name: "a folder that others may write to",
			plant: func(t *testing.T, temp, _ string) string {
				dir := filepath.Join(temp, "glassplane-1")
				stored := leaveDataDir(t, dir)
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				return stored
			},
		},
		{
			name: "a folder with a link to data elsewhere",
			plant: func(t *testing.T, temp, elsewhere string) string {
				stored := leaveDataDir(t, elsewhere)
				dir := filepath.Join(temp, "glassplane-1")
				leaveDataDir(t, dir)
				link(t, elsewhere, filepath.Join(dir, logsDir))
				return stored
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			temp, elsewhere := t.TempDir(), t.TempDir()
			t.Setenv("TMPDIR", temp)
			stored := tt.plant(t, temp, elsewhere)
			before, err := os.ReadDir(elsewhere)
			if err != nil {
				t.Fatal(err)
			}
			sweepTemporary(t.Context(), testr.New(t))
			_, err = os.Stat(stored)
			if swept := os.IsNotExist(err); swept != tt.wantSwept {
				t.Errorf("%s: swept %t (%v), want %t", stored, swept, err, tt.wantSwept)
			}
			if after, err := os.ReadDir(elsewhere); err != nil || len(after) != len(before) {
				t.Errorf("elsewhere has %v (%v) after the sweep, %v before", after, err, before)
			}
		})
	}
}

// The lock of an instance that lives keeps its folder.
func TestSweepTemporaryLeavesTheLiving(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	living, err := claimDir("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := living.release(); err != nil {
			t.Error(err)
		}
	})
	if err := writeList[processRecord](living.path, processesFile, nil); err != nil {
		t.Fatal(err)
	}
	sweepTemporary(t.Context(), testr.New(t))
	if _, err := os.Stat(living.file(processesFile)); err != nil {
		t.Errorf("the list of a living instance's processes: %v", err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}
