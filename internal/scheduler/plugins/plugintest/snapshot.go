// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plugintest runs scheduler plugins on small clusters, for their tests.
package plugintest

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Snapshot is a cluster made of plain objects.
type Snapshot struct {
	nodes      []*framework.NodeInfo
	byName     map[string]*framework.NodeInfo
	affinity   []*framework.NodeInfo
	antiTerms  []*framework.NodeInfo
	namespaces map[string]labels.Set

	// Selector is the answer to DefaultSelector; nil where no pod belongs to anything.
	Selector labels.Selector
	// Budgets is the answer to DisruptionBudgets.
	Budgets []*policyv1.PodDisruptionBudget
	storage *framework.Storage
}

var (
	_ framework.DefaultSelectorSnapshot  = (*Snapshot)(nil)
	_ framework.DisruptionBudgetSnapshot = (*Snapshot)(nil)
	_ framework.StorageSnapshot          = (*Snapshot)(nil)
)

// NewSnapshot returns a cluster with the nodes, in their order, and the pods on
// the nodes that their spec names. Pods of other nodes are left out.
func NewSnapshot(nodes []*corev1.Node, pods []*corev1.Pod) *Snapshot {
	s := &Snapshot{byName: make(map[string]*framework.NodeInfo), namespaces: make(map[string]labels.Set)}
	for _, node := range nodes {
		info := framework.NewNodeInfo()
		info.SetNode(node)
		s.nodes = append(s.nodes, info)
		s.byName[node.Name] = info
	}
	for _, pod := range pods {
		if info := s.byName[pod.Spec.NodeName]; info != nil {
			info.AddPod(framework.NewPodInfo(pod))
		}
	}
	s.index()
	return s
}

// index lists nodes by their pods and counts who has which image.
func (s *Snapshot) index() {
	count := make(map[string]int)
	for _, info := range s.nodes {
		if len(info.PodsWithAffinity) > 0 {
			s.affinity = append(s.affinity, info)
		}
		if len(info.PodsWithRequiredAntiAffinity) > 0 {
			s.antiTerms = append(s.antiTerms, info)
		}
		for _, image := range info.Node().Status.Images {
			for _, name := range image.Names {
				count[name]++
			}
		}
	}
	for _, info := range s.nodes {
		info.ImageStates = make(map[string]framework.ImageStateSummary)
		for _, image := range info.Node().Status.Images {
			for _, name := range image.Names {
				info.ImageStates[name] = framework.ImageStateSummary{Size: image.SizeBytes, NumNodes: count[name]}
			}
		}
	}
}

// WithNamespace adds the labels of a namespace.
func (s *Snapshot) WithNamespace(name string, set labels.Set) *Snapshot {
	s.namespaces[name] = set
	return s
}

// WithStorage sets the objects for volumes.
func (s *Snapshot) WithStorage(o framework.StorageObjects) *Snapshot {
	s.storage = framework.NewStorage(o)
	return s
}

// List implements framework.Snapshot.
func (s *Snapshot) List() []*framework.NodeInfo { return s.nodes }

// Get implements framework.Snapshot.
func (s *Snapshot) Get(name string) *framework.NodeInfo { return s.byName[name] }

// HavePodsWithAffinity implements framework.Snapshot.
func (s *Snapshot) HavePodsWithAffinity() []*framework.NodeInfo { return s.affinity }

// HavePodsWithRequiredAntiAffinity implements framework.Snapshot.
func (s *Snapshot) HavePodsWithRequiredAntiAffinity() []*framework.NodeInfo { return s.antiTerms }

// NamespaceLabels implements framework.Snapshot.
func (s *Snapshot) NamespaceLabels(namespace string) labels.Set { return s.namespaces[namespace] }

// DefaultSelector implements framework.DefaultSelectorSnapshot.
func (s *Snapshot) DefaultSelector(*corev1.Pod) labels.Selector { return s.Selector }

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot.
func (s *Snapshot) DisruptionBudgets() []*policyv1.PodDisruptionBudget { return s.Budgets }

// Storage implements framework.StorageSnapshot.
func (s *Snapshot) Storage() *framework.Storage { return s.storage }
