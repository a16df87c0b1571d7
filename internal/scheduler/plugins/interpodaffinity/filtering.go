// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var (
	affinityNotMatched     = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonAffinityRulesNotMatch)
	antiAffinityViolated   = framework.NewStatus(framework.Unschedulable, ErrReasonAntiAffinityRulesNotMatch)
	existingPodsAreAgainst = framework.NewStatus(framework.Unschedulable, ErrReasonExistingAntiAffinityRulesNotMatch)

	preFilterKey = framework.NewStateKey[*preFilterState]()
)

// preFilterState counts pods by topology pair.
type preFilterState struct {
	// existing counts pods that want to be far from the pod.
	existing topologyCounts
	// affinity counts pods that match all terms of the pod's affinity.
	affinity topologyCounts
	// antiAffinity counts pods that match a term of the pod's anti-affinity.
	antiAffinity topologyCounts

	snapshot        framework.Snapshot
	namespaceLabels labels.Set
	// matchesItself is true where the pod may be the first of a group that wants
	// to be together.
	matchesItself bool
}

// Clone implements framework.StateData.
func (s *preFilterState) Clone() framework.StateData {
	clone := *s
	clone.existing = s.existing.clone()
	clone.affinity = s.affinity.clone()
	clone.antiAffinity = s.antiAffinity.clone()
	return &clone
}

// PreFilter implements framework.PreFilterPlugin.
func (p *InterPodAffinity) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	if pod.ParseError != nil {
		return nil, framework.NewStatus(framework.UnschedulableAndUnresolvable, "parsing pod: "+pod.ParseError.Error())
	}
	snapshot := state.Snapshot()
	s := &preFilterState{
		snapshot:        snapshot,
		namespaceLabels: snapshot.NamespaceLabels(pod.Pod.Namespace),
		matchesItself:   matchesAll(pod.RequiredAffinityTerms, pod.Pod, snapshot),
	}
	for _, node := range snapshot.HavePodsWithRequiredAntiAffinity() {
		for _, other := range node.PodsWithRequiredAntiAffinity {
			s.countExisting(pod.Pod, other, node.Node().Labels, 1)
		}
	}
	if len(pod.RequiredAffinityTerms)+len(pod.RequiredAntiAffinityTerms) > 0 {
		for _, node := range snapshot.List() {
			for _, other := range node.Pods {
				s.countIncoming(pod, other.Pod, node.Node().Labels, 1)
			}
		}
	} else if s.existing.empty() {
		return nil, skip
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

// countExisting counts the other pod where it wants to be far from the pod. It
// mirrors getExistingAntiAffinityCounts.
func (s *preFilterState) countExisting(pod *corev1.Pod, other *framework.PodInfo, nodeLabels map[string]string, delta int64) {
	for i := range other.RequiredAntiAffinityTerms {
		if term := &other.RequiredAntiAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			s.existing.add(nodeLabels, term.TopologyKey, delta)
		}
	}
}

// countIncoming counts the other pod where the pod wants to be close to it or
// far from it. It mirrors getIncomingAffinityAntiAffinityCounts: one pod must
// match all terms of the affinity.
func (s *preFilterState) countIncoming(pod *framework.PodInfo, other *corev1.Pod, nodeLabels map[string]string, delta int64) {
	if matchesAll(pod.RequiredAffinityTerms, other, s.snapshot) {
		for i := range pod.RequiredAffinityTerms {
			s.affinity.add(nodeLabels, pod.RequiredAffinityTerms[i].TopologyKey, delta)
		}
	}
	for i := range pod.RequiredAntiAffinityTerms {
		if term := &pod.RequiredAntiAffinityTerms[i]; matches(term, other, s.snapshot) {
			s.antiAffinity.add(nodeLabels, term.TopologyKey, delta)
		}
	}
}

// AddPod implements framework.PreFilterExtensions.
func (p *InterPodAffinity) AddPod(state *framework.CycleState, pod, added *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	update(state, pod, added, node, 1)
	return nil
}

// RemovePod implements framework.PreFilterExtensions.
func (p *InterPodAffinity) RemovePod(state *framework.CycleState, pod, removed *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	update(state, pod, removed, node, -1)
	return nil
}

// update mirrors updateWithPod.
func update(state *framework.CycleState, pod, changed *framework.PodInfo, node *framework.NodeInfo, delta int64) {
	s, ok := preFilterKey.Read(state)
	if !ok || node.Node() == nil {
		return
	}
	s.countExisting(pod.Pod, changed, node.Node().Labels, delta)
	s.countIncoming(pod, changed.Pod, node.Node().Labels, delta)
}

// Filter implements framework.FilterPlugin.
func (p *InterPodAffinity) Filter(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	s, ok := preFilterKey.Read(state)
	if !ok {
		return nil
	}
	nodeLabels := node.Node().Labels
	switch {
	case !s.satisfiesAffinity(pod.RequiredAffinityTerms, nodeLabels):
		return affinityNotMatched
	case !s.satisfiesAntiAffinity(pod.RequiredAntiAffinityTerms, nodeLabels):
		return antiAffinityViolated
	case s.existing.hasAny(nodeLabels):
		return existingPodsAreAgainst
	}
	return nil
}

// satisfiesAffinity mirrors nodeTopologyMatchesAffinity: every term has matches
// in the node's domains; or there are none anywhere, and the pod would match itself.
func (s *preFilterState) satisfiesAffinity(terms []framework.AffinityTerm, nodeLabels map[string]string) bool {
	all := true
	for i := range terms {
		value, ok := nodeLabels[terms[i].TopologyKey]
		if !ok {
			return false
		}
		all = all && s.affinity.has(terms[i].TopologyKey, value)
	}
	return all || s.affinity.empty() && s.matchesItself
}

// satisfiesAntiAffinity mirrors satisfyPodAntiAffinity.
func (s *preFilterState) satisfiesAntiAffinity(terms []framework.AffinityTerm, nodeLabels map[string]string) bool {
	if s.antiAffinity.empty() {
		return true
	}
	for i := range terms {
		if value, ok := nodeLabels[terms[i].TopologyKey]; ok && s.antiAffinity.has(terms[i].TopologyKey, value) {
			return false
		}
	}
	return true
}
