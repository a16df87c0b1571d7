// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package decide is the scheduling cycle as a pure function: the same code
// answers live scheduling, "why not that node?" and what-if. It mirrors
// schedulingAlgorithm of k8s.io/kubernetes/pkg/scheduler/schedule_one.go.
package decide

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// ErrNoNodesAvailable is what a cycle without any node ends with, in
// kube-scheduler's words.
var ErrNoNodesAvailable = errors.New("no nodes available to schedule pods")

// Input is all that a decision depends on.
type Input struct {
	// Snapshot of the cluster. Decide only reads it.
	Snapshot framework.Snapshot
	// Pod to find a node for.
	Pod *framework.PodInfo
	// Profile says which plugins run.
	Profile *framework.Profile
	// Seed picks one of several best nodes.
	Seed int64
	// StartIndex is the node at which the search starts, so that all nodes get
	// their turn where not all are looked at. Pass Result.NextStartIndex.
	StartIndex int
	// Nominated holds the pods that wait for a node to be freed for them, by node.
	// Pods of lower priority leave room for them.
	Nominated map[string][]*framework.PodInfo
	// AllVerdicts asks each filter plugin about each node, also after one has
	// objected. The outcome is the same; it costs time. For explanations.
	AllVerdicts bool
	// Workspace lends memory that is used again by the next cycle: the Result is
	// valid until then. With nil, memory is allocated.
	Workspace *Workspace
}

// Result is the outcome of a cycle. Verdicts are kept in compact form; Fill
// expands them.
type Result struct {
	// Node is the chosen one; empty where no node fits.
	Node string
	// Status is nil where a node was chosen. It is rejected where no node fits,
	// and an Error where the cycle failed.
	Status *framework.Status
	// NodesTotal, NodesEvaluated and NodesFeasible count nodes as in evidence.Decision.
	NodesTotal, NodesEvaluated, NodesFeasible int
	// NextStartIndex is the StartIndex of the next cycle.
	NextStartIndex int
	// UnschedulablePlugins are the plugins that rejected the pod on some node.
	UnschedulablePlugins sets.Set[string]
	// PendingPlugins are those of them that returned Pending.
	PendingPlugins sets.Set[string]
	// PostFilter is how room can be made; nil where it cannot, or needs not.
	PostFilter *framework.PostFilterResult
	// NominationEnds is true where the node that was nominated for the pod before
	// must be given up, because the pod would not fit there either.
	NominationEnds bool
	// PostFilterMessage is what the plugins that make room have to say.
	PostFilterMessage string

	in        Input
	profile   *framework.Profile
	state     *framework.CycleState
	preFilter framework.PreFilterOutcome
	feasible  []*framework.NodeInfo
	rejected  []rejection
	scores    []framework.NodeScores
	totals    []int64
	all       map[string][]*framework.Status
}

// rejection is the first objection to a node.
type rejection struct {
	node   *framework.NodeInfo
	status *framework.Status
	// filter is the plugin's place in the profile's filters.
	filter int
}

// Workspace is memory for one cycle at a time.
type Workspace struct {
	feasible []*framework.NodeInfo
	rejected []rejection
	scores   []int64
	used     int
}

// alloc returns a slice for n scores, with any content.
func (w *Workspace) alloc(n int) []int64 {
	if w.used+n > len(w.scores) {
		// What was given out stays with its owners; the next cycle fits.
		w.scores, w.used = make([]int64, max(2*len(w.scores), 8*n)), 0
	}
	out := w.scores[w.used : w.used+n : w.used+n]
	w.used += n
	return out
}

// Decide finds a node for a pod. It has no side effects, and with equal input
// its result is equal.
func Decide(in Input) *Result {
	ws := in.Workspace
	if ws == nil {
		ws = &Workspace{}
	}
	ws.used = 0
	r := &Result{
		NodesTotal: len(in.Snapshot.List()),
		in:         in,
		profile:    in.Profile,
		state:      framework.NewCycleState(in.Snapshot),
		feasible:   ws.feasible[:0],
		rejected:   ws.rejected[:0],
	}
	if r.NodesTotal == 0 {
		r.Status = framework.NewStatus(framework.UnschedulableAndUnresolvable, ErrNoNodesAvailable.Error())
		r.NominationEnds = true
		return r
	}
	r.filter(in)
	ws.feasible, ws.rejected = r.feasible, r.rejected
	r.NodesFeasible = len(r.feasible)
	switch {
	case r.Status.Code() == framework.Error:
	case r.NodesFeasible == 0:
		r.makeRoom(in)
		return r
	default:
		r.pick(in, ws)
	}
	r.NominationEnds = !r.Status.IsSuccess()
	return r
}

// filter finds the nodes that fit. It mirrors findNodesThatFitPod.
func (r *Result) filter(in Input) {
	r.preFilter = in.Profile.RunPreFilters(r.state, in.Pod)
	// A copy: the message names the plugins that named nodes, not those that object later.
	r.UnschedulablePlugins = r.preFilter.NodePlugins.Clone()
	r.NextStartIndex = in.StartIndex
	if s := r.preFilter.Status; !s.IsSuccess() {
		r.Status = s
		r.addRejecting(r.preFilter.Plugin, s)
		return
	}
	if name := in.Pod.Pod.Status.NominatedNodeName; name != "" {
		// Room was made there for this pod: it most likely fits, and nowhere else.
		if node := in.Snapshot.Get(name); node != nil {
			if r.evaluate(in, node); len(r.feasible) > 0 || r.Status != nil {
				r.NodesEvaluated = 1
				return
			}
			r.rejected = r.rejected[:0]
		}
	}
	nodes := r.eligible(in)
	if len(nodes) == 0 {
		return
	}
	want := numFeasibleNodesToFind(in.Profile, len(nodes))
	start := in.StartIndex % len(nodes)
	for i := range nodes {
		at := start + i
		if at >= len(nodes) {
			at -= len(nodes)
		}
		r.evaluate(in, nodes[at])
		if len(r.feasible) >= want || r.Status != nil {
			break
		}
	}
	r.NodesEvaluated = len(r.feasible) + len(r.rejected)
	r.NextStartIndex = (in.StartIndex + r.NodesEvaluated) % r.NodesTotal
}

// eligible returns the nodes that PreFilter left over, in the snapshot's order.
func (r *Result) eligible(in Input) []*framework.NodeInfo {
	names := r.preFilter.NodeNames
	if names == nil {
		return in.Snapshot.List()
	}
	nodes := make([]*framework.NodeInfo, 0, len(names))
	for _, name := range sets.List(names) {
		if node := in.Snapshot.Get(name); node != nil {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// evaluate runs the filters on one node and records what they say.
func (r *Result) evaluate(in Input, node *framework.NodeInfo) {
	var status *framework.Status
	var filter int
	switch {
	case in.AllVerdicts:
		status, filter = r.evaluateAll(in, node)
	case len(in.Nominated) == 0:
		status, filter = in.Profile.RunFiltersUntil(r.state, in.Pod, node)
	default:
		status, filter = runWithNominated(in, r.state, node)
	}
	switch {
	case status == nil:
		r.feasible = append(r.feasible, node)
	case status.IsRejected():
		r.rejected = append(r.rejected, rejection{node: node, status: status, filter: filter})
	default:
		r.Status = framework.AsStatus(fmt.Errorf("running Filter plugin %q on node %q: %w",
			in.Profile.FilterName(filter), node.Node().Name, status.AsError()))
	}
}

func (r *Result) evaluateAll(in Input, node *framework.NodeInfo) (*framework.Status, int) {
	if r.all == nil {
		r.all = make(map[string][]*framework.Status, r.NodesTotal)
	}
	verdicts := make([]*framework.Status, in.Profile.NumFilters())
	r.all[node.Node().Name] = verdicts
	status, filter := in.Profile.RunAllFilters(r.state, in.Pod, node, verdicts)
	if status == nil && len(in.Nominated) > 0 {
		if status, filter = runWithNominated(in, r.state, node); status != nil {
			verdicts[filter] = status
		}
	}
	return status, filter
}

// addRejecting remembers that a plugin objected.
func (r *Result) addRejecting(plugin string, status *framework.Status) {
	if plugin == "" {
		return
	}
	if r.UnschedulablePlugins == nil {
		r.UnschedulablePlugins = sets.New[string]()
	}
	r.UnschedulablePlugins.Insert(plugin)
	if status.Code() == framework.Pending {
		if r.PendingPlugins == nil {
			r.PendingPlugins = sets.New[string]()
		}
		r.PendingPlugins.Insert(plugin)
	}
}

// collectRejecting remembers the plugins that objected to nodes. Nodes mostly
// share statuses, so that each one is looked at once.
func (r *Result) collectRejecting() {
	seen := make(map[*framework.Status]struct{})
	for i := range r.rejected {
		if _, ok := seen[r.rejected[i].status]; ok {
			continue
		}
		seen[r.rejected[i].status] = struct{}{}
		r.addRejecting(r.profile.FilterName(r.rejected[i].filter), r.rejected[i].status)
	}
}

// makeRoom asks the PostFilter plugins and sets the status of a pod that no
// node fits.
func (r *Result) makeRoom(in Input) {
	r.collectRejecting()
	r.NominationEnds = true
	if in.Profile.HasPostFilters() {
		r.state.SetInput(&framework.CycleInput{Seed: in.Seed, Nominated: in.Nominated})
		result, s := in.Profile.RunPostFilters(r.state, in.Pod, r.nodeStatuses())
		r.PostFilterMessage = s.Message()
		if result != nil && result.NominatedNode != "" {
			r.PostFilter = result
		}
		r.NominationEnds = result != nil && result.NominatedNode == ""
	}
	r.Status = framework.NewStatus(framework.Unschedulable, r.fitMessage())
}

// pick scores the nodes that fit and takes a best one. It mirrors
// prioritizeNodes; a single node is not scored.
func (r *Result) pick(in Input, ws *Workspace) {
	if len(r.feasible) == 1 {
		r.Node = r.feasible[0].Node().Name
		return
	}
	r.totals = ws.alloc(len(r.feasible))
	clear(r.totals)
	if s := in.Profile.RunPreScores(r.state, in.Pod, r.feasible); !s.IsSuccess() {
		r.Status = s
		return
	}
	scores, s := in.Profile.RunScores(r.state, in.Pod, r.feasible, ws.alloc)
	if !s.IsSuccess() {
		r.Status = s
		return
	}
	r.scores = scores
	for _, plugin := range scores {
		for i, score := range plugin.Normalized {
			r.totals[i] += score * plugin.Weight
		}
	}
	r.Node = r.feasible[selectHost(r.totals, in.Seed)].Node().Name
}

// selectHost returns the place of the highest total; among equals each has the
// same chance (reservoir sampling).
func selectHost(totals []int64, seed int64) int {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	best, equals := 0, 1
	for i := 1; i < len(totals); i++ {
		switch {
		case totals[i] > totals[best]:
			best, equals = i, 1
		case totals[i] == totals[best]:
			if equals++; random.IntN(equals) == 0 {
				best = i
			}
		}
	}
	return best
}

// Limits of numFeasibleNodesToFind, as in kube-scheduler.
const (
	minFeasibleNodesToFind           = 100
	minFeasibleNodesPercentageToFind = 5
)

// numFeasibleNodesToFind is after how many nodes that fit the search ends. It
// mirrors the function of that name in kube-scheduler.
func numFeasibleNodesToFind(profile *framework.Profile, nodes int) int {
	if !profile.HasScores() {
		return 1
	}
	if nodes < minFeasibleNodesToFind {
		return nodes
	}
	percentage := int(profile.PercentageOfNodesToScore)
	if percentage == 0 {
		percentage = max(50-nodes/125, minFeasibleNodesPercentageToFind)
	}
	return max(nodes*percentage/100, minFeasibleNodesToFind)
}

// runWithNominated filters a node as if the pods that wait for it and are at
// least as important were there, and then as it is: the pod must fit both ways,
// because others' affinity may depend on pods that are not there yet. It mirrors
// RunFilterPluginsWithNominatedPods.
func runWithNominated(in Input, state *framework.CycleState, node *framework.NodeInfo) (*framework.Status, int) {
	changed, changedState, s := withNominated(in, state, node)
	if !s.IsSuccess() {
		return s, 0
	}
	if changed != nil {
		if s, filter := in.Profile.RunFiltersUntil(changedState, in.Pod, changed); s != nil {
			return s, filter
		}
	}
	return in.Profile.RunFiltersUntil(state, in.Pod, node)
}

// withNominated returns the node with the pods that wait for it and are at least
// as important; nil where there are none. It mirrors addGENominatedPods.
func withNominated(in Input, state *framework.CycleState, node *framework.NodeInfo) (
	changed *framework.NodeInfo, changedState *framework.CycleState, status *framework.Status,
) {
	for _, nominated := range in.Nominated[node.Node().Name] {
		if nominated.Priority < in.Pod.Priority || nominated.Pod.UID == in.Pod.Pod.UID {
			continue
		}
		if changed == nil {
			changed, changedState = node.Clone(), state.Clone()
		}
		changed.AddPod(nominated)
		if s := in.Profile.RunAddPod(changedState, in.Pod, nominated, changed); !s.IsSuccess() {
			return nil, nil, s
		}
	}
	return changed, changedState, nil
}

// nodeStatuses lets PostFilter plugins read the objections by node.
type nodeStatuses struct {
	preFilter *framework.Status
	byNode    map[string]*framework.Status
}

// notConsidered is the status of nodes that no filter has seen.
var notConsidered = framework.NewStatus(framework.UnschedulableAndUnresolvable)

func (r *Result) nodeStatuses() nodeStatuses {
	statuses := nodeStatuses{preFilter: r.preFilter.Status, byNode: make(map[string]*framework.Status, len(r.rejected))}
	for i := range r.rejected {
		statuses.byNode[r.rejected[i].node.Node().Name] = r.rejected[i].status
	}
	return statuses
}

// Status implements framework.NodeStatuses.
func (n nodeStatuses) Status(nodeName string) *framework.Status {
	if !n.preFilter.IsSuccess() {
		return n.preFilter
	}
	if s, ok := n.byNode[nodeName]; ok {
		return s
	}
	return notConsidered
}
