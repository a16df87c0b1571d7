// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wrappers builds objects for tests, fluently.
package wrappers

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// PodWrapper builds a core/v1 Pod.
type PodWrapper struct{ pod corev1.Pod }

// MakePod starts a pod in namespace default with one container that requests nothing.
func MakePod() *PodWrapper {
	return &PodWrapper{corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "nginx"}}},
	}}
}

// Obj returns a copy of the pod.
func (w *PodWrapper) Obj() *corev1.Pod { return w.pod.DeepCopy() }

// Name sets the name, and the UID where it is not set yet.
func (w *PodWrapper) Name(name string) *PodWrapper {
	w.pod.Name = name
	if w.pod.UID == "" {
		w.pod.UID = types.UID(name)
	}
	return w
}

// Namespace sets the namespace.
func (w *PodWrapper) Namespace(namespace string) *PodWrapper {
	w.pod.Namespace = namespace
	return w
}

// UID sets the UID.
func (w *PodWrapper) UID(uid string) *PodWrapper {
	w.pod.UID = types.UID(uid)
	return w
}

// Label adds a label.
func (w *PodWrapper) Label(key, value string) *PodWrapper {
	metav1.SetMetaDataLabel(&w.pod.ObjectMeta, key, value)
	return w
}

// Req sets the requests of the first container, such as Req("cpu", "500m", "memory", "1Gi").
func (w *PodWrapper) Req(pairs ...string) *PodWrapper {
	w.pod.Spec.Containers[0].Resources.Requests = Resources(pairs...)
	return w
}

// Container adds a container with requests.
func (w *PodWrapper) Container(image string, pairs ...string) *PodWrapper {
	w.pod.Spec.Containers = append(w.pod.Spec.Containers, container(image, pairs))
	return w
}

// InitContainer adds an init container with requests.
func (w *PodWrapper) InitContainer(image string, pairs ...string) *PodWrapper {
	w.pod.Spec.InitContainers = append(w.pod.Spec.InitContainers, container(image, pairs))
	return w
}

func container(image string, pairs []string) corev1.Container {
	return corev1.Container{Name: image, Image: image, Resources: corev1.ResourceRequirements{Requests: Resources(pairs...)}}
}

// Image sets the image of the first container.
func (w *PodWrapper) Image(image string) *PodWrapper {
	w.pod.Spec.Containers[0].Image = image
	return w
}

// HostPort adds a host port to the first container.
func (w *PodWrapper) HostPort(ip string, protocol corev1.Protocol, port int32) *PodWrapper {
	c := &w.pod.Spec.Containers[0]
	c.Ports = append(c.Ports, corev1.ContainerPort{HostIP: ip, Protocol: protocol, HostPort: port, ContainerPort: port})
	return w
}

// Overhead sets the overhead.
func (w *PodWrapper) Overhead(pairs ...string) *PodWrapper {
	w.pod.Spec.Overhead = Resources(pairs...)
	return w
}

// Node sets spec.nodeName.
func (w *PodWrapper) Node(name string) *PodWrapper {
	w.pod.Spec.NodeName = name
	return w
}

// NominatedNode sets status.nominatedNodeName.
func (w *PodWrapper) NominatedNode(name string) *PodWrapper {
	w.pod.Status.NominatedNodeName = name
	return w
}

// NodeSelector adds a label that the node must have.
func (w *PodWrapper) NodeSelector(key, value string) *PodWrapper {
	if w.pod.Spec.NodeSelector == nil {
		w.pod.Spec.NodeSelector = map[string]string{}
	}
	w.pod.Spec.NodeSelector[key] = value
	return w
}

// affinity returns the affinity, which it makes where there is none.
func (w *PodWrapper) affinity() *corev1.Affinity {
	if w.pod.Spec.Affinity == nil {
		w.pod.Spec.Affinity = &corev1.Affinity{}
	}
	return w.pod.Spec.Affinity
}

// NodeAffinity sets the required node affinity: one of the terms must match.
func (w *PodWrapper) NodeAffinity(terms ...corev1.NodeSelectorTerm) *PodWrapper {
	w.nodeAffinity().RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: terms}
	return w
}

// PreferredNodeAffinity adds a preferred term.
func (w *PodWrapper) PreferredNodeAffinity(weight int32, term corev1.NodeSelectorTerm) *PodWrapper {
	a := w.nodeAffinity()
	a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.PreferredSchedulingTerm{Weight: weight, Preference: term})
	return w
}

func (w *PodWrapper) nodeAffinity() *corev1.NodeAffinity {
	if w.affinity().NodeAffinity == nil {
		w.affinity().NodeAffinity = &corev1.NodeAffinity{}
	}
	return w.affinity().NodeAffinity
}

// PodAffinity adds a required term of affinity to pods.
func (w *PodWrapper) PodAffinity(term corev1.PodAffinityTerm) *PodWrapper {
	if w.affinity().PodAffinity == nil {
		w.affinity().PodAffinity = &corev1.PodAffinity{}
	}
	a := w.affinity().PodAffinity
	a.RequiredDuringSchedulingIgnoredDuringExecution = append(a.RequiredDuringSchedulingIgnoredDuringExecution, term)
	return w
}

// PodAntiAffinity adds a required term of anti-affinity to pods.
func (w *PodWrapper) PodAntiAffinity(term corev1.PodAffinityTerm) *PodWrapper {
	if w.affinity().PodAntiAffinity == nil {
		w.affinity().PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	a := w.affinity().PodAntiAffinity
	a.RequiredDuringSchedulingIgnoredDuringExecution = append(a.RequiredDuringSchedulingIgnoredDuringExecution, term)
	return w
}

// Toleration adds a toleration.
func (w *PodWrapper) Toleration(t corev1.Toleration) *PodWrapper {
	w.pod.Spec.Tolerations = append(w.pod.Spec.Tolerations, t)
	return w
}

// Spread adds a topology spread constraint.
func (w *PodWrapper) Spread(c corev1.TopologySpreadConstraint) *PodWrapper {
	w.pod.Spec.TopologySpreadConstraints = append(w.pod.Spec.TopologySpreadConstraints, c)
	return w
}

// Priority sets the priority.
func (w *PodWrapper) Priority(priority int32) *PodWrapper {
	w.pod.Spec.Priority = &priority
	return w
}

// SchedulerName sets the scheduler.
func (w *PodWrapper) SchedulerName(name string) *PodWrapper {
	w.pod.Spec.SchedulerName = name
	return w
}

// Gate adds scheduling gates.
func (w *PodWrapper) Gate(names ...string) *PodWrapper {
	for _, name := range names {
		w.pod.Spec.SchedulingGates = append(w.pod.Spec.SchedulingGates, corev1.PodSchedulingGate{Name: name})
	}
	return w
}

// In returns a requirement on a node's or pod's label.
func In(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

// Expressions returns a term of requirements on labels.
func Expressions(requirements ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: requirements}
}

// Fields returns a term of requirements on fields.
func Fields(requirements ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchFields: requirements}
}

// Resources parses pairs of names and quantities. It panics where one is not a quantity.
func Resources(pairs ...string) corev1.ResourceList {
	if len(pairs) == 0 {
		return nil
	}
	list := make(corev1.ResourceList, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

// SimPodWrapper builds a SimPod.
type SimPodWrapper struct{ pod simv1alpha1.SimPod }

// MakeSimPod starts a SimPod in namespace default with one container that requests nothing.
func MakeSimPod() *SimPodWrapper {
	return &SimPodWrapper{simv1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault},
		Spec:       simv1alpha1.SimPodSpec{Containers: []simv1alpha1.Container{{Name: "main", Image: "nginx"}}},
	}}
}

// Obj returns a copy of the SimPod.
func (w *SimPodWrapper) Obj() *simv1alpha1.SimPod { return w.pod.DeepCopy() }

// Name sets the name.
func (w *SimPodWrapper) Name(name string) *SimPodWrapper {
	w.pod.Name = name
	return w
}

// Namespace sets the namespace.
func (w *SimPodWrapper) Namespace(namespace string) *SimPodWrapper {
	w.pod.Namespace = namespace
	return w
}

// Label adds a label.
func (w *SimPodWrapper) Label(key, value string) *SimPodWrapper {
	metav1.SetMetaDataLabel(&w.pod.ObjectMeta, key, value)
	return w
}

// Req sets the requests of the first container.
func (w *SimPodWrapper) Req(pairs ...string) *SimPodWrapper {
	w.pod.Spec.Containers[0].Resources.Requests = simv1alpha1.ResourceList(Resources(pairs...))
	return w
}

// Node sets spec.nodeName.
func (w *SimPodWrapper) Node(name string) *SimPodWrapper {
	w.pod.Spec.NodeName = name
	return w
}

// SchedulerName sets the scheduler.
func (w *SimPodWrapper) SchedulerName(name string) *SimPodWrapper {
	w.pod.Spec.SchedulerName = name
	return w
}

// Gate adds scheduling gates.
func (w *SimPodWrapper) Gate(names ...string) *SimPodWrapper {
	for _, name := range names {
		w.pod.Spec.SchedulingGates = append(w.pod.Spec.SchedulingGates, corev1.PodSchedulingGate{Name: name})
	}
	return w
}

// Toleration adds a toleration.
func (w *SimPodWrapper) Toleration(t corev1.Toleration) *SimPodWrapper {
	w.pod.Spec.Tolerations = append(w.pod.Spec.Tolerations, t)
	return w
}
