// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

const runtimeClassPlugin = "RuntimeClass"

// applyRuntimeClass adds what the pod's class says and returns it; nil where the
// pod has none. It mirrors setOverhead and setScheduling of
// k8s.io/kubernetes/plugin/pkg/admission/runtimeclass.
func (a *admission) applyRuntimeClass(classes []nodev1.RuntimeClass) *nodev1.RuntimeClass {
	name := a.pod.Spec.RuntimeClassName
	if name == nil {
		return nil
	}
	at := slices.IndexFunc(classes, func(c nodev1.RuntimeClass) bool { return c.Name == *name })
	if at < 0 {
		a.refuse(runtimeClassPlugin, "", fmt.Errorf("pod rejected: RuntimeClass %q not found", *name))
		return nil
	}
	class := &classes[at]
	by := "RuntimeClass " + class.Name
	switch o := class.Overhead; {
	case o == nil:
	case len(a.pod.Spec.Overhead) == 0:
		a.fill(&a.pod.Spec.Overhead, o.PodFixed, by, "spec.overhead")
	case !apiequality.Semantic.DeepEqual(o.PodFixed, a.pod.Spec.Overhead):
		a.refuse(runtimeClassPlugin, by, errors.New("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"))
		return class
	}
	if s := class.Scheduling; s != nil && a.selectNodes(s.NodeSelector, by) {
		a.tolerate(s.Tolerations, by)
	}
	return class
}

// selectNodes merges the class's node selector; false where it contradicts the pod's.
func (a *admission) selectNodes(selector map[string]string, by string) bool {
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		own, ok := a.pod.Spec.NodeSelector[key]
		switch {
		case ok && own != selector[key]:
			a.refuse(runtimeClassPlugin, by, fmt.Errorf("conflict: runtimeClass.scheduling.nodeSelector[%s] = %s; pod.spec.nodeSelector[%s] = %s",
				key, selector[key], key, own))
			return false
		case ok:
			continue
		case a.pod.Spec.NodeSelector == nil:
			a.pod.Spec.NodeSelector = map[string]string{}
		}
		a.pod.Spec.NodeSelector[key] = selector[key]
		a.added(by, fmt.Sprintf("spec.nodeSelector[%s]", key), selector[key])
	}
	return true
}

// tolerate merges the class's tolerations. It mirrors MergeTolerations of
// k8s.io/kubernetes/pkg/util/tolerations.
func (a *admission) tolerate(tolerations []corev1.Toleration, by string) {
	before := a.pod.Spec.Tolerations
	all := slices.Concat(before, tolerations)
	var merged []corev1.Toleration
	for i, t := range all {
		redundant := slices.ContainsFunc(merged, func(other corev1.Toleration) bool { return isSuperset(other, t) }) ||
			slices.ContainsFunc(all[i+1:], func(other corev1.Toleration) bool {
				return !apiequality.Semantic.DeepEqual(t, other) && isSuperset(other, t)
			})
		if redundant {
			continue
		}
		merged = append(merged, t)
		if i >= len(before) {
			a.added(by, "spec.tolerations", describe(t))
		}
	}
	a.pod.Spec.Tolerations = merged
}

// isSuperset mirrors the function of that name there.
func isSuperset(ss, t corev1.Toleration) bool {
	switch {
	case apiequality.Semantic.DeepEqual(ss, t):
		return true
	case t.Key != ss.Key && (ss.Key != "" || ss.Operator != corev1.TolerationOpExists),
		t.Effect != ss.Effect && ss.Effect != "",
		ss.Effect == corev1.TaintEffectNoExecute && ss.TolerationSeconds != nil &&
			(t.TolerationSeconds == nil || *t.TolerationSeconds > *ss.TolerationSeconds):
		return false
	}
	switch ss.Operator {
	case corev1.TolerationOpEqual, "":
		return t.Operator == corev1.TolerationOpEqual && t.Value == ss.Value
	case corev1.TolerationOpExists:
		return true
	}
	return false
}

func describe(t corev1.Toleration) string {
	text := t.Key
	if t.Operator != corev1.TolerationOpExists {
		text += "=" + t.Value
	}
	if t.Effect != "" {
		text += ":" + string(t.Effect)
	}
	return text
}

// checkOverhead refuses an overhead that no class gives. It mirrors the part of
// validateOverhead that setOverhead has not seen to.
func (a *admission) checkOverhead(class *nodev1.RuntimeClass) {
	unknown := class == nil && a.pod.Spec.RuntimeClassName != nil // which is refused already
	if a.pod.Spec.Overhead != nil && !unknown && (class == nil || class.Overhead == nil) {
		a.refuse(runtimeClassPlugin, "", errors.New("pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"))
	}
}
