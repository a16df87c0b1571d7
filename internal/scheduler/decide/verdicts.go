// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"cmp"
	"container/heap"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Fill writes the outcome into a decision, with the verdicts of at most limit
// nodes: the best ones that fit, then others by name. limit 0 means all.
func (r *Result) Fill(d *evidence.Decision, limit int) {
	d.NodesTotal, d.NodesEvaluated, d.NodesFeasible = r.NodesTotal, r.NodesEvaluated, r.NodesFeasible
	d.Node, d.NodesBest, d.Priority = r.Node, r.nodesBest(), r.in.Pod.Priority
	d.RejectedBy = sets.List(r.UnschedulablePlugins)
	if !r.Status.IsSuccess() {
		d.Message = r.Status.Message()
	}
	if s := r.preFilter.Status; !s.IsSuccess() {
		d.PreFilter = &evidence.PluginVerdict{
			Plugin: r.preFilter.Plugin, Code: s.Code().String(), Reasons: s.Reasons(),
			Objects: r.profile.BlameObjects(r.state, r.preFilter.Plugin, r.in.Pod, nil),
		}
	}
	if r.PostFilter != nil {
		d.NominatedNode = r.PostFilter.NominatedNode
		for _, victim := range r.PostFilter.Victims {
			d.Victims = append(d.Victims, victim.Reference())
		}
	}
	if limit <= 0 {
		limit = len(r.feasible) + len(r.rejected)
	}
	d.Nodes = make([]evidence.NodeVerdict, 0, min(limit, len(r.feasible)+len(r.rejected)))
	d.Nodes = r.appendFeasible(d.Nodes, limit)
	d.Nodes = r.appendRejected(d.Nodes, limit-len(d.Nodes))
	d.NodesOmitted = len(r.feasible) + len(r.rejected) - len(d.Nodes)
}

// nodesBest counts the nodes with the most points.
func (r *Result) nodesBest() int {
	best, most := 0, int64(0)
	for i, total := range r.totals {
		switch {
		case i == 0 || total > most:
			best, most = 1, total
		case total == most:
			best++
		}
	}
	return best
}

// appendFeasible appends the best nodes. Nodes share one list of verdicts: all
// filters passed on each.
func (r *Result) appendFeasible(out []evidence.NodeVerdict, limit int) []evidence.NodeVerdict {
	best := smallest(len(r.feasible), limit, func(a, b int) int {
		if r.totals != nil {
			if c := cmp.Compare(r.totals[b], r.totals[a]); c != 0 {
				return c
			}
		}
		nameA, nameB := r.feasible[a].Node().Name, r.feasible[b].Node().Name
		if (nameA == r.Node) != (nameB == r.Node) { // the chosen one before its equals
			if nameA == r.Node {
				return -1
			}
			return 1
		}
		return cmp.Compare(nameA, nameB)
	})
	passed := r.verdicts(-1, nil)
	scores := make([]evidence.PluginScore, len(best)*len(r.scores))
	for place, i := range best {
		v := evidence.NodeVerdict{Name: r.feasible[i].Node().Name, Feasible: true, Filters: passed, Rank: place + 1}
		if r.totals != nil {
			v.Total = r.totals[i]
			v.Scores, scores = scores[:len(r.scores):len(r.scores)], scores[len(r.scores):]
			r.fillScores(v.Scores, i)
		}
		if place > 0 && out[len(out)-1].Total == v.Total {
			v.Rank = out[len(out)-1].Rank
		}
		out = append(out, v)
	}
	return out
}

func (r *Result) fillScores(out []evidence.PluginScore, node int) {
	for p, s := range r.scores {
		out[p] = evidence.PluginScore{
			Plugin: s.Plugin, Raw: s.Raw[node], Normalized: s.Normalized[node],
			Weight: s.Weight, Weighted: s.Normalized[node] * s.Weight,
		}
	}
}

// appendRejected appends nodes by name. Nodes with the same objection share
// one list of verdicts, unless these name pods or other objects.
func (r *Result) appendRejected(out []evidence.NodeVerdict, limit int) []evidence.NodeVerdict {
	first := smallest(len(r.rejected), limit, func(a, b int) int {
		return cmp.Compare(r.rejected[a].node.Node().Name, r.rejected[b].node.Node().Name)
	})
	shared := make(map[*framework.Status][]evidence.PluginVerdict)
	for _, i := range first {
		rejection := r.rejected[i]
		v := evidence.NodeVerdict{Name: rejection.node.Node().Name}
		if r.all != nil {
			v.Filters = r.allVerdicts(rejection.node)
		} else if pods, objects := r.blame(rejection.filter, rejection.node); len(pods)+len(objects) > 0 {
			v.Filters = r.verdicts(rejection.filter, rejection.status)
			last := &v.Filters[len(v.Filters)-1]
			last.Pods, last.Objects = pods, objects
		} else {
			list, ok := shared[rejection.status]
			if !ok {
				list = r.verdicts(rejection.filter, rejection.status)
				shared[rejection.status] = list
			}
			v.Filters = list
		}
		out = append(out, v)
	}
	return out
}

// verdicts lists what each filter said up to the one that objected; all of
// them where filter is -1.
func (r *Result) verdicts(filter int, status *framework.Status) []evidence.PluginVerdict {
	last := filter
	if filter < 0 {
		last = r.profile.NumFilters() - 1
	}
	out := make([]evidence.PluginVerdict, 0, last+1)
	for i := 0; i <= last; i++ {
		var s *framework.Status
		if i == filter {
			s = status
		}
		out = append(out, r.verdict(i, s))
	}
	return out
}

func (r *Result) allVerdicts(node *framework.NodeInfo) []evidence.PluginVerdict {
	statuses := r.all[node.Node().Name]
	out := make([]evidence.PluginVerdict, 0, len(statuses))
	for i, s := range statuses {
		v := r.verdict(i, s)
		if s.IsRejected() {
			v.Pods, v.Objects = r.blame(i, node)
		}
		out = append(out, v)
	}
	return out
}

// blame names the pods because of which a filter rejected the node: those on it,
// or else those that wait for it; and the other objects.
func (r *Result) blame(filter int, node *framework.NodeInfo) ([]evidence.PodReference, []evidence.ObjectReference) {
	if filter < 0 {
		return nil, nil
	}
	pods := r.profile.Blame(r.state, filter, r.in.Pod, node)
	if len(pods) == 0 && len(r.in.Nominated) > 0 {
		if changed, state, s := withNominated(r.in, r.state, node); changed != nil && s.IsSuccess() {
			pods = r.profile.Blame(state, filter, r.in.Pod, changed)
		}
	}
	var out []evidence.PodReference
	for _, pod := range pods {
		out = append(out, pod.Reference())
	}
	return out, r.profile.BlameObjects(r.state, r.profile.FilterName(filter), r.in.Pod, node)
}

func (r *Result) verdict(filter int, s *framework.Status) evidence.PluginVerdict {
	v := evidence.PluginVerdict{Plugin: r.profile.FilterName(filter), Code: s.Code().String(), Reasons: s.Reasons()}
	if r.profile.FilterSkipped(r.state, filter) {
		v.Code = framework.Skip.String()
	}
	return v
}

// smallest returns the first limit places of 0…n-1 in the order of compare,
// which costs n log(limit) and not n log(n): n may be all nodes of a cluster.
func smallest(n, limit int, compare func(a, b int) int) []int {
	if limit <= 0 {
		return nil
	}
	h := &worstFirst{compare: compare}
	for i := range n {
		if len(h.places) < limit {
			heap.Push(h, i)
		} else if compare(i, h.places[0]) < 0 {
			h.places[0] = i
			heap.Fix(h, 0)
		}
	}
	slices.SortFunc(h.places, compare)
	return h.places
}

// worstFirst is a heap whose root is the place to give up next.
type worstFirst struct {
	places  []int
	compare func(a, b int) int
}

func (h *worstFirst) Len() int           { return len(h.places) }
func (h *worstFirst) Less(i, j int) bool { return h.compare(h.places[i], h.places[j]) > 0 }
func (h *worstFirst) Swap(i, j int)      { h.places[i], h.places[j] = h.places[j], h.places[i] }
func (h *worstFirst) Push(x any)         { h.places = append(h.places, x.(int)) }
func (h *worstFirst) Pop() any {
	last := h.places[len(h.places)-1]
	h.places = h.places[:len(h.places)-1]
	return last
}
