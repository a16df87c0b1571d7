// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package explanation says why a pod got its node or has none: what the scheduler
// decided, what it would decide now, what wakes the pod, and what has become of
// it since. It is pure; package render shows it.
package explanation

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/glassplane/glassplane/internal/admission"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// APIVersion and Kind of an Explanation in JSON. Fields may be added to a version;
// one that goes, or means something else, makes a new one.
const (
	APIVersion = "explanation.glassplane.dev/v1"
	Kind       = "Explanation"
)

// Explanation is what is said about the node that a pod got or would get.
type Explanation struct {
	// APIVersion and Kind are those of the format; see docs/real-clusters.md.
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	// Pod is the pod as namespace/name.
	Pod string `json:"pod"`
	// Real is true for a pod of a real cluster, of whose attempts there is no record.
	Real bool `json:"real,omitempty"`
	// State says what has become of the pod since it was decided about; nil where it
	// waits or runs.
	State *State `json:"state,omitempty"`
	// Priority of the pod, and where it comes from; nil where it is not known.
	Priority *Priority `json:"priority,omitempty"`
	// Attempts are all attempts of the scheduler that are recorded, oldest first.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Decision is one of them in full; nil where the scheduler has not tried.
	Decision *Decision `json:"decision,omitempty"`
	// Prediction is what would be decided on the objects as they were listed; nil
	// where the pod has a node, or where nothing could be listed.
	Prediction *Prediction `json:"prediction,omitempty"`
	// Replicas says where the pods of a manifest would go; nil for a single pod. The
	// prediction is then that for the first one without a node, or else the first one.
	Replicas *Replicas `json:"replicas,omitempty"`
	// Admission is what the API server would make of the pod of a manifest; nil for
	// pods that exist.
	Admission *Admission `json:"admission,omitempty"`
	// Wait says what wakes a pending pod; nil where it does not wait, or where that is
	// not recorded.
	Wait *Wait `json:"wait,omitempty"`
	// NotEvaluated is what the scheduler of a real cluster looks at and the
	// prediction does not: the answer may be wrong in that.
	NotEvaluated []NotEvaluated `json:"notEvaluated,omitempty"`
	// Report is what the scheduler of a real cluster wrote to the pod; nil where it
	// wrote nothing.
	Report *Report `json:"report,omitempty"`
	// Notes say what the reader should know of how this came about.
	Notes []string `json:"notes,omitempty"`
}

// Admission is what the API server's own plugins add to a pod, and why they refuse
// it. Webhooks and policies are no part of it.
type Admission struct {
	Additions []admission.Addition `json:"additions,omitempty"`
	Refusals  []admission.Refusal  `json:"refusals,omitempty"`
}

// Replicas are the pods of a manifest, placed one after the other.
type Replicas struct {
	Kind string `json:"kind"`
	// Wanted is how many it asks for; for a DaemonSet, the nodes that fit.
	Wanted int `json:"wanted"`
	Placed int `json:"placed"`
	// Nodes that they got, the one with the most first.
	Nodes []NodeCount `json:"nodes,omitempty"`
}

// NodeCount counts pods on a node.
type NodeCount struct {
	Node string `json:"node"`
	Pods int    `json:"pods"`
}

// Attempt is one attempt in short.
type Attempt struct {
	Attempt   int       `json:"attempt"`
	DecidedAt time.Time `json:"decidedAt"`
	// Node that was chosen; empty where none was.
	Node string `json:"node,omitempty"`
	// Message says why none was, or why the bind was refused.
	Message string `json:"message,omitempty"`
	// WokenBy is what made the pod worth the attempt; nil where it had not waited.
	WokenBy *evidence.Wake `json:"wokenBy,omitempty"`
	// Shown is true for the attempt that is shown in full.
	Shown bool `json:"shown,omitempty"`
}

// Decision is a decision, with the nodes that do not fit in groups.
type Decision struct {
	evidence.Decision
	// Rejections count the nodes of Nodes by plugin and reason. A node to which
	// several plugins object is counted for each.
	Rejections []Rejection `json:"rejections,omitempty"`
}

// Rejection counts the nodes that a plugin rejected for one reason.
type Rejection struct {
	Plugin string `json:"plugin"`
	Reason string `json:"reason"`
	// Nodes is the number of nodes, and Examples names the first of them.
	Nodes    int      `json:"nodes"`
	Examples []string `json:"examples,omitempty"`
	// Pods are the first pods to which the rejections are due.
	Pods []evidence.PodReference `json:"pods,omitempty"`
	// Objects are the first other objects, such as claims and volumes.
	Objects []evidence.ObjectReference `json:"objects,omitempty"`
}

// Prediction is a decision about objects as they were listed.
type Prediction struct {
	// ReadAt is when the first list was asked for, and ReadUntil when the last
	// one was answered.
	ReadAt    time.Time `json:"readAt"`
	ReadUntil time.Time `json:"readUntil"`
	// Source is the file that the lists are from; empty for a cluster.
	Source string `json:"source,omitempty"`
	// Lists that were read, and those that could not be.
	Lists []whatif.List `json:"lists"`
	// Decision in full: each filter was asked about each node.
	Decision Decision `json:"decision"`
	// BestNodes are the nodes of the first rank, of which the scheduler takes any.
	BestNodes []string `json:"bestNodes,omitempty"`
	// Suggestions are single changes with which the pod would fit; nil where it
	// fits, or where they were not asked for.
	Suggestions *whatif.Suggestions `json:"suggestions,omitempty"`
}

// New explains a pod by the decisions of the scheduler, in any order.
// attempt is the number of the one to show in full; 0 for the one that gave the
// pod its node, or else the last one. It fails where there is none of that number.
func New(pod string, decisions []evidence.Decision, attempt int) (Explanation, error) {
	e := Explanation{Pod: pod}
	decisions = slices.SortedStableFunc(slices.Values(decisions), func(a, b evidence.Decision) int {
		return cmp.Or(a.DecidedAt.Compare(b.DecidedAt), cmp.Compare(a.Attempt, b.Attempt))
	})
	shown := choose(decisions, attempt)
	if shown < 0 && attempt != 0 {
		return e, fmt.Errorf("attempt %d of pod %s is not recorded: choose one of %s", attempt, pod, attemptNumbers(decisions))
	}
	for i, d := range decisions {
		e.Attempts = append(e.Attempts, Attempt{
			Attempt: d.Attempt, DecidedAt: d.DecidedAt, Node: d.Node, Message: outcome(d), WokenBy: d.WokenBy, Shown: i == shown,
		})
	}
	if shown >= 0 {
		e.Decision = new(NewDecision(decisions[shown]))
	}
	if last := len(decisions) - 1; last >= 0 {
		e.Wait = newWait(decisions[last])
	}
	return e, nil
}

// choose returns the index of the decision to show, or -1. Numbers begin anew
// when the scheduler is restarted: the latest of a number is meant.
func choose(decisions []evidence.Decision, attempt int) int {
	for i, d := range slices.Backward(decisions) {
		if attempt == d.Attempt || (attempt == 0 && isBound(d)) {
			return i
		}
	}
	if attempt != 0 {
		return -1
	}
	return len(decisions) - 1
}

// isBound is true for the decision that gave the pod its node.
func isBound(d evidence.Decision) bool { return d.Node != "" && d.Bind != nil && d.Bind.Error == "" }

func attemptNumbers(decisions []evidence.Decision) string {
	var numbers []string
	for _, d := range decisions {
		numbers = append(numbers, fmt.Sprint(d.Attempt))
	}
	if len(numbers) == 0 {
		return "none: no attempt is recorded"
	}
	return strings.Join(numbers, ", ")
}

func outcome(d evidence.Decision) string {
	if d.Bind != nil && d.Bind.Error != "" {
		return "the bind was refused: " + d.Bind.Error
	}
	return d.Message
}

// NewDecision groups the nodes that do not fit.
func NewDecision(d evidence.Decision) Decision {
	return Decision{Decision: d, Rejections: rejections(d)}
}

// BestNodes lists the nodes of the first rank; none where no node was chosen.
func BestNodes(d evidence.Decision) []string {
	var out []string
	for _, n := range d.Nodes {
		if n.Feasible && n.Rank == 1 && d.Node != "" {
			out = append(out, n.Name)
		}
	}
	return out
}

// maxExamples bounds the nodes, and the pods, that a group names.
const maxExamples = 3

// rejections groups the nodes that do not fit by plugin and reason, the most
// frequent first.
func rejections(d evidence.Decision) []Rejection {
	groups := map[[2]string]*Rejection{}
	for _, n := range d.Nodes {
		for _, v := range whatif.Objections(n) {
			reasons := v.Reasons
			if len(reasons) == 0 {
				reasons = []string{v.Code}
			}
			for _, reason := range reasons {
				key := [2]string{v.Plugin, reason}
				if groups[key] == nil {
					groups[key] = &Rejection{Plugin: v.Plugin, Reason: reason}
				}
				g := groups[key]
				if g.Nodes++; g.Nodes <= maxExamples {
					g.Examples = append(g.Examples, n.Name)
				}
				g.blame(v.Pods, v.Objects)
			}
		}
	}
	var out []Rejection
	for _, g := range slices.SortedFunc(maps.Values(groups), func(a, b *Rejection) int {
		return cmp.Or(cmp.Compare(b.Nodes, a.Nodes), cmp.Compare(a.Plugin, b.Plugin), cmp.Compare(a.Reason, b.Reason))
	}) {
		out = append(out, *g)
	}
	return out
}

// blame adds pods and other objects that are not among the first yet.
func (r *Rejection) blame(pods []evidence.PodReference, objects []evidence.ObjectReference) {
	for _, pod := range pods {
		if len(r.Pods) < maxExamples && !slices.Contains(r.Pods, pod) {
			r.Pods = append(r.Pods, pod)
		}
	}
	for _, object := range objects {
		if len(r.Objects) < maxExamples && !slices.Contains(r.Objects, object) {
			r.Objects = append(r.Objects, object)
		}
	}
}

// OnlyNode reduces an explanation to what is said of one node. It fails where
// nothing is.
func (e Explanation) OnlyNode(name string) (Explanation, error) {
	found, kept, omitted := false, 0, 0
	if e.Decision != nil {
		kept, omitted = len(e.Decision.Nodes), e.Decision.NodesOmitted
		e.Decision = new(*e.Decision)
		found = e.Decision.onlyNode(name)
	}
	if e.Prediction != nil {
		e.Prediction = new(*e.Prediction)
		found = e.Prediction.Decision.onlyNode(name) || found
	}
	switch {
	case found:
		return e, nil
	case e.Prediction != nil || omitted == 0:
		return e, fmt.Errorf("node %q was not considered: no verdict on it is recorded for pod %s", name, e.Pod)
	default:
		return e, fmt.Errorf("the verdict on node %q is not recorded: the scheduler kept those of %d nodes for pod %s and left out %d",
			name, kept, e.Pod, omitted)
	}
}

func (d *Decision) onlyNode(name string) bool {
	i := slices.IndexFunc(d.Nodes, func(n evidence.NodeVerdict) bool { return n.Name == name })
	if i < 0 {
		d.NodesOmitted += len(d.Nodes)
		d.Nodes, d.Rejections = nil, nil
		return d.PreFilter != nil // which is a verdict on all nodes
	}
	d.NodesOmitted += len(d.Nodes) - 1
	d.Nodes = d.Nodes[i : i+1]
	d.Rejections = rejections(d.Decision)
	return true
}

// StaysPending is true where the pod has no node and would get none now.
func (e Explanation) StaysPending() bool {
	switch {
	case e.State != nil:
		return false
	case e.Admission != nil && len(e.Admission.Refusals) > 0:
		return true
	case e.Replicas != nil && e.Replicas.Placed < e.Replicas.Wanted:
		return true
	case e.Prediction != nil:
		return e.Prediction.Decision.Node == ""
	}
	return e.Decision != nil && e.Decision.Node == ""
}
