// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package ending

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

func pod(finalizers []string, conditions ...metav1.Condition) *v1alpha1.SimPod {
	return &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Finalizers: finalizers},
		Spec:       v1alpha1.SimPodSpec{NodeName: "node-a"},
		Status:     v1alpha1.SimPodStatus{Conditions: conditions},
	}
}

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message}
}

func TestFacts(t *testing.T) {
	kubelet := []string{v1alpha1.FinalizerKubelet}
	tests := map[string]struct {
		pod         *v1alpha1.SimPod
		cause, kept string
	}{
		"deleted by somebody": {pod: pod(nil)},
		"preempted": {
			pod: pod(kubelet, condition(v1alpha1.SimPodDisruptionTarget, metav1.ConditionTrue, v1alpha1.ReasonPreemptionByScheduler,
				"glassplane-scheduler: preempting to accommodate a higher priority pod")),
			cause: "preempted for a pod of higher priority (DisruptionTarget: PreemptionByScheduler: glassplane-scheduler: preempting to accommodate a higher priority pod)",
			kept:  "the kubelet of node node-a has still to stop its containers and take the finalizer sim.glassplane.dev/kubelet off",
		},
		"a disruption that was called off": {pod: pod(nil, condition(v1alpha1.SimPodDisruptionTarget, metav1.ConditionFalse, "Other", ""))},
		"a reason that is not known": {
			pod:   pod(nil, condition(v1alpha1.SimPodDisruptionTarget, metav1.ConditionTrue, "ByHand", "")),
			cause: "disrupted (DisruptionTarget: ByHand)",
		},
		"on a silent node": {
			pod: pod(kubelet, condition(v1alpha1.SimPodReady, metav1.ConditionFalse, v1alpha1.ReasonContainersReady, ""),
				condition(v1alpha1.SimPodContainersReady, metav1.ConditionTrue, v1alpha1.ReasonContainersReady, "")),
			kept: "its node node-a is silent, so nobody stops its containers and takes the finalizer sim.glassplane.dev/kubelet off",
		},
		"held by somebody else's finalizer": {
			pod:  pod([]string{"example.com/hold"}),
			kept: "the finalizer example.com/hold keeps it until whoever set it takes it off",
		},
		"held by two": {
			pod:  pod([]string{"example.com/a", "example.com/b"}),
			kept: "the finalizers example.com/a, example.com/b keep it until whoever set them takes them off",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			facts := Of(tt.pod)
			if d := cmp.Diff(tt.cause, facts.Cause()); d != "" {
				t.Errorf("Cause() (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.kept, facts.Kept()); d != "" {
				t.Errorf("Kept() (-want +got):\n%s", d)
			}
		})
	}
}
