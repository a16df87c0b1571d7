// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestNewResourceSaturates(t *testing.T) {
	tests := map[string]struct {
		name corev1.ResourceName
		text string
		want Resource
	}{
		"cpu":                    {corev1.ResourceCPU, "1500m", Resource{MilliCPU: 1500}},
		"less than a millicore":  {corev1.ResourceCPU, "0.1m", Resource{MilliCPU: 1}},
		"the most cpu":           {corev1.ResourceCPU, "9223372036854775", Resource{MilliCPU: 9223372036854775000}},
		"more cpu than that":     {corev1.ResourceCPU, "9223372036854776", Resource{MilliCPU: math.MaxInt64}},
		"ten quadrillion cores":  {corev1.ResourceCPU, "10P", Resource{MilliCPU: math.MaxInt64}},
		"memory":                 {corev1.ResourceMemory, "5Ei", Resource{Memory: 5 << 60}},
		"a tenth of a byte":      {corev1.ResourceMemory, "100m", Resource{Memory: 1}},
		"memory that is capped":  {corev1.ResourceMemory, "16Ei", Resource{Memory: math.MaxInt64}},
		"memory beyond a number": {corev1.ResourceMemory, "50E", Resource{Memory: math.MaxInt64}},
		"storage":                {corev1.ResourceEphemeralStorage, "50E", Resource{EphemeralStorage: math.MaxInt64}},
		"pods":                   {corev1.ResourcePods, "50E", Resource{AllowedPodNumber: math.MaxInt64}},
		"devices": {"example.com/gpu", "50E", Resource{
			ScalarResources: map[corev1.ResourceName]int64{"example.com/gpu": math.MaxInt64},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := NewResource(corev1.ResourceList{test.name: resource.MustParse(test.text)})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", test.text, test.name, diff)
			}
		})
	}
}

// requesting returns a pod with a container for each amount of memory.
func requesting(uid string, memory ...string) *PodInfo {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}}
	for _, amount := range memory {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(amount), "example.com/gpu": resource.MustParse(amount)},
		}})
	}
	return NewPodInfo(pod)
}

func TestRequestsOfAPodSaturate(t *testing.T) {
	pod := requesting("halves", "5Ei", "5Ei")
	if pod.Requests.Memory != math.MaxInt64 || pod.NonZeroMemory != math.MaxInt64 {
		t.Errorf("memory %d and %d, want the largest number", pod.Requests.Memory, pod.NonZeroMemory)
	}
	if want := []ScalarRequest{{Name: "example.com/gpu", Value: math.MaxInt64}}; !cmp.Equal(want, pod.Scalars) {
		t.Errorf("scalars %v, want %v", pod.Scalars, want)
	}
}

func TestSumsOfANodeSaturate(t *testing.T) {
	small, half, otherHalf := requesting("small", "3Gi"), requesting("half", "5Ei"), requesting("other", "5Ei")
	node := NewNodeInfo(small, half, otherHalf)
	expect := func(memory int64) {
		t.Helper()
		if got := node.Requested.Memory; got != memory {
			t.Errorf("memory %d, want %d", got, memory)
		}
		if got := node.Requested.ScalarResources["example.com/gpu"]; got != memory {
			t.Errorf("devices %d, want %d", got, memory)
		}
		if got := node.NonZeroRequested.Memory; got != memory {
			t.Errorf("memory with defaults %d, want %d", got, memory)
		}
	}
	expect(math.MaxInt64)
	node.RemovePod(half.Pod.UID)
	expect(5<<60 + 3<<30)
	node.RemovePod(otherHalf.Pod.UID)
	expect(3 << 30)
}

func TestPercentage(t *testing.T) {
	tests := []struct{ part, whole, want int64 }{
		{0, 1, 0},
		{1, 3, 33},
		{math.MaxInt64/100 + 1, math.MaxInt64, 1},
		{math.MaxInt64 - 1, math.MaxInt64, 99},
		{math.MaxInt64, math.MaxInt64, 100},
	}
	for _, test := range tests {
		if got := Percentage(test.part, test.whole); got != test.want {
			t.Errorf("Percentage(%d, %d) = %d, want %d", test.part, test.whole, got, test.want)
		}
	}
}
