// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodepool plans what a controller does to keep as many SimNodes in
// existence as a SimNodePool wants: in which zones they are created, and which are
// deleted first. It is pure. Kubernetes itself has no such controller; the order of
// deletion is that of people who run clusters: what is least missed goes first.
package nodepool

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Kind of the owner of the nodes.
const Kind = "SimNodePool"

// Burst is the most nodes that one pass creates or deletes.
const Burst = 500

// Plan says in which zones to create nodes, or which nodes to delete.
type Plan struct {
	// Create has the zone of each node to create; empty where the pool has no zones.
	Create []string
	// Delete are the nodes to delete, those to be deleted first first.
	Delete []Removal
}

// Removal is a node to delete, and why it before others.
type Removal struct {
	Node *v1alpha1.SimNode
	// Why is not ready, cordoned, empty, or how many pods it had.
	Why string
}

// Pods are the pods that count on each node, by its name; see Counts.
type Pods func(node string) int

// New compares the nodes of a pool with the number that is wanted. pods is asked
// only where nodes are to be deleted.
func New(pool *v1alpha1.SimNodePool, nodes []*v1alpha1.SimNode, pods Pods) Plan {
	if pool.DeletionTimestamp != nil {
		return Plan{}
	}
	active := Active(nodes)
	switch surplus := len(active) - replicas(pool); {
	case surplus > 0:
		return Plan{Delete: removals(pool, active, pods)[:min(surplus, Burst)]}
	case surplus < 0:
		return Plan{Create: newZones(pool, active, min(-surplus, Burst))}
	}
	return Plan{}
}

// Active are the nodes that are not being deleted.
func Active(nodes []*v1alpha1.SimNode) []*v1alpha1.SimNode {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *v1alpha1.SimNode) bool { return n.DeletionTimestamp != nil })
}

// Ready says whether a node is ready.
func Ready(node *v1alpha1.SimNode) bool {
	return meta.IsStatusConditionTrue(node.Status.Conditions, v1alpha1.SimNodeReady)
}

// Counts says whether a pod keeps its node from being empty: it has not ended, and
// is not one that every node has.
func Counts(pod *v1alpha1.SimPod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	ofEach := owner != nil && owner.Kind == "SimDaemonSet"
	return !ofEach && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed
}

// Selector returns the selector of a pool's nodes.
func Selector(pool *v1alpha1.SimNodePool) labels.Selector {
	return labels.SelectorFromSet(labels.Set{v1alpha1.LabelNodePool: pool.Name})
}

// NewNode returns a node of a pool's template in a zone. The API server completes
// its name, so that none ever comes back: what is recorded of a node, its Lease and
// its pods are never taken for those of a later one.
func NewNode(pool *v1alpha1.SimNodePool, zone string) *v1alpha1.SimNode {
	template := &pool.Spec.Template
	node := &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{
			GenerateName:    pool.Name + "-",
			Labels:          make(map[string]string, len(template.Metadata.Labels)+2),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(pool, v1alpha1.GroupVersion.WithKind(Kind))},
		},
		Spec: *template.Spec.DeepCopy(),
	}
	for k, v := range template.Metadata.Labels {
		node.Labels[k] = string(v)
	}
	if len(template.Metadata.Annotations) > 0 {
		node.Annotations = make(map[string]string, len(template.Metadata.Annotations))
		for k, v := range template.Metadata.Annotations {
			node.Annotations[k] = v
		}
	}
	node.Labels[v1alpha1.LabelNodePool] = pool.Name
	if zone != "" {
		node.Labels[corev1.LabelTopologyZone] = zone
	}
	return node
}

func replicas(pool *v1alpha1.SimNodePool) int {
	if pool.Spec.Replicas == nil {
		return 1
	}
	return int(*pool.Spec.Replicas)
}

// newZones returns the zones of count new nodes: each is that with the fewest nodes.
func newZones(pool *v1alpha1.SimNodePool, nodes []*v1alpha1.SimNode, count int) []string {
	out := make([]string, count)
	if len(pool.Spec.Zones) == 0 {
		return out
	}
	have := perZone(nodes)
	for i := range out {
		zone := slices.MinFunc(pool.Spec.Zones, func(a, b string) int { return cmp.Compare(have[a], have[b]) })
		out[i] = zone
		have[zone]++
	}
	return out
}

func perZone(nodes []*v1alpha1.SimNode) map[string]int {
	out := make(map[string]int)
	for _, node := range nodes {
		out[zoneOf(node)]++
	}
	return out
}

func zoneOf(node *v1alpha1.SimNode) string { return node.Labels[corev1.LabelTopologyZone] }
