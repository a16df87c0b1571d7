// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var preScoreKey = framework.NewStateKey[*preScoreState]()

// preScoreState holds the sum of weights by topology pair.
type preScoreState struct {
	sums            weightSums
	snapshot        framework.Snapshot
	namespaceLabels labels.Set
	hardWeight      int64
}

// Clone implements framework.StateData.
func (s *preScoreState) Clone() framework.StateData { return s }

// weightSums are sums of weights, negative ones for anti-affinity.
type weightSums struct {
	// keys are the topology keys; they are few.
	keys []string
	// values[i] has the sum by value of keys[i].
	values []map[string]int64
}

// add adds to the pair of the node with these labels. It mirrors processTerm.
func (w *weightSums) add(nodeLabels map[string]string, key string, weight int64) {
	value, ok := nodeLabels[key]
	if !ok {
		return
	}
	for i, k := range w.keys {
		if k == key {
			w.values[i][value] += weight
			return
		}
	}
	w.keys = append(w.keys, key)
	w.values = append(w.values, map[string]int64{value: weight})
}

// PreScore implements framework.PreScorePlugin.
func (p *InterPodAffinity) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	wants := prefers(pod.Pod)
	if p.ignorePreferredTermsOfExistingPods && !wants {
		return skip
	}
	snapshot := state.Snapshot()
	s := &preScoreState{
		snapshot:        snapshot,
		namespaceLabels: snapshot.NamespaceLabels(pod.Pod.Namespace),
		hardWeight:      int64(p.hardPodAffinityWeight),
	}
	if wants {
		for _, node := range snapshot.List() {
			for _, other := range node.Pods {
				s.addIncoming(pod, other.Pod, node.Node().Labels)
				s.addExisting(pod.Pod, other, node.Node().Labels)
			}
		}
	} else {
		for _, node := range snapshot.HavePodsWithAffinity() {
			for _, other := range node.PodsWithAffinity {
				s.addExisting(pod.Pod, other, node.Node().Labels)
			}
		}
	}
	if len(s.sums.keys) == 0 {
		return skip
	}
	preScoreKey.Write(state, s)
	return nil
}

// prefers is true where the pod has preferred terms.
func prefers(pod *corev1.Pod) bool {
	a := pod.Spec.Affinity
	return a != nil && (a.PodAffinity != nil && len(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0 ||
		a.PodAntiAffinity != nil && len(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0)
}

// addIncoming adds what the pod wants of the other. With addExisting it mirrors
// processExistingPod.
func (s *preScoreState) addIncoming(pod *framework.PodInfo, other *corev1.Pod, nodeLabels map[string]string) {
	for i := range pod.PreferredAffinityTerms {
		if term := &pod.PreferredAffinityTerms[i]; matches(&term.AffinityTerm, other, s.snapshot) {
			s.sums.add(nodeLabels, term.TopologyKey, int64(term.Weight))
		}
	}
	for i := range pod.PreferredAntiAffinityTerms {
		if term := &pod.PreferredAntiAffinityTerms[i]; matches(&term.AffinityTerm, other, s.snapshot) {
			s.sums.add(nodeLabels, term.TopologyKey, -int64(term.Weight))
		}
	}
}

// addExisting adds what the other pod wants of the pod: required affinity
// counts too, for it would have drawn the other pod here.
func (s *preScoreState) addExisting(pod *corev1.Pod, other *framework.PodInfo, nodeLabels map[string]string) {
	if s.hardWeight > 0 {
		for i := range other.RequiredAffinityTerms {
			if term := &other.RequiredAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
				s.sums.add(nodeLabels, term.TopologyKey, s.hardWeight)
			}
		}
	}
	for i := range other.PreferredAffinityTerms {
		if term := &other.PreferredAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			s.sums.add(nodeLabels, term.TopologyKey, int64(term.Weight))
		}
	}
	for i := range other.PreferredAntiAffinityTerms {
		if term := &other.PreferredAntiAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			s.sums.add(nodeLabels, term.TopologyKey, -int64(term.Weight))
		}
	}
}

// Score implements framework.ScorePlugin: the sum of the weights of the node's
// domains.
func (p *InterPodAffinity) Score(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	s, ok := preScoreKey.Read(state)
	if !ok {
		return 0, nil
	}
	var score int64
	for i, key := range s.sums.keys {
		if value, ok := node.Node().Labels[key]; ok {
			score += s.sums.values[i][value]
		}
	}
	return score, nil
}

// NormalizeScore implements framework.ScoreExtensions: the lowest sum becomes
// 0, the highest 100; all 0 where there is no difference.
func (p *InterPodAffinity) NormalizeScore(_ *framework.CycleState, _ *framework.PodInfo, _ []*framework.NodeInfo, scores []int64) *framework.Status {
	lowest, highest := int64(math.MaxInt64), int64(math.MinInt64)
	for _, score := range scores {
		lowest, highest = min(lowest, score), max(highest, score)
	}
	for i, score := range scores {
		if highest > lowest {
			scores[i] = int64(float64(framework.MaxNodeScore) * (float64(score-lowest) / float64(highest-lowest)))
		} else {
			scores[i] = framework.MinNodeScore
		}
	}
	return nil
}
