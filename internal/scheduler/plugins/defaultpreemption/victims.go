// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package defaultpreemption

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var noVictims = framework.NewStatus(framework.UnschedulableAndUnresolvable, reasonNoVictims)

// selection finds the victims on one node. state and node are its own.
type selection struct {
	*search
	state *framework.CycleState
	node  *framework.NodeInfo
	// victims are those found so far.
	victims []*framework.PodInfo
}

// selectVictims returns the fewest pods that must go, in order of importance,
// and how many of them violate a PodDisruptionBudget. All pods of lower priority
// go first; then as many as possible come back, those whose going would violate
// a budget before others, and the important before others. It mirrors
// SelectVictimsOnNode.
func (s *selection) selectVictims() ([]*framework.PodInfo, int, *framework.Status) {
	potential := s.lessImportant()
	if len(potential) == 0 {
		return nil, 0, noVictims
	}
	for _, victim := range potential {
		if status := s.remove(victim); !status.IsSuccess() {
			return nil, 0, status
		}
	}
	if status := s.fits(); !status.IsSuccess() {
		return nil, 0, status
	}
	slices.SortStableFunc(potential, byImportance)
	violating, others := violations(potential, s.budgets)
	violated := 0
	for _, victim := range violating {
		reprieved, status := s.reprieve(victim)
		if !status.IsSuccess() {
			return nil, 0, status
		}
		if !reprieved {
			violated++
		}
	}
	for _, victim := range others {
		if _, status := s.reprieve(victim); !status.IsSuccess() {
			return nil, 0, status
		}
	}
	slices.SortStableFunc(s.victims, byImportance)
	return s.victims, violated, nil
}

func (s *selection) lessImportant() []*framework.PodInfo {
	var out []*framework.PodInfo
	for _, other := range s.node.Pods {
		if other.Priority < s.pod.Priority {
			out = append(out, other)
		}
	}
	return out
}

// byImportance orders pods: higher priority first, then the one that started
// first. It mirrors MoreImportantVictim.
func byImportance(a, b *framework.PodInfo) int {
	return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(startTime(a), startTime(b)))
}

func (s *selection) remove(victim *framework.PodInfo) *framework.Status {
	if !s.node.RemovePod(victim.Pod.UID) {
		return framework.AsStatus(fmt.Errorf("no pod with UID %q on node %q", victim.Pod.UID, s.node.Node().Name))
	}
	return s.runner.RunRemovePod(s.state, s.pod, victim, s.node)
}

// reprieve lets a pod stay where the pod still fits beside it. The status is
// that of a failure, not of a filter's objection.
func (s *selection) reprieve(victim *framework.PodInfo) (bool, *framework.Status) {
	s.node.AddPod(victim)
	if status := s.runner.RunAddPod(s.state, s.pod, victim, s.node); !status.IsSuccess() {
		return false, status
	}
	if s.fits().IsSuccess() {
		return true, nil
	}
	s.victims = append(s.victims, victim)
	return false, s.remove(victim)
}

// fits runs the filters with the pods that wait for this node and are at least
// as important, and then without them: the pod must fit both ways. It mirrors
// RunFilterPluginsWithNominatedPods.
func (s *selection) fits() *framework.Status {
	var node *framework.NodeInfo
	var state *framework.CycleState
	for _, waiting := range s.state.Input().Nominated[s.node.Node().Name] {
		if waiting.Priority < s.pod.Priority || waiting.Pod.UID == s.pod.Pod.UID {
			continue
		}
		if node == nil {
			node, state = s.node.Clone(), s.state.Clone()
		}
		node.AddPod(waiting)
		if status := s.runner.RunAddPod(state, s.pod, waiting, node); !status.IsSuccess() {
			return status
		}
	}
	if node != nil {
		if status := s.runner.RunFilters(state, s.pod, node); !status.IsSuccess() {
			return status
		}
	}
	return s.runner.RunFilters(s.state, s.pod, s.node)
}
