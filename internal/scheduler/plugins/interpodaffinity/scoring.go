// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	"math"
	"slices"

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
	// values[i] has the sum by value of keys[i]; empty where no node has both the
	// label and a match.
	values []map[string]int64
	// pending[i] is what has to be added for the node at hand; touched[i] is true
	// where there is something, be it 0.
	pending []int64
	touched []bool
}

// keyWeight is the weight of a term that matches, and the place of its topology key.
type keyWeight struct {
	key    int
	weight int64
}

func (w *weightSums) term(topologyKey string, weight int64) keyWeight {
	i := slices.Index(w.keys, topologyKey)
	if i < 0 {
		i = len(w.keys)
		w.keys = append(w.keys, topologyKey)
		w.values = append(w.values, make(map[string]int64))
		w.pending = append(w.pending, 0)
		w.touched = append(w.touched, false)
	}
	return keyWeight{i, weight}
}

func (w *weightSums) add(terms []keyWeight) {
	for _, t := range terms {
		w.pending[t.key] += t.weight
		w.touched[t.key] = true
	}
}

// flush adds what is pending to the domains of the node with these labels.
func (w *weightSums) flush(nodeLabels map[string]string) {
	for i, key := range w.keys {
		if !w.touched[i] {
			continue
		}
		if value, ok := nodeLabels[key]; ok {
			w.values[i][value] += w.pending[i]
		}
		w.pending[i], w.touched[i] = 0, false
	}
}

func (w *weightSums) empty() bool {
	return !slices.ContainsFunc(w.values, func(m map[string]int64) bool { return len(m) > 0 })
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
	s.collect(pod, wants)
	if s.sums.empty() {
		return skip
	}
	preScoreKey.Write(state, s)
	return nil
}

// collect adds up what all pods and the pod want of each other. It mirrors
// processExistingPod for all.
func (s *preScoreState) collect(pod *framework.PodInfo, wants bool) {
	incoming := framework.NewClassMemo(func(other *framework.PodInfo) []keyWeight { return s.incoming(pod, other.Pod) })
	existing := framework.NewClassMemo(func(other *framework.PodInfo) []keyWeight { return s.existing(pod.Pod, other) })
	nodes := s.snapshot.HavePodsWithAffinity()
	if wants {
		nodes = s.snapshot.List()
	}
	for _, node := range nodes {
		for _, other := range node.PodsWithAffinity {
			s.sums.add(existing.Of(other.TermClass, other))
		}
		if wants {
			for _, other := range node.Pods {
				s.sums.add(incoming.Of(other.LabelClass, other))
			}
		}
		s.sums.flush(node.Node().Labels)
	}
}

// prefers is true where the pod has preferred terms.
func prefers(pod *corev1.Pod) bool {
	a := pod.Spec.Affinity
	return a != nil && (a.PodAffinity != nil && len(a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0 ||
		a.PodAntiAffinity != nil && len(a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution) > 0)
}

// incoming returns what the pod wants of the other.
func (s *preScoreState) incoming(pod *framework.PodInfo, other *corev1.Pod) []keyWeight {
	var out []keyWeight
	for i := range pod.PreferredAffinityTerms {
		if term := &pod.PreferredAffinityTerms[i]; matches(&term.AffinityTerm, other, s.snapshot) {
			out = append(out, s.sums.term(term.TopologyKey, int64(term.Weight)))
		}
	}
	for i := range pod.PreferredAntiAffinityTerms {
		if term := &pod.PreferredAntiAffinityTerms[i]; matches(&term.AffinityTerm, other, s.snapshot) {
			out = append(out, s.sums.term(term.TopologyKey, -int64(term.Weight)))
		}
	}
	return out
}

// existing returns what the other pod wants of the pod: required affinity
// counts too, for it would have drawn the other pod here.
func (s *preScoreState) existing(pod *corev1.Pod, other *framework.PodInfo) []keyWeight {
	var out []keyWeight
	if s.hardWeight > 0 {
		for i := range other.RequiredAffinityTerms {
			if term := &other.RequiredAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
				out = append(out, s.sums.term(term.TopologyKey, s.hardWeight))
			}
		}
	}
	for i := range other.PreferredAffinityTerms {
		if term := &other.PreferredAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			out = append(out, s.sums.term(term.TopologyKey, int64(term.Weight)))
		}
	}
	for i := range other.PreferredAntiAffinityTerms {
		if term := &other.PreferredAntiAffinityTerms[i]; term.Matches(pod, s.namespaceLabels) {
			out = append(out, s.sums.term(term.TopologyKey, -int64(term.Weight)))
		}
	}
	return out
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
		if len(s.sums.values[i]) == 0 {
			continue
		}
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
