// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// FaultWrapper builds a Fault.
type FaultWrapper struct{ fault simv1alpha1.Fault }

// MakeFault starts a Fault of a type that has no target yet.
func MakeFault(kind simv1alpha1.FaultType) *FaultWrapper {
	return &FaultWrapper{simv1alpha1.Fault{Spec: simv1alpha1.FaultSpec{Type: kind}}}
}

// Obj returns a copy of the Fault.
func (w *FaultWrapper) Obj() *simv1alpha1.Fault { return w.fault.DeepCopy() }

// Name sets the name.
func (w *FaultWrapper) Name(name string) *FaultWrapper {
	w.fault.Name = name
	return w
}

// Created sets when the Fault was created.
func (w *FaultWrapper) Created(at time.Time) *FaultWrapper {
	w.fault.CreationTimestamp = metav1.Time{Time: at}
	return w
}

// Deleted sets when the Fault was asked to go.
func (w *FaultWrapper) Deleted(at time.Time) *FaultWrapper {
	w.fault.DeletionTimestamp = &metav1.Time{Time: at}
	return w
}

// Duration sets after which time it ends by itself.
func (w *FaultWrapper) Duration(d time.Duration) *FaultWrapper {
	w.fault.Spec.Duration = &metav1.Duration{Duration: d}
	return w
}

// Delay sets the delay.
func (w *FaultWrapper) Delay(d time.Duration) *FaultWrapper {
	w.fault.Spec.Delay = &metav1.Duration{Duration: d}
	return w
}

// Reason sets why starts fail.
func (w *FaultWrapper) Reason(reason simv1alpha1.StartFailureReason) *FaultWrapper {
	w.fault.Spec.Reason = reason
	return w
}

// Percent sets the share that is hit.
func (w *FaultWrapper) Percent(percent int32) *FaultWrapper {
	w.fault.Spec.Percent = percent
	return w
}

// Seed sets the seed of the draw.
func (w *FaultWrapper) Seed(seed int64) *FaultWrapper {
	w.fault.Spec.Seed = &seed
	return w
}

// Component targets a component.
func (w *FaultWrapper) Component(name simv1alpha1.ComponentName) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Component: name}
	return w
}

// Controller targets a controller.
func (w *FaultWrapper) Controller(name string) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Controller: name}
	return w
}

// Nodes targets nodes by their names.
func (w *FaultWrapper) Nodes(names ...string) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Nodes: &simv1alpha1.FaultNodes{Names: names}}
	return w
}

// AllNodes targets all nodes.
func (w *FaultWrapper) AllNodes() *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Nodes: &simv1alpha1.FaultNodes{Selector: &simv1alpha1.LabelSelector{}}}
	return w
}

// NodeLabel targets the nodes with a label.
func (w *FaultWrapper) NodeLabel(key, value string) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Nodes: &simv1alpha1.FaultNodes{Selector: labelled(key, value)}}
	return w
}

// AllPods targets all pods.
func (w *FaultWrapper) AllPods() *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Pods: &simv1alpha1.FaultPods{}}
	return w
}

// Pods targets the pods of namespaces.
func (w *FaultWrapper) Pods(namespaces ...string) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Pods: &simv1alpha1.FaultPods{Namespaces: namespaces}}
	return w
}

// PodLabel targets the pods with a label.
func (w *FaultWrapper) PodLabel(key, value string) *FaultWrapper {
	w.fault.Spec.Target = simv1alpha1.FaultTarget{Pods: &simv1alpha1.FaultPods{Selector: labelled(key, value)}}
	return w
}

// Status sets the status.
func (w *FaultWrapper) Status(status simv1alpha1.FaultStatus) *FaultWrapper {
	w.fault.Status = status
	return w
}

func labelled(key, value string) *simv1alpha1.LabelSelector {
	return &simv1alpha1.LabelSelector{MatchLabels: map[string]simv1alpha1.LabelValue{key: simv1alpha1.LabelValue(value)}}
}
