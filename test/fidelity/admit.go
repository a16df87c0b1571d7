// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// admitted returns the pod as the API server stores it: a Pod's matchLabelKeys
// and mismatchLabelKeys become requirements of its selectors, on which
// kube-scheduler depends. It mirrors mutatePodAffinity and
// mutateTopologySpreadConstraints of k8s.io/kubernetes/pkg/registry/core/pod.
func admitted(pod *corev1.Pod) *corev1.Pod {
	out := pod.DeepCopy()
	if affinity := out.Spec.Affinity; affinity != nil {
		if a := affinity.PodAffinity; a != nil {
			admitTerms(out, a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
		}
		if a := affinity.PodAntiAffinity; a != nil {
			admitTerms(out, a.RequiredDuringSchedulingIgnoredDuringExecution, a.PreferredDuringSchedulingIgnoredDuringExecution)
		}
	}
	for i := range out.Spec.TopologySpreadConstraints {
		c := &out.Spec.TopologySpreadConstraints[i]
		applyLabelKeys(c.LabelSelector, c.MatchLabelKeys, metav1.LabelSelectorOpIn, out.Labels)
	}
	return out
}

func admitTerms(pod *corev1.Pod, required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	admit := func(term *corev1.PodAffinityTerm) {
		applyLabelKeys(term.LabelSelector, term.MatchLabelKeys, metav1.LabelSelectorOpIn, pod.Labels)
		applyLabelKeys(term.LabelSelector, term.MismatchLabelKeys, metav1.LabelSelectorOpNotIn, pod.Labels)
	}
	for i := range required {
		admit(&required[i])
	}
	for i := range preferred {
		admit(&preferred[i].PodAffinityTerm)
	}
}

func applyLabelKeys(selector *metav1.LabelSelector, keys []string, operator metav1.LabelSelectorOperator, labels map[string]string) {
	if selector == nil {
		return // selects nothing, whatever else it requires
	}
	for _, key := range keys {
		if value, ok := labels[key]; ok {
			selector.MatchExpressions = append(selector.MatchExpressions,
				metav1.LabelSelectorRequirement{Key: key, Operator: operator, Values: []string{value}})
		}
	}
}
