// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// set is what ReplicaSets and StatefulSets have in common.
type set struct {
	meta     metav1.ObjectMeta
	template *corev1.PodTemplateSpec
	// spec is that of the original, which decodes to what a SimReplicaSet has.
	spec any
}

// addDeployment makes a SimDeployment of a Deployment: its spec has the same fields.
func (r *Result) addDeployment(object *unstructured.Unstructured, o Options) {
	original := &appsv1.Deployment{}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	if _, r.Err = nameOf(original.ObjectMeta); r.Err != nil {
		return
	}
	meta, differences := metadata(object, original.ObjectMeta)
	sim := &v1alpha1.SimDeployment{TypeMeta: typeMeta("SimDeployment"), ObjectMeta: meta}
	spec, more, err := template(object, &original.Spec.Template, reflect.TypeFor[appsv1.DeploymentSpec](), reflect.TypeFor[v1alpha1.SimDeploymentSpec](), nil, o)
	if err != nil {
		r.Err = err
		return
	}
	if r.Err = decode(original.Spec, &sim.Spec); r.Err != nil {
		return
	}
	sim.Spec.Template.Spec = spec
	r.Objects = []runtime.Object{sim}
	r.Differences = slices.Concat(differences, more)
}

// addSet makes a SimReplicaSet of an object that keeps a number of like pods.
func (r *Result) addSet(object *unstructured.Unstructured, o Options) {
	set, known, err := readSet(object)
	if err != nil {
		r.Err = err
		return
	}
	if _, err := nameOf(set.meta); err != nil {
		r.Err = err
		return
	}
	meta, differences := metadata(object, set.meta)
	sim := &v1alpha1.SimReplicaSet{TypeMeta: typeMeta("SimReplicaSet"), ObjectMeta: meta}
	spec, more, err := template(object, set.template, reflect.TypeOf(set.spec), reflect.TypeFor[v1alpha1.SimReplicaSetSpec](), known, o)
	if err != nil {
		r.Err = err
		return
	}
	if r.Err = decode(set.spec, &sim.Spec); r.Err != nil {
		return
	}
	sim.Spec.Template.Spec = spec
	r.Objects = []runtime.Object{sim}
	r.Differences = append(append(differences, lossOfKind[object.GetKind()]...), more...)
}

// lossOfKind is what sets that are more than replica sets lose.
var lossOfKind = map[string][]Difference{
	"StatefulSet": {{"kind", EffectLifecycle,
		"a SimReplicaSet is made of the StatefulSet: the number of its pods is kept, but they have no fixed names and no order", false}},
}

func readSet(object *unstructured.Unstructured) (set, rules, error) {
	switch object.GroupVersionKind() {
	case statefulSetKind:
		original := &appsv1.StatefulSet{}
		err := read(object.Object, original)
		return set{original.ObjectMeta, &original.Spec.Template, original.Spec}, statefulSetRules, err
	case replicaSetKind:
		original := &appsv1.ReplicaSet{}
		err := read(object.Object, original)
		return set{original.ObjectMeta, &original.Spec.Template, original.Spec}, nil, err
	}
	return set{}, nil, fmt.Errorf("%s is not a set of pods", object.GetKind()) // unreachable
}

// template makes the spec of SimPods of a workload's template, and describes
// what is left out of it and of the workload's spec beside it.
func template(object *unstructured.Unstructured, original *corev1.PodTemplateSpec, own, simulated reflect.Type, known rules, o Options) (
	v1alpha1.SimPodSpec, []Difference, error,
) {
	raw, _ := object.Object["spec"].(map[string]any)
	rawTemplate, _ := raw["template"].(map[string]any)
	spec, ofPods, err := podSpec("spec.template.spec", &original.Spec, rawTemplate["spec"], o)
	if err != nil {
		return spec, nil, err
	}
	beside, rest := maps.Clone(raw), maps.Clone(rawTemplate)
	delete(beside, "template")
	delete(rest, "spec")
	out := leftOut("spec", beside, own, simulated, known)
	out = append(out, leftOut("spec.template", rest, reflect.TypeFor[corev1.PodTemplateSpec](), reflect.TypeFor[v1alpha1.SimPodTemplateSpec](), templateRules)...)
	return spec, append(out, ofPods...), nil
}
