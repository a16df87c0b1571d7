// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

// TestDomains compares the lowest count with that of a plain list after many
// random changes.
func TestDomains(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		plain := make([]int, 1+random.IntN(5))
		d := newDomains(0)
		for i := range plain {
			plain[i] = random.IntN(4)
			d.collect(strconv.Itoa(i), plain[i])
		}
		d.settle()
		clone := d.clone()
		lowest := slices.Min(plain)
		for range 1 + random.IntN(6) {
			i, delta := random.IntN(len(plain)), 1-2*random.IntN(2)
			plain[i] += delta
			clone.change(strconv.Itoa(i), int32(delta))
			if got, want := clone.minimum(1), slices.Min(plain); got != want {
				t.Fatalf("lowest count is %d, want %d of %v", got, want, plain)
			}
			if got := clone.count(strconv.Itoa(i)); got != plain[i] {
				t.Fatalf("count is %d, want %d", got, plain[i])
			}
		}
		if got := d.minimum(1); got != lowest {
			t.Fatalf("the original has changed: lowest count is %d, want %d", got, lowest)
		}
	}
	none := newDomains(0)
	none.settle()
	if got := none.minimum(1); got != 0 {
		t.Errorf("no domain: lowest count is %d, want 0", got)
	}
	none.change("unknown", 1)
	if got := none.count("unknown"); got != 0 {
		t.Errorf("a domain that was not collected has %d pods", got)
	}
}
