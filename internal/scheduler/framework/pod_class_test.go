// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"strconv"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestClasses(t *testing.T) {
	pod := func(namespace string, labels map[string]string, terms ...corev1.PodAffinityTerm) *PodInfo {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Labels: labels}}
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
		return NewPodInfo(p)
	}
	term := func(key string, selector *metav1.LabelSelector) corev1.PodAffinityTerm {
		return corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: selector}
	}
	ab := map[string]string{"a": "1", "b": "2"}
	everything, nothing := &metav1.LabelSelector{}, (*metav1.LabelSelector)(nil)
	for _, tc := range []struct {
		name                 string
		a, b                 *PodInfo
		sameLabels, sameTerm bool
	}{
		{"equal", pod("n", ab, term("z", everything)), pod("n", map[string]string{"b": "2", "a": "1"}, term("z", everything)), true, true},
		{"labels that read the same", pod("n", ab), pod("n", map[string]string{"a": "1b2"}), false, true},
		{"other namespace", pod("n", ab), pod("m", ab), false, true},
		{"terms of other namespaces", pod("n", ab, term("z", everything)), pod("m", ab, term("z", everything)), false, false},
		{"everything and nothing", pod("n", ab, term("z", everything)), pod("n", ab, term("z", nothing)), true, false},
		{"other key", pod("n", ab, term("z", everything)), pod("n", ab, term("y", everything)), true, false},
		{"one term and two", pod("n", ab, term("z", everything)), pod("n", ab, term("z", everything), term("z", everything)), true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.a.LabelClass == tc.b.LabelClass; got != tc.sameLabels {
				t.Errorf("same label class: %v", got)
			}
			if got := tc.a.TermClass == tc.b.TermClass; got != tc.sameTerm {
				t.Errorf("same term class: %v", got)
			}
		})
	}
}

func TestClassMemo(t *testing.T) {
	for _, tc := range []struct {
		name                   string
		rounds, classes, asked int
	}{
		{"once per class", 3, 10, 10},
		{"each time beyond the bound", 3, maxClasses + 1, maxClasses + 1 + 2},
		{"always where no two pods are of one class", 2, 2 * maxClasses, 4 * maxClasses},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked := 0
			memo := NewClassMemo(func(p *PodInfo) string { asked++; return p.Pod.Name })
			for round := range tc.rounds {
				for i := range tc.classes {
					name := strconv.Itoa(i)
					info := NewPodInfo(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"i": name}}})
					if got := memo.Of(info.LabelClass, info); got != name {
						t.Fatalf("pod %d: %q", i, got)
					}
					if i < maxClasses && round == 0 && tc.classes == maxClasses+1 {
						memo.Of(info.LabelClass, info) // a second pod of the class
						memo.Of(info.LabelClass, info)
					}
				}
			}
			if asked != tc.asked {
				t.Errorf("asked %d times, want %d", asked, tc.asked)
			}
		})
	}
}
