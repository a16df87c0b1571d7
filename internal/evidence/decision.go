// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"
	"unsafe"

	"k8s.io/apimachinery/pkg/types"
)

// Decision records one attempt to schedule one pod: what was considered, what
// each plugin said of each node, and what came of it. It is evidence: nothing
// in it is computed after the fact.
type Decision struct {
	// Pod is the pod as the scheduler saw it.
	Pod PodReference `json:"pod"`
	// Priority that the pod had.
	Priority int32 `json:"priority"`
	// Attempt counts the attempts for this pod, from 1.
	Attempt int `json:"attempt"`
	// WokenBy is what made the pod worth this attempt; nil for a pod that did not
	// wait for anything.
	WokenBy *Wake `json:"wokenBy,omitempty"`
	// Profile is the schedulerName whose configuration was used.
	Profile string `json:"profile"`
	// ObservedAt is when the scheduler's watch delivered the pod in the version
	// that it decided on.
	ObservedAt time.Time `json:"observedAt"`
	// QueuedAt is when the pod entered the queue for the first time.
	QueuedAt time.Time `json:"queuedAt"`
	// PoppedAt is when the attempt began.
	PoppedAt time.Time `json:"poppedAt"`
	// DecidedAt is when every filter and score was known.
	DecidedAt time.Time `json:"decidedAt"`
	// Seed is the seed of the attempt's random choices: with the same snapshot,
	// pod and seed the decision is the same.
	Seed int64 `json:"seed"`
	// NodesTotal is the number of nodes in the snapshot.
	NodesTotal int `json:"nodesTotal"`
	// NodesEvaluated is how many of them were filtered.
	NodesEvaluated int `json:"nodesEvaluated"`
	// NodesFeasible is how many of those passed every filter.
	NodesFeasible int `json:"nodesFeasible"`
	// NodesOmitted is how many evaluated nodes are left out of Nodes because the
	// store is bounded. The counts and Message still include them.
	NodesOmitted int `json:"nodesOmitted,omitempty"`
	// Nodes holds what each plugin said of each node: feasible nodes first, best
	// first, then the others by name.
	Nodes []NodeVerdict `json:"nodes,omitempty"`
	// PreFilter is the verdict of a plugin that rejected the pod for all nodes.
	PreFilter *PluginVerdict `json:"preFilter,omitempty"`
	// Node is the node that was chosen; empty where none was.
	Node string `json:"node,omitempty"`
	// NodesBest is how many nodes had the most points: of several, the seed picked
	// one. It is 0 where nodes were not scored.
	NodesBest int `json:"nodesBest,omitempty"`
	// NominatedNode is the node on which pods are preempted for this pod.
	NominatedNode string `json:"nominatedNode,omitempty"`
	// Victims are the pods that are preempted.
	Victims []PodReference `json:"victims,omitempty"`
	// RejectedBy are the plugins that rejected the pod on any node, by name: what
	// these wait for wakes it.
	RejectedBy []string `json:"rejectedBy,omitempty"`
	// Message is the line that kube-scheduler would give: why the pod cannot be
	// scheduled. Empty where a node was chosen.
	Message string `json:"message,omitempty"`
	// Bind is the outcome of the bind request; nil where none was sent.
	Bind *BindOutcome `json:"bind,omitempty"`
	// Requeued says where the pod waits after the attempt; nil where it does not.
	Requeued *Requeued `json:"requeued,omitempty"`
}

// Events that wake a pod though nothing has happened in the cluster, with the
// names that kube-scheduler gives them.
const (
	// EventBackoffComplete is the end of the backoff of a pod whose attempt failed
	// by an error.
	EventBackoffComplete = "BackoffComplete"
	// EventUnschedulableTimeout is the flush of pods that have waited too long.
	EventUnschedulableTimeout = "UnschedulableTimeout"
)

// Wake is an event that made a waiting pod worth another attempt.
type Wake struct {
	// Event is the kind of object and of change, such as Node/Add, or one of the
	// constants.
	Event string `json:"event"`
	// Object that changed: namespace/name, or the name alone; empty where none did.
	Object string `json:"object,omitempty"`
	// Plugin that waited for it; empty where none had to.
	Plugin string `json:"plugin,omitempty"`
	// At is when it happened.
	At time.Time `json:"at"`
}

// Requeued says where a pod waits after an attempt.
type Requeued struct {
	// Queue is active, backoff or unschedulable.
	Queue string `json:"queue"`
	// At is when it was put there.
	At time.Time `json:"at"`
	// BackoffEnds is when the backoff is over; nil in the other queues.
	BackoffEnds *time.Time `json:"backoffEnds,omitempty"`
}

// About returns the pod that was decided on.
func (d *Decision) About() PodReference { return d.Pod }

// Size estimates the memory that the decision takes, in bytes. Verdicts that
// nodes share are counted once for each node: it errs on the safe side.
func (d *Decision) Size() int {
	size := int(unsafe.Sizeof(*d)) + len(d.Message) + len(d.Victims)*int(unsafe.Sizeof(PodReference{})) + textsSize(d.RejectedBy)
	for i := range d.Nodes {
		node := &d.Nodes[i]
		size += int(unsafe.Sizeof(*node)) + len(node.Name) + len(node.Scores)*int(unsafe.Sizeof(PluginScore{}))
		for k := range node.Filters {
			size += int(unsafe.Sizeof(node.Filters[k])) + textsSize(node.Filters[k].Reasons) +
				len(node.Filters[k].Pods)*int(unsafe.Sizeof(PodReference{})) +
				len(node.Filters[k].Objects)*int(unsafe.Sizeof(ObjectReference{}))
		}
	}
	return size
}

func textsSize(texts []string) int {
	size := len(texts) * int(unsafe.Sizeof(""))
	for _, text := range texts {
		size += len(text)
	}
	return size
}

// PodReference identifies a pod in one version.
type PodReference struct {
	Namespace       string    `json:"namespace"`
	Name            string    `json:"name"`
	UID             types.UID `json:"uid"`
	ResourceVersion string    `json:"resourceVersion,omitempty"`
}

// NodeVerdict is what the plugins said of one node.
type NodeVerdict struct {
	// Name of the node.
	Name string `json:"name"`
	// Feasible is true where every filter passed.
	Feasible bool `json:"feasible"`
	// Filters holds the verdict of each filter plugin that ran on the node, in
	// their order. The last one is the one that failed, if any: as in
	// kube-scheduler, no plugin runs after it.
	Filters []PluginVerdict `json:"filters,omitempty"`
	// Scores holds the score of each score plugin; empty where the node is not
	// feasible, or where it was the only feasible one.
	Scores []PluginScore `json:"scores,omitempty"`
	// Total is the sum of the weighted scores.
	Total int64 `json:"total"`
	// Rank is the place of a feasible node, from 1. Nodes of equal Total share
	// a rank.
	Rank int `json:"rank,omitempty"`
}

// PluginVerdict is what one filter plugin said.
type PluginVerdict struct {
	// Plugin is the name of the plugin.
	Plugin string `json:"plugin"`
	// Code is Success, Skip, Unschedulable, UnschedulableAndUnresolvable or Error.
	Code string `json:"code"`
	// Reasons say why, in kube-scheduler's words; empty on Success.
	Reasons []string `json:"reasons,omitempty"`
	// Pods are pods to which the verdict is due, at most MaxBlamed of them: those
	// that repel the pod, or hold a host port or a volume that it needs.
	Pods []PodReference `json:"pods,omitempty"`
	// Objects are other objects to which the verdict is due, at most MaxBlamed of
	// them: claims without a volume, volumes that the node cannot reach.
	Objects []ObjectReference `json:"objects,omitempty"`
}

// MaxBlamed bounds the pods and the other objects that a verdict names.
const MaxBlamed = 3

// ObjectReference names an object that is no pod.
type ObjectReference struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Detail is what about the object matters, such as the node affinity of a volume.
	Detail string `json:"detail,omitempty"`
}

// PluginScore is what one score plugin said.
type PluginScore struct {
	// Plugin is the name of the plugin.
	Plugin string `json:"plugin"`
	// Raw is what Score returned.
	Raw int64 `json:"raw"`
	// Normalized is Raw after NormalizeScore, from 0 to 100.
	Normalized int64 `json:"normalized"`
	// Weight of the plugin in the profile.
	Weight int64 `json:"weight"`
	// Weighted is Normalized times Weight.
	Weighted int64 `json:"weighted"`
}

// BindOutcome is what the API server answered to the bind request.
type BindOutcome struct {
	// SentAt is when the request was sent.
	SentAt time.Time `json:"sentAt"`
	// AnsweredAt is when the response had been read.
	AnsweredAt time.Time `json:"answeredAt"`
	// ResourceVersion of the bound pod; empty where the request failed.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Error is the API server's refusal; empty on success.
	Error string `json:"error,omitempty"`
}
