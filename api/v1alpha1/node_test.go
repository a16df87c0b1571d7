// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestToNodeTaintsWhatNoKubeletHasReportedOn(t *testing.T) {
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	own := corev1.Taint{Key: "own", Effect: corev1.TaintEffectNoExecute}
	tests := []struct {
		name   string
		taints []corev1.Taint
		status SimNodeStatus
		want   []corev1.Taint
	}{
		{name: "nobody has reported", taints: []corev1.Taint{own}, want: []corev1.Taint{own, notReady}},
		{name: "tainted already", taints: []corev1.Taint{notReady}, want: []corev1.Taint{notReady}},
		{name: "reported", status: SimNodeStatus{Conditions: []metav1.Condition{{Type: SimNodeReady, Status: metav1.ConditionFalse}}}},
		{name: "with allocatable", status: SimNodeStatus{Allocatable: ResourceList{corev1.ResourcePods: resource.MustParse("1")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			node := &SimNode{Spec: SimNodeSpec{Taints: tt.taints}, Status: tt.status}
			before := node.DeepCopy()
			if diff := cmp.Diff(tt.want, node.ToNode().Spec.Taints); diff != "" {
				t.Errorf("taints (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, node); diff != "" {
				t.Errorf("the SimNode was changed:\n%s", diff)
			}
		})
	}
}
