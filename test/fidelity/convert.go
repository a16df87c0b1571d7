// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// simPod returns the SimPod that asks for the same as the Pod.
func simPod(pod *corev1.Pod) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels},
		Spec: v1alpha1.SimPodSpec{
			InitContainers:                simContainers(pod.Spec.InitContainers),
			Containers:                    simContainers(pod.Spec.Containers),
			NodeName:                      pod.Spec.NodeName,
			NodeSelector:                  pod.Spec.NodeSelector,
			Affinity:                      pod.Spec.Affinity,
			Tolerations:                   pod.Spec.Tolerations,
			TopologySpreadConstraints:     pod.Spec.TopologySpreadConstraints,
			PriorityClassName:             pod.Spec.PriorityClassName,
			Priority:                      pod.Spec.Priority,
			PreemptionPolicy:              pod.Spec.PreemptionPolicy,
			TerminationGracePeriodSeconds: pod.Spec.TerminationGracePeriodSeconds,
		},
	}
}

func simContainers(in []corev1.Container) []v1alpha1.Container {
	var out []v1alpha1.Container
	for _, c := range in {
		s := v1alpha1.Container{Name: c.Name, Image: c.Image, Resources: v1alpha1.ResourceRequirements{
			Limits: v1alpha1.ResourceList(c.Resources.Limits), Requests: v1alpha1.ResourceList(c.Resources.Requests),
		}}
		for _, p := range c.Ports {
			s.Ports = append(s.Ports, v1alpha1.ContainerPort{
				Name: p.Name, ContainerPort: p.ContainerPort, HostPort: p.HostPort, HostIP: p.HostIP, Protocol: p.Protocol,
			})
		}
		out = append(out, s)
	}
	return out
}

// simNode returns the SimNode that offers the same as the Node.
func simNode(node *corev1.Node) *v1alpha1.SimNode {
	out := &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: node.Name, Labels: node.Labels},
		Spec: v1alpha1.SimNodeSpec{
			Capacity: v1alpha1.ResourceList(node.Status.Capacity), Taints: node.Spec.Taints, Unschedulable: node.Spec.Unschedulable,
		},
		Status: v1alpha1.SimNodeStatus{
			Capacity: v1alpha1.ResourceList(node.Status.Capacity), Allocatable: v1alpha1.ResourceList(node.Status.Allocatable),
		},
	}
	for _, image := range node.Status.Images {
		out.Spec.Images = append(out.Spec.Images, v1alpha1.ContainerImage{Names: image.Names, SizeBytes: image.SizeBytes})
	}
	return out
}
