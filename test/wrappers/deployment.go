// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// templateOf returns a template of one container with an image and the label app.
func templateOf(app, image string) simv1alpha1.SimPodTemplateSpec {
	return simv1alpha1.SimPodTemplateSpec{
		Metadata: simv1alpha1.TemplateMeta{Labels: map[string]simv1alpha1.LabelValue{"app": simv1alpha1.LabelValue(app)}},
		Spec: simv1alpha1.SimPodSpec{
			RestartPolicy: corev1.RestartPolicyAlways,
			Containers:    []simv1alpha1.Container{{Name: "main", Image: image}},
		},
	}
}

// SimDeploymentWrapper builds a SimDeployment.
type SimDeploymentWrapper struct {
	deployment simv1alpha1.SimDeployment
}

// MakeSimDeployment starts a SimDeployment whose pods have the label app with its
// name, and run the image app:1. It is a RollingUpdate with apps/v1's defaults.
func MakeSimDeployment(name string, replicas int32) *SimDeploymentWrapper {
	w := &SimDeploymentWrapper{}
	d := &w.deployment
	d.Namespace, d.Name, d.UID, d.Generation = metav1.NamespaceDefault, name, types.UID(name), 1
	d.Spec = simv1alpha1.SimDeploymentSpec{
		Replicas: &replicas,
		Selector: simv1alpha1.LabelSelector{MatchLabels: map[string]simv1alpha1.LabelValue{"app": simv1alpha1.LabelValue(name)}},
		Template: templateOf(name, "app:1"), Strategy: simv1alpha1.SimDeploymentStrategy{Type: simv1alpha1.RollingUpdateStrategy},
		RevisionHistoryLimit: new(int32(10)), ProgressDeadlineSeconds: new(int32(600)),
	}
	return w
}

// Obj returns a copy of the deployment.
func (w *SimDeploymentWrapper) Obj() *simv1alpha1.SimDeployment { return w.deployment.DeepCopy() }

// New returns a copy that can be created: without what the API server sets.
func (w *SimDeploymentWrapper) New() *simv1alpha1.SimDeployment {
	out := w.Obj()
	out.UID, out.Generation = "", 0
	return out
}

// Image sets the image of the template.
func (w *SimDeploymentWrapper) Image(image string) *SimDeploymentWrapper {
	w.deployment.Spec.Template.Spec.Containers[0].Image = image
	return w
}

// Bounds sets maxSurge and maxUnavailable, such as "1" or "25%".
func (w *SimDeploymentWrapper) Bounds(maxSurge, maxUnavailable string) *SimDeploymentWrapper {
	surge, unavailable := intstr.Parse(maxSurge), intstr.Parse(maxUnavailable)
	w.deployment.Spec.Strategy.RollingUpdate = &simv1alpha1.RollingUpdate{MaxSurge: &surge, MaxUnavailable: &unavailable}
	return w
}

// Recreate sets that strategy.
func (w *SimDeploymentWrapper) Recreate() *SimDeploymentWrapper {
	w.deployment.Spec.Strategy = simv1alpha1.SimDeploymentStrategy{Type: simv1alpha1.RecreateStrategy}
	return w
}

// Paused pauses the deployment.
func (w *SimDeploymentWrapper) Paused() *SimDeploymentWrapper {
	w.deployment.Spec.Paused = true
	return w
}

// HistoryLimit sets revisionHistoryLimit.
func (w *SimDeploymentWrapper) HistoryLimit(n int32) *SimDeploymentWrapper {
	w.deployment.Spec.RevisionHistoryLimit = &n
	return w
}

// Status sets the counts of the status, and that it is current.
func (w *SimDeploymentWrapper) Status(replicas, updated, available int32) *SimDeploymentWrapper {
	s := &w.deployment.Status
	s.Replicas, s.UpdatedReplicas, s.ReadyReplicas, s.AvailableReplicas = replicas, updated, available, available
	s.ObservedGeneration = w.deployment.Generation
	return w
}

// Progressing sets the condition Progressing, with the time of the last progress.
func (w *SimDeploymentWrapper) Progressing(status metav1.ConditionStatus, reason string, last time.Time) *SimDeploymentWrapper {
	w.deployment.Status.Conditions = []metav1.Condition{{
		Type: simv1alpha1.SimDeploymentProgressing, Status: status, Reason: reason, LastTransitionTime: metav1.Time{Time: last},
	}}
	w.deployment.Status.LastProgressTime = &metav1.Time{Time: last}
	return w
}

// Annotation sets an annotation.
func (w *SimDeploymentWrapper) Annotation(key, value string) *SimDeploymentWrapper {
	metav1.SetMetaDataAnnotation(&w.deployment.ObjectMeta, key, value)
	return w
}

// SimReplicaSetWrapper builds a SimReplicaSet.
type SimReplicaSetWrapper struct{ set simv1alpha1.SimReplicaSet }

// MakeSimReplicaSet starts a SimReplicaSet, whose UID is its name, of a template with
// the image app:1 and the label app=web.
func MakeSimReplicaSet(name string, replicas int32) *SimReplicaSetWrapper {
	w := &SimReplicaSetWrapper{}
	w.set.Namespace, w.set.Name, w.set.UID = metav1.NamespaceDefault, name, types.UID(name)
	w.set.Spec.Replicas, w.set.Spec.Template = &replicas, templateOf("web", "app:1")
	return w
}

// Obj returns a copy of the set.
func (w *SimReplicaSetWrapper) Obj() *simv1alpha1.SimReplicaSet { return w.set.DeepCopy() }

// Image sets the image of the template.
func (w *SimReplicaSetWrapper) Image(image string) *SimReplicaSetWrapper {
	w.set.Spec.Template.Spec.Containers[0].Image = image
	return w
}

// Created sets the creation time.
func (w *SimReplicaSetWrapper) Created(t time.Time) *SimReplicaSetWrapper {
	w.set.CreationTimestamp = metav1.Time{Time: t}
	return w
}

// Pods sets how many pods exist, and how many of them are ready and available.
func (w *SimReplicaSetWrapper) Pods(replicas, available int32) *SimReplicaSetWrapper {
	w.set.Status.Replicas, w.set.Status.ReadyReplicas, w.set.Status.AvailableReplicas = replicas, available, available
	return w
}

// Annotation sets an annotation.
func (w *SimReplicaSetWrapper) Annotation(key, value string) *SimReplicaSetWrapper {
	metav1.SetMetaDataAnnotation(&w.set.ObjectMeta, key, value)
	return w
}

// ScaledFor sets what a deployment writes down when it scales a set: its own
// replicas, and how many pods there may be in all.
func (w *SimReplicaSetWrapper) ScaledFor(replicas, most int32) *SimReplicaSetWrapper {
	return w.Annotation("deployment.kubernetes.io/desired-replicas", strconv.Itoa(int(replicas))).
		Annotation("deployment.kubernetes.io/max-replicas", strconv.Itoa(int(most)))
}

// Revision sets the number of the template.
func (w *SimReplicaSetWrapper) Revision(n int) *SimReplicaSetWrapper {
	return w.Annotation("deployment.kubernetes.io/revision", strconv.Itoa(n))
}

// Generations sets metadata.generation and the one that was observed.
func (w *SimReplicaSetWrapper) Generations(present, observed int64) *SimReplicaSetWrapper {
	w.set.Generation, w.set.Status.ObservedGeneration = present, observed
	return w
}

// Deleting marks the set as being deleted.
func (w *SimReplicaSetWrapper) Deleting() *SimReplicaSetWrapper {
	w.set.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	return w
}

// Terminating sets how many pods are being deleted.
func (w *SimReplicaSetWrapper) Terminating(pods int32) *SimReplicaSetWrapper {
	w.set.Status.TerminatingReplicas = pods
	return w
}

// Deadline sets progressDeadlineSeconds.
func (w *SimDeploymentWrapper) Deadline(seconds int32) *SimDeploymentWrapper {
	w.deployment.Spec.ProgressDeadlineSeconds = &seconds
	return w
}
