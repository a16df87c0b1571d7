// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	"slices"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var (
	_ framework.BlamePlugin = (*InterPodAffinity)(nil)

	blameKey = framework.NewStateKey[*blamed]()
)

// blamed remembers who repels the pod from a place, which many nodes may share.
type blamed struct {
	byPlace map[topologyPair][]*framework.PodInfo
}

// Clone implements framework.StateData: where pods come or go, others may repel.
func (*blamed) Clone() framework.StateData {
	return &blamed{byPlace: map[topologyPair][]*framework.PodInfo{}}
}

// Blame implements framework.BlamePlugin: the pods that want to be far from the
// pod, or from which it wants to be far, those on the node itself first. That a
// pod is missing that it wants to be close to is due to none.
func (p *InterPodAffinity) Blame(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) []*framework.PodInfo {
	s, ok := preFilterKey.Read(state)
	if !ok || !s.satisfiesAffinity(pod.RequiredAffinityTerms, node.Node().Labels) {
		return nil
	}
	memo, ok := blameKey.Read(state)
	if !ok {
		memo = &blamed{byPlace: map[topologyPair][]*framework.PodInfo{}}
		blameKey.Write(state, memo)
	}
	var out []*framework.PodInfo
	for i := range pod.RequiredAntiAffinityTerms {
		term := &pod.RequiredAntiAffinityTerms[i]
		if value, ok := node.Node().Labels[term.TopologyKey]; ok && s.antiAffinity.has(term.TopologyKey, value) {
			out = append(out, s.repelling(memo, pod, node, topologyPair{term.TopologyKey, value})...)
		}
	}
	if len(out) == 0 {
		for _, at := range s.existing.pairsOf(node.Node().Labels) {
			out = append(out, s.repelling(memo, pod, node, at)...)
		}
	}
	return out[:min(len(out), evidence.MaxBlamed)]
}

// repelling returns the pods in a place that the pod cannot be near to.
func (s *preFilterState) repelling(memo *blamed, pod *framework.PodInfo, node *framework.NodeInfo, at topologyPair) []*framework.PodInfo {
	if here := s.repellingOn(nil, pod, node, at.key); len(here) > 0 {
		return here
	}
	if known, ok := memo.byPlace[at]; ok {
		return known
	}
	var out []*framework.PodInfo
	for _, other := range s.snapshot.List() {
		if len(out) == evidence.MaxBlamed {
			break
		}
		if value, ok := other.Node().Labels[at.key]; ok && value == at.value {
			out = s.repellingOn(out, pod, other, at.key)
		}
	}
	memo.byPlace[at] = out
	return out
}

// repellingOn appends the pods on a node that the pod cannot be near to, as far as
// terms with the key say.
func (s *preFilterState) repellingOn(out []*framework.PodInfo, pod *framework.PodInfo, node *framework.NodeInfo, key string) []*framework.PodInfo {
	for _, other := range node.Pods {
		if len(out) < evidence.MaxBlamed && s.repel(pod, other, key) {
			out = append(out, other)
		}
	}
	return out
}

func (s *preFilterState) repel(pod, other *framework.PodInfo, key string) bool {
	for i := range pod.RequiredAntiAffinityTerms {
		if term := &pod.RequiredAntiAffinityTerms[i]; term.TopologyKey == key && matches(term, other.Pod, s.snapshot) {
			return true
		}
	}
	return slices.Contains(s.against(pod.Pod, other), key)
}
