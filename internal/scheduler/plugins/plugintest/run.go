// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Verdict is a status as text: the code and the reasons; empty for a Success.
func Verdict(s *framework.Status) string {
	if s.IsSuccess() {
		return ""
	}
	if s.Message() == "" {
		return s.Code().String()
	}
	return fmt.Sprintf("%s: %s", s.Code(), s.Message())
}

// Filter runs the plugin's PreFilter and then its Filter on each node. It
// returns the verdicts by node; where PreFilter returns Skip or an objection,
// that is the verdict for every node.
func Filter(plugin framework.FilterPlugin, snapshot framework.Snapshot, pod *corev1.Pod) map[string]string {
	state, info := framework.NewCycleState(snapshot), framework.NewPodInfo(pod)
	out := make(map[string]string)
	var all *framework.Status
	if p, ok := plugin.(framework.PreFilterPlugin); ok {
		_, all = p.PreFilter(state, info)
	}
	for _, node := range snapshot.List() {
		s := all
		if all.IsSuccess() {
			s = plugin.Filter(state, info, node)
		}
		out[node.Node().Name] = Verdict(s)
	}
	return out
}

// Score runs the plugin's PreScore, Score and NormalizeScore on the nodes that
// are named, all where none is. It returns nil where PreScore returns Skip.
func Score(plugin framework.ScorePlugin, snapshot framework.Snapshot, pod *corev1.Pod, names ...string) (map[string]int64, *framework.Status) {
	state, info := framework.NewCycleState(snapshot), framework.NewPodInfo(pod)
	nodes := snapshot.List()
	if len(names) > 0 {
		nodes = nil
		for _, name := range names {
			nodes = append(nodes, snapshot.Get(name))
		}
	}
	if p, ok := plugin.(framework.PreScorePlugin); ok {
		if s := p.PreScore(state, info, nodes); !s.IsSuccess() {
			return nil, s
		}
	}
	scores := make([]int64, len(nodes))
	for i, node := range nodes {
		score, s := plugin.Score(state, info, node)
		if !s.IsSuccess() {
			return nil, s
		}
		scores[i] = score
	}
	if p, ok := plugin.(framework.ScoreExtensions); ok {
		if s := p.NormalizeScore(state, info, nodes, scores); !s.IsSuccess() {
			return nil, s
		}
	}
	out := make(map[string]int64, len(nodes))
	for i, node := range nodes {
		out[node.Node().Name] = scores[i]
	}
	return out, nil
}

// Hint asks the hint that the plugin registers for an event; Queue where the
// event has no hint, QueueSkip where the plugin does not wait for the event.
func Hint(plugin framework.EnqueueExtensions, event framework.ClusterEvent, pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	for _, x := range plugin.EventsToRegister() {
		if !x.Event.Matches(event) {
			continue
		}
		if x.QueueingHintFn == nil {
			return framework.Queue, nil
		}
		return x.QueueingHintFn(pod, oldObj, newObj)
	}
	return framework.QueueSkip, nil
}
