// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// NodeInfo is a node and the sum of the pods on it. It mirrors
// framework.NodeInfo of kube-scheduler. Plugins only read it.
type NodeInfo struct {
	node *corev1.Node

	// Allocatable is what pods can have.
	Allocatable Resource
	// Requested is the sum of what the node's pods request, with assumed pods.
	Requested Resource
	// NonZeroRequested is the same with the defaults for containers that request
	// no cpu or memory; only MilliCPU and Memory are set.
	NonZeroRequested Resource

	// Pods on the node, with assumed pods.
	Pods []*PodInfo
	// PodsWithAffinity are the pods with affinity or anti-affinity to other pods.
	PodsWithAffinity []*PodInfo
	// PodsWithRequiredAntiAffinity are the pods with required anti-affinity.
	PodsWithRequiredAntiAffinity []*PodInfo

	// UsedPorts are the host ports in use.
	UsedPorts HostPorts
	// ImageStates holds the images on the node by name.
	ImageStates map[string]ImageStateSummary

	// Generation grows with each change; the cache sets it.
	Generation int64
}

// ImageStateSummary is what ImageLocality needs of an image on a node.
type ImageStateSummary struct {
	// Size in bytes.
	Size int64
	// NumNodes is the number of nodes that have the image.
	NumNodes int
}

// Snapshot is the cluster at one moment. It does not change while it is in use.
type Snapshot interface {
	// List returns all nodes in the order in which they are tried. It must not be changed.
	List() []*NodeInfo
	// Get returns a node by name; nil where there is none.
	Get(name string) *NodeInfo
	// HavePodsWithAffinity returns the nodes that have pods with affinity or
	// anti-affinity to other pods.
	HavePodsWithAffinity() []*NodeInfo
	// HavePodsWithRequiredAntiAffinity returns the nodes that have pods with
	// required anti-affinity.
	HavePodsWithRequiredAntiAffinity() []*NodeInfo
	// NamespaceLabels returns the labels of a namespace; nil where it is not known.
	NamespaceLabels(namespace string) labels.Set
}

// NewNodeInfo returns an entry without a node that has the given pods.
func NewNodeInfo(pods ...*PodInfo) *NodeInfo {
	n := &NodeInfo{}
	for _, pod := range pods {
		n.AddPod(pod)
	}
	return n
}

// Node returns the node; nil where pods arrived before it. It must not be changed.
func (n *NodeInfo) Node() *corev1.Node { return n.node }

// SetNode sets the node and what can be allocated on it.
func (n *NodeInfo) SetNode(node *corev1.Node) {
	n.node = node
	n.Allocatable = NewResource(node.Status.Allocatable)
}

// RemoveNode forgets the node but keeps its pods.
func (n *NodeInfo) RemoveNode() {
	n.node = nil
	n.Allocatable = Resource{}
	n.ImageStates = nil
}

// AddPod adds a pod to the node.
func (n *NodeInfo) AddPod(pod *PodInfo) {
	n.Pods = append(n.Pods, pod)
	if pod.HasAffinity() {
		n.PodsWithAffinity = append(n.PodsWithAffinity, pod)
	}
	if pod.HasRequiredAntiAffinity() {
		n.PodsWithRequiredAntiAffinity = append(n.PodsWithRequiredAntiAffinity, pod)
	}
	n.request(pod)
	n.usePorts(pod, 1)
}

// RemovePod removes the pod with the UID; false where the node does not have it.
func (n *NodeInfo) RemovePod(uid types.UID) bool {
	i := indexOf(n.Pods, uid)
	if i < 0 {
		return false
	}
	pod := n.Pods[i]
	n.Pods = without(n.Pods, uid)
	n.PodsWithAffinity = without(n.PodsWithAffinity, uid)
	n.PodsWithRequiredAntiAffinity = without(n.PodsWithRequiredAntiAffinity, uid)
	n.release(pod)
	n.usePorts(pod, -1)
	return true
}

// request adds what the pod requests.
func (n *NodeInfo) request(pod *PodInfo) {
	nonZero := pod.nonZero()
	n.Requested.add(&pod.Requests)
	n.NonZeroRequested.add(&nonZero)
}

// release takes off what a pod requested that is not among the node's any more.
// Where a sum had saturated it is made anew from the pods that are left.
func (n *NodeInfo) release(pod *PodInfo) {
	nonZero := pod.nonZero()
	if n.Requested.subtract(&pod.Requests) && n.NonZeroRequested.subtract(&nonZero) {
		return
	}
	n.Requested, n.NonZeroRequested = Resource{}, Resource{}
	for _, left := range n.Pods {
		n.request(left)
	}
}

// usePorts counts delta users more of the pod's host ports.
func (n *NodeInfo) usePorts(pod *PodInfo, delta int) {
	for _, port := range pod.HostPorts {
		if n.UsedPorts == nil {
			n.UsedPorts = make(HostPorts)
		}
		n.UsedPorts[port] += delta
		if n.UsedPorts[port] <= 0 {
			delete(n.UsedPorts, port)
		}
	}
}

// Clone returns a copy that can be changed. It shares the node and the pods,
// which are immutable.
func (n *NodeInfo) Clone() *NodeInfo {
	clone := *n
	clone.Allocatable = n.Allocatable.Clone()
	clone.Requested = n.Requested.Clone()
	clone.Pods = slices.Clone(n.Pods)
	clone.PodsWithAffinity = slices.Clone(n.PodsWithAffinity)
	clone.PodsWithRequiredAntiAffinity = slices.Clone(n.PodsWithRequiredAntiAffinity)
	clone.UsedPorts = maps.Clone(n.UsedPorts)
	clone.ImageStates = maps.Clone(n.ImageStates)
	return &clone
}

func indexOf(pods []*PodInfo, uid types.UID) int {
	return slices.IndexFunc(pods, func(p *PodInfo) bool { return p.Pod.UID == uid })
}

// without removes a pod by putting the last one in its place, as
// kube-scheduler does: the order of pods means nothing.
func without(pods []*PodInfo, uid types.UID) []*PodInfo {
	i := indexOf(pods, uid)
	if i < 0 {
		return pods
	}
	last := len(pods) - 1
	pods[i] = pods[last]
	pods[last] = nil // lets the pod be collected
	return pods[:last]
}
