// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestToPodTolerations(t *testing.T) {
	notReady, unreachable := defaultToleration(corev1.TaintNodeNotReady), defaultToleration(corev1.TaintNodeUnreachable)
	other := corev1.Toleration{Key: "dedicated", Value: "x", Effect: corev1.TaintEffectNoSchedule}
	all := corev1.Toleration{Operator: corev1.TolerationOpExists}
	own := corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}
	other2 := corev1.Toleration{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	tests := map[string]struct{ tolerations, want []corev1.Toleration }{
		"none":                  {nil, []corev1.Toleration{notReady, unreachable}},
		"of other taints":       {[]corev1.Toleration{other}, []corev1.Toleration{other, notReady, unreachable}},
		"of everything":         {[]corev1.Toleration{all}, []corev1.Toleration{all}},
		"of one of the taints":  {[]corev1.Toleration{own}, []corev1.Toleration{own, unreachable}},
		"of it, another effect": {[]corev1.Toleration{other2}, []corev1.Toleration{other2, notReady, unreachable}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &SimPod{Spec: SimPodSpec{Tolerations: tt.tolerations}}
			if diff := cmp.Diff(tt.want, pod.ToPod().Spec.Tolerations); diff != "" {
				t.Errorf("tolerations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestToPodResources(t *testing.T) {
	list := func(cpu, memory string) ResourceList {
		out := ResourceList{}
		for name, q := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
			if q != "" {
				out[name] = resource.MustParse(q)
			}
		}
		return out
	}
	always := corev1.ContainerRestartPolicyAlways
	// The containers request 2 cores and the sidecar 1, which are added up.
	requesting := SimPodSpec{
		InitContainers: []Container{{Name: "sidecar", RestartPolicy: &always, Resources: ResourceRequirements{Requests: list("1", "")}}},
		Containers:     []Container{{Name: "a", Resources: ResourceRequirements{Limits: list("2", "")}}, {Name: "b"}},
	}
	tests := map[string]struct {
		resources *ResourceRequirements
		want      ResourceList // requests; nil for no resources of the pod at all
	}{
		"none":                          {nil, nil},
		"empty":                         {&ResourceRequirements{Requests: ResourceList{}}, nil},
		"own requests":                  {&ResourceRequirements{Requests: list("4", "1Gi")}, list("4", "1Gi")},
		"of the containers":             {&ResourceRequirements{Requests: list("", "1Gi")}, list("3", "1Gi")},
		"of the containers, not limits": {&ResourceRequirements{Limits: list("8", "")}, list("3", "")},
		"of the limits":                 {&ResourceRequirements{Limits: list("", "2Gi")}, list("3", "2Gi")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pod := &SimPod{Spec: requesting}
			pod.Spec.Resources = tt.resources
			got := pod.ToPod().Spec
			if diff := cmp.Diff(&always, got.InitContainers[0].RestartPolicy); diff != "" {
				t.Errorf("restartPolicy of the sidecar (-want +got):\n%s", diff)
			}
			if tt.want == nil {
				if got.Resources != nil {
					t.Errorf("resources are %v, want none", got.Resources)
				}
				return
			}
			if diff := cmp.Diff(corev1.ResourceList(tt.want), got.Resources.Requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
