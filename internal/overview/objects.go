// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// The kinds of nodes. SimPods run on SimNodes, Pods on Nodes.
const (
	KindSimNode = "SimNode"
	KindNode    = "Node"
)

// Phases are the phases of pods in the order of their indices.
var Phases = []string{
	PhasePending, PhaseUnschedulable, PhaseGated, PhaseStarting, PhaseRunning, PhaseNotReady,
	PhaseSucceeded, PhaseFailed, PhaseTerminating,
}

// Pod is what is kept of a pod.
type Pod struct {
	UID       types.UID
	Namespace string
	Name      string
	// NodeName is the node that it is bound to; empty for none.
	NodeName string
	// Phase is one of Phases.
	Phase string
	// CPU in millicores and Memory in bytes are what it requests, as the scheduler
	// counts it.
	CPU, Memory int64
	// Real is true for a Pod, false for a SimPod.
	Real   bool
	Labels map[string]string
}

// nodeKind is the kind of nodes that the pod runs on.
func (p *Pod) nodeKind() string {
	if p.Real {
		return KindNode
	}
	return KindSimNode
}

// fields reads an object whose type is not known. What is not there, or is of
// another type than expected, reads as the zero value.
type fields map[string]any

func (f fields) at(name string) fields {
	inner, _ := f[name].(map[string]any)
	return inner
}

func (f fields) text(name string) string {
	text, _ := f[name].(string)
	return text
}

func (f fields) list(name string) []any {
	list, _ := f[name].([]any)
	return list
}

func (f fields) each(name string, visit func(fields)) {
	for _, item := range f.list(name) {
		if inner, ok := item.(map[string]any); ok {
			visit(inner)
		}
	}
}

// condition returns the status and the reason of a condition; empty where there
// is none.
func (f fields) condition(name string) (status, reason string) {
	f.at("status").each("conditions", func(c fields) {
		if c.text("type") == name {
			status, reason = c.text("status"), c.text("reason")
		}
	})
	return status, reason
}

func (f fields) amounts(name string) map[corev1.ResourceName]resource.Quantity {
	inner := f.at(name)
	if len(inner) == 0 {
		return nil
	}
	amounts := make(map[corev1.ResourceName]resource.Quantity, len(inner))
	for key, value := range inner {
		if quantity, err := resource.ParseQuantity(fmt.Sprint(value)); err == nil {
			amounts[corev1.ResourceName(key)] = quantity
		}
	}
	return amounts
}

// PodOf reads a SimPod or, where real is true, a Pod.
func PodOf(object *unstructured.Unstructured, real bool) Pod {
	f := fields(object.Object)
	pod := Pod{
		UID: object.GetUID(), Namespace: object.GetNamespace(), Name: object.GetName(),
		NodeName: f.at("spec").text("nodeName"), Phase: phaseOf(f), Real: real, Labels: object.GetLabels(),
	}
	pod.CPU, pod.Memory = requestsOf(f.at("spec"))
	return pod
}

// phaseOf is what a person would say of the pod. A pod that has ended has ended,
// also where it is being deleted, as printPod in
// k8s.io/kubernetes/pkg/printers/internalversion says.
func phaseOf(f fields) string {
	phase := corev1.PodPhase(f.at("status").text("phase"))
	switch phase {
	case corev1.PodSucceeded:
		return PhaseSucceeded
	case corev1.PodFailed:
		return PhaseFailed
	}
	if f.at("metadata")["deletionTimestamp"] != nil {
		return PhaseTerminating
	}
	if f.at("spec").text("nodeName") == "" {
		return waitingPhase(f)
	}
	if phase != corev1.PodRunning {
		return PhaseStarting
	}
	if ready, _ := f.condition(string(corev1.PodReady)); ready != string(corev1.ConditionTrue) {
		return PhaseNotReady
	}
	return PhaseRunning
}

func waitingPhase(f fields) string {
	status, reason := f.condition(string(corev1.PodScheduled))
	switch {
	case len(f.at("spec").list("schedulingGates")) > 0:
		return PhaseGated
	case status == string(corev1.ConditionFalse) && reason == corev1.PodReasonUnschedulable:
		return PhaseUnschedulable
	}
	return PhasePending
}

// requestsOf sums up what a pod requests as the scheduler does: with init
// containers, sidecars, overhead and the resources of the pod as a whole.
func requestsOf(spec fields) (cpu, memory int64) {
	pod := v1alpha1.SimPod{Spec: v1alpha1.SimPodSpec{
		Containers: containersOf(spec, "containers"), InitContainers: containersOf(spec, "initContainers"),
		Overhead: spec.amounts("overhead"),
	}}
	if whole := spec.at("resources"); len(whole) > 0 {
		pod.Spec.Resources = new(resourcesOf(whole))
	}
	requests := resourcehelper.PodRequests(pod.ToPod(), resourcehelper.PodResourcesOptions{})
	return requests.Cpu().MilliValue(), requests.Memory().Value()
}

func containersOf(spec fields, name string) []v1alpha1.Container {
	var containers []v1alpha1.Container
	spec.each(name, func(c fields) {
		container := v1alpha1.Container{Resources: resourcesOf(c.at("resources"))}
		if policy := c.text("restartPolicy"); policy != "" {
			container.RestartPolicy = new(corev1.ContainerRestartPolicy(policy))
		}
		containers = append(containers, container)
	})
	return containers
}

func resourcesOf(f fields) v1alpha1.ResourceRequirements {
	return v1alpha1.ResourceRequirements{Requests: f.amounts("requests"), Limits: f.amounts("limits")}
}

// NodeOf reads a SimNode or, where real is true, a Node. It has no ID, and
// nothing is requested of it.
func NodeOf(object *unstructured.Unstructured, real bool) Node {
	f := fields(object.Object)
	ready, _ := f.condition(string(corev1.NodeReady))
	allocatable := corev1.ResourceList(f.at("status").amounts("allocatable"))
	unschedulable, _ := f.at("spec")["unschedulable"].(bool)
	node := Node{
		Name: object.GetName(), Kind: KindSimNode, Zone: object.GetLabels()[corev1.LabelTopologyZone],
		Ready: ready == string(metav1.ConditionTrue), Unschedulable: unschedulable,
		Allocatable: Amounts{
			CPU: allocatable.Cpu().MilliValue(), Memory: allocatable.Memory().Value(), Pods: allocatable.Pods().Value(),
		},
		Labels: object.GetLabels(),
	}
	if real {
		node.Kind = KindNode
	}
	f.at("spec").each("taints", func(t fields) { node.Taints = append(node.Taints, taint(t)) })
	return node
}

// taint is written as kubectl describe does.
func taint(f fields) string {
	t := corev1.Taint{Key: f.text("key"), Value: f.text("value"), Effect: corev1.TaintEffect(f.text("effect"))}
	return cmp.Or(t.ToString(), t.Key)
}
