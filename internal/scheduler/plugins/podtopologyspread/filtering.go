// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var (
	skewed       = framework.NewStatus(framework.Unschedulable, ErrReasonConstraintsNotMatch)
	missingLabel = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonNodeLabelNotMatch)
	skip         = framework.NewStatus(framework.Skip)

	preFilterKey = framework.NewStateKey[*preFilterState]()
)

// preFilterState holds the pods per domain of each hard constraint.
type preFilterState struct {
	constraints []constraint
	domains     []*domains
	// self[i] is 1 where the pod itself counts for constraint i, else 0.
	self      []int
	inclusion *inclusion
}

// Clone implements framework.StateData.
func (s *preFilterState) Clone() framework.StateData {
	clone := *s
	clone.domains = make([]*domains, len(s.domains))
	for i, d := range s.domains {
		clone.domains[i] = d.clone()
	}
	return &clone
}

// PreFilter implements framework.PreFilterPlugin. It mirrors calPreFilterState.
func (p *PodTopologySpread) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	constraints, err := p.hardConstraints(state.Snapshot(), pod.Pod)
	if err != nil {
		return nil, framework.AsStatus(fmt.Errorf("get constraints from pod: %w", err))
	}
	if len(constraints) == 0 {
		return nil, skip
	}
	memorize(constraints, pod.Pod.Namespace)
	s := &preFilterState{constraints: constraints, inclusion: newInclusion(pod.Pod)}
	nodes := state.Snapshot().List()
	for i := range constraints {
		s.domains = append(s.domains, newDomains(sizeHint(&constraints[i], len(nodes))))
		s.self = append(s.self, 0)
		if constraints[i].selects(pod.Pod.Labels) {
			s.self[i] = 1
		}
	}
	for _, node := range nodes {
		s.collect(node)
	}
	for _, d := range s.domains {
		d.settle()
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

func (p *PodTopologySpread) hardConstraints(snapshot framework.Snapshot, pod *corev1.Pod) ([]constraint, error) {
	out, err := p.constraints(snapshot, pod, corev1.DoNotSchedule)
	if err != nil {
		return nil, fmt.Errorf("obtaining pod's hard topology spread constraints: %w", err)
	}
	return out, nil
}

// sizeHint saves the map of nodes from growing.
func sizeHint(c *constraint, nodes int) int {
	if c.topologyKey == corev1.LabelHostname {
		return nodes
	}
	return 0
}

// collect counts the pods of a node that is in a domain of each constraint.
func (s *preFilterState) collect(node *framework.NodeInfo) {
	nodeLabels := node.Node().Labels
	if !hasAllKeys(nodeLabels, s.constraints) {
		return
	}
	for i := range s.constraints {
		c := &s.constraints[i]
		if s.inclusion.includes(c, node.Node()) {
			s.domains[i].collect(nodeLabels[c.topologyKey], c.countPods(node.Pods))
		}
	}
}

// AddPod implements framework.PreFilterExtensions.
func (p *PodTopologySpread) AddPod(state *framework.CycleState, pod, added *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	update(state, pod.Pod, added.Pod, node.Node(), 1)
	return nil
}

// RemovePod implements framework.PreFilterExtensions.
func (p *PodTopologySpread) RemovePod(state *framework.CycleState, pod, removed *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	update(state, pod.Pod, removed.Pod, node.Node(), -1)
	return nil
}

// update mirrors updateWithPod.
func update(state *framework.CycleState, pod, changed *corev1.Pod, node *corev1.Node, delta int32) {
	s, ok := preFilterKey.Read(state)
	if !ok || node == nil || changed.Namespace != pod.Namespace || !hasAllKeys(node.Labels, s.constraints) {
		return
	}
	for i := range s.constraints {
		c := &s.constraints[i]
		if c.selects(changed.Labels) && s.inclusion.includes(c, node) {
			s.domains[i].change(node.Labels[c.topologyKey], delta)
		}
	}
}

// Filter implements framework.FilterPlugin: with the pod, a domain may have
// maxSkew pods more than the domain with the fewest.
func (p *PodTopologySpread) Filter(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return nil
	}
	nodeLabels := node.Node().Labels
	for i := range s.constraints {
		c := &s.constraints[i]
		value, ok := nodeLabels[c.topologyKey]
		if !ok {
			return missingLabel
		}
		d := s.domains[i]
		if d.count(value)+s.self[i]-d.minimum(c.minDomains) > c.maxSkew {
			return skewed
		}
	}
	return nil
}
