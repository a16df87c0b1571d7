// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package overview sums up what is recorded of a whole cluster, so that a screen
// can show thousands of nodes: which pods are where, which wait for what, who
// writes how much, and where the time goes. It is pure: it is told of objects and
// of evidence, and answers from what it was told.
package overview

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Snapshot is the state of the cluster at a sequence number. Pods are columns, so
// that 50,000 of them stay small.
type Snapshot struct {
	// Epoch changes whenever numbers begin anew, as after a restart: deltas of
	// another epoch cannot be applied.
	Epoch string `json:"epoch"`
	// Sequence of the last change that is in it.
	Sequence    uint64           `json:"sequence"`
	CollectedAt metav1.MicroTime `json:"collectedAt"`
	Nodes       []Node           `json:"nodes"`
	Pods        Pods             `json:"pods"`
	Queues      Queues           `json:"queues"`
	Rates       Rates            `json:"rates"`
	// Unavailable says what cannot be told, and why.
	Unavailable []string `json:"unavailable,omitempty"`
	// NodesOmitted and PodsOmitted count those beyond the bounds of what is kept.
	NodesOmitted int `json:"nodesOmitted,omitempty"`
	PodsOmitted  int `json:"podsOmitted,omitempty"`
}

// Node is a node and what its pods ask for.
type Node struct {
	// ID is a small number, from 1, that pods refer to. It is not used for another
	// node in an epoch.
	ID   uint32 `json:"id"`
	Name string `json:"name"`
	// Kind is SimNode or Node.
	Kind  string `json:"kind"`
	Zone  string `json:"zone,omitempty"`
	Ready bool   `json:"ready"`
	// Unschedulable is true for a cordoned node.
	Unschedulable bool     `json:"unschedulable,omitempty"`
	Taints        []string `json:"taints,omitempty"`
	// Allocatable is what pods can have.
	Allocatable Amounts `json:"allocatable"`
	// Requested is the sum of what its pods request, but for those that have ended.
	Requested Amounts           `json:"requested"`
	Labels    map[string]string `json:"labels,omitempty"`
	// Unseen is true where only pods name the node: it was deleted, or may not be
	// watched. Nothing else is known of it then.
	Unseen bool `json:"unseen,omitempty"`
}

// Amounts are CPU in millicores, memory in bytes, and a number of pods.
type Amounts struct {
	CPU    int64 `json:"cpu"`
	Memory int64 `json:"memory"`
	Pods   int64 `json:"pods"`
}

// Pods are columns of equal length: row i of each is one pod.
type Pods struct {
	// ID is a small number, not used again in an epoch.
	ID []uint32 `json:"id"`
	// Namespace is an index into Namespaces.
	Namespace  []uint32 `json:"namespace"`
	Namespaces []string `json:"namespaces"`
	Name       []string `json:"name"`
	// Node is the ID of one of the nodes; 0 for none.
	Node []uint32 `json:"node"`
	// Phase is an index into Phases.
	Phase  []int    `json:"phase"`
	Phases []string `json:"phases"`
	// CPU in millicores and Memory in MiB, rounded up, are what it requests.
	CPU    []int64 `json:"cpu"`
	Memory []int64 `json:"memory"`
	// Real is 1 for a Pod, 0 for a SimPod.
	Real []int `json:"real"`
}

// The phases of pods on a screen, which say more than status.phase: Phases in the
// order of their indices.
const (
	PhasePending       = "Pending"
	PhaseUnschedulable = "Unschedulable"
	PhaseGated         = "Gated"
	PhaseStarting      = "Starting"
	PhaseRunning       = "Running"
	PhaseNotReady      = "NotReady"
	PhaseSucceeded     = "Succeeded"
	PhaseFailed        = "Failed"
	PhaseTerminating   = "Terminating"
)

// Delta is what changed between two snapshots. Pods of Changed replace those with
// the same ID, or are new.
type Delta struct {
	Epoch string `json:"epoch"`
	// From is the sequence that it applies to, To the one that it leads to.
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
	// Nodes that are new or changed.
	Nodes        []Node   `json:"nodes,omitempty"`
	NodesRemoved []uint32 `json:"nodesRemoved,omitempty"`
	// Changed has its own Namespaces and Phases.
	Changed     *Pods            `json:"changed,omitempty"`
	Removed     []uint32         `json:"removed,omitempty"`
	Queues      Queues           `json:"queues"`
	Rates       Rates            `json:"rates"`
	CollectedAt metav1.MicroTime `json:"collectedAt"`
	// Unavailable, NodesOmitted and PodsOmitted replace those of the snapshot.
	Unavailable  []string `json:"unavailable,omitempty"`
	NodesOmitted int      `json:"nodesOmitted,omitempty"`
	PodsOmitted  int      `json:"podsOmitted,omitempty"`
}

// Queues are the places in which the scheduler keeps the pods that wait.
type Queues struct {
	// Available is false where the scheduler does not say, and Reason says why.
	Available bool   `json:"available"`
	Reason    string `json:"reason,omitempty"`
	evidence.Queue
}

// Rates count per second, over the last RateWindow, by component.
type Rates struct {
	Window     metav1.Duration `json:"window"`
	Components []Rate          `json:"components"`
	// WatchEvents that the observer's watches delivered, per second.
	WatchEvents float64 `json:"watchEvents"`
	// Available is false where there is no audit log, and Reason says why.
	Available bool   `json:"available"`
	Reason    string `json:"reason,omitempty"`
}

// RateWindow is the time over which rates are counted.
const RateWindow = 10 * time.Second

// Rate is how much one component asked of the API server per second, about the
// resources that are recorded.
type Rate struct {
	Component string  `json:"component"`
	Writes    float64 `json:"writes"`
	Reads     float64 `json:"reads"`
	Refused   float64 `json:"refused"`
}

// Latency is where the time of the recorded pods went.
type Latency struct {
	CollectedAt metav1.MicroTime `json:"collectedAt"`
	// Pods is how many recorded pods it is about: those whose creation was seen.
	Pods int `json:"pods"`
	// Forgotten is how many older pods are not in it any more.
	Forgotten int   `json:"forgotten,omitempty"`
	Hops      []Hop `json:"hops"`
}

// Hop is a part of the way from create to Running.
type Hop struct {
	// ID is admission, etcd, watch, queue, decide, bind, see, start or total.
	ID string `json:"id"`
	// Name for people, From and To what begins and what ends it.
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
	// Component whose time it is, as the steps name it; empty for total.
	Component string `json:"component"`
	// Source that tells of it.
	Source evidence.Source `json:"source"`
	// Count of the pods that had it; the others are not in it.
	Count int `json:"count"`
	// Percentiles are exact: each is the time of one pod, of the nearest rank. Times
	// are in nanoseconds.
	P50 time.Duration `json:"p50"`
	P90 time.Duration `json:"p90"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
	// Buckets of its distribution, log-spaced, shortest first, without empty ones.
	Buckets []Bucket `json:"buckets"`
	// Unavailable says why no pod has it, such as that there are no server spans; or,
	// where some have it, why others have not.
	Unavailable string `json:"unavailable,omitempty"`
}

// Bucket counts the pods whose hop took from Low on and less than High nanoseconds.
type Bucket struct {
	Low   time.Duration `json:"low"`
	High  time.Duration `json:"high"`
	Count int           `json:"count"`
	// Example is a pod that had it.
	Example Subject `json:"example"`
}

// Subject names a recorded object.
type Subject struct {
	Resource  string `json:"resource"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
}
