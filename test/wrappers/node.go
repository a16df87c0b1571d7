// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// NodeWrapper builds a core/v1 Node.
type NodeWrapper struct{ node corev1.Node }

// MakeNode starts a node that takes 110 pods and has nothing else.
func MakeNode() *NodeWrapper {
	return (&NodeWrapper{}).Capacity()
}

// Obj returns a copy of the node.
func (w *NodeWrapper) Obj() *corev1.Node { return w.node.DeepCopy() }

// Name sets the name and the hostname label.
func (w *NodeWrapper) Name(name string) *NodeWrapper {
	w.node.Name = name
	return w.Label(corev1.LabelHostname, name)
}

// Label adds a label.
func (w *NodeWrapper) Label(key, value string) *NodeWrapper {
	metav1.SetMetaDataLabel(&w.node.ObjectMeta, key, value)
	return w
}

// Zone sets the zone label.
func (w *NodeWrapper) Zone(zone string) *NodeWrapper { return w.Label(corev1.LabelTopologyZone, zone) }

// Capacity sets capacity and allocatable; pods is 110 unless given.
func (w *NodeWrapper) Capacity(pairs ...string) *NodeWrapper {
	list := Resources(append([]string{"pods", "110"}, pairs...)...)
	w.node.Status.Capacity, w.node.Status.Allocatable = list, list.DeepCopy()
	return w
}

// Taint adds a taint.
func (w *NodeWrapper) Taint(key, value string, effect corev1.TaintEffect) *NodeWrapper {
	w.node.Spec.Taints = append(w.node.Spec.Taints, corev1.Taint{Key: key, Value: value, Effect: effect})
	return w
}

// Unschedulable cordons the node.
func (w *NodeWrapper) Unschedulable() *NodeWrapper {
	w.node.Spec.Unschedulable = true
	return w
}

// Image adds an image of a size in bytes.
func (w *NodeWrapper) Image(size int64, names ...string) *NodeWrapper {
	w.node.Status.Images = append(w.node.Status.Images, corev1.ContainerImage{Names: names, SizeBytes: size})
	return w
}

// SimNodeWrapper builds a SimNode.
type SimNodeWrapper struct{ node simv1alpha1.SimNode }

// MakeSimNode starts a SimNode that takes 110 pods and has nothing else.
func MakeSimNode() *SimNodeWrapper {
	return (&SimNodeWrapper{}).Capacity()
}

// Obj returns a copy of the SimNode.
func (w *SimNodeWrapper) Obj() *simv1alpha1.SimNode { return w.node.DeepCopy() }

// Name sets the name and the hostname label.
func (w *SimNodeWrapper) Name(name string) *SimNodeWrapper {
	w.node.Name = name
	return w.Label(corev1.LabelHostname, name)
}

// Label adds a label.
func (w *SimNodeWrapper) Label(key, value string) *SimNodeWrapper {
	metav1.SetMetaDataLabel(&w.node.ObjectMeta, key, value)
	return w
}

// Capacity sets capacity in spec and status, and allocatable, as a node without
// reservations would report them; pods is 110 unless given.
func (w *SimNodeWrapper) Capacity(pairs ...string) *SimNodeWrapper {
	list := simv1alpha1.ResourceList(Resources(append([]string{"pods", "110"}, pairs...)...))
	w.node.Spec.Capacity, w.node.Status.Capacity, w.node.Status.Allocatable = list, list, list
	return w
}

// Taint adds a taint.
func (w *SimNodeWrapper) Taint(key, value string, effect corev1.TaintEffect) *SimNodeWrapper {
	w.node.Spec.Taints = append(w.node.Spec.Taints, corev1.Taint{Key: key, Value: value, Effect: effect})
	return w
}
