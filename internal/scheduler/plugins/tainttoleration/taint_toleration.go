// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tainttoleration keeps pods off nodes whose taints they do not
// tolerate. It mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/tainttoleration.
package tainttoleration

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/tolerations"
)

// Name of the plugin.
const Name = "TaintToleration"

// ErrReasonUntolerated is the reason of a node with a taint that the pod does
// not tolerate. Kubernetes 1.37 does not name the taint.
const ErrReasonUntolerated = "node(s) had untolerated taint(s)"

var (
	_ framework.FilterPlugin      = TaintToleration{}
	_ framework.PreScorePlugin    = TaintToleration{}
	_ framework.ScorePlugin       = TaintToleration{}
	_ framework.ScoreExtensions   = TaintToleration{}
	_ framework.EnqueueExtensions = TaintToleration{}

	rejected = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonUntolerated)

	preScoreKey = framework.NewStateKey[*preScoreState]()
)

// TaintToleration rejects nodes with taints that the pod does not tolerate, and
// prefers those with the fewest untolerated PreferNoSchedule taints.
type TaintToleration struct{}

// New returns the plugin.
func New() TaintToleration { return TaintToleration{} }

// Name implements framework.Plugin.
func (TaintToleration) Name() string { return Name }

// Filter implements framework.FilterPlugin.
func (TaintToleration) Filter(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	taints := node.Node().Spec.Taints
	if len(taints) == 0 || tolerations.TolerateScheduling(pod.Pod.Spec.Tolerations, taints) {
		return nil
	}
	return rejected
}

// preScoreState holds the tolerations that can match PreferNoSchedule taints.
type preScoreState struct{ preferNoSchedule []corev1.Toleration }

// Clone implements framework.StateData.
func (s *preScoreState) Clone() framework.StateData { return s }

// PreScore implements framework.PreScorePlugin.
func (TaintToleration) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	s := &preScoreState{}
	for _, t := range pod.Pod.Spec.Tolerations {
		if t.Effect == "" || t.Effect == corev1.TaintEffectPreferNoSchedule {
			s.preferNoSchedule = append(s.preferNoSchedule, t)
		}
	}
	preScoreKey.Write(state, s)
	return nil
}

// Score implements framework.ScorePlugin: the number of untolerated
// PreferNoSchedule taints.
func (TaintToleration) Score(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	taints := node.Node().Spec.Taints
	if len(taints) == 0 {
		return 0, nil
	}
	var tolerated []corev1.Toleration
	if s, ok := preScoreKey.Read(state); ok {
		tolerated = s.preferNoSchedule
	}
	var count int64
	for i := range taints {
		if taints[i].Effect == corev1.TaintEffectPreferNoSchedule && !tolerations.Tolerate(tolerated, &taints[i]) {
			count++
		}
	}
	return count, nil
}

// NormalizeScore implements framework.ScoreExtensions: fewer taints score more.
func (TaintToleration) NormalizeScore(_ *framework.CycleState, _ *framework.PodInfo, _ []*framework.NodeInfo, scores []int64) *framework.Status {
	framework.DefaultNormalizeScore(scores, true)
	return nil
}

// EventsToRegister implements framework.EnqueueExtensions.
func (TaintToleration) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event:          framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add | framework.UpdateNodeTaint},
			QueueingHintFn: afterNodeChange,
		},
		{Event: framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodToleration}},
	}
}

// afterNodeChange queues when the pod tolerates the node's taints and did not before.
func afterNodeChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	tolerated := func(node *corev1.Node) bool {
		return node != nil && tolerations.TolerateScheduling(pod.Spec.Tolerations, node.Spec.Taints)
	}
	if tolerated(after) && !tolerated(before) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}
