// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ending says why a pod goes, and what keeps one that is marked for
// deletion. The explanation of a recorded request and that of a pod as it is now
// say the same, because both ask here. It is pure.
package ending

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Facts are what is known of a pod that goes or has gone.
type Facts struct {
	// Node that the pod is bound to; empty for none.
	Node string
	// Finalizers that keep it.
	Finalizers []string
	// Reason and Message are those of the condition DisruptionTarget while it is
	// True; empty without it.
	Reason, Message string
	// NodeSilent is true where the pod's node does not report.
	NodeSilent bool
	// Ended is true in the phases Succeeded and Failed.
	Ended bool
}

// Of reads the facts from a pod.
func Of(pod *v1alpha1.SimPod) Facts {
	f := Facts{
		Node: pod.Spec.NodeName, Finalizers: pod.Finalizers,
		NodeSilent: silent(pod.Status.Conditions),
		Ended:      pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
	}
	if c := meta.FindStatusCondition(pod.Status.Conditions, v1alpha1.SimPodDisruptionTarget); c != nil && c.Status == metav1.ConditionTrue {
		f.Reason, f.Message = c.Reason, c.Message
	}
	return f
}

func silent(conditions []metav1.Condition) bool {
	status := func(kind string) string {
		if c := meta.FindStatusCondition(conditions, kind); c != nil {
			return string(c.Status)
		}
		return ""
	}
	return Silent(status(v1alpha1.SimPodReady), status(v1alpha1.SimPodContainersReady))
}

// Silent tells from the status of two conditions of a pod that its node does not
// report: the node lifecycle controller then sets Ready to False and leaves what
// the kubelet said last of the containers
// (k8s.io/kubernetes/pkg/controller/util/node.MarkPodsNotReady).
func Silent(ready, containersReady string) bool {
	return ready == string(metav1.ConditionFalse) && containersReady == string(metav1.ConditionTrue)
}

// words say in a few words what the reasons of DisruptionTarget mean.
var words = map[string]string{
	v1alpha1.ReasonPreemptionByScheduler:  "preempted for a pod of higher priority",
	v1alpha1.ReasonDeletionByTaintManager: "evicted by a taint of its node",
	v1alpha1.ReasonDeletionByPodGC:        "collected because its node is gone",
	"EvictionByEvictionAPI":               "evicted through the eviction API",
	corev1.PodReasonTerminationByKubelet:  "terminated by its kubelet",
}

// Cause says why a component decided that the pod goes, with the reason and the
// message of its condition DisruptionTarget; empty where it has none: somebody
// just deleted it.
func (f Facts) Cause() string {
	if f.Reason == "" {
		return ""
	}
	word := words[f.Reason]
	if word == "" {
		word = "disrupted"
	}
	text := f.Reason
	if f.Message != "" {
		text += ": " + f.Message
	}
	return fmt.Sprintf("%s (DisruptionTarget: %s)", word, text)
}

// Kept says what keeps a pod that is marked for deletion: finalizers, and whether
// somebody is there to take them off. It is empty where no finalizer keeps it.
func (f Facts) Kept() string {
	var foreign []string
	own := false
	for _, name := range f.Finalizers {
		if name == v1alpha1.FinalizerKubelet {
			own = true
		} else {
			foreign = append(foreign, name)
		}
	}
	var parts []string
	switch {
	case own && f.NodeSilent:
		parts = append(parts, fmt.Sprintf("its node %s is silent, so nobody stops its containers and takes the finalizer %s off",
			f.Node, v1alpha1.FinalizerKubelet))
	case own:
		parts = append(parts, fmt.Sprintf("the kubelet of node %s has still to stop its containers and take the finalizer %s off",
			f.Node, v1alpha1.FinalizerKubelet))
	}
	switch len(foreign) {
	case 0:
	case 1:
		parts = append(parts, fmt.Sprintf("the finalizer %s keeps it until whoever set it takes it off", foreign[0]))
	default:
		parts = append(parts, fmt.Sprintf("the finalizers %s keep it until whoever set them takes them off", strings.Join(foreign, ", ")))
	}
	return strings.Join(parts, "; ")
}
