// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package admission says what the API server's admission plugins RuntimeClass,
// LimitRanger and ResourceQuota add to a pod that is created, and why they
// refuse it. The other plugins, webhooks and policies are no part of it.
package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
)

// Objects are what admission depends on. Those of other namespaces than the
// pod's do not count.
type Objects struct {
	RuntimeClasses []nodev1.RuntimeClass
	LimitRanges    []corev1.LimitRange
	ResourceQuotas []corev1.ResourceQuota
}

// Addition is something that was added to the pod.
type Addition struct {
	// By is the object that says so, such as LimitRange default/limits; "the API
	// server" for a request that becomes what the limit is.
	By string `json:"by"`
	// Field of the pod and its new value.
	Field string `json:"field"`
	Value string `json:"value"`
}

// Refusal is a reason for which the pod is not created.
type Refusal struct {
	// Plugin is the admission plugin.
	Plugin string `json:"plugin"`
	// By is the object that says so; empty where it is one that does not exist.
	By string `json:"by,omitempty"`
	// Message is the API server's. Where several things are wrong that it lists in
	// any order they are listed by name.
	Message string `json:"message"`
}

// Outcome is what admission makes of a pod.
type Outcome struct {
	// Pod is a copy of the pod with what was added.
	Pod       *corev1.Pod
	Additions []Addition
	// Refusals are all that there are, in the order in which the API server looks;
	// it answers with the first. None where the pod is created.
	Refusals []Refusal
}

// Admit returns what becomes of a pod that is created now. The pod is not changed.
func Admit(pod *corev1.Pod, o Objects) Outcome {
	a := &admission{pod: pod.DeepCopy()}
	limits := ofNamespace(o.LimitRanges, pod.Namespace, func(l *corev1.LimitRange) (string, string) { return l.Namespace, l.Name })
	quotas := ofNamespace(o.ResourceQuotas, pod.Namespace, func(q *corev1.ResourceQuota) (string, string) { return q.Namespace, q.Name })
	a.requestsFromLimits()
	for _, l := range limits {
		a.addDefaults(l)
	}
	class := a.applyRuntimeClass(o.RuntimeClasses)
	for _, l := range limits {
		a.checkLimitRange(l)
	}
	a.checkOverhead(class)
	for _, q := range quotas {
		a.checkQuota(q)
	}
	return Outcome{Pod: a.pod, Additions: a.additions, Refusals: a.refusals}
}

// ofNamespace returns the objects of a namespace by name.
func ofNamespace[T any](list []T, namespace string, key func(*T) (namespace, name string)) []*T {
	var out []*T
	for i := range list {
		if in, _ := key(&list[i]); in == namespace {
			out = append(out, &list[i])
		}
	}
	slices.SortFunc(out, func(a, b *T) int {
		_, x := key(a)
		_, y := key(b)
		return cmp.Compare(x, y)
	})
	return out
}

type admission struct {
	pod       *corev1.Pod
	additions []Addition
	refusals  []Refusal
}

func (a *admission) added(by, field, value string) {
	a.additions = append(a.additions, Addition{By: by, Field: field, Value: value})
}

// refuse adds a refusal in the words of NewForbidden of k8s.io/apiserver.
func (a *admission) refuse(plugin, by string, err error) {
	name := a.pod.Name
	if name == "" {
		name = a.pod.GenerateName
	}
	a.refusals = append(a.refusals, Refusal{Plugin: plugin, By: by, Message: fmt.Sprintf("pods %q is forbidden: %v", name, err)})
}

// eachContainer calls do with each container and the path of its resources.
func (a *admission) eachContainer(do func(c *corev1.Container, path string)) {
	for i := range a.pod.Spec.Containers {
		do(&a.pod.Spec.Containers[i], fmt.Sprintf("spec.containers[%d].resources", i))
	}
	for i := range a.pod.Spec.InitContainers {
		do(&a.pod.Spec.InitContainers[i], fmt.Sprintf("spec.initContainers[%d].resources", i))
	}
}

// requestsFromLimits mirrors the part of SetDefaults_Pod of
// k8s.io/kubernetes/pkg/apis/core/v1 that comes before admission.
func (a *admission) requestsFromLimits() {
	a.eachContainer(func(c *corev1.Container, path string) {
		a.fill(&c.Resources.Requests, c.Resources.Limits, "the API server", path+".requests")
	})
}

// fill adds the amounts that a list lacks.
func (a *admission) fill(list *corev1.ResourceList, amounts corev1.ResourceList, by, path string) {
	for _, name := range slices.Sorted(maps.Keys(amounts)) {
		if _, ok := (*list)[name]; ok {
			continue
		}
		if *list == nil {
			*list = corev1.ResourceList{}
		}
		quantity := amounts[name]
		(*list)[name] = quantity.DeepCopy()
		a.added(by, fmt.Sprintf("%s[%s]", path, name), quantity.String())
	}
}
