// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package noderesources

import (
	"math"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// BalancedAllocationName is the name of the plugin NodeResourcesBalancedAllocation.
const BalancedAllocationName = "NodeResourcesBalancedAllocation"

var (
	_ framework.PreScorePlugin = (*BalancedAllocation)(nil)
	_ framework.ScorePlugin    = (*BalancedAllocation)(nil)

	balancedKey = framework.NewStateKey[*balancedRequests]()
	skip        = framework.NewStatus(framework.Skip)
)

// BalancedAllocation prefers nodes whose resources are used to equal shares
// with the pod, compared to before.
type BalancedAllocation struct{ scorer *allocationScorer }

// NewBalancedAllocation returns the plugin; without resources it balances cpu
// and memory. It fails where a resource is not valid.
func NewBalancedAllocation(resources ...ResourceSpec) (*BalancedAllocation, error) {
	if len(resources) == 0 {
		resources = defaultResources()
	}
	scorer, err := newAllocationScorer(resources, true, balance)
	if err != nil {
		return nil, err
	}
	return &BalancedAllocation{scorer: scorer}, nil
}

// Name implements framework.Plugin.
func (*BalancedAllocation) Name() string { return BalancedAllocationName }

// balancedRequests has a type of its own to have a place of its own in the state.
type balancedRequests struct{ podRequests }

// Clone implements framework.StateData.
func (r *balancedRequests) Clone() framework.StateData {
	return &balancedRequests{*r.podRequests.Clone().(*podRequests)}
}

// PreScore implements framework.PreScorePlugin. A pod that requests none of the
// resources is not scored: it would always go to the same node.
func (b *BalancedAllocation) PreScore(state *framework.CycleState, pod *framework.PodInfo, _ []*framework.NodeInfo) *framework.Status {
	requests := b.scorer.request(pod)
	for _, value := range requests.values {
		if value != 0 {
			balancedKey.Write(state, &balancedRequests{*requests})
			return nil
		}
	}
	return skip
}

// Score implements framework.ScorePlugin.
func (b *BalancedAllocation) Score(state *framework.CycleState, pod *framework.PodInfo, node *framework.NodeInfo) (int64, *framework.Status) {
	requests, ok := balancedKey.Read(state)
	if !ok {
		return b.scorer.score(b.scorer.request(pod), node), nil
	}
	return b.scorer.score(&requests.podRequests, node), nil
}

// balance is around 75 where the pod changes nothing, up to 100 where it evens
// out the shares, down to 50 where it makes them differ more. It mirrors
// balancedResourceScorer.
func balance(resources []allocation) int64 {
	with := evenness(resources, func(a allocation) int64 { return a.requested })
	without := evenness(resources, func(a allocation) int64 { return a.allocated })
	return framework.MaxNodeScore/2 + (framework.MaxNodeScore/2+with-without)/2
}

// evenness is 100 less the standard deviation of the shares, in percent. It
// mirrors balancedResourceScore.
func evenness(resources []allocation, used func(allocation) int64) int64 {
	share := func(a allocation) float64 { return min(float64(used(a))/float64(a.allocatable), 1) }
	deviation := 0.0
	switch {
	case len(resources) == 2:
		deviation = math.Abs((share(resources[0]) - share(resources[1])) / 2)
	case len(resources) > 2:
		var total, squares float64
		for _, a := range resources {
			total += share(a)
		}
		mean := total / float64(len(resources))
		for _, a := range resources {
			squares += (share(a) - mean) * (share(a) - mean)
		}
		deviation = math.Sqrt(squares / float64(len(resources)))
	}
	return int64((1 - deviation) * float64(framework.MaxNodeScore))
}
