// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Resource is a set of quantities as plain numbers. It mirrors
// framework.Resource of kube-scheduler.
type Resource struct {
	// MilliCPU in thousandths of a core.
	MilliCPU int64
	// Memory in bytes.
	Memory int64
	// EphemeralStorage in bytes.
	EphemeralStorage int64
	// AllowedPodNumber is the number of pods that a node takes.
	AllowedPodNumber int
	// ScalarResources holds extended resources, huge pages and other resources
	// that are counted in whole numbers; nil where there are none.
	ScalarResources map[corev1.ResourceName]int64
}

// NewResource converts a list of quantities, rounding up to whole units.
// Resources that kube-scheduler does not know are left out.
func NewResource(list corev1.ResourceList) Resource {
	var r Resource
	for name, quantity := range list {
		switch name {
		case corev1.ResourceCPU:
			r.MilliCPU = quantity.MilliValue()
		case corev1.ResourceMemory:
			r.Memory = quantity.Value()
		case corev1.ResourceEphemeralStorage:
			r.EphemeralStorage = quantity.Value()
		case corev1.ResourcePods:
			r.AllowedPodNumber = int(quantity.Value())
		default:
			if IsScalarResourceName(name) {
				r.addScalar(name, quantity.Value())
			}
		}
	}
	return r
}

// Clone returns a copy that shares no memory with r.
func (r Resource) Clone() Resource {
	r.ScalarResources = maps.Clone(r.ScalarResources)
	return r
}

// add adds sign times other, but not its number of pods.
func (r *Resource) add(other *Resource, sign int64) {
	r.MilliCPU += sign * other.MilliCPU
	r.Memory += sign * other.Memory
	r.EphemeralStorage += sign * other.EphemeralStorage
	for name, quantity := range other.ScalarResources {
		r.addScalar(name, sign*quantity)
	}
}

func (r *Resource) addScalar(name corev1.ResourceName, quantity int64) {
	if r.ScalarResources == nil {
		r.ScalarResources = make(map[corev1.ResourceName]int64, 1)
	}
	r.ScalarResources[name] += quantity
}

// IsExtendedResourceName mirrors IsExtendedResourceName of
// k8s.io/kubernetes/pkg/apis/core/v1/helper, for names that the API accepts: a
// domain that is not Kubernetes' own.
func IsExtendedResourceName(name corev1.ResourceName) bool {
	s := string(name)
	return strings.Contains(s, "/") && !strings.Contains(s, corev1.ResourceDefaultNamespacePrefix) &&
		!strings.HasPrefix(s, corev1.DefaultResourceRequestsPrefix)
}

// IsScalarResourceName mirrors IsScalarResourceName of
// k8s.io/kubernetes/pkg/scheduler/util.
func IsScalarResourceName(name corev1.ResourceName) bool {
	s := string(name)
	return IsExtendedResourceName(name) ||
		strings.Contains(s, corev1.ResourceDefaultNamespacePrefix) ||
		strings.HasPrefix(s, corev1.ResourceHugePagesPrefix) ||
		strings.HasPrefix(s, corev1.ResourceAttachableVolumesPrefix)
}
