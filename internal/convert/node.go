// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// addNode makes a SimNode of a Node: what its status says that it has, the
// simulated one has.
func (r *Result) addNode(object *unstructured.Unstructured) {
	original := &corev1.Node{}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	if err := checkName(original.ObjectMeta); err != nil {
		r.Err = err
		return
	}
	if len(original.Status.Capacity) == 0 {
		r.Err = errors.New("status.capacity is missing: without it nobody knows what the node has; take the Node from a cluster, or add it, as in cpu: 4, memory: 16Gi")
		return
	}
	meta, differences := metadata(object, original.ObjectMeta)
	r.Differences = slices.Concat(differences,
		leftOut("spec", object.Object["spec"], reflect.TypeFor[corev1.NodeSpec](), reflect.TypeFor[v1alpha1.SimNodeSpec](), nodeRules))
	capacity, reserved := resourcesOf(original.Status)
	r.Objects = []runtime.Object{&v1alpha1.SimNode{
		TypeMeta: typeMeta("SimNode"), ObjectMeta: meta,
		Spec: v1alpha1.SimNodeSpec{
			Capacity: capacity, Reserved: reserved, Unschedulable: original.Spec.Unschedulable,
			Taints: r.taints(original.Spec.Taints), Images: r.images(original.Status.Images),
		},
	}}
	for _, condition := range original.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status != corev1.ConditionTrue {
			r.differ("status.conditions", EffectLifecycle, "the node was not ready (%s); the simulated one is", condition.Reason)
		}
	}
}

func (r *Result) differ(field string, effect Effect, why string, args ...any) {
	r.Differences = append(r.Differences, Difference{field, effect, fmt.Sprintf(why, args...), true})
}

// resourcesOf returns what a node has, and what of it pods cannot have.
func resourcesOf(status corev1.NodeStatus) (capacity, reserved v1alpha1.ResourceList) {
	capacity = v1alpha1.ResourceList(maps.Clone(status.Capacity))
	for name, allocatable := range status.Allocatable {
		all, ok := capacity[name]
		if !ok || allocatable.Cmp(all) > 0 { // pods can have it, whatever the capacity says
			capacity[name] = allocatable
			continue
		}
		if rest := all.DeepCopy(); allocatable.Cmp(all) < 0 {
			rest.Sub(allocatable)
			if reserved == nil {
				reserved = v1alpha1.ResourceList{}
			}
			reserved[name] = rest
		}
	}
	return capacity, reserved
}

// ofState are the taints that say in which state a real node is; that of a
// simulated one is another, and its own controllers say so.
var ofState = []string{
	corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable, corev1.TaintNodeMemoryPressure,
	corev1.TaintNodeDiskPressure, corev1.TaintNodePIDPressure, corev1.TaintNodeNetworkUnavailable, "node.cloudprovider.kubernetes.io/uninitialized",
}

// taints returns those that somebody has set who wanted it.
func (r *Result) taints(taints []corev1.Taint) []corev1.Taint {
	var kept []corev1.Taint
	for i, taint := range taints {
		switch {
		case !slices.Contains(ofState, taint.Key):
			kept = append(kept, taint)
		case taint.Key == corev1.TaintNodeUnschedulable:
			r.differ("spec.taints"+indexOf(i), EffectNone, "it comes with spec.unschedulable, which is kept")
		default:
			r.differ("spec.taints"+indexOf(i), EffectPlacement, "%s says how the real node is; the simulated one is well", taint.Key)
		}
	}
	return kept
}

// What a SimNode may have of images; see SimNodeSpec.
const (
	maxImages     = 128
	maxImageNames = 16
)

// images returns those that the node has, as many as a SimNode may have.
func (r *Result) images(images []corev1.ContainerImage) []v1alpha1.ContainerImage {
	var kept []v1alpha1.ContainerImage
	for i, image := range images {
		names := slices.Compact(slices.Sorted(slices.Values(image.Names)))
		if len(names) == 0 {
			continue // nothing can ask for it
		}
		if len(kept) == maxImages {
			r.differ("status.images", EffectPlacement, "the first %d are kept, %d are not: a scheduler does not see that the node has them", maxImages, len(images)-i)
			break
		}
		if len(names) > maxImageNames {
			r.differ("status.images"+indexOf(i)+".names", EffectPlacement, "%d are kept, %d are not", maxImageNames, len(names)-maxImageNames)
			names = names[:maxImageNames]
		}
		kept = append(kept, v1alpha1.ContainerImage{Names: names, SizeBytes: image.SizeBytes})
	}
	return kept
}
