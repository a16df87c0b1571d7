// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"
)

// ToPod returns the core/v1 Pod that the SimPod stands for, so that rules
// written for Pods (such as those of k8s.io/component-helpers) apply to it. A
// resource that has a limit but no request is requested as much as its limit,
// and a pod that says nothing of nodes that are not ready or unreachable
// tolerates them for a while, as the API server does for Pods. The Pod shares
// memory with the SimPod: neither may be changed.
func (p *SimPod) ToPod() *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: p.ObjectMeta,
		Spec: corev1.PodSpec{
			InitContainers:                toCoreContainers(p.Spec.InitContainers),
			Containers:                    toCoreContainers(p.Spec.Containers),
			NodeName:                      p.Spec.NodeName,
			NodeSelector:                  p.Spec.NodeSelector,
			Affinity:                      p.Spec.Affinity,
			Tolerations:                   tolerationsWithDefaults(p.Spec.Tolerations),
			TopologySpreadConstraints:     p.Spec.TopologySpreadConstraints,
			PriorityClassName:             p.Spec.PriorityClassName,
			Priority:                      p.Spec.Priority,
			PreemptionPolicy:              p.Spec.PreemptionPolicy,
			SchedulerName:                 p.Spec.SchedulerName,
			SchedulingGates:               p.Spec.SchedulingGates,
			Overhead:                      corev1.ResourceList(p.Spec.Overhead),
			RestartPolicy:                 p.Spec.RestartPolicy,
			TerminationGracePeriodSeconds: p.Spec.TerminationGracePeriodSeconds,
			ActiveDeadlineSeconds:         p.Spec.ActiveDeadlineSeconds,
		},
		Status: corev1.PodStatus{
			Phase:             p.Status.Phase,
			Conditions:        toPodConditions(p.Status.Conditions),
			NominatedNodeName: p.Status.NominatedNodeName,
			StartTime:         p.Status.StartTime,
		},
	}
	pod.Spec.Resources = podResourcesWithDefaults(p.Spec.Resources, pod)
	return pod
}

// defaultTolerationSeconds is that of kube-apiserver. Only node lifecycle counts
// them, and has a setting of its own; to a scheduler the toleration matters.
var defaultTolerationSeconds int64 = 300

// defaultTolerations are those of pods that have none, shared by all.
var defaultTolerations = []corev1.Toleration{defaultToleration(corev1.TaintNodeNotReady), defaultToleration(corev1.TaintNodeUnreachable)}

func defaultToleration(key string) corev1.Toleration {
	return corev1.Toleration{
		Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &defaultTolerationSeconds,
	}
}

// tolerationsWithDefaults mirrors the admission plugin DefaultTolerationSeconds
// (k8s.io/kubernetes/plugin/pkg/admission/defaulttolerationseconds).
func tolerationsWithDefaults(tolerations []corev1.Toleration) []corev1.Toleration {
	if len(tolerations) == 0 {
		return defaultTolerations
	}
	out := slices.Clip(tolerations) // append copies
	for _, missing := range defaultTolerations {
		if !slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
			return (t.Key == missing.Key || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "")
		}) {
			out = append(out, missing)
		}
	}
	return out
}

func toCoreContainers(in []Container) []corev1.Container {
	out := make([]corev1.Container, len(in))
	for i := range in {
		out[i] = corev1.Container{
			Name:  in[i].Name,
			Image: in[i].Image,
			Resources: corev1.ResourceRequirements{
				Limits:   corev1.ResourceList(in[i].Resources.Limits),
				Requests: requestsWithDefaults(in[i].Resources),
			},
			RestartPolicy: in[i].RestartPolicy,
			Ports:         toCorePorts(in[i].Ports),
		}
	}
	return out
}

// requestsWithDefaults mirrors SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1.
func requestsWithDefaults(r ResourceRequirements) corev1.ResourceList {
	missing := false
	for name := range r.Limits {
		if _, ok := r.Requests[name]; !ok {
			missing = true
		}
	}
	if !missing {
		return corev1.ResourceList(r.Requests)
	}
	requests := make(corev1.ResourceList, len(r.Limits)+len(r.Requests))
	for name, q := range r.Limits {
		requests[name] = q
	}
	for name, q := range r.Requests {
		requests[name] = q
	}
	return requests
}

// podResourcesWithDefaults returns the resources of the pod as a whole, whose
// containers have their defaults. It mirrors what DefaultPodLevelResources of
// k8s.io/kubernetes/pkg/api/pod does about requests; the limits that it adds
// only set up cgroups.
func podResourcesWithDefaults(r *ResourceRequirements, pod *corev1.Pod) *corev1.ResourceRequirements {
	if r == nil || len(r.Requests) == 0 && len(r.Limits) == 0 {
		return nil
	}
	requests := make(corev1.ResourceList, len(r.Requests)+len(r.Limits))
	ofContainers := resourcehelper.AggregateContainerRequests(pod, resourcehelper.PodResourcesOptions{})
	maps.Copy(requests, r.Limits)
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := ofContainers[name]; ok {
			requests[name] = q
		}
	}
	maps.Copy(requests, r.Requests)
	return &corev1.ResourceRequirements{Limits: corev1.ResourceList(r.Limits), Requests: requests}
}

func toCorePorts(in []ContainerPort) []corev1.ContainerPort {
	if len(in) == 0 {
		return nil
	}
	out := make([]corev1.ContainerPort, len(in))
	for i, p := range in {
		out[i] = corev1.ContainerPort{
			Name: p.Name, ContainerPort: p.ContainerPort, HostPort: p.HostPort, HostIP: p.HostIP, Protocol: p.Protocol,
		}
	}
	return out
}

func toPodConditions(in []metav1.Condition) []corev1.PodCondition {
	if len(in) == 0 {
		return nil
	}
	out := make([]corev1.PodCondition, len(in))
	for i, c := range in {
		out[i] = corev1.PodCondition{
			Type: corev1.PodConditionType(c.Type), Status: corev1.ConditionStatus(c.Status),
			Reason: c.Reason, Message: c.Message, LastTransitionTime: c.LastTransitionTime,
		}
	}
	return out
}

// ToNode returns the core/v1 Node that the SimNode stands for. It shares
// memory with the SimNode: neither may be changed.
//
// A SimNode that no kubelet has reported on yet counts as tainted with
// node.kubernetes.io/not-ready, which the API server's admission plugin
// TaintNodesByCondition gives to a Node when it is created.
func (n *SimNode) ToNode() *corev1.Node {
	images := make([]corev1.ContainerImage, len(n.Spec.Images))
	for i, image := range n.Spec.Images {
		images[i] = corev1.ContainerImage{Names: image.Names, SizeBytes: image.SizeBytes}
	}
	return &corev1.Node{
		ObjectMeta: n.ObjectMeta,
		Spec: corev1.NodeSpec{
			Taints:        n.taints(),
			Unschedulable: n.Spec.Unschedulable,
		},
		Status: corev1.NodeStatus{
			Capacity:    corev1.ResourceList(n.Status.Capacity),
			Allocatable: corev1.ResourceList(n.Status.Allocatable),
			Addresses:   n.Status.Addresses,
			Images:      images,
		},
	}
}

func (n *SimNode) taints() []corev1.Taint {
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	reported := len(n.Status.Conditions) > 0 || len(n.Status.Allocatable) > 0
	if reported || slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&notReady) }) {
		return n.Spec.Taints
	}
	return append(slices.Clip(n.Spec.Taints), notReady) // append copies
}
