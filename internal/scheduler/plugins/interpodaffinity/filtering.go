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
	s.collectExisting(pod.Pod)
	if len(pod.RequiredAffinityTerms)+len(pod.RequiredAntiAffinityTerms) > 0 {
		s.collectIncoming(pod)
	} else if s.existing.empty() {
		return nil, skip
	}
	preFilterKey.Write(state, s)
	return nil, nil
}

// collectExisting counts all pods that want to be far from the pod. It mirrors
// getExistingAntiAffinityCounts.
func (s *preFilterState) collectExisting(pod *corev1.Pod) {
	against := framework.NewClassMemo(func(other *framework.PodInfo) []string { return s.against(pod, other) })
	for _, node := range s.snapshot.HavePodsWithRequiredAntiAffinity() {
		for _, other := range node.PodsWithRequiredAntiAffinity {
			for _, key := range against.Of(other.TermClass, other) {
				s.existing.add(node.Node().Labels, key, 1)
			}
		}
	}
}

// against returns the topology key of each term of the other pod's
// anti-affinity that selects the pod.
func (s *preFilterState) against(pod *corev1.Pod, other *framework.PodInfo) []string {
	var keys []string
	for i := range other.RequiredAntiAffinityTerms {
		if term := &other.RequiredAntiAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			keys = append(keys, term.TopologyKey)
		}
	}
	return keys
}

// wanted says what the pod's terms say of another pod.
type wanted struct {
	// close is true where all terms of the affinity select the other pod: one pod
	// must match all.
	close bool
	// far has the place of each term of the anti-affinity that selects it.
	far []int
}

func (s *preFilterState) wanted(pod *framework.PodInfo, other *corev1.Pod) wanted {
	w := wanted{close: matchesAll(pod.RequiredAffinityTerms, other, s.snapshot)}
	for i := range pod.RequiredAntiAffinityTerms {
		if !matches(&pod.RequiredAntiAffinityTerms[i], other, s.snapshot) {
			continue
		}
		if w.far == nil && i < len(places) {
			w.far = places[i : i+1 : i+1] // one term needs no allocation
		} else {
			w.far = append(w.far, i)
		}
	}
	return w
}

var places = [...]int{0, 1, 2, 3, 4, 5, 6, 7}

// collectIncoming counts all pods that the pod wants to be close to or far
// from, node by node. It mirrors getIncomingAffinityAntiAffinityCounts.
func (s *preFilterState) collectIncoming(pod *framework.PodInfo) {
	memo := framework.NewClassMemo(func(other *framework.PodInfo) wanted { return s.wanted(pod, other.Pod) })
	far := make([]int64, len(pod.RequiredAntiAffinityTerms))
	for _, node := range s.snapshot.List() {
		if len(node.Pods) == 0 {
			continue
		}
		near := int64(0)
		clear(far)
		for _, other := range node.Pods {
			w := memo.Of(other.LabelClass, other)
			if w.close {
				near++
			}
			for _, i := range w.far {
				far[i]++
			}
		}
		s.addIncoming(pod, node.Node().Labels, near, far)
	}
}

// addIncoming adds what was counted on a node. far has a number for each term
// of the anti-affinity.
func (s *preFilterState) addIncoming(pod *framework.PodInfo, nodeLabels map[string]string, near int64, far []int64) {
	if near != 0 {
		for i := range pod.RequiredAffinityTerms {
			s.affinity.add(nodeLabels, pod.RequiredAffinityTerms[i].TopologyKey, near)
		}
	}
	for i, n := range far {
		if n != 0 {
			s.antiAffinity.add(nodeLabels, pod.RequiredAntiAffinityTerms[i].TopologyKey, n)
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
	nodeLabels := node.Node().Labels
	for _, key := range s.against(pod.Pod, changed) {
		s.existing.add(nodeLabels, key, delta)
	}
	w := s.wanted(pod, changed.Pod)
	if w.close {
		s.addIncoming(pod, nodeLabels, delta, nil)
	}
	for _, i := range w.far {
		s.antiAffinity.add(nodeLabels, pod.RequiredAntiAffinityTerms[i].TopologyKey, delta)
	}
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
