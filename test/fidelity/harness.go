// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/kubernetes/pkg/scheduler/apis/config"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Variation is a configuration of the plugins, the same on both sides.
type Variation struct {
	Name string
	// Upstream changes the arguments in kube-scheduler's default profile; nil for none.
	Upstream func(*config.KubeSchedulerProfile)
	// Ours returns our plugins.
	Ours func() ([]framework.WeightedPlugin, error)
}

// Harness holds both schedulers in each of several configurations.
type Harness struct {
	pairs map[string]*pair
}

type pair struct {
	real *Upstream
	ours *Ours
}

// NewHarness builds the schedulers.
func NewHarness(ctx context.Context, variations []Variation) (*Harness, error) {
	h := &Harness{pairs: make(map[string]*pair, len(variations))}
	for _, v := range variations {
		list, err := v.Ours()
		if err != nil {
			return nil, fmt.Errorf("configuration %s: %w", v.Name, err)
		}
		ours, err := NewOurs(list)
		if err != nil {
			return nil, fmt.Errorf("configuration %s: %w", v.Name, err)
		}
		// kube-scheduler runs the plugins that we have, so that a plugin that one
		// side lacks changes no message. Placements compare with all of them.
		real, err := NewUpstream(ctx, ours.enabled, v.Upstream)
		if err != nil {
			return nil, fmt.Errorf("configuration %s: %w", v.Name, err)
		}
		h.pairs[v.Name] = &pair{real: real, ours: ours}
	}
	return h, nil
}

// Compare asks both schedulers about the scenario.
func (h *Harness) Compare(ctx context.Context, s *Scenario) (*Comparison, error) {
	p := h.pairs[s.Variation]
	real, err := p.real.Judge(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	nodes := make([]string, len(s.Nodes))
	for i, node := range s.Nodes {
		nodes[i] = node.Name
	}
	return Compare(real, p.ours.Judge(s), nodes, p.real.FilterPlugins(), p.real.ScorePlugins()), nil
}

// Explain shrinks a scenario on which the schedulers disagree and describes it:
// the manifest and what each of them says.
func (h *Harness) Explain(ctx context.Context, s *Scenario, d Disagreement) string {
	small, note := h.shrink(ctx, s, d.Kind), ""
	if small == nil {
		small, note = s, "# They agree when asked again, so this depends on something random.\n"
	} else if again := h.find(ctx, small, d.Kind); again != nil {
		d = *again
	}
	return fmt.Sprintf("%s%s# %s\n", small.Manifest(), note, strings.ReplaceAll(d.String(), "\n", "\n# "))
}

// shrink returns a small scenario with a disagreement of that kind; nil where
// there is none.
func (h *Harness) shrink(ctx context.Context, s *Scenario, kind string) *Scenario {
	if h.find(ctx, s, kind) == nil {
		return nil
	}
	return Shrink(s, func(s *Scenario) bool { return h.find(ctx, s, kind) != nil })
}

// find returns the first disagreement of that kind.
func (h *Harness) find(ctx context.Context, s *Scenario, kind string) *Disagreement {
	c, err := h.Compare(ctx, s)
	if err != nil {
		return nil
	}
	for i := range c.Disagreements {
		if c.Disagreements[i].Kind == kind {
			return &c.Disagreements[i]
		}
	}
	return nil
}
