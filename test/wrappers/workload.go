// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// ReplicaWrapper builds a SimPod as a replica set controller sees it.
type ReplicaWrapper struct{ pod simv1alpha1.SimPod }

// MakeReplica starts a SimPod with that name, which is also its UID, and the
// label app=web.
func MakeReplica(name string) *ReplicaWrapper {
	w := &ReplicaWrapper{}
	w.pod.Namespace, w.pod.Name, w.pod.UID = metav1.NamespaceDefault, name, types.UID(name)
	w.pod.Labels = map[string]string{"app": "web"}
	return w
}

// Obj returns a copy of the pod.
func (w *ReplicaWrapper) Obj() *simv1alpha1.SimPod { return w.pod.DeepCopy() }

// Label sets a label.
func (w *ReplicaWrapper) Label(key, value string) *ReplicaWrapper {
	w.pod.Labels[key] = value
	return w
}

// Annotation sets an annotation.
func (w *ReplicaWrapper) Annotation(key, value string) *ReplicaWrapper {
	metav1.SetMetaDataAnnotation(&w.pod.ObjectMeta, key, value)
	return w
}

// Node binds the pod.
func (w *ReplicaWrapper) Node(name string) *ReplicaWrapper {
	w.pod.Spec.NodeName = name
	return w
}

// Phase sets the phase.
func (w *ReplicaWrapper) Phase(phase corev1.PodPhase) *ReplicaWrapper {
	w.pod.Status.Phase = phase
	return w
}

// ReadySince sets the condition Ready to True since then, and the phase to Running.
func (w *ReplicaWrapper) ReadySince(t time.Time) *ReplicaWrapper {
	w.pod.Status.Phase = corev1.PodRunning
	w.pod.Status.Conditions = []metav1.Condition{{
		Type: simv1alpha1.SimPodReady, Status: metav1.ConditionTrue,
		Reason: simv1alpha1.ReasonContainersReady, LastTransitionTime: metav1.Time{Time: t},
	}}
	return w
}

// Restarts sets the restart count of a container.
func (w *ReplicaWrapper) Restarts(count int32) *ReplicaWrapper {
	w.pod.Status.ContainerStatuses = []simv1alpha1.ContainerStatus{{Name: "main", RestartCount: count}}
	return w
}

// Created sets the creation time.
func (w *ReplicaWrapper) Created(t time.Time) *ReplicaWrapper {
	w.pod.CreationTimestamp = metav1.Time{Time: t}
	return w
}

// Deleting marks the pod as being deleted.
func (w *ReplicaWrapper) Deleting() *ReplicaWrapper {
	w.pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	return w
}

// Owner sets the controller by its UID.
func (w *ReplicaWrapper) Owner(uid string) *ReplicaWrapper {
	controller := true
	w.pod.OwnerReferences = []metav1.OwnerReference{{Kind: "SimReplicaSet", Name: uid, UID: types.UID(uid), Controller: &controller}}
	return w
}

// Finalizer adds a finalizer.
func (w *ReplicaWrapper) Finalizer(name string) *ReplicaWrapper {
	w.pod.Finalizers = append(w.pod.Finalizers, name)
	return w
}

// Index makes the pod one of an indexed job.
func (w *ReplicaWrapper) Index(index int) *ReplicaWrapper {
	text := strconv.Itoa(index)
	return w.Label(batchv1.JobCompletionIndexAnnotation, text).Annotation(batchv1.JobCompletionIndexAnnotation, text)
}

// Ended ends the only container, main, with an exit code at that time, and with it
// the pod.
func (w *ReplicaWrapper) Ended(code int32, at time.Time) *ReplicaWrapper {
	w.pod.Status.Phase = corev1.PodSucceeded
	if code != 0 {
		w.pod.Status.Phase = corev1.PodFailed
	}
	w.pod.Status.ContainerStatuses = []simv1alpha1.ContainerStatus{{
		Name:  "main",
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, FinishedAt: metav1.Time{Time: at}}},
	}}
	return w
}

// Condition adds a condition that is True.
func (w *ReplicaWrapper) Condition(kind string) *ReplicaWrapper {
	w.pod.Status.Conditions = append(w.pod.Status.Conditions, metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind})
	return w
}
