// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Scores that plugins give, before weights.
const (
	// MaxNodeScore is the best score of a node after NormalizeScore.
	MaxNodeScore int64 = 100
	// MinNodeScore is the worst.
	MinNodeScore int64 = 0
)

// Plugin is a rule of the scheduler. A plugin implements Plugin and one or more
// of the other interfaces of this file. It is a value without state: all that
// it needs comes from its arguments when it is built, and from the cycle. The
// extension points are kube-scheduler's (k8s.io/kube-scheduler/framework).
type Plugin interface {
	// Name is the plugin's name in configuration, verdicts and metrics.
	Name() string
}

// PreEnqueuePlugin keeps pods from being tried at all.
type PreEnqueuePlugin interface {
	Plugin
	// PreEnqueue rejects a pod that must wait.
	PreEnqueue(pod *corev1.Pod) *Status
}

// QueueSortPlugin orders the pods that are ready to be tried. A profile has
// exactly one, and all profiles the same.
type QueueSortPlugin interface {
	Plugin
	// Less is true where a is tried before b.
	Less(a, b *QueuedPodInfo) bool
}

// PreFilterPlugin prepares filtering.
type PreFilterPlugin interface {
	Plugin
	// PreFilter computes what Filter needs of the pod and of the whole cluster
	// (state.Snapshot()) and keeps it in state. It can reject the pod for all
	// nodes, name the only nodes to consider, or return Skip: then Filter, AddPod
	// and RemovePod are not called in this cycle.
	PreFilter(state *CycleState, pod *PodInfo) (*PreFilterResult, *Status)
}

// PreFilterExtensions is implemented by a PreFilterPlugin whose state depends
// on the pods of other nodes. Preemption and what-if call it on a cloned state
// after they have changed the node.
type PreFilterExtensions interface {
	// AddPod updates state for a pod that was added to the node.
	AddPod(state *CycleState, pod, added *PodInfo, node *NodeInfo) *Status
	// RemovePod updates state for a pod that was removed from the node.
	RemovePod(state *CycleState, pod, removed *PodInfo, node *NodeInfo) *Status
}

// PreFilterResult narrows the nodes to consider.
type PreFilterResult struct {
	// NodeNames are the only nodes to consider; nil for all nodes.
	NodeNames sets.Set[string]
}

// FilterPlugin rules out nodes.
type FilterPlugin interface {
	Plugin
	// Filter is called for each node until a plugin rejects it. It returns
	// Unschedulable where the pod would fit without other pods, else
	// UnschedulableAndUnresolvable. It must not allocate on success, and should
	// return shared statuses. It reads the node from its argument, not from the
	// snapshot: preemption passes changed copies.
	Filter(state *CycleState, pod *PodInfo, node *NodeInfo) *Status
}

// BlamePlugin is implemented by a FilterPlugin that rejects nodes because of pods.
type BlamePlugin interface {
	FilterPlugin
	// Blame returns pods because of which Filter rejects the node, at most
	// evidence.MaxBlamed of them; none where it is due to something else. It is asked after
	// the decision, about the nodes that are shown.
	Blame(state *CycleState, pod *PodInfo, node *NodeInfo) []*PodInfo
}

// ObjectBlamePlugin is implemented by a plugin that rejects pods because of
// objects that are no pods.
type ObjectBlamePlugin interface {
	Plugin
	// BlameObjects returns objects because of which Filter rejects the node, at most
	// evidence.MaxBlamed of them; none where it is due to something else. A node of
	// nil asks why PreFilter rejected the pod. It is asked after the decision, about
	// the nodes that are shown.
	BlameObjects(state *CycleState, pod *PodInfo, node *NodeInfo) []evidence.ObjectReference
}

// NodeStatuses is what filtering said of each node.
type NodeStatuses interface {
	// Status returns the first objection to the node; nil where there was none.
	Status(nodeName string) *Status
}

// FilterRunner runs the profile's filters on changed nodes. Preemption uses it.
type FilterRunner interface {
	// RunFilters runs all filters on the node as it is given.
	RunFilters(state *CycleState, pod *PodInfo, node *NodeInfo) *Status
	// RunAddPod calls AddPod of the plugins that have it.
	RunAddPod(state *CycleState, pod, added *PodInfo, node *NodeInfo) *Status
	// RunRemovePod calls RemovePod of the plugins that have it.
	RunRemovePod(state *CycleState, pod, removed *PodInfo, node *NodeInfo) *Status
}

// PostFilterPlugin makes room when no node fits.
type PostFilterPlugin interface {
	Plugin
	// PostFilter returns Success with a node and its victims; else Unschedulable
	// with the text that follows the reasons in the pod's condition
	// ("preemption: …"), and an empty result where a node that was nominated
	// before must be given up; with nil it stays. It changes nothing itself.
	PostFilter(state *CycleState, runner FilterRunner, pod *PodInfo, statuses NodeStatuses) (*PostFilterResult, *Status)
}

// PostFilterResult is how room can be made.
type PostFilterResult struct {
	// NominatedNode is where the pod will fit once the victims are gone; empty
	// where there is no such node.
	NominatedNode string
	// Victims are the pods to delete.
	Victims []*PodInfo
}

// PreScorePlugin prepares scoring.
type PreScorePlugin interface {
	Plugin
	// PreScore computes what Score needs, given the nodes that passed all filters.
	// With Skip the plugin's Score is not called in this cycle.
	PreScore(state *CycleState, pod *PodInfo, nodes []*NodeInfo) *Status
}

// ScorePlugin ranks nodes.
type ScorePlugin interface {
	Plugin
	// Score returns how well the pod fits the node, from 0 to 100 unless the
	// plugin normalizes. It must not allocate.
	Score(state *CycleState, pod *PodInfo, node *NodeInfo) (int64, *Status)
}

// ScoreExtensions is implemented by a ScorePlugin that can only tell what a
// score means when it has seen all of them.
type ScoreExtensions interface {
	// NormalizeScore brings scores into 0 to 100; scores[i] belongs to nodes[i].
	NormalizeScore(state *CycleState, pod *PodInfo, nodes []*NodeInfo, scores []int64) *Status
}

// EnqueueExtensions is implemented by a plugin that can reject pods, and says
// which events can help these. A pod that was rejected by a plugin without it
// is tried again after any event.
type EnqueueExtensions interface {
	Plugin
	// EventsToRegister is called once.
	EventsToRegister() []ClusterEventWithHint
}
