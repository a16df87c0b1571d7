// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
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
