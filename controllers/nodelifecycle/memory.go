// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// memory holds, for each existing node, what only this process saw: when its
// heartbeats arrived, when taints appeared that do not say so themselves, and
// which pods wait for their eviction.
type memory struct {
	mu    sync.Mutex
	nodes map[string]*remembered
}

type remembered struct {
	uid    types.UID
	probe  kubelet.Probe
	taints map[string]time.Time
	// waiting are the pods that are evicted if the taints stay.
	waiting map[types.UID]struct{}
}

func newMemory() *memory { return &memory{nodes: make(map[string]*remembered)} }

// of returns the entry of the node. The lock must be held.
func (m *memory) of(node *v1alpha1.SimNode) *remembered {
	entry, ok := m.nodes[node.Name]
	if !ok || entry.uid != node.UID {
		entry = &remembered{uid: node.UID}
		m.nodes[node.Name] = entry
	}
	return entry
}

// probe notes the renew time of the node's Lease and returns what is known then.
func (m *memory) probe(node *v1alpha1.SimNode, renewed, now time.Time) kubelet.Probe {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := m.of(node)
	entry.probe = entry.probe.Observe(renewed, now)
	return entry.probe
}

// taints notes which NoExecute taints the node has and returns since when. Only
// taints that a controller set have timeAdded.
func (m *memory) taints(node *v1alpha1.SimNode, taints []corev1.Taint, now time.Time) map[string]time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	entry := m.of(node)
	since := make(map[string]time.Time, len(taints))
	for i := range taints {
		key := taints[i].ToString()
		since[key] = now
		if before, ok := entry.taints[key]; ok {
			since[key] = before
		}
		if added := taints[i].TimeAdded; added != nil {
			since[key] = added.Time
		}
	}
	entry.taints = since
	return since
}

// waiting returns the pods of the node that waited for their eviction. The caller
// must not change it.
func (m *memory) waiting(node *v1alpha1.SimNode) map[types.UID]struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of(node).waiting
}

// wait notes which pods of the node wait for their eviction now.
func (m *memory) wait(node *v1alpha1.SimNode, pods map[types.UID]struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(node).waiting = pods
}

func (m *memory) forget(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.nodes, name)
}
