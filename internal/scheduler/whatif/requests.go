// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// requests lowers the request of one container for one resource. Resources of
// which no request at all would still not do are left out.
func (s *search) requests() []Change {
	var out []Change
	for _, name := range requested(&s.base.Pod.Spec) {
		without := changePod(func(spec *corev1.PodSpec) {
			for _, c := range containers(spec) {
				delete(c.Resources.Requests, name)
			}
		})
		if nodes, _ := s.fits(without(s.base)); nodes == nil {
			continue
		}
		for i, c := range containers(&s.base.Pod.Spec) {
			if change, ok := s.lowerRequest(i, c, name); ok && len(out) < maxPerList {
				out = append(out, change)
			}
		}
	}
	return out
}

// requested lists the resources that containers request.
func requested(spec *corev1.PodSpec) []corev1.ResourceName {
	names := map[corev1.ResourceName]bool{}
	for _, c := range containers(spec) {
		for name, q := range c.Resources.Requests {
			if q.Sign() > 0 {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// containers returns all containers of the pod, so that they can be changed.
func containers(spec *corev1.PodSpec) []*corev1.Container {
	var out []*corev1.Container
	for i := range spec.InitContainers {
		out = append(out, &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		out = append(out, &spec.Containers[i])
	}
	return out
}

func (s *search) lowerRequest(i int, c *corev1.Container, name corev1.ResourceName) (Change, bool) {
	from := c.Resources.Requests[name]
	if from.Sign() <= 0 {
		return Change{}, false
	}
	steps := stepsOf(name, from)
	to := func(n int64) func(Case) Case {
		return changePod(func(spec *corev1.PodSpec) { containers(spec)[i].Resources.Requests[name] = steps.quantity(n) })
	}
	n := greatest(steps.below(from), func(n int64) bool {
		nodes, _ := s.fits(to(n)(s.base))
		return nodes != nil
	})
	if n < 0 {
		return Change{}, false
	}
	value := steps.quantity(n)
	share := 1 - value.AsApproximateFloat64()/from.AsApproximateFloat64()
	return Change{
		Kind: LowerRequest, Object: objectPod, Field: fmt.Sprintf("spec.%s.resources.requests[%s]", containerPath(&s.base.Pod.Spec, i), name),
		From: from.String(), To: value.String(),
		Description: fmt.Sprintf("lower the %s request of container %s from %s to %s", name, c.Name, from.String(), value.String()),
		Size:        1 + int(math.Round(share*60)), apply: to(n),
	}, true
}

// containerPath is the place of a container in the spec, by the place in containers.
func containerPath(spec *corev1.PodSpec, i int) string {
	if inits := len(spec.InitContainers); i >= inits {
		return fmt.Sprintf("containers[%d]", i-inits)
	}
	return fmt.Sprintf("initContainers[%d]", i)
}

// steps are the amounts of a resource that are tried: multiples of a unit that
// reads well.
type steps struct {
	milli  bool
	unit   int64
	format resource.Format
}

const mebibyte = 1 << 20

func stepsOf(name corev1.ResourceName, q resource.Quantity) steps {
	switch {
	case name == corev1.ResourceCPU:
		return steps{milli: true, unit: 1, format: resource.DecimalSI}
	case !isBytes(name):
		return steps{unit: 1, format: resource.DecimalSI}
	case q.Value() < 16*mebibyte:
		return steps{unit: 1, format: resource.BinarySI}
	default:
		return steps{unit: mebibyte, format: resource.BinarySI}
	}
}

func isBytes(name corev1.ResourceName) bool {
	return name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage ||
		strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

func (s steps) quantity(n int64) resource.Quantity {
	if s.milli {
		return *resource.NewMilliQuantity(n*s.unit, s.format)
	}
	return *resource.NewQuantity(n*s.unit, s.format)
}

// below is the number of whole steps that are less than the quantity.
func (s steps) below(q resource.Quantity) int64 {
	value := q.Value()
	if s.milli {
		value = q.MilliValue()
	}
	return (value - 1) / s.unit
}

// atLeast is the number of steps that make up the amount.
func (s steps) atLeast(amount int64) int64 { return (amount-1)/s.unit + 1 }
