// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
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

// add has the pod wait for a node.
func (n *nominator) add(pod *framework.PodInfo, node string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.replace(pod.Pod.UID, pod, node)
}

// remove forgets the pod: it was placed, or is gone.
func (n *nominator) remove(uid types.UID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.nodes[uid]; ok {
		n.replace(uid, nil, "")
	}
}

// replace builds the map anew. Pods are nominated seldom, and read for each attempt.
func (n *nominator) replace(uid types.UID, pod *framework.PodInfo, node string) {
	pods := make(map[string][]*framework.PodInfo, len(n.pods)+1)
	for name, list := range n.pods {
		for _, p := range list {
			if p.Pod.UID != uid {
				pods[name] = append(pods[name], p)
			}
		}
	}
	delete(n.nodes, uid)
	if pod != nil {
		pods[node] = append(pods[node], pod)
		n.nodes[uid] = node
	}
	n.pods = pods
	if len(pods) == 0 {
		n.pods = nil
	}
}
