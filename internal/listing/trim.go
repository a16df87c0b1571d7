// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The functions of this file and of trim_volumes.go say field by field what is
// kept of an object: what a decision, or what is said of it, reads. All else is
// left out, so that a field that a new version of Kubernetes adds stays out until
// somebody writes it here. testdata/fields.golden lists both.

// trimMeta keeps what a decision reads of the metadata. Annotations are never
// kept, but for those that keepAnnotations names.
func trimMeta(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion, CreationTimestamp: m.CreationTimestamp,
		DeletionTimestamp: m.DeletionTimestamp, Labels: m.Labels, OwnerReferences: trimOwners(m.OwnerReferences),
	}
}

// trimName keeps by what an object is named only.
func trimName(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace}
}

func trimOwners(in []metav1.OwnerReference) []metav1.OwnerReference {
	var out []metav1.OwnerReference
	for _, o := range in {
		out = append(out, metav1.OwnerReference{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: o.UID, Controller: o.Controller})
	}
	return out
}

// keepAnnotations returns those of the names that there are.
func keepAnnotations(in map[string]string, names ...string) map[string]string {
	var out map[string]string
	for _, name := range names {
		value, ok := in[name]
		if !ok {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
	}
	return out
}

// trimNode keeps no annotation: kube-scheduler no longer reads preferAvoidPods.
// Whether a node is ready is told by its taints.
func trimNode(n *corev1.Node) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: trimMeta(&n.ObjectMeta),
		Spec:       corev1.NodeSpec{Taints: n.Spec.Taints, Unschedulable: n.Spec.Unschedulable},
		Status:     corev1.NodeStatus{Capacity: n.Status.Capacity, Allocatable: n.Status.Allocatable, Images: n.Status.Images},
	}
}

// trimPod keeps what a decision reads of a pod: also of one on a node, about which
// it may be asked where it would go now. The annotation is that of a pod that a
// kubelet made of a file, which no drain moves.
func trimPod(p *corev1.Pod) *corev1.Pod {
	s := &p.Spec
	meta := trimMeta(&p.ObjectMeta)
	meta.Annotations = keepAnnotations(p.Annotations, corev1.MirrorPodAnnotationKey)
	return &corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{
			Volumes: trimVolumes(s.Volumes), InitContainers: trimContainers(s.InitContainers), Containers: trimContainers(s.Containers),
			RestartPolicy: s.RestartPolicy, NodeSelector: s.NodeSelector, NodeName: s.NodeName, HostNetwork: s.HostNetwork, Affinity: s.Affinity,
			SchedulerName: s.SchedulerName, Tolerations: s.Tolerations, PriorityClassName: s.PriorityClassName, Priority: s.Priority,
			RuntimeClassName: s.RuntimeClassName, PreemptionPolicy: s.PreemptionPolicy, Overhead: s.Overhead,
			TopologySpreadConstraints: s.TopologySpreadConstraints, SchedulingGates: s.SchedulingGates,
			ResourceClaims: s.ResourceClaims, Resources: s.Resources, SchedulingGroup: s.SchedulingGroup,
			TerminationGracePeriodSeconds: s.TerminationGracePeriodSeconds,
		},
		Status: corev1.PodStatus{
			Phase: p.Status.Phase, Reason: p.Status.Reason, NominatedNodeName: p.Status.NominatedNodeName, StartTime: p.Status.StartTime,
			Conditions: trimConditions(p.Status.Conditions), Resources: p.Status.Resources, AllocatedResources: p.Status.AllocatedResources,
			ContainerStatuses: trimStatuses(p.Status.ContainerStatuses), InitContainerStatuses: trimStatuses(p.Status.InitContainerStatuses),
		},
	}
}

// trimConditions keeps what the scheduler wrote, that it deletes the pod to make
// room, and whether the kubelet refuses what the pod asks for since it runs: then
// it counts with what it has.
func trimConditions(in []corev1.PodCondition) []corev1.PodCondition {
	var out []corev1.PodCondition
	for _, c := range in {
		if c.Type == corev1.PodScheduled || c.Type == corev1.DisruptionTarget || c.Type == corev1.PodResizePending {
			out = append(out, corev1.PodCondition{
				Type: c.Type, Status: c.Status, Reason: c.Reason, Message: c.Message, LastTransitionTime: c.LastTransitionTime,
			})
		}
	}
	return out
}

// trimContainers keeps what containers take. Environment, arguments, probes and
// what they mount are never kept.
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

func trimNamespace(n *corev1.Namespace) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}}
}

// trimPriorityClass keeps when it was made, too: a default does not count for
// older pods.
func trimPriorityClass(c *schedulingv1.PriorityClass) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{
		ObjectMeta: metav1.ObjectMeta{Name: c.Name, CreationTimestamp: c.CreationTimestamp},
		Value:      c.Value, GlobalDefault: c.GlobalDefault, PreemptionPolicy: c.PreemptionPolicy,
	}
}

func trimRuntimeClass(c *nodev1.RuntimeClass) *nodev1.RuntimeClass {
	return &nodev1.RuntimeClass{ObjectMeta: trimName(&c.ObjectMeta), Overhead: c.Overhead, Scheduling: c.Scheduling}
}

func trimLimitRange(r *corev1.LimitRange) *corev1.LimitRange {
	return &corev1.LimitRange{ObjectMeta: trimName(&r.ObjectMeta), Spec: corev1.LimitRangeSpec{Limits: r.Spec.Limits}}
}

// trimResourceQuota keeps of what is limited that which the status says, as the
// API server counts with it.
func trimResourceQuota(q *corev1.ResourceQuota) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		ObjectMeta: trimName(&q.ObjectMeta),
		Spec:       corev1.ResourceQuotaSpec{Scopes: q.Spec.Scopes, ScopeSelector: q.Spec.ScopeSelector},
		Status:     corev1.ResourceQuotaStatus{Hard: q.Status.Hard, Used: q.Status.Used},
	}
}

func trimBudget(b *policyv1.PodDisruptionBudget) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: trimName(&b.ObjectMeta), Spec: policyv1.PodDisruptionBudgetSpec{Selector: b.Spec.Selector},
		Status: policyv1.PodDisruptionBudgetStatus{
			DisruptionsAllowed: b.Status.DisruptionsAllowed, DisruptedPods: b.Status.DisruptedPods,
			CurrentHealthy: b.Status.CurrentHealthy, DesiredHealthy: b.Status.DesiredHealthy,
		},
	}
}

func trimService(s *corev1.Service) *corev1.Service {
	return &corev1.Service{ObjectMeta: trimName(&s.ObjectMeta), Spec: corev1.ServiceSpec{Selector: s.Spec.Selector}}
}

// trimOwner keeps of a set that controls pods which one it is and whose.
func trimOwner(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, UID: m.UID, OwnerReferences: trimOwners(m.OwnerReferences)}
}

func trimReplicationController(c *corev1.ReplicationController) *corev1.ReplicationController {
	return &corev1.ReplicationController{
		ObjectMeta: trimOwner(&c.ObjectMeta), Spec: corev1.ReplicationControllerSpec{Replicas: c.Spec.Replicas, Selector: c.Spec.Selector},
	}
}

func trimReplicaSet(s *appsv1.ReplicaSet) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: trimOwner(&s.ObjectMeta), Spec: appsv1.ReplicaSetSpec{Replicas: s.Spec.Replicas, Selector: s.Spec.Selector},
	}
}

func trimStatefulSet(s *appsv1.StatefulSet) *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: trimOwner(&s.ObjectMeta), Spec: appsv1.StatefulSetSpec{Replicas: s.Spec.Replicas, Selector: s.Spec.Selector},
	}
}
