// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Kind says what a Change changes.
type Kind string

// The kinds of changes, with their sizes: first those that take a block away or
// that change only the pod, then those that change what others see too.
const (
	// RemoveGates removes the pod's scheduling gates. Size 5.
	RemoveGates Kind = "RemoveGates"
	// LowerRequest lowers the request of one container for one resource to the
	// most with which the pod fits. Size 1 to 61: 60 times the share given up.
	LowerRequest Kind = "LowerRequest"
	// Uncordon makes a node schedulable. Size 10.
	Uncordon Kind = "Uncordon"
	// RepairNode makes a node ready and reachable. Size 12.
	RepairNode Kind = "RepairNode"
	// RaiseMaxSkew raises the maxSkew of a topology spread constraint to the least
	// with which the pod fits. Size 15.
	RaiseMaxSkew Kind = "RaiseMaxSkew"
	// ChangeNodeSelector asks for another value of a label. Size 18.
	ChangeNodeSelector Kind = "ChangeNodeSelector"
	// AddToleration has the pod tolerate one taint; size 20. One that tolerates
	// every taint has size 45.
	AddToleration Kind = "AddToleration"
	// DropNodeSelector drops one label of the nodeSelector. Size 25.
	DropNodeSelector Kind = "DropNodeSelector"
	// DropNodeAffinity drops one requirement of the required node affinity; size
	// 25. All of it has size 45.
	DropNodeAffinity Kind = "DropNodeAffinity"
	// DropHostPort drops one host port. Size 25.
	DropHostPort Kind = "DropHostPort"
	// RelaxSpread turns a topology spread constraint into a preference, or drops
	// its minDomains. Size 25.
	RelaxSpread Kind = "RelaxSpread"
	// DropPodAffinity drops one required term of affinity or anti-affinity to
	// other pods. Size 30.
	DropPodAffinity Kind = "DropPodAffinity"
	// LabelNode sets or removes one label of a node. Size 35.
	LabelNode Kind = "LabelNode"
	// RemoveTaint removes one taint of a node. Size 36.
	RemoveTaint Kind = "RemoveTaint"
	// RaiseCapacity raises one resource of a node to the least with which the pod
	// fits. Size 40 to 60: more with the share added.
	RaiseCapacity Kind = "RaiseCapacity"
	// AddNode adds an empty node like an existing one. Size 65.
	AddNode Kind = "AddNode"
)

// Change is one change to the pod or to one node after which the pod fits.
type Change struct {
	Kind Kind `json:"kind"`
	// Object that changes: pod, or node/NAME.
	Object string `json:"object"`
	// Field of the object that changes; empty for a new node.
	Field string `json:"field,omitempty"`
	// From and To are the field's value before and after; empty where there is none.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Description of the change, such as "lower the cpu request of container main
	// from 64 to 3900m".
	Description string `json:"description"`
	// Command that makes the change; empty where the object must be made anew.
	Command string `json:"command,omitempty"`
	// Size says how much the change is: smaller ones come first.
	Size int `json:"size"`
	// NodesFeasible is the number of nodes that the pod then fits on, and Nodes
	// names the best of them.
	NodesFeasible int      `json:"nodesFeasible"`
	Nodes         []string `json:"nodes"`

	apply func(Case) Case
}

// Apply returns the case with the change made.
func (c Change) Apply(to Case) Case { return c.apply(to) }

// Suggestions are the outcome of Suggest.
type Suggestions struct {
	// FitsNow are the best nodes that the pod fits on without any change; it is
	// empty where there is something to suggest.
	FitsNow []string `json:"fitsNow,omitempty"`
	// Changes, the smallest first. Each was checked by a decision: with it alone
	// the pod fits.
	Changes []Change `json:"changes"`
	// Checks is how many decisions were made to find them.
	Checks int `json:"checks"`
	// Exhausted is true where the search ended at its limit of decisions, so that
	// a smaller change may exist.
	Exhausted bool `json:"exhausted,omitempty"`
}

const (
	// maxChecks bounds the decisions of one search.
	maxChecks = 600
	// maxPerKind bounds the suggestions of one kind, so that a hundred cordoned
	// nodes leave room for another idea.
	maxPerKind = 3
	// maxNodes bounds the nodes for which changes of one kind are tried.
	maxNodes = 8
	// maxNamed bounds the nodes that a change names.
	maxNamed = 5
	// maxPerList bounds what is tried of one list of the pod, such as its
	// containers or its affinity terms.
	maxPerList = 32
)

// Suggest returns at most limit single changes that let the pod fit, the
// smallest first. The search is bounded, and with equal input its result is equal.
func Suggest(c Case, limit int) Suggestions {
	c.Profile = withoutPreemption(c.Profile)
	s := &search{base: c}
	if nodes, _ := s.fits(c); nodes != nil {
		return Suggestions{FitsNow: nodes, Checks: s.checks}
	}
	s.rankNodes()
	candidates := slices.Concat(
		s.gates(), s.requests(), s.uncordons(), s.repairs(), s.spread(), s.tolerations(), s.nodeSelector(),
		s.nodeAffinity(), s.hostPorts(), s.podAffinity(), s.nodeLabels(), s.taints(), s.capacities(), s.newNodes(),
	)
	slices.SortStableFunc(candidates, func(a, b Change) int { return cmp.Compare(a.Size, b.Size) })
	changes := s.check(candidates, limit)
	return Suggestions{Changes: changes, Checks: s.checks, Exhausted: s.checks >= maxChecks}
}

// search is the state of one Suggest.
type search struct {
	base Case
	// nearest holds all nodes, those with the fewest objections first.
	nearest   []*framework.NodeInfo
	workspace decide.Workspace
	checks    int
}

// check keeps the candidates with which the pod really fits. Of changes of the
// same size, those that leave more choice come first.
func (s *search) check(candidates []Change, limit int) []Change {
	perKind := map[Kind]int{}
	found := []Change{}
	for _, change := range candidates {
		if len(found) > 0 && len(found) >= limit && change.Size > found[len(found)-1].Size {
			break
		}
		if perKind[change.Kind] >= maxPerKind {
			continue
		}
		if change.Nodes, change.NodesFeasible = s.fits(change.apply(s.base)); change.Nodes == nil {
			continue
		}
		perKind[change.Kind]++
		found = append(found, change)
	}
	slices.SortStableFunc(found, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(b.NodesFeasible, a.NodesFeasible))
	})
	return found[:min(len(found), max(limit, 0))]
}

// fits decides about the case. It returns the best nodes that the pod fits on,
// nil where there is none, and their number.
func (s *search) fits(c Case) (nodes []string, feasible int) {
	if s.checks >= maxChecks {
		return nil, 0
	}
	s.checks++
	if _, status := c.Profile.RunPreEnqueue(c.Pod); !status.IsSuccess() {
		return nil, 0
	}
	result := decide.Decide(decide.Input{
		Snapshot: c.Snapshot, Pod: framework.NewPodInfo(c.Pod), Profile: c.Profile, Nominated: c.Nominated, Workspace: &s.workspace,
	})
	if !result.Status.IsSuccess() {
		return nil, 0
	}
	var d evidence.Decision
	result.Fill(&d, maxNamed)
	best := d.Nodes[:min(d.NodesFeasible, maxNamed)]
	slices.SortStableFunc(best, func(a, b evidence.NodeVerdict) int { // which of several best ones was chosen means nothing here
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Name, b.Name))
	})
	for _, n := range best {
		nodes = append(nodes, n.Name)
	}
	return nodes, d.NodesFeasible
}

// rankNodes sorts the nodes by the number of plugins that object to them.
func (s *search) rankNodes() {
	s.checks++
	objections := map[string]int{}
	for _, n := range s.base.Predict(time.Time{}, 0).Nodes {
		objections[n.Name] = len(Objections(n))
	}
	s.nearest = slices.Clone(s.base.Snapshot.List())
	slices.SortStableFunc(s.nearest, func(a, b *framework.NodeInfo) int {
		return cmp.Or(cmp.Compare(objections[a.Node().Name], objections[b.Node().Name]), cmp.Compare(a.Node().Name, b.Node().Name))
	})
}

// near returns the nearest nodes that are as wanted.
func (s *search) near(wanted func(*corev1.Node) bool) []*corev1.Node {
	var out []*corev1.Node
	for _, n := range s.nearest {
		if len(out) == maxNodes {
			break
		}
		if wanted(n.Node()) {
			out = append(out, n.Node())
		}
	}
	return out
}

// changePod returns a change of the pod's spec.
func changePod(change func(*corev1.PodSpec)) func(Case) Case {
	return func(c Case) Case {
		c.Pod = c.Pod.DeepCopy()
		change(&c.Pod.Spec)
		return c
	}
}

// changeNode returns a change of a node; none where it is not there.
func changeNode(name string, change func(*corev1.Node)) func(Case) Case {
	return func(c Case) Case {
		info := c.Snapshot.Get(name)
		if info == nil {
			return c
		}
		node := info.Node().DeepCopy()
		change(node)
		info = info.Clone()
		info.SetNode(node)
		c.Snapshot = withNode(c.Snapshot, info)
		return c
	}
}

// greatest returns the greatest n from 0 to most that is as wanted; -1 where
// none is. Where n is, all below it must be.
func greatest(most int64, wanted func(int64) bool) int64 {
	if most < 0 || !wanted(0) {
		return -1
	}
	good, bad := int64(0), most
	if wanted(most) {
		return most
	}
	for bad-good > 1 {
		if middle := good + (bad-good)/2; wanted(middle) {
			good = middle
		} else {
			bad = middle
		}
	}
	return good
}
