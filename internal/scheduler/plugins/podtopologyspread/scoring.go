// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"fmt"
	"math"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var preScoreKey = framework.NewStateKey[*preScoreState]()

// preScoreState holds the pods per domain of each soft constraint.
type preScoreState struct {
	constraints []softConstraint
	// requireAll leaves out nodes that lack one of the topology keys.
	requireAll bool
}

// softConstraint is a constraint and the pods in each domain that has nodes to
// choose from.
type softConstraint struct {
	constraint
	// index gives each value of the topology key its place in counts. Nodes are not
	// indexed by their names: Score counts the pods of the node itself.
	index  map[string]int32
	counts []int64
	// perNode is true for the topology key kubernetes.io/hostname.
	perNode bool
	// weight keeps topologies of few domains from being drowned by others.
	weight float64
}

// Clone implements framework.StateData.
func (s *preScoreState) Clone() framework.StateData { return s }

// PreScore implements framework.PreScorePlugin.
func (p *PodTopologySpread) PreScore(state *framework.CycleState, pod *framework.PodInfo, nodes []*framework.NodeInfo) *framework.Status {
	constraints, err := p.constraints(state.Snapshot(), pod.Pod, corev1.ScheduleAnyway)
	if err != nil {
		return framework.AsStatus(fmt.Errorf("obtaining pod's soft topology spread constraints: %w", err))
	}
	if len(constraints) == 0 {
		return skip
	}
	memorize(constraints, pod.Pod.Namespace)
	s := &preScoreState{
		requireAll: len(pod.Pod.Spec.TopologySpreadConstraints) > 0 || !p.systemDefaulted,
	}
	for i := range constraints {
		s.constraints = append(s.constraints, softConstraint{
			constraint: constraints[i],
			index:      make(map[string]int32),
			perNode:    constraints[i].topologyKey == corev1.LabelHostname,
		})
	}
	s.findDomains(nodes)
	s.collect(state.Snapshot().List(), newInclusion(pod.Pod))
	preScoreKey.Write(state, s)
	return nil
}

// findDomains lists the domains of the nodes that fit and weighs them by their
// number. It mirrors initPreScoreState.
func (s *preScoreState) findDomains(nodes []*framework.NodeInfo) {
	scored := 0
	for _, node := range nodes {
		if s.ignores(node) {
			continue
		}
		scored++
		for i := range s.constraints {
			if c := &s.constraints[i]; !c.perNode {
				c.add(node.Node().Labels[c.topologyKey])
			}
		}
	}
	for i := range s.constraints {
		c := &s.constraints[i]
		size := len(c.counts)
		if c.perNode {
			size = scored
		}
		c.weight = math.Log(float64(size + 2))
	}
}

func (c *softConstraint) add(value string) {
	if _, ok := c.index[value]; !ok {
		c.index[value] = int32(len(c.counts))
		c.counts = append(c.counts, 0)
	}
}

// collect counts the pods of all nodes, also of those that do not fit.
func (s *preScoreState) collect(nodes []*framework.NodeInfo, in *inclusion) {
	for _, node := range nodes {
		if s.ignores(node) {
			continue
		}
		for i := range s.constraints {
			c := &s.constraints[i]
			place, ok := c.index[node.Node().Labels[c.topologyKey]]
			if !ok || len(node.Pods) == 0 || !in.includes(&c.constraint, node.Node()) {
				continue
			}
			c.counts[place] += int64(c.countPods(node.Pods))
		}
	}
}

// ignores is true for nodes that are not scored because they lack a topology key.
func (s *preScoreState) ignores(node *framework.NodeInfo) bool {
	if !s.requireAll {
		return false
	}
	for i := range s.constraints {
		if _, ok := node.Node().Labels[s.constraints[i].topologyKey]; !ok {
			return true
		}
	}
	return false
}

// Score implements framework.ScorePlugin: the more pods the node's domains
// have, the higher, until NormalizeScore reverses it.
func (p *PodTopologySpread) Score(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	s, ok := preScoreKey.Read(state)
	if !ok || s.ignores(node) {
		return 0, nil
	}
	var score float64
	for i := range s.constraints {
		c := &s.constraints[i]
		if value, ok := node.Node().Labels[c.topologyKey]; ok {
			score += scoreForCount(c.podsOf(node, value), c.maxSkew, c.weight)
		}
	}
	return int64(math.Round(score)), nil
}

func (c *softConstraint) podsOf(node *framework.NodeInfo, value string) int64 {
	if c.perNode {
		return int64(c.countPods(node.Pods))
	}
	if place, ok := c.index[value]; ok {
		return c.counts[place]
	}
	return 0
}

// scoreForCount waters differences down by maxSkew, which so says how much skew
// is tolerated.
func scoreForCount(pods int64, maxSkew int, weight float64) float64 {
	return float64(pods)*weight + float64(maxSkew-1)
}

// NormalizeScore implements framework.ScoreExtensions: nodes that are ignored
// get 0, the others the more the fewer pods their domains have.
func (p *PodTopologySpread) NormalizeScore(state *framework.CycleState, _ *framework.PodInfo, nodes []*framework.NodeInfo, scores []int64) *framework.Status {
	s, ok := preScoreKey.Read(state)
	if !ok {
		return nil
	}
	lowest, highest := int64(math.MaxInt64), int64(0)
	for i, node := range nodes {
		if !s.ignores(node) {
			lowest, highest = min(lowest, scores[i]), max(highest, scores[i])
		}
	}
	for i, node := range nodes {
		switch {
		case s.ignores(node):
			scores[i] = framework.MinNodeScore
		case highest == 0:
			scores[i] = framework.MaxNodeScore
		default:
			scores[i] = framework.MaxNodeScore * (highest + lowest - scores[i]) / highest
		}
	}
	return nil
}
