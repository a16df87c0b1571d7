// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"testing"

	"github.com/glassplane/glassplane/internal/component"
)

// TestWriters checks, per scenario, who is said to have made each revision.
func TestWriters(t *testing.T) {
	tests := []struct {
		scenario string
		want     []string
		exact    bool
	}{
		{"fits", []string{"alice", component.Scheduler, component.Manager}, true},
		{"metadata", []string{"alice", component.Scheduler, component.Manager}, false},
		{"no-audit", []string{"kubectl", component.Scheduler, component.Manager}, false},
		{"replicaset", []string{component.Manager, component.Scheduler, component.Manager}, true},
	}
	for _, tt := range tests {
		t.Run(tt.scenario, func(t *testing.T) {
			f := told(scenarios[tt.scenario]())
			if len(f.Revisions) != len(tt.want) {
				t.Fatalf("%d revisions, want %d", len(f.Revisions), len(tt.want))
			}
			for i, r := range f.Revisions {
				if got := r.Writer(); got != tt.want[i] {
					t.Errorf("revision %d was written by %q, want %q", r.Number, got, tt.want[i])
				}
				if r.Exact != tt.exact {
					t.Errorf("revision %d was joined exactly: %v, want %v", r.Number, r.Exact, tt.exact)
				}
			}
		})
	}
}
