// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"maps"
	"math"
	"math/bits"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Resource is a set of quantities as plain numbers. It mirrors
// framework.Resource of kube-scheduler, but what does not fit into a number is
// the largest one, also as a sum: there, such an amount counts as nothing
// (Quantity.MilliValue) or as less than nothing (a sum), and gives the node's
// room to everybody else.
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
			r.MilliCPU = MilliValue(quantity)
		case corev1.ResourceMemory:
			r.Memory = Value(quantity)
		case corev1.ResourceEphemeralStorage:
			r.EphemeralStorage = Value(quantity)
		case corev1.ResourcePods:
			r.AllowedPodNumber = int(Value(quantity))
		default:
			if IsScalarResourceName(name) {
				r.addScalar(name, Value(quantity))
			}
		}
	}
	return r
}

// Value returns the quantity in whole units, rounded up; the largest number where
// it is more, and the least where it is less.
func Value(q resource.Quantity) int64 {
	if limit, beyond := limitOf(q, math.MaxInt64); beyond {
		return limit
	}
	return q.Value()
}

// MilliValue returns the quantity in thousandths of a unit, as Value does.
func MilliValue(q resource.Quantity) int64 {
	if limit, beyond := limitOf(q, math.MaxInt64/1000); beyond {
		return limit
	}
	return q.MilliValue()
}

// limitOf returns the number that stands for a quantity beyond most.
func limitOf(q resource.Quantity, most int64) (limit int64, beyond bool) {
	switch {
	case q.CmpInt64(most) > 0:
		return math.MaxInt64, true
	case q.CmpInt64(-most) < 0:
		return math.MinInt64, true
	}
	return 0, false
}

// AddSaturated returns a+b, or the largest or the least number where the sum is
// beyond it.
func AddSaturated(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}

// Percentage returns part*100/whole, rounded down, without overflow; part is from
// 0 to whole, and whole above 0.
func Percentage(part, whole int64) int64 {
	if part <= math.MaxInt64/MaxNodeScore {
		return part * MaxNodeScore / whole
	}
	high, low := bits.Mul64(uint64(part), uint64(MaxNodeScore))
	share, _ := bits.Div64(high, low, uint64(whole))
	return int64(share)
}

// Clone returns a copy that shares no memory with r.
func (r Resource) Clone() Resource {
	r.ScalarResources = maps.Clone(r.ScalarResources)
	return r
}

// add adds other, but not its number of pods.
func (r *Resource) add(other *Resource) {
	r.MilliCPU = AddSaturated(r.MilliCPU, other.MilliCPU)
	r.Memory = AddSaturated(r.Memory, other.Memory)
	r.EphemeralStorage = AddSaturated(r.EphemeralStorage, other.EphemeralStorage)
	for name, quantity := range other.ScalarResources {
		r.addScalar(name, quantity)
	}
}

// subtract takes off what was added. It is false where the sum has saturated, so
// that what remains is not known.
func (r *Resource) subtract(other *Resource) bool {
	if r.saturated() {
		return false
	}
	r.MilliCPU -= other.MilliCPU
	r.Memory -= other.Memory
	r.EphemeralStorage -= other.EphemeralStorage
	for name, quantity := range other.ScalarResources {
		r.addScalar(name, -quantity)
	}
	return true
}

func (r *Resource) saturated() bool {
	if r.MilliCPU == math.MaxInt64 || r.Memory == math.MaxInt64 || r.EphemeralStorage == math.MaxInt64 {
		return true
	}
	for _, quantity := range r.ScalarResources {
		if quantity == math.MaxInt64 {
			return true
		}
	}
	return false
}

func (r *Resource) addScalar(name corev1.ResourceName, quantity int64) {
	if r.ScalarResources == nil {
		r.ScalarResources = make(map[corev1.ResourceName]int64, 1)
	}
	r.ScalarResources[name] = AddSaturated(r.ScalarResources[name], quantity)
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
