// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package defaultpreemption

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// candidate is a node where the pod fits once the victims are gone.
type candidate struct {
	node string
	// victims in the order of importance, the most important first.
	victims []*framework.PodInfo
	// violations is the number of victims that violate a PodDisruptionBudget.
	violations int
}

// search looks for candidates. What it finds out about a node it finds on a
// copy of the node and of the cycle's state.
type search struct {
	state   *framework.CycleState
	runner  framework.FilterRunner
	pod     *framework.PodInfo
	budgets []budget

	nonViolating, violating []candidate
	// reasons counts the nodes that are no candidates by what was said of them.
	reasons map[*framework.Status]int
	errs    []error
}

func newSearch(state *framework.CycleState, runner framework.FilterRunner, pod *framework.PodInfo) *search {
	return &search{
		state: state, runner: runner, pod: pod,
		budgets: parseBudgets(framework.DisruptionBudgets(state.Snapshot())),
		reasons: make(map[*framework.Status]int),
	}
}

// run looks at the nodes, beginning at offset, until it has as many candidates
// as wanted, of which one violates no PodDisruptionBudget. It mirrors
// DryRunPreemption, one node after the other.
func (s *search) run(nodes []*framework.NodeInfo, offset, wanted int) {
	for i := range nodes {
		s.try(nodes[(offset+i)%len(nodes)], wanted)
		if len(s.nonViolating) > 0 && len(s.nonViolating)+len(s.violating) >= wanted {
			return
		}
	}
}

func (s *search) try(node *framework.NodeInfo, wanted int) {
	name := node.Node().Name
	selection := &selection{search: s, state: s.state.Clone(), node: node.Clone()}
	victims, violations, status := selection.selectVictims()
	switch {
	case status.Code() == framework.Error:
		s.errs = append(s.errs, fmt.Errorf("node %q: %w", name, status.AsError()))
	case !status.IsSuccess():
		s.reasons[status]++
	case len(victims) == 0:
		s.errs = append(s.errs, fmt.Errorf("expected at least one victim pod on node %q", name))
	case violations == 0:
		s.nonViolating = append(s.nonViolating, candidate{node: name, victims: victims})
	case len(s.violating) < wanted:
		s.violating = append(s.violating, candidate{node: name, victims: victims, violations: violations})
	}
}

// candidates returns those that violate no PodDisruptionBudget first.
func (s *search) candidates() []candidate { return slices.Concat(s.nonViolating, s.violating) }

// pickOneNode returns the candidate that hurts least: the fewest violations of
// PodDisruptionBudgets, the lowest priority of the most important victim, the
// lowest sum of priorities, the fewest victims, the most important victims that
// started last; then the one that was found first. It mirrors
// pickOneNodeForPreemption, whose last choice is random.
func pickOneNode(candidates []candidate) candidate {
	return slices.MinFunc(candidates, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.violations, b.violations),
			cmp.Compare(a.victims[0].Priority, b.victims[0].Priority),
			cmp.Compare(a.sumOfPriorities(), b.sumOfPriorities()),
			cmp.Compare(len(a.victims), len(b.victims)),
			cmp.Compare(b.earliestStart(), a.earliestStart()),
		)
	})
}

// sumOfPriorities adds 2^31 to each priority: many victims of negative priority
// must not look better than few.
func (c *candidate) sumOfPriorities() int64 {
	var sum int64
	for _, victim := range c.victims {
		sum += int64(victim.Priority) + math.MaxInt32 + 1
	}
	return sum
}

// earliestStart is the first start of the victims of highest priority. It
// mirrors GetEarliestPodStartTime.
func (c *candidate) earliestStart() int64 {
	earliest := int64(math.MaxInt64)
	for _, victim := range c.victims {
		if victim.Priority == c.victims[0].Priority {
			earliest = min(earliest, startTime(victim))
		}
	}
	return earliest
}

// startTime is when the pod started, in nanoseconds. A pod that has not started
// counts as the last of all: kube-scheduler takes the present time.
func startTime(pod *framework.PodInfo) int64 {
	if pod.Pod.Status.StartTime == nil {
		return math.MaxInt64
	}
	return pod.Pod.Status.StartTime.UnixNano()
}
