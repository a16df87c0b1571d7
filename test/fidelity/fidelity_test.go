// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// maxExplained bounds how many disagreements are shrunk and printed.
const maxExplained = 5

// seed is that of all scenarios: SEED, else random.
var seed = func() uint64 {
	if s, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		return s
	}
	return uint64(rand.Uint32())
}()

// atLeast returns the number in the environment variable, else the default.
func atLeast(variable string, fallback int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil && n > 0 {
		return n
	}
	return fallback
}

func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard()) // kube-scheduler logs each pod that does not fit
	fmt.Printf("seed: %d\n", seed)
	os.Exit(m.Run())
}

// TestVerdicts compares what all plugins say of generated pods and nodes.
func TestVerdicts(t *testing.T) {
	h := newHarness(t)
	total := &Comparison{ByKind: make(map[string]int)}
	explained := map[string]int{}
	variations := Variations()
	for i := uint64(0); total.Compared < atLeast("VERDICTS", 100_000); i++ {
		variation := variations[i%uint64(len(variations))].Name
		s := NewGenerator(seed, i, false).Scenario(fmt.Sprintf("seed %d, scenario %d", seed, i), variation)
		c, err := h.Compare(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		total.merge(c)
		for _, d := range c.Disagreements {
			if explained[d.Kind]++; explained[d.Kind] == 1 && len(explained) <= maxExplained {
				t.Errorf("%s", h.Explain(t.Context(), s, d.Kind))
			}
		}
		if len(total.Disagreements) > 1000 {
			break // it is known by now
		}
	}
	for kind, n := range explained {
		t.Errorf("%s: %d disagreements", kind, n)
	}
	fmt.Printf("%sverdicts: %d compared, %d agree\n", total.Coverage(), total.Compared, total.Compared-len(total.Disagreements))
}

func newHarness(t *testing.T) *Harness {
	t.Helper()
	h, err := NewHarness(t.Context(), Variations())
	if err != nil {
		t.Fatal(err)
	}
	return h
}
