// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodeaffinity matches pods with the labels and names of nodes. It
// mirrors k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeaffinity.
package nodeaffinity

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Name of the plugin.
const Name = "NodeAffinity"

// Reasons in kube-scheduler's words.
const (
	// ErrReasonPod is the reason of a node that the pod does not select.
	ErrReasonPod = "node(s) didn't match Pod's node affinity/selector"
	// ErrReasonEnforced is the reason of a node that the added affinity does not select.
	ErrReasonEnforced = "node(s) didn't match scheduler-enforced node affinity"
	// ErrReasonConflict is the reason of a pod that wants several nodes at once.
	ErrReasonConflict = "pod affinity terms conflict"
)

var (
	_ framework.PreFilterPlugin   = (*NodeAffinity)(nil)
	_ framework.FilterPlugin      = (*NodeAffinity)(nil)
	_ framework.PreScorePlugin    = (*NodeAffinity)(nil)
	_ framework.ScorePlugin       = (*NodeAffinity)(nil)
	_ framework.ScoreExtensions   = (*NodeAffinity)(nil)
	_ framework.EnqueueExtensions = (*NodeAffinity)(nil)

	rejectedPod      = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonPod)
	rejectedEnforced = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonEnforced)
	rejectedConflict = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrReasonConflict)
	skip             = framework.NewStatus(framework.Skip)

	preFilterKey = framework.NewStateKey[*preFilterState]()
	preScoreKey  = framework.NewStateKey[*preScoreState]()
)

// NodeAffinity rejects nodes that the pod's nodeSelector or required node
// affinity does not select, and prefers those of its preferred terms.
type NodeAffinity struct {
	addedRequired  *nodeaffinity.NodeSelector
	addedPreferred *nodeaffinity.PreferredSchedulingTerms
}

// New returns the plugin. addedAffinity, which may be nil, applies to every pod
// beside its own. It fails where a term cannot be parsed.
func New(addedAffinity *corev1.NodeAffinity) (*NodeAffinity, error) {
	p := &NodeAffinity{}
	if addedAffinity == nil {
		return p, nil
	}
	var err error
	path := field.NewPath("addedAffinity")
	if required := addedAffinity.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		if p.addedRequired, err = nodeaffinity.NewNodeSelector(required, field.WithPath(path.Child("requiredDuringSchedulingIgnoredDuringExecution"))); err != nil {
			return nil, err
		}
	}
	if preferred := addedAffinity.PreferredDuringSchedulingIgnoredDuringExecution; len(preferred) > 0 {
		if p.addedPreferred, err = nodeaffinity.NewPreferredSchedulingTerms(preferred, field.WithPath(path.Child("preferredDuringSchedulingIgnoredDuringExecution"))); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Name implements framework.Plugin.
func (*NodeAffinity) Name() string { return Name }

// preFilterState is the pod's selector, parsed.
type preFilterState struct {
	required nodeaffinity.RequiredNodeAffinity
}

// Clone implements framework.StateData.
func (s *preFilterState) Clone() framework.StateData { return s }

// PreFilter implements framework.PreFilterPlugin.
func (p *NodeAffinity) PreFilter(state *framework.CycleState, pod *framework.PodInfo) (*framework.PreFilterResult, *framework.Status) {
	required := requiredTerms(pod.Pod)
	if required == nil && p.addedRequired == nil && pod.Pod.Spec.NodeSelector == nil {
		return nil, skip
	}
	preFilterKey.Write(state, &preFilterState{required: nodeaffinity.GetRequiredNodeAffinity(pod.Pod)})
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		return nil, nil
	}
	names, limited := nodeNames(required.NodeSelectorTerms)
	switch {
	case !limited:
		return nil, nil
	case len(names) == 0:
		return nil, rejectedConflict
	}
	return &framework.PreFilterResult{NodeNames: names}, nil
}

func requiredTerms(pod *corev1.Pod) *corev1.NodeSelector {
	if a := pod.Spec.Affinity; a != nil && a.NodeAffinity != nil {
		return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	}
	return nil
}

// nodeNames returns the nodes that the terms name; limited is false where a
// term names none. Terms are alternatives, the fields of a term are not.
func nodeNames(terms []corev1.NodeSelectorTerm) (names sets.Set[string], limited bool) {
	names = sets.New[string]()
	for _, term := range terms {
		var ofTerm sets.Set[string]
		for _, field := range term.MatchFields {
			if field.Key != metav1.ObjectNameField || field.Operator != corev1.NodeSelectorOpIn {
				continue
			}
			if ofTerm == nil {
				ofTerm = sets.New(field.Values...)
			} else {
				ofTerm = ofTerm.Intersection(sets.New(field.Values...))
			}
		}
		if ofTerm == nil {
			return nil, false
		}
		names = names.Union(ofTerm)
	}
	return names, true
}

// Filter implements framework.FilterPlugin. Terms that cannot be parsed select nothing.
func (p *NodeAffinity) Filter(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) *framework.Status {
	if p.addedRequired != nil && !p.addedRequired.Match(node.Node()) {
		return rejectedEnforced
	}
	s, ok := preFilterKey.Read(state)
	if !ok {
		s = &preFilterState{required: nodeaffinity.GetRequiredNodeAffinity(pod.Pod)}
	}
	if match, _ := s.required.Match(node.Node()); !match {
		return rejectedPod
	}
	return nil
}

// preScoreState is the pod's preferred terms, parsed; nil where there are none.
type preScoreState struct {
	preferred *nodeaffinity.PreferredSchedulingTerms
}

// Clone implements framework.StateData.
func (s *preScoreState) Clone() framework.StateData { return s }

// PreScore implements framework.PreScorePlugin.
func (p *NodeAffinity) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	s := &preScoreState{}
	if a := pod.Pod.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution != nil {
		var err error
		s.preferred, err = nodeaffinity.NewPreferredSchedulingTerms(a.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
		if err != nil {
			return framework.AsStatus(err)
		}
	}
	if s.preferred == nil && p.addedPreferred == nil {
		return skip
	}
	preScoreKey.Write(state, s)
	return nil
}

// Score implements framework.ScorePlugin: the sum of the weights of the
// preferred terms that select the node.
func (p *NodeAffinity) Score(state *framework.CycleState, _ *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	var sum int64
	if p.addedPreferred != nil {
		sum += p.addedPreferred.Score(node.Node())
	}
	if s, ok := preScoreKey.Read(state); ok && s.preferred != nil {
		sum += s.preferred.Score(node.Node())
	}
	return sum, nil
}

// NormalizeScore implements framework.ScoreExtensions.
func (*NodeAffinity) NormalizeScore(_ *framework.CycleState, _ *framework.PodInfo, _ []*framework.NodeInfo, scores []int64) *framework.Status {
	framework.DefaultNormalizeScore(scores, false)
	return nil
}

// EventsToRegister implements framework.EnqueueExtensions.
func (p *NodeAffinity) EventsToRegister() []framework.ClusterEventWithHint {
	return []framework.ClusterEventWithHint{{
		Event:          framework.ClusterEvent{Resource: framework.Node, ActionType: framework.Add | framework.UpdateNodeLabel},
		QueueingHintFn: p.afterNodeChange,
	}}
}

// afterNodeChange queues when the node is selected and was not before.
func (p *NodeAffinity) afterNodeChange(pod *corev1.Pod, oldObj, newObj any) (framework.QueueingHint, error) {
	before, after, err := framework.As[*corev1.Node](oldObj, newObj)
	if err != nil {
		return framework.Queue, err
	}
	if after == nil || p.addedRequired != nil && !p.addedRequired.Match(after) {
		return framework.QueueSkip, nil
	}
	required := nodeaffinity.GetRequiredNodeAffinity(pod)
	isMatch, err := required.Match(after)
	if err != nil {
		return framework.Queue, err
	}
	if !isMatch {
		return framework.QueueSkip, nil
	}
	if before == nil {
		return framework.Queue, nil
	}
	wasMatch, err := required.Match(before)
	if err != nil || !wasMatch {
		return framework.Queue, err
	}
	return framework.QueueSkip, nil
}
