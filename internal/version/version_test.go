// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package version_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Both binaries say which version they are, from which commit, when they are
// built as users build them.
func TestBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("builds both binaries")
	}
	const version, commit = "v1.2.3", "0123456789abcdef0123456789abcdef01234567"
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "make", "-C", "../..", "build", "BIN="+bin, "VERSION="+version, "COMMIT="+commit)
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, output)
	}
	want := fmt.Sprintf("%s (commit %s, %s, %s/%s)", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, command := range []string{"manager --version", "glassplane version", "kubectl-glassplane version"} {
		t.Run(command, func(t *testing.T) {
			args := strings.Fields(command)
			output, err := exec.CommandContext(t.Context(), filepath.Join(bin, args[0]), args[1:]...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if !strings.Contains(string(output), want) {
				t.Errorf("output is\n%swant it to say %q", output, want)
			}
		})
	}
}
