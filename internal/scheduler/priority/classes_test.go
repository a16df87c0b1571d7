// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package priority

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func newClass(name string, value int32, globalDefault bool, policy corev1.PreemptionPolicy) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value, GlobalDefault: globalDefault, PreemptionPolicy: &policy,
	}
}

func created(class *schedulingv1.PriorityClass, second int64) *schedulingv1.PriorityClass {
	out := class.DeepCopy()
	out.CreationTimestamp = metav1.Unix(second, 0)
	return out
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
		podCreated  int64
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
		"a global default that is younger than the pod": {
			classes: []*schedulingv1.PriorityClass{created(standard, 11)}, podCreated: 10,
			spec: corev1.PodSpec{PreemptionPolicy: &lower}, want: 0, wantPolicy: lower,
		},
		"of the global defaults one that there was": {
			classes: []*schedulingv1.PriorityClass{created(standard, 11), created(other, 10)}, podCreated: 10,
			spec: corev1.PodSpec{PreemptionPolicy: &lower}, want: 20, wantPolicy: never,
		},
		"a priority that is stored does not need its class": {
			classes: []*schedulingv1.PriorityClass{standard},
			spec:    corev1.PodSpec{PriorityClassName: "gone", Priority: new(int32(800)), PreemptionPolicy: &lower}, want: 800, wantPolicy: lower,
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
			if test.podCreated != 0 {
				pod.CreationTimestamp = metav1.Unix(test.podCreated, 0)
			}
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

func TestPriorityIsResolvedOnce(t *testing.T) {
	var r Resolver
	r.Set(newClass("high", 800, false, corev1.PreemptNever))
	pod := func(uid, class string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(uid)}, Spec: corev1.PodSpec{PriorityClassName: class}}
	}
	resolve := func(uid, class string, want int32) *corev1.Pod {
		t.Helper()
		p := pod(uid, class)
		if err := r.Resolve(p); err != nil {
			t.Fatal(err)
		}
		if got := *p.Spec.Priority; got != want {
			t.Errorf("priority of %s: %d, want %d", uid, got, want)
		}
		return p
	}
	resolve("high", "high", 800)
	resolve("plain", "", 0)

	r.Remove("high")
	r.Set(newClass("late", 1000, true, corev1.PreemptLowerPriority))
	high := resolve("high", "high", 800)
	if high.Spec.PreemptionPolicy == nil || *high.Spec.PreemptionPolicy != corev1.PreemptNever {
		t.Errorf("preemption policy %v, want Never as the class had it", high.Spec.PreemptionPolicy)
	}
	resolve("plain", "", 0)
	resolve("new", "", 1000)

	seen := pod("seen", "")
	if err := r.Lookup(seen); err != nil || *seen.Spec.Priority != 1000 {
		t.Errorf("Lookup: %d and %v, want 1000", *seen.Spec.Priority, err)
	}
	r.Forget("plain")
	stored := pod("high", "high")
	stored.Spec.Priority = new(int32(800))
	if err := r.Resolve(stored); err != nil {
		t.Errorf("a stored priority needs no class: %v", err)
	}
	if len(r.resolved) != 1 {
		t.Errorf("%d pods are remembered, want the new one only", len(r.resolved))
	}
}
