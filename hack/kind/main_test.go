// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/glassplane/glassplane/internal/substrate/kindcluster"
)

// Where nothing runs, the commands say so, and down has nothing to do; no
// Docker is asked.
func TestCommandsWithoutCluster(t *testing.T) {
	tests := []struct {
		args []string
		want error
	}{
		{args: []string{"env"}, want: kindcluster.ErrNotRunning},
		{args: []string{"load", "example.com/image:1"}, want: kindcluster.ErrNotRunning},
		{args: []string{"down", "--name=other"}},
	}
	for _, tt := range tests {
		t.Run(tt.args[0], func(t *testing.T) {
			t.Setenv("GLASSPLANE_CACHE", t.TempDir())
			t.Setenv("PATH", "")
			var out bytes.Buffer
			command := newCommand(&out, &out)
			command.SetArgs(tt.args)
			if err := command.ExecuteContext(t.Context()); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestHelpNamesCommands(t *testing.T) {
	var out bytes.Buffer
	command := newCommand(&out, &out)
	command.SetArgs([]string{"--help"})
	if err := command.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"up", "down", "load", "env"} {
		if !strings.Contains(out.String(), "\n  "+name+" ") {
			t.Errorf("help does not name %s:\n%s", name, out.String())
		}
	}
}
