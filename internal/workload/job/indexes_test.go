// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIndexes(t *testing.T) {
	tests := []struct {
		text        string
		completions int
		want        string
		total       int
	}{
		{"", 5, "", 0},
		{"0", 5, "0", 1},
		{"0,1", 5, "0,1", 2},
		{"0-2", 5, "0-2", 3},
		{"0,2-5,7", 10, "0,2-5,7", 6},
		{"0-9", 5, "0-4", 5},
		{"3,8", 5, "3", 1},
		{"1,2,3", 5, "1-3", 3},
		{"a,1-b,2", 5, "2", 1},
		{"4-1", 5, "", 0},
	}
	for _, tt := range tests {
		got := parseIndexes(tt.text, tt.completions)
		if got.String() != tt.want || got.total() != tt.total {
			t.Errorf("%q of %d: %q (%d), want %q (%d)", tt.text, tt.completions, got, got.total(), tt.want, tt.total)
		}
	}
}

func TestMissing(t *testing.T) {
	tests := []struct {
		have               string
		count, completions int
		want               []int
	}{
		{"", 2, 5, []int{0, 1}},
		{"0,2", 2, 5, []int{1, 3}},
		{"0-4", 2, 5, nil},
		{"0-3", 2, 5, []int{4}},
		{"1-2", 0, 5, nil},
		{"", 2, 0, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, parseIndexes(tt.have, 100).missing(tt.count, tt.completions)); diff != "" {
			t.Errorf("%q, %d of %d (-want +got):\n%s", tt.have, tt.count, tt.completions, diff)
		}
	}
}

// Whatever is added in whatever order, the indexes are those that were added.
func TestIndexesAreASet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var x indexes
		var want [40]bool
		for range random.IntN(12) {
			var some []int
			for range random.IntN(6) {
				i := random.IntN(len(want))
				some, want[i] = append(some, i), true
			}
			x = x.withAll(some)
		}
		again := parseIndexes(x.String(), len(want))
		for i, w := range want {
			if x.has(i) != w || again.has(i) != w {
				t.Fatalf("%s: has %d is %v, want %v", x, i, x.has(i), w)
			}
		}
	}
}
