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
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// requests lowers the request of the pod as a whole or of one container for one
// resource. Resources of which no request at all would still not do are left out.
func (s *search) requests() []Change {
	var out []Change
	for _, name := range requested(&s.base.Pod.Spec) {
		without := changePod(func(spec *corev1.PodSpec) {
			for _, list := range requestLists(spec) {
				delete(list, name)
			}
		})
		if nodes, _ := s.fits(without(s.base)); nodes == nil {
			continue
		}
		if change, ok := s.lowerPodRequest(name); ok && len(out) < maxPerList {
			out = append(out, change)
		}
		for i, c := range containers(&s.base.Pod.Spec) {
			if change, ok := s.lowerRequest(i, c, name); ok && len(out) < maxPerList {
				out = append(out, change)
			}
		}
	}
	return out
}

// requestLists are the requests of the pod as a whole and of its containers.
func requestLists(spec *corev1.PodSpec) []corev1.ResourceList {
	var out []corev1.ResourceList
	if spec.Resources != nil {
		out = append(out, spec.Resources.Requests)
	}
	for _, c := range containers(spec) {
		out = append(out, c.Resources.Requests)
	}
	return out
}

// requested lists the resources that the pod or its containers request.
func requested(spec *corev1.PodSpec) []corev1.ResourceName {
	names := map[corev1.ResourceName]bool{}
	for _, list := range requestLists(spec) {
		for name, q := range list {
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
	change, ok := s.lower(name, c.Resources, lowering{
		field: fmt.Sprintf("spec.%s.resources", containerPath(&s.base.Pod.Spec, i)), of: "container " + c.Name,
		in: func(spec *corev1.PodSpec) corev1.ResourceList { return containers(spec)[i].Resources.Requests },
	})
	if to, err := resource.ParseQuantity(change.To); ok && err == nil && !mustEqualLimit(name) {
		list, _, _ := strings.Cut(containerPath(&s.base.Pod.Spec, i), "[")
		change.Command = s.commands().request(list, c.Name, name, to)
	}
	return change, ok
}

// lowerPodRequest lowers what the pod requests as a whole, to no less than what
// its containers request together: the API server refuses less.
func (s *search) lowerPodRequest(name corev1.ResourceName) (Change, bool) {
	resources := s.base.Pod.Spec.Resources
	if resources == nil {
		return Change{}, false
	}
	sum := resourcehelper.AggregateContainerRequests(s.base.Pod, resourcehelper.PodResourcesOptions{})
	return s.lower(name, *resources, lowering{
		field: "spec.resources", of: "the pod as a whole", least: sum[name],
		in: func(spec *corev1.PodSpec) corev1.ResourceList { return spec.Resources.Requests },
	})
}

// lowering says which request is lowered.
type lowering struct {
	// field of the resources, and what they are of.
	field, of string
	// least that may be requested.
	least resource.Quantity
	// in returns the list of requests in a spec.
	in func(*corev1.PodSpec) corev1.ResourceList
}

func (s *search) lower(name corev1.ResourceName, resources corev1.ResourceRequirements, l lowering) (Change, bool) {
	from := resources.Requests[name]
	if from.Sign() <= 0 {
		return Change{}, false
	}
	steps := stepsOf(name, from)
	to := func(n int64) func(Case) Case {
		return changePod(func(spec *corev1.PodSpec) { l.in(spec)[name] = steps.quantity(n) })
	}
	n := greatest(steps.below(from), func(n int64) bool {
		nodes, _ := s.fits(to(n)(s.base))
		return nodes != nil
	})
	value := steps.quantity(n)
	if n < 0 || value.Cmp(l.least) < 0 {
		return Change{}, false
	}
	what := "request"
	if limit, ok := resources.Limits[name]; ok && limit.Cmp(from) == 0 && mustEqualLimit(name) {
		what = "request and the limit"
	}
	share := 1 - value.AsApproximateFloat64()/from.AsApproximateFloat64()
	return Change{
		Kind: LowerRequest, Object: objectPod, Field: fmt.Sprintf("%s.requests[%s]", l.field, name),
		From: from.String(), To: value.String(),
		Description: fmt.Sprintf("lower the %s %s of %s from %s to %s", name, what, l.of, from.String(), value.String()),
		Size:        1 + int(math.Round(share*60)), apply: to(n),
	}, true
}

// mustEqualLimit is true for resources of which a container may not request less
// than its limit. It mirrors IsOvercommitAllowed of
// k8s.io/kubernetes/pkg/apis/core/v1/helper.
func mustEqualLimit(name corev1.ResourceName) bool {
	return framework.IsExtendedResourceName(name) || strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
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
	case framework.Value(q) < 16*mebibyte:
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
	value := framework.Value(q)
	if s.milli {
		value = framework.MilliValue(q)
	}
	return (value - 1) / s.unit
}

// atLeast is the number of steps that make up the amount.
func (s steps) atLeast(amount int64) int64 { return (amount-1)/s.unit + 1 }
