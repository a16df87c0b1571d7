// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podgc

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

func TestExcess(t *testing.T) {
	born := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	pod := func(namespace, name string, phase corev1.PodPhase, age time.Duration) v1alpha1.SimPod {
		p := wrappers.MakeSimPod().Namespace(namespace).Name(name).Obj()
		p.Status.Phase, p.CreationTimestamp = phase, metav1.NewTime(born.Add(-age))
		return *p
	}
	young := pod("a", "young", corev1.PodSucceeded, time.Minute)
	old := pod("a", "old", corev1.PodFailed, time.Hour)
	alsoOld := pod("a", "older-by-name", corev1.PodSucceeded, time.Hour)
	elsewhere := pod("b", "old", corev1.PodFailed, time.Hour)
	deleted := pod("a", "deleted", corev1.PodFailed, 2*time.Hour)
	deleted.DeletionTimestamp = &metav1.Time{Time: born}
	tests := map[string]struct {
		pods      []v1alpha1.SimPod
		threshold int
		want      []string
	}{
		"none":                       {threshold: 1},
		"as many as the threshold":   {pods: []v1alpha1.SimPod{young, old}, threshold: 2},
		"the oldest":                 {pods: []v1alpha1.SimPod{young, old}, threshold: 1, want: []string{"a/old"}},
		"of one age by name":         {pods: []v1alpha1.SimPod{elsewhere, alsoOld, young, old}, threshold: 2, want: []string{"a/old", "a/older-by-name"}},
		"a held one is not replaced": {pods: []v1alpha1.SimPod{old, deleted, young}, threshold: 2, want: []string{"a/deleted"}},
		"turned off":                 {pods: []v1alpha1.SimPod{young, old}, threshold: 0},
		"turned off by less":         {pods: []v1alpha1.SimPod{young, old}, threshold: -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range excess(tt.pods, tt.threshold) {
				got = append(got, p.Namespace+"/"+p.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pods to delete (-want +got):\n%s", diff)
			}
		})
	}
}
