// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Priority sets the priority.
func (w *SimPodWrapper) Priority(priority int32) *SimPodWrapper {
	w.pod.Spec.Priority = &priority
	return w
}

// PriorityClass sets the name of the PriorityClass.
func (w *SimPodWrapper) PriorityClass(name string) *SimPodWrapper {
	w.pod.Spec.PriorityClassName = name
	return w
}

// PreemptionPolicy sets the policy.
func (w *SimPodWrapper) PreemptionPolicy(policy corev1.PreemptionPolicy) *SimPodWrapper {
	w.pod.Spec.PreemptionPolicy = &policy
	return w
}

// PriorityClassWrapper builds a PriorityClass.
type PriorityClassWrapper struct{ class schedulingv1.PriorityClass }

// MakePriorityClass starts a class with a value.
func MakePriorityClass(name string, value int32) *PriorityClassWrapper {
	return &PriorityClassWrapper{schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value}}
}

// Obj returns a copy of the class.
func (w *PriorityClassWrapper) Obj() *schedulingv1.PriorityClass { return w.class.DeepCopy() }

// GlobalDefault makes it the class of pods without one.
func (w *PriorityClassWrapper) GlobalDefault() *PriorityClassWrapper {
	w.class.GlobalDefault = true
	return w
}

// PreemptionPolicy sets the policy of its pods.
func (w *PriorityClassWrapper) PreemptionPolicy(policy corev1.PreemptionPolicy) *PriorityClassWrapper {
	w.class.PreemptionPolicy = &policy
	return w
}
