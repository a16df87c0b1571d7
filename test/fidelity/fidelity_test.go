// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/glassplane/glassplane/internal/manager"
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
	ctrl.SetLogger(logr.Discard())
	fmt.Printf("seed: %d\n", seed)
	os.Exit(m.Run())
}

// TestVerdicts compares what all plugins say of generated pods and nodes.
func TestVerdicts(t *testing.T) {
	h := newHarness(t)
	total := &Comparison{ByKind: make(map[string]Coverage)}
	explained := map[string]int{}
	variations := Variations()
	for i := uint64(0); total.Compared < atLeast("VERDICTS", 1_000_000); i++ {
		variation := variations[i%uint64(len(variations))].Name
		s := NewGenerator(seed, i, false).Scenario(fmt.Sprintf("seed %d, scenario %d", seed, i), variation)
		c, err := h.Compare(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		total.merge(c)
		for _, d := range c.Disagreements {
			if explained[d.Kind]++; explained[d.Kind] == 1 && len(explained) <= maxExplained {
				t.Errorf("%s", h.Explain(t.Context(), s, d))
			}
		}
		if len(total.Disagreements) > 1000 {
			break // it is known by now
		}
	}
	for kind, n := range explained {
		t.Errorf("%s: %d disagreements", kind, n)
	}
	fmt.Printf("%sverdicts: %d compared, %d agree\n", total.Table(), total.Compared, total.Compared-len(total.Disagreements))
}

func newHarness(t *testing.T) *Harness {
	t.Helper()
	h, err := NewHarness(t.Context(), Variations())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestPlacements compares where pods go that are created one after the other.
func TestPlacements(t *testing.T) {
	arena, err := StartArena(t.Context(), t.TempDir(), startOurs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := arena.Stop(); err != nil {
			t.Error(err)
		}
	})
	h := newHarness(t)
	oracle := h.pairs["default"].real
	namespaces, err := arena.Setup(t.Context(), seed)
	if err != nil {
		t.Fatal(err)
	}
	result := &Placements{}
	for i := uint64(0); result.Compared < atLeast("PLACEMENTS", 2_000); i++ {
		if err := arena.RunSequence(t.Context(), oracle, seed, i, namespaces, result); err != nil {
			t.Fatal(err)
		}
		if len(result.Disagreements) > 100 {
			break // it is known by now
		}
	}
	for _, d := range result.Disagreements[:min(len(result.Disagreements), maxExplained)] {
		t.Errorf("%s", explainPlacement(t.Context(), h, d))
	}
	if n := len(result.Disagreements); n > maxExplained {
		t.Errorf("and %d more", n-maxExplained)
	}
	fmt.Printf("  of which %d preempted others\n", result.Preemptions)
	fmt.Printf("placements: %d compared, %d agree, %d ties\n", result.Compared, result.Agree, result.Ties)
}

// startOurs runs our scheduler until the context ends.
func startOurs(ctx context.Context, config *rest.Config) error {
	component, err := manager.NewScheduler(manager.Options{Config: config, Log: logr.Discard()})
	if err != nil {
		return err
	}
	return component.Start(ctx)
}

// explainPlacement shrinks the disagreement where the plugins disagree in this
// process, too. Otherwise what the running schedulers know of the cluster
// differs, which cannot be tried again: then it shows the whole cluster.
func explainPlacement(ctx context.Context, h *Harness, d PlacementDisagreement) string {
	c, err := h.Compare(ctx, d.Scenario)
	if err != nil || len(c.Disagreements) == 0 {
		return "# The plugins agree; the running schedulers do not.\n" + d.String()
	}
	return h.Explain(ctx, d.Scenario, c.Disagreements[0])
}
