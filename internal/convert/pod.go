// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// ReadPod reads a SimPod as it is, or makes one of a Pod. It fails for other
// kinds, and names what is to be done.
func ReadPod(object *unstructured.Unstructured, o Options) (*v1alpha1.SimPod, []Difference, error) {
	switch object.GroupVersionKind() {
	case simPodKind:
		pod := &v1alpha1.SimPod{}
		if err := read(object.Object, pod); err != nil {
			return nil, nil, err
		}
		var unknown []Difference
		for _, field := range absent("", object.Object, reflect.TypeFor[v1alpha1.SimPod]()) {
			unknown = append(unknown, unknownField(field))
		}
		return pod, unknown, nil
	case podKind:
		return pod(object, o)
	}
	return nil, nil, notAPod(object)
}

func notAPod(object *unstructured.Unstructured) error {
	const wanted = "apiVersion: %s and kind: SimPod, or apiVersion: v1 and kind: Pod"
	apiVersion, kind := object.GetAPIVersion(), object.GetKind()
	_, hasTemplate, _ := unstructured.NestedMap(object.Object, "spec", "template")
	switch {
	case apiVersion == "" && kind == "":
		return fmt.Errorf("apiVersion and kind are missing: set "+wanted, v1alpha1.GroupVersion)
	case hasTemplate:
		return fmt.Errorf("kind is %s (%s), which makes pods from spec.template: put the template into a manifest with "+wanted,
			kind, apiVersion, v1alpha1.GroupVersion)
	}
	return fmt.Errorf("kind is %q and apiVersion %q, which is not a pod: must be "+wanted, kind, apiVersion, v1alpha1.GroupVersion)
}

func (r *Result) addPod(object *unstructured.Unstructured, o Options) {
	sim, differences, err := pod(object, o)
	if err != nil {
		r.Err = err
		return
	}
	switch phase, _, _ := unstructured.NestedString(object.Object, "status", "phase"); corev1.PodPhase(phase) {
	case corev1.PodSucceeded, corev1.PodFailed:
		r.Skipped = "it has ended (status.phase " + phase + "): a simulated one would run again"
		return
	}
	r.Objects, r.Differences = []runtime.Object{sim}, differences
}

// pod makes a SimPod of a Pod.
func pod(object *unstructured.Unstructured, o Options) (*v1alpha1.SimPod, []Difference, error) {
	original := &corev1.Pod{}
	if err := read(object.Object, original); err != nil {
		return nil, nil, err
	}
	meta, differences := metadata(object, original.ObjectMeta)
	sim := &v1alpha1.SimPod{TypeMeta: typeMeta("SimPod"), ObjectMeta: meta}
	spec, more, err := podSpec("spec", &original.Spec, object.Object["spec"], o)
	if err != nil {
		return nil, nil, err
	}
	sim.Spec = spec
	return sim, append(differences, more...), nil
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind}
}

// podSpec makes the spec of a SimPod of one of a Pod, which it changes; raw is
// the latter as it was given, at a path of the object.
func podSpec(path string, original *corev1.PodSpec, raw any, o Options) (v1alpha1.SimPodSpec, []Difference, error) {
	sim := v1alpha1.SimPodSpec{}
	differences := leftOutOfPod(path, raw)
	if original.HostNetwork { // as SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1
		useHostPorts(original.InitContainers)
		useHostPorts(original.Containers)
	}
	differ := func(field string, leftOut bool, effect Effect, why string, args ...any) {
		differences = append(differences, Difference{path + "." + field, effect, fmt.Sprintf(why, args...), leftOut})
	}
	if name := original.SchedulerName; name != "" && name != corev1.DefaultSchedulerName && name != v1alpha1.DefaultSchedulerName {
		differ("schedulerName", false, EffectPlacement, "%s has to schedule simulated pods", name)
	}
	if original.SchedulerName == "" || original.SchedulerName == corev1.DefaultSchedulerName {
		original.SchedulerName = v1alpha1.DefaultSchedulerName
	}
	if name := original.NodeName; name != "" && !o.KeepNodes {
		original.NodeName = ""
		differ("nodeName", true, EffectPlacement, "the pod was on %s; a scheduler chooses again", name)
	}
	if priority := original.Priority; priority != nil {
		// The API server computes it, and refuses another.
		original.Priority = nil
		if original.PriorityClassName == "" && *priority != 0 {
			differ("priority", true, EffectPlacement, "it was %d; without a priorityClassName it becomes that of the default class, or 0", *priority)
		}
	}
	if original.PriorityClassName != "" {
		differ("priorityClassName", false, EffectNone, "the PriorityClass %s has to exist", original.PriorityClassName)
	}
	if policy := original.RestartPolicy; policy != "" && policy != corev1.RestartPolicyAlways {
		differ("restartPolicy", false, EffectLifecycle,
			"%s is kept, but containers run until the pod is deleted: set spec.simulation.runDuration to let them end", policy)
	}
	if err := decode(original, &sim); err != nil {
		return sim, nil, err
	}
	return sim, differences, nil
}

// leftOutOfPod describes what a SimPod does not have of a PodSpec.
func leftOutOfPod(path string, raw any) []Difference {
	spec, ok := raw.(map[string]any)
	if !ok {
		return nil
	}
	var out []Difference
	rest := maps.Clone(spec)
	for _, field := range []string{"initContainers", "containers"} {
		list, _ := spec[field].([]any)
		for i, container := range list {
			out = append(out, leftOut(path+"."+field+indexOf(i), container,
				reflect.TypeFor[corev1.Container](), reflect.TypeFor[v1alpha1.Container](), containerRules)...)
		}
		delete(rest, field)
	}
	if given, ok := spec["hostNetwork"].(bool); ok && !given {
		delete(rest, "hostNetwork")
		out = append(out, Difference{Field: path + ".hostNetwork", Effect: EffectNone, LeftOut: true})
	}
	if list, ok := spec["volumes"].([]any); ok {
		delete(rest, "volumes")
		out = append(out, volumes(path+".volumes", list)...)
	}
	return append(out, leftOut(path, rest, reflect.TypeFor[corev1.PodSpec](), reflect.TypeFor[v1alpha1.SimPodSpec](), podRules)...)
}

func indexOf(i int) string { return "[" + strconv.Itoa(i) + "]" }

func useHostPorts(containers []corev1.Container) {
	for i := range containers {
		for j := range containers[i].Ports {
			if port := &containers[i].Ports[j]; port.HostPort == 0 {
				port.HostPort = port.ContainerPort
			}
		}
	}
}

// metadata returns what a simulated object keeps of an object's metadata.
func metadata(object *unstructured.Unstructured, original metav1.ObjectMeta) (metav1.ObjectMeta, []Difference) {
	raw, _ := object.Object["metadata"].(map[string]any)
	var out []Difference
	for _, field := range absent("metadata", raw, reflect.TypeFor[metav1.ObjectMeta]()) {
		out = append(out, unknownField(field))
	}
	for _, field := range slices.Sorted(maps.Keys(object.Object)) {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata", "spec", "status"}, field) {
			out = append(out, unknownField(field))
		}
	}
	if len(original.OwnerReferences) > 0 {
		out = append(out, Difference{"metadata.ownerReferences", EffectLifecycle, "nothing replaces the object, and it does not go with its owner", true})
	}
	if len(original.Finalizers) > 0 {
		out = append(out, Difference{"metadata.finalizers", EffectLifecycle, "nobody would remove them: the object goes when it is deleted", true})
	}
	if original.DeletionTimestamp != nil {
		out = append(out, Difference{"metadata.deletionTimestamp", EffectLifecycle, "the original is being deleted, the simulated object is not", true})
	}
	annotations := maps.Clone(original.Annotations)
	if _, ok := annotations[corev1.LastAppliedConfigAnnotation]; ok {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		out = append(out, Difference{"metadata.annotations." + corev1.LastAppliedConfigAnnotation, EffectNone, "it is the manifest of the original", true})
	}
	if len(annotations) == 0 {
		annotations = nil
	}
	return metav1.ObjectMeta{
		Name: original.Name, GenerateName: original.GenerateName, Namespace: original.Namespace,
		Labels: original.Labels, Annotations: annotations,
	}, out
}

// checkName refuses an object that has neither a name nor a beginning of one.
func checkName(meta metav1.ObjectMeta) error {
	if cmp.Or(meta.Name, strings.TrimSuffix(meta.GenerateName, "-")) == "" {
		return errors.New("metadata.name is missing: give the object a name")
	}
	return nil
}
