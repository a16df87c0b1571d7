// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// podsPrefix is what the names of the pods of a workload start with: its name and a
// dash, if there is room for that. It mirrors getPodsPrefix of
// k8s.io/kubernetes/pkg/controller.
func podsPrefix(name string) string {
	if len(name)+1 > validation.DNS1123SubdomainMaxLength {
		return name
	}
	return name + "-"
}

// NewPod returns a pod of a workload's template, owned by that. The API server
// completes its name.
func NewPod(owner metav1.Object, kind string, template *v1alpha1.SimPodTemplateSpec) *v1alpha1.SimPod {
	pod := &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       owner.GetNamespace(),
			GenerateName:    podsPrefix(owner.GetName()),
			Labels:          make(map[string]string, len(template.Metadata.Labels)),
			OwnerReferences: []metav1.OwnerReference{OwnerReference(owner, kind)},
		},
		Spec: *template.Spec.DeepCopy(),
	}
	for k, v := range template.Metadata.Labels {
		pod.Labels[k] = string(v)
	}
	if n := len(template.Metadata.Annotations); n > 0 {
		pod.Annotations = make(map[string]string, n)
		for k, v := range template.Metadata.Annotations {
			pod.Annotations[k] = v
		}
	}
	return pod
}

// OwnerReference returns the controller reference of what a workload of that kind
// makes.
func OwnerReference(owner metav1.Object, kind string) metav1.OwnerReference {
	return *metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind(kind))
}

// FullyLabeled reports whether a pod has all labels of a template.
func FullyLabeled(template *v1alpha1.SimPodTemplateSpec, pod *v1alpha1.SimPod) bool {
	for k, v := range template.Metadata.Labels {
		if have, ok := pod.Labels[k]; !ok || have != string(v) {
			return false
		}
	}
	return true
}
