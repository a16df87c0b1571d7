// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package noderesources fits pods into what nodes have left. It mirrors
// k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources.
package noderesources

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// FitName is the name of the plugin NodeResourcesFit.
const FitName = "NodeResourcesFit"

var (
	_ framework.FilterPlugin      = (*Fit)(nil)
	_ framework.ScorePlugin       = (*Fit)(nil)
	_ framework.PreScorePlugin    = (*Fit)(nil)
	_ framework.EnqueueExtensions = (*Fit)(nil)
)

// FitArgs configures NodeResourcesFit.
type FitArgs struct {
	// IgnoredResources are extended resources that are not checked.
	IgnoredResources []string
	// IgnoredResourceGroups are the domains of extended resources that are not checked.
	IgnoredResourceGroups []string
	// ScoringStrategy scores nodes; LeastAllocated of cpu and memory where it is nil.
	ScoringStrategy *ScoringStrategy
}

// Fit rejects nodes that lack a resource that the pod requests, and scores the
// others by what remains.
type Fit struct {
	ignored       sets.Set[string]
	ignoredGroups sets.Set[string]
	scorer        *allocationScorer
}

// NewFit returns the plugin. It fails where the scoring strategy is not valid.
func NewFit(args FitArgs) (*Fit, error) {
	strategy := args.ScoringStrategy
	if strategy == nil {
		strategy = DefaultScoringStrategy()
	}
	scorer, err := newStrategyScorer(*strategy)
	if err != nil {
		return nil, err
	}
	return &Fit{
		ignored: sets.New(args.IgnoredResources...), ignoredGroups: sets.New(args.IgnoredResourceGroups...), scorer: scorer,
	}, nil
}

// Name implements framework.Plugin.
func (*Fit) Name() string { return FitName }

// Filter implements framework.FilterPlugin. It mirrors fitsRequest.
func (f *Fit) Filter(_ *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	missing := shortages(pod, node)
	for _, scalar := range pod.Scalars {
		free := node.Allocatable.ScalarResources[scalar.Name] - node.Requested.ScalarResources[scalar.Name]
		if scalar.Value > free && !f.ignores(scalar.Name) {
			return f.withScalars(missing, pod, node)
		}
	}
	return statuses[missing]
}

func (f *Fit) ignores(name corev1.ResourceName) bool {
	if !framework.IsExtendedResourceName(name) {
		return false
	}
	group, _, _ := strings.Cut(string(name), "/")
	return f.ignored.Has(string(name)) || f.ignoredGroups.Has(group)
}

// shortage is a set of what a node lacks. The sets are few, so that there is
// one status for each.
type shortage uint8

const (
	pods shortage = 1 << iota
	cpu
	memory
	ephemeralStorage
	// unresolvable: the node would not do even if it were empty.
	unresolvable
	allShortages
)

// statuses has the status of each set of shortages.
var statuses = func() (out [allShortages]*framework.Status) {
	for missing := shortage(1); missing < allShortages; missing++ {
		out[missing] = framework.NewStatus(missing.code(), missing.reasons()...)
	}
	return out
}()

func (s shortage) code() framework.Code {
	if s&unresolvable != 0 {
		return framework.UnschedulableAndUnresolvable
	}
	return framework.Unschedulable
}

func (s shortage) reasons() []string {
	var out []string
	for _, r := range []struct {
		bit    shortage
		reason string
	}{
		{pods, "Too many pods"},
		{cpu, "Insufficient cpu"},
		{memory, "Insufficient memory"},
		{ephemeralStorage, "Insufficient ephemeral-storage"},
	} {
		if s&r.bit != 0 {
			out = append(out, r.reason)
		}
	}
	return out
}

// shortages compares all but scalar resources. What a pod does not request it
// gets even where the node has less than nothing left.
func shortages(pod *framework.PodInfo, node *framework.NodeInfo) shortage {
	var missing shortage
	if len(node.Pods)+1 > node.Allocatable.AllowedPodNumber {
		missing |= pods
	}
	missing |= lacks(cpu, pod.Requests.MilliCPU, node.Allocatable.MilliCPU, node.Requested.MilliCPU)
	missing |= lacks(memory, pod.Requests.Memory, node.Allocatable.Memory, node.Requested.Memory)
	missing |= lacks(ephemeralStorage, pod.Requests.EphemeralStorage, node.Allocatable.EphemeralStorage, node.Requested.EphemeralStorage)
	return missing
}

func lacks(resource shortage, request, allocatable, requested int64) shortage {
	switch {
	case request <= 0 || request <= allocatable-requested:
		return 0
	case request > allocatable:
		return resource | unresolvable
	}
	return resource
}

// withScalars returns the status of a node that lacks scalar resources too. It
// allocates; such pods are rare.
func (f *Fit) withScalars(missing shortage, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	reasons := missing.reasons()
	for _, scalar := range pod.Scalars {
		allocatable := node.Allocatable.ScalarResources[scalar.Name]
		if scalar.Value <= allocatable-node.Requested.ScalarResources[scalar.Name] || f.ignores(scalar.Name) {
			continue
		}
		reasons = append(reasons, "Insufficient "+string(scalar.Name))
		if scalar.Value > allocatable {
			missing |= unresolvable
		}
	}
	return framework.NewStatus(missing.code(), reasons...)
}

// PreScore implements framework.PreScorePlugin.
func (f *Fit) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	fitKey.Write(state, f.scorer.request(pod))
	return nil
}

var fitKey = framework.NewStateKey[*podRequests]()

// Score implements framework.ScorePlugin.
func (f *Fit) Score(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	requests, ok := fitKey.Read(state)
	if !ok {
		requests = f.scorer.request(pod)
	}
	return f.scorer.score(requests, node), nil
}

// EventsToRegister implements framework.EnqueueExtensions.
func (f *Fit) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{
		{
			Event:          framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.Delete},
			QueueingHintFn: afterPodDelete,
		},
		{
			Event:          framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: framework.UpdatePodScaleDown},
			QueueingHintFn: afterPodScaleDown,
		},
		{Event: framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodScaleDown}},
		{
			Event:          framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add | framework.UpdateNodeAllocatable},
			QueueingHintFn: afterNodeChange,
		},
	}
}

// afterPodDelete queues when the deleted pod took room on a node. It mirrors
// isSchedulableAfterAssignedPodDelete.
func afterPodDelete(_ *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	deleted, _, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if deleted != nil && deleted.Spec.NodeName == "" && deleted.Status.NominatedNodeName == "" {
		return framework.QueueSkip, nil
	}
	return framework.Queue, nil
}

// afterPodScaleDown queues when a pod on a node gave back what the waiting one
// requests. It mirrors haveEnoughRelevantResourcesDecreased.
func afterPodScaleDown(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Pod](oldObj, newObj)
	if err != nil || before == nil || after == nil {
		return framework.Queue, err
	}
	if after.Spec.NodeName == "" {
		return framework.QueueSkip, nil
	}
	wants := framework.NewPodInfo(pod)
	if anyGrew(wants, framework.NewPodInfo(after).Requests, framework.NewPodInfo(before).Requests) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}

// afterNodeChange queues when the pod would fit the empty node, and the node is
// new or has more of what the pod requests. It mirrors isSchedulableAfterNodeChange.
func afterNodeChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if after == nil {
		return framework.QueueSkip, nil
	}
	wants := framework.NewPodInfo(pod)
	empty := framework.NewNodeInfo()
	empty.SetNode(after)
	if s := (&Fit{}).Filter(nil, wants, empty); !s.IsSuccess() {
		return framework.QueueSkip, nil
	}
	if before == nil {
		return framework.Queue, nil
	}
	was := framework.NewResource(before.Status.Allocatable)
	if empty.Allocatable.AllowedPodNumber > was.AllowedPodNumber || anyGrew(wants, was, empty.Allocatable) {
		return framework.Queue, nil
	}
	return framework.QueueSkip, nil
}

// anyGrew is true where one of the resources that the pod requests is more in b than in a.
func anyGrew(pod *framework.PodInfo, a, b framework.Resource) bool {
	if pod.Requests.MilliCPU > 0 && b.MilliCPU > a.MilliCPU ||
		pod.Requests.Memory > 0 && b.Memory > a.Memory ||
		pod.Requests.EphemeralStorage > 0 && b.EphemeralStorage > a.EphemeralStorage {
		return true
	}
	for _, scalar := range pod.Scalars {
		if b.ScalarResources[scalar.Name] > a.ScalarResources[scalar.Name] {
			return true
		}
	}
	return false
}
