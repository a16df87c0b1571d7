// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestScalars(t *testing.T) {
	request := func(name, quantity string) corev1.Container {
		return corev1.Container{Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceName(name): resource.MustParse(quantity)},
		}}
	}
	for _, tc := range []struct {
		name       string
		containers []corev1.Container
		want       []ScalarRequest
	}{
		{"none", []corev1.Container{request("cpu", "1")}, nil},
		{"sorted and summed", []corev1.Container{request("b.com/x", "1"), request("a.com/x", "2"), request("b.com/x", "3")},
			[]ScalarRequest{{"a.com/x", 2}, {"b.com/x", 4}}},
		{"zero and negative", []corev1.Container{request("a.com/x", "0"), request("b.com/x", "-1")}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			info := NewPodInfo(&corev1.Pod{Spec: corev1.PodSpec{Containers: tc.containers}})
			if diff := cmp.Diff(tc.want, info.Scalars); diff != "" {
				t.Errorf("scalars (-want +got):\n%s", diff)
			}
		})
	}
}
