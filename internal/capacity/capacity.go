// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package capacity says how many more pods fit into a cluster, and whether its
// pods would still fit without some of its nodes. Each pod is placed by a decision
// of the scheduler, with those before it on the nodes that they got. It is pure.
package capacity

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/admission"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// Kind of a Report in JSON, of explanation.APIVersion.
const Kind = "Capacity"

// Report is the answer to one of three questions; the others are nil.
type Report struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Fit says how many more pods fit.
	Fit *Fit `json:"fit,omitempty"`
	// Drain says whether the pods of nodes would fit elsewhere.
	Drain *Drain `json:"drain,omitempty"`
	// Compress says which nodes could go.
	Compress *Compress `json:"compress,omitempty"`
	// Limit is how many pods are decided about at most.
	Limit        int                        `json:"limit"`
	NotEvaluated []explanation.NotEvaluated `json:"notEvaluated,omitempty"`
	Notes        []string                   `json:"notes,omitempty"`
	// ReadAt, ReadUntil, Source and Lists are as in an explanation.Prediction.
	ReadAt    time.Time     `json:"readAt"`
	ReadUntil time.Time     `json:"readUntil"`
	Source    string        `json:"source,omitempty"`
	Lists     []whatif.List `json:"lists"`
}

// Fits is true where at least one more pod fits, all pods of the drained nodes
// would, or at least one node could go.
func (r Report) Fits() bool {
	switch {
	case r.Fit != nil:
		return r.Fit.Fits > 0
	case r.Drain != nil:
		return r.Drain.Placed == r.Drain.Pods
	}
	return r.Compress != nil && len(r.Compress.CanGo) > 0
}

// Fit is how many more pods of a kind fit.
type Fit struct {
	// Pod is the pod or workload of the manifest, as namespace/name, and Kind its kind.
	Pod  string `json:"pod"`
	Kind string `json:"kind"`
	// Fits is how many more such pods fit, at least where Bounded is true: then the
	// limit ended the count.
	Fits    int  `json:"fits"`
	Bounded bool `json:"bounded,omitempty"`
	// Nodes that they get, the one with the most first.
	Nodes []explanation.NodeCount `json:"nodes,omitempty"`
	// Next says why the pod after them is refused; nil where Bounded is true.
	Next *Refusal `json:"next,omitempty"`
	// Admission is what the API server would make of the first pod.
	Admission *explanation.Admission `json:"admission,omitempty"`
}

// Refusal is why a pod gets no node, or is not created.
type Refusal struct {
	// Message is the one that kube-scheduler would give, or that of the API server.
	Message string `json:"message"`
	// Admission holds what the API server refuses; empty where the scheduler does.
	Admission  []admission.Refusal     `json:"admission,omitempty"`
	Rejections []explanation.Rejection `json:"rejections,omitempty"`
	// Scarce are the resources of which nodes have too little free, the one that most
	// nodes lack first.
	Scarce []Scarce `json:"scarce,omitempty"`
	// NominatedNode and Victims say which pods would be preempted, where any would.
	NominatedNode string                  `json:"nominatedNode,omitempty"`
	Victims       []evidence.PodReference `json:"victims,omitempty"`
}

// Scarce is a resource of which nodes have too little free.
type Scarce struct {
	Resource string `json:"resource"`
	// Nodes is how many have too little of it, and Alone those to which nothing else
	// is missing.
	Nodes int `json:"nodes"`
	Alone int `json:"alone"`
	// Request is what a pod asks for; MostFree what the node Where has free, which has
	// the most of the nodes that lack it; and Free what these have in all.
	Request  string `json:"request"`
	MostFree string `json:"mostFree"`
	Where    string `json:"where"`
	Free     string `json:"free"`
}

// Drain is what becomes of the pods of nodes that are drained.
type Drain struct {
	Nodes []string `json:"nodes"`
	// Pods is how many must go elsewhere, and Placed how many of them would get
	// another node.
	Pods   int    `json:"pods"`
	Placed int    `json:"placed"`
	Moves  []Move `json:"moves,omitempty"`
	// Causes group the pods that would get none, the largest group first.
	Causes []Cause `json:"causes,omitempty"`
	// Back are pods that tolerate cordoned nodes, and would get one of the drained
	// nodes again.
	Back []string `json:"back,omitempty"`
	// NotDecided are pods about which nothing was decided, by the reason.
	NotDecided []explanation.Undecided `json:"notDecided,omitempty"`
	// Left are pods that a drain leaves on the nodes, or that go anyway.
	Left []explanation.Undecided `json:"left,omitempty"`
	// Unmanaged are pods without a controller: nothing would bring them back.
	Unmanaged []string `json:"unmanaged,omitempty"`
	// Budgets are those that would be in the way.
	Budgets []Budget `json:"budgets,omitempty"`
}

// Move is a pod's way to another node.
type Move struct {
	Pod  string `json:"pod"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Cause is why pods would get no node.
type Cause struct {
	Refusal `json:",inline"`
	Pods    []string `json:"pods"`
}

// Budget is a disruption budget that does not let all pods go at once that it
// selects.
type Budget struct {
	// Names of the budgets, as namespace/name: several where more than one selects the
	// pods, which then cannot be evicted at all.
	Names []string `json:"names"`
	// Allowed is how many pods it lets go now.
	Allowed int32    `json:"allowed"`
	Pods    []string `json:"pods"`
	Why     string   `json:"why"`
}

// Compress is which nodes could go.
type Compress struct {
	// Nodes is how many there are.
	Nodes int `json:"nodes"`
	// CanGo are those that could go together, in the order in which they were taken.
	CanGo []Emptied `json:"canGo"`
	// Stay are those that could not, by the reason.
	Stay []Staying `json:"stay,omitempty"`
	// Bounded is true where the limit ended the search: Untried nodes are left.
	Bounded bool `json:"bounded,omitempty"`
	Untried int  `json:"untried,omitempty"`
}

// Emptied is a node that could go.
type Emptied struct {
	Node string `json:"node"`
	// Pods is how many go elsewhere, and To where.
	Pods int                     `json:"pods"`
	To   []explanation.NodeCount `json:"to,omitempty"`
}

// Staying are nodes that could not go.
type Staying struct {
	Why   string   `json:"why"`
	Nodes []string `json:"nodes"`
}

// ProfileOf returns the scheduler's configuration for a pod, and what is not
// evaluated of it. The error says why there is none.
type ProfileOf func(pod *corev1.Pod) (*framework.Profile, []explanation.NotEvaluated, error)
