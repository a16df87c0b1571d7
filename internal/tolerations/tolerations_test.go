// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package tolerations_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/tainttoleration"
	"github.com/glassplane/glassplane/internal/tolerations"
)

// TestSchedulerAndEvictionAgree: a pod may be on a node where, and only where, it
// may be bound to it.
func TestSchedulerAndEvictionAgree(t *testing.T) {
	taint := corev1.Taint{Key: "example.com/level", Value: "5", Effect: corev1.TaintEffectNoExecute}
	tests := map[string]struct {
		toleration corev1.Toleration
		want       bool
	}{
		"Equal":                 {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpEqual, Value: "5"}, true},
		"Equal another value":   {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpEqual, Value: "6"}, false},
		"no operator is Equal":  {corev1.Toleration{Key: taint.Key, Value: "5", Effect: corev1.TaintEffectNoExecute}, true},
		"Exists":                {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists}, true},
		"Exists without a key":  {corev1.Toleration{Operator: corev1.TolerationOpExists}, true},
		"another effect":        {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}, false},
		"Gt, which would match": {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpGt, Value: "3"}, false},
		"Lt, which would match": {corev1.Toleration{Key: taint.Key, Operator: corev1.TolerationOpLt, Value: "9"}, false},
		"no operator at all":    {corev1.Toleration{Key: taint.Key, Operator: "Exist"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			list := []corev1.Toleration{test.toleration}
			if got := tolerations.Tolerate(list, &taint); got != test.want {
				t.Errorf("Tolerate: %t, want %t", got, test.want)
			}
			node := framework.NewNodeInfo()
			node.SetNode(&corev1.Node{Spec: corev1.NodeSpec{Taints: []corev1.Taint{taint}}})
			pod := framework.NewPodInfo(&corev1.Pod{Spec: corev1.PodSpec{Tolerations: list}})
			if got := tainttoleration.New().Filter(nil, pod, node).IsSuccess(); got != test.want {
				t.Errorf("scheduled: %t, want %t", got, test.want)
			}
			sim := &v1alpha1.SimPod{Spec: v1alpha1.SimPodSpec{Tolerations: list}}
			_, evicted := kubelet.EvictAt(sim, []corev1.Taint{taint}, kubelet.DefaultTolerationSeconds,
				func(corev1.Taint) time.Time { return time.Time{} })
			if evicted == test.want {
				t.Errorf("evicted: %t, want %t", evicted, !test.want)
			}
		})
	}
}
