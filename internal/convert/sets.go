// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
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

// addDeployment makes a SimDeployment of a Deployment.
func (r *Result) addDeployment(object *unstructured.Unstructured, o Options) {
	original, sim := &appsv1.Deployment{}, &v1alpha1.SimDeployment{TypeMeta: typeMeta("SimDeployment")}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	r.addSet(object, set{
		original.ObjectMeta, &original.Spec.Template, &original.Spec, sim, &sim.ObjectMeta, &sim.Spec.Template, &sim.Spec, nil,
	}, o)
}

// addReplicaSet makes a SimReplicaSet of a ReplicaSet.
func (r *Result) addReplicaSet(object *unstructured.Unstructured, o Options) {
	original, sim := &appsv1.ReplicaSet{}, &v1alpha1.SimReplicaSet{TypeMeta: typeMeta("SimReplicaSet")}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	r.addSet(object, set{
		original.ObjectMeta, &original.Spec.Template, &original.Spec, sim, &sim.ObjectMeta, &sim.Spec.Template, &sim.Spec, nil,
	}, o)
}

// addStatefulSet makes a SimStatefulSet of a StatefulSet.
func (r *Result) addStatefulSet(object *unstructured.Unstructured, o Options) {
	original, sim := &appsv1.StatefulSet{}, &v1alpha1.SimStatefulSet{TypeMeta: typeMeta("SimStatefulSet")}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	r.addSet(object, set{
		original.ObjectMeta, &original.Spec.Template, &original.Spec, sim, &sim.ObjectMeta, &sim.Spec.Template, &sim.Spec, statefulSetRules,
	}, o)
	if limit := sim.Spec.RevisionHistoryLimit; r.Err == nil && limit != nil && *limit < 0 {
		sim.Spec.RevisionHistoryLimit = nil
		r.Differences = append(r.Differences, Difference{"spec.revisionHistoryLimit", EffectLifecycle, "the last 10 revisions are kept, not all", false})
	}
}

// addDaemonSet makes a SimDaemonSet of a DaemonSet.
func (r *Result) addDaemonSet(object *unstructured.Unstructured, o Options) {
	original, sim := &appsv1.DaemonSet{}, &v1alpha1.SimDaemonSet{TypeMeta: typeMeta("SimDaemonSet")}
	if r.Err = read(object.Object, original); r.Err != nil {
		return
	}
	tolerateWithoutNetwork(&original.Spec.Template.Spec)
	r.addSet(object, set{
		original.ObjectMeta, &original.Spec.Template, &original.Spec, sim, &sim.ObjectMeta, &sim.Spec.Template, &sim.Spec, nil,
	}, o)
}

// tolerateWithoutNetwork gives to the pods of a DaemonSet on the network of their
// nodes the toleration that its controller gives them: the one that it gives for a
// field which SimPods do not have (AddOrUpdateDaemonPodTolerations of
// k8s.io/kubernetes/pkg/controller/daemon/util).
func tolerateWithoutNetwork(spec *corev1.PodSpec) {
	toleration := corev1.Toleration{Key: corev1.TaintNodeNetworkUnavailable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	if spec.HostNetwork && !slices.Contains(spec.Tolerations, toleration) {
		spec.Tolerations = append(spec.Tolerations, toleration)
	}
}

// set is a workload and the simulated one that is made of it.
type set struct {
	// meta, template and spec are the original's. spec decodes to simSpec.
	meta     metav1.ObjectMeta
	template *corev1.PodTemplateSpec
	spec     any
	// sim is what is made of it, with pointers to what it holds.
	sim         runtime.Object
	simMeta     *metav1.ObjectMeta
	simTemplate *v1alpha1.SimPodTemplateSpec
	simSpec     any
	// known are the fields of the spec that sim has not.
	known rules
}

// addSet fills the simulated workload in.
func (r *Result) addSet(object *unstructured.Unstructured, s set, o Options) {
	if r.Err = checkName(s.meta); r.Err != nil {
		return
	}
	meta, differences := metadata(object, s.meta)
	spec, more, err := template(object, s.template, reflect.TypeOf(s.spec).Elem(), reflect.TypeOf(s.simSpec).Elem(), s.known, o)
	if err != nil {
		r.Err = err
		return
	}
	if r.Err = decode(s.spec, s.simSpec); r.Err != nil {
		return
	}
	*s.simMeta, s.simTemplate.Spec = meta, spec
	r.Objects = []runtime.Object{s.sim}
	r.Differences = slices.Concat(differences, more)
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
