// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// nominator knows the pods that wait for room to be made on a node, so that
// others do not take it. It mirrors nominator of
// k8s.io/kubernetes/pkg/scheduler/backend/queue. It is safe for use by several goroutines.
type nominator struct {
	mu    sync.Mutex
	nodes map[types.UID]string
	// pods is replaced and never changed, so that readers need not copy it.
	pods map[string][]*framework.PodInfo
}

func newNominator() *nominator {
	return &nominator{nodes: make(map[types.UID]string)}
}

// byNode returns the pods by the node that they wait for; nil where there are
// none. It must not be changed.
func (n *nominator) byNode() map[string][]*framework.PodInfo {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pods
}

// lessImportant returns the pods of lower priority that wait for the node.
func (n *nominator) lessImportant(node string, priority int32) []*framework.PodInfo {
	var out []*framework.PodInfo
	for _, pod := range n.byNode()[node] {
		if pod.Priority < priority {
			out = append(out, pod)
		}
	}
	return out
}

// add has the pod wait for a node.
func (n *nominator) add(pod *framework.PodInfo, node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.replace(pod.Pod.UID, pod, node)
}

// observe takes what the watch says of a waiting pod; before is the node that
// its older version named. A version from before the nomination says nothing of
// a node, and must not end it. It mirrors UpdateNominatedPod.
func (n *nominator) observe(pod *framework.PodInfo, before string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	uid, node := pod.Pod.UID, pod.Pod.Status.NominatedNodeName
	known, nominated := n.nodes[uid]
	if node == "" && before == "" {
		node = known
	}
	switch {
	case node != "":
		n.replace(uid, pod, node)
	case nominated:
		n.replace(uid, nil, "")
	}
}

// remove forgets the pod: it was placed, or is gone, or does not fit there. It
// returns the node that the pod waited for; empty where it waited for none.
func (n *nominator) remove(uid types.UID) (node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	node, ok := n.nodes[uid]
	if ok {
		n.replace(uid, nil, "")
	}
	return node
}

// replace copies what it changes: pods are nominated seldom, and read for each attempt.
func (n *nominator) replace(uid types.UID, pod *framework.PodInfo, node string) {
	pods := make(map[string][]*framework.PodInfo, len(n.pods)+1)
	maps.Copy(pods, n.pods)
	if old, ok := n.nodes[uid]; ok {
		pods[old] = slices.DeleteFunc(slices.Clone(pods[old]), func(p *framework.PodInfo) bool { return p.Pod.UID == uid })
		if len(pods[old]) == 0 {
			delete(pods, old)
		}
		delete(n.nodes, uid)
	}
	if pod != nil {
		pods[node] = append(slices.Clone(pods[node]), pod)
		n.nodes[uid] = node
	}
	if n.pods = pods; len(pods) == 0 {
		n.pods = nil
	}
}
