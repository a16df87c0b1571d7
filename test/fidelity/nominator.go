// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// nominated tells kube-scheduler's plugins which pods wait for room on a node.
// The scheduler's own nominator is its queue, which is empty here.
type nominated struct{ byNode map[string][]fwk.PodInfo }

var _ fwk.PodNominator = (*nominated)(nil)

// set replaces all nominated pods.
func (n *nominated) set(pods []*corev1.Pod) {
	n.byNode = make(map[string][]fwk.PodInfo)
	for _, pod := range pods {
		info, _ := framework.NewPodInfo(admitted(pod)) // as the queue does
		n.byNode[pod.Status.NominatedNodeName] = append(n.byNode[pod.Status.NominatedNodeName], info)
	}
}

// NominatedPodsForNode implements fwk.PodNominator.
func (n *nominated) NominatedPodsForNode(node string) []fwk.PodInfo { return n.byNode[node] }

// AddNominatedPod implements fwk.PodNominator. No cycle ends in a nomination here.
func (n *nominated) AddNominatedPod(klog.Logger, fwk.PodInfo, *fwk.NominatingInfo) {}

// DeleteNominatedPodIfExists implements fwk.PodNominator.
func (n *nominated) DeleteNominatedPodIfExists(*corev1.Pod) {}

// UpdateNominatedPod implements fwk.PodNominator.
func (n *nominated) UpdateNominatedPod(klog.Logger, *corev1.Pod, fwk.PodInfo) {}
