// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// trimMeta keeps what a decision reads of the metadata.
func trimMeta(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion, CreationTimestamp: m.CreationTimestamp,
		DeletionTimestamp: m.DeletionTimestamp, Labels: m.Labels, OwnerReferences: m.OwnerReferences,
	}
}

// preferAvoidPods is no longer read by kube-scheduler; no annotation of a node is.
func trimNode(n *corev1.Node) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: trimMeta(&n.ObjectMeta),
		Spec:       corev1.NodeSpec{Taints: n.Spec.Taints, Unschedulable: n.Spec.Unschedulable},
		Status: corev1.NodeStatus{
			Capacity: n.Status.Capacity, Allocatable: n.Status.Allocatable, Images: n.Status.Images,
			Conditions: trimConditions(n.Status.Conditions), DeclaredFeatures: n.Status.DeclaredFeatures,
		},
	}
}

// trimConditions keeps whether the node is ready.
func trimConditions(in []corev1.NodeCondition) []corev1.NodeCondition {
	for _, c := range in {
		if c.Type == corev1.NodeReady {
			return []corev1.NodeCondition{{Type: c.Type, Status: c.Status, Reason: c.Reason}}
		}
	}
	return nil
}

// trimPod keeps what a decision reads of a pod, be it about the pod, which may be
// asked about anew where it is on a node, or about others beside it. Environment,
// arguments, probes and secrets are never kept.
func trimPod(p *corev1.Pod) *corev1.Pod {
	s := &p.Spec
	out := &corev1.Pod{
		ObjectMeta: trimMeta(&p.ObjectMeta),
		Spec: corev1.PodSpec{
			Volumes: trimVolumes(s.Volumes), InitContainers: trimContainers(s.InitContainers),
			Containers: trimContainers(s.Containers), RestartPolicy: s.RestartPolicy,
			NodeSelector: s.NodeSelector, NodeName: s.NodeName, HostNetwork: s.HostNetwork, Affinity: s.Affinity,
			SchedulerName: s.SchedulerName, Tolerations: s.Tolerations, PriorityClassName: s.PriorityClassName, Priority: s.Priority,
			RuntimeClassName: s.RuntimeClassName, PreemptionPolicy: s.PreemptionPolicy, Overhead: s.Overhead,
			TopologySpreadConstraints: s.TopologySpreadConstraints, SchedulingGates: s.SchedulingGates,
			ResourceClaims: s.ResourceClaims, Resources: s.Resources, SchedulingGroup: s.SchedulingGroup,
			TerminationGracePeriodSeconds: s.TerminationGracePeriodSeconds,
		},
		Status: corev1.PodStatus{
			Phase: p.Status.Phase, NominatedNodeName: p.Status.NominatedNodeName, StartTime: p.Status.StartTime,
			Resources: p.Status.Resources, AllocatedResources: p.Status.AllocatedResources,
			ContainerStatuses: trimStatuses(p.Status.ContainerStatuses), InitContainerStatuses: trimStatuses(p.Status.InitContainerStatuses),
		},
	}
	if mirrors, static := p.Annotations[corev1.MirrorPodAnnotationKey]; static { // a kubelet made it
		out.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: mirrors}
	}
	if s.NodeName != "" {
		return out
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled {
			out.Status.Conditions = append(out.Status.Conditions, c)
		}
	}
	return out
}

// trimContainers keeps what containers take, and the images that nodes may have.
func trimContainers(in []corev1.Container) []corev1.Container {
	var out []corev1.Container
	for i := range in {
		c := corev1.Container{Name: in[i].Name, Image: in[i].Image, Resources: in[i].Resources, RestartPolicy: in[i].RestartPolicy}
		for _, port := range in[i].Ports {
			if port.HostPort != 0 {
				c.Ports = append(c.Ports, corev1.ContainerPort{
					Name: port.Name, HostPort: port.HostPort, ContainerPort: port.ContainerPort, Protocol: port.Protocol, HostIP: port.HostIP,
				})
			}
		}
		out = append(out, c)
	}
	return out
}

// trimVolumes keeps the volumes that are not made of nothing on every node.
func trimVolumes(in []corev1.Volume) []corev1.Volume {
	var out []corev1.Volume
	for _, v := range in {
		kept := corev1.VolumeSource{
			GCEPersistentDisk: v.GCEPersistentDisk, AWSElasticBlockStore: v.AWSElasticBlockStore, ISCSI: v.ISCSI, RBD: v.RBD,
			PersistentVolumeClaim: v.PersistentVolumeClaim, Ephemeral: v.Ephemeral, AzureDisk: v.AzureDisk, Cinder: v.Cinder, CSI: v.CSI,
		}
		if kept != (corev1.VolumeSource{}) {
			out = append(out, corev1.Volume{Name: v.Name, VolumeSource: kept})
		}
	}
	return out
}

// trimStatuses keeps what containers were given, where that is not what they ask
// for: while they are resized.
func trimStatuses(in []corev1.ContainerStatus) []corev1.ContainerStatus {
	var out []corev1.ContainerStatus
	for i := range in {
		if in[i].AllocatedResources != nil || in[i].Resources != nil {
			out = append(out, corev1.ContainerStatus{Name: in[i].Name, AllocatedResources: in[i].AllocatedResources, Resources: in[i].Resources})
		}
	}
	return out
}
