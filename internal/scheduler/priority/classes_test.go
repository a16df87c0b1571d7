// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package priority

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newClass(name string, value int32, globalDefault bool, policy corev1.PreemptionPolicy) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value, GlobalDefault: globalDefault, PreemptionPolicy: &policy,
	}
}

func TestResolve(t *testing.T) {
	lower, never := corev1.PreemptLowerPriority, corev1.PreemptNever
	high := newClass("high", 1000, false, lower)
	batch := newClass("batch", 5, false, never)
	standard := newClass("standard", 10, true, lower)
	other := newClass("other", 20, true, never)
	tests := map[string]struct {
		classes     []*schedulingv1.PriorityClass
		spec        corev1.PodSpec
		want        int32
		wantPolicy  corev1.PreemptionPolicy
		wantUnknown string
	}{
		"no class at all": {
			spec: corev1.PodSpec{PreemptionPolicy: &lower}, wantPolicy: lower,
		},
		"the class that the pod names": {
			classes: []*schedulingv1.PriorityClass{high, standard},
			spec:    corev1.PodSpec{PriorityClassName: "high", PreemptionPolicy: &lower}, want: 1000, wantPolicy: lower,
		},
		"the pod's own priority wins": {
			classes: []*schedulingv1.PriorityClass{high},
			spec:    corev1.PodSpec{PriorityClassName: "high", Priority: new(int32(7)), PreemptionPolicy: &lower}, want: 7, wantPolicy: lower,
		},
		"the global default": {
			classes: []*schedulingv1.PriorityClass{high, standard},
			spec:    corev1.PodSpec{PreemptionPolicy: &lower}, want: 10, wantPolicy: lower,
		},
		"of two global defaults the lower one": {
			classes: []*schedulingv1.PriorityClass{other, standard},
			spec:    corev1.PodSpec{PreemptionPolicy: &lower}, want: 10, wantPolicy: lower,
		},
		"a priority without a class has nothing to do with the global default": {
			classes: []*schedulingv1.PriorityClass{other},
			spec:    corev1.PodSpec{Priority: new(int32(3)), PreemptionPolicy: &lower}, want: 3, wantPolicy: lower,
		},
		"a class that never preempts": {
			classes: []*schedulingv1.PriorityClass{batch},
			spec:    corev1.PodSpec{PriorityClassName: "batch", PreemptionPolicy: &lower}, want: 5, wantPolicy: never,
		},
		"a pod that never preempts": {
			classes: []*schedulingv1.PriorityClass{high},
			spec:    corev1.PodSpec{PriorityClassName: "high", PreemptionPolicy: &never}, want: 1000, wantPolicy: never,
		},
		"a class that does not exist": {
			classes: []*schedulingv1.PriorityClass{high, standard},
			spec:    corev1.PodSpec{PriorityClassName: "hgih", PreemptionPolicy: &lower}, wantPolicy: lower, wantUnknown: "hgih",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var classes Classes
			for _, c := range test.classes {
				classes.Set(c)
			}
			pod := &corev1.Pod{Spec: test.spec}
			err := classes.Resolve(pod)
			unknown := ""
			if e, ok := errors.AsType[*UnknownClassError](err); ok {
				unknown = e.Class
			}
			if unknown != test.wantUnknown {
				t.Errorf("error %v, want one for %q", err, test.wantUnknown)
			}
			if got := *pod.Spec.Priority; got != test.want {
				t.Errorf("priority %d, want %d", got, test.want)
			}
			if got := *pod.Spec.PreemptionPolicy; got != test.wantPolicy {
				t.Errorf("preemption policy %s, want %s", got, test.wantPolicy)
			}
		})
	}
}

func TestClassesComeAndGo(t *testing.T) {
	var classes Classes
	resolve := func() int32 {
		pod := &corev1.Pod{}
		if err := classes.Resolve(pod); err != nil {
			t.Fatal(err)
		}
		return *pod.Spec.Priority
	}
	classes.Set(newClass("standard", 10, true, corev1.PreemptLowerPriority))
	if got := resolve(); got != 10 {
		t.Errorf("priority %d, want 10", got)
	}
	classes.Set(newClass("standard", 10, false, corev1.PreemptLowerPriority))
	if got := resolve(); got != 0 {
		t.Errorf("priority %d, want 0: the class is no default any more", got)
	}
	classes.Set(newClass("standard", 10, true, corev1.PreemptLowerPriority))
	classes.Remove("standard")
	if got := resolve(); got != 0 {
		t.Errorf("priority %d, want 0: the class is gone", got)
	}
}
