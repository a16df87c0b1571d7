// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"encoding/json"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// faultKind is the kind of the objects that a break with a fault makes.
const faultKind = "Fault"

// kinds are those whose fields are known, so that a wrong one is found without a
// cluster. The API server checks all of them again.
var kinds = func() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, schedulingv1.AddToScheme, policyv1.AddToScheme,
		coordinationv1.AddToScheme, admissionregistrationv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			panic(err) // a programming error: two types of one kind
		}
	}
	return scheme
}()

// Unstructured returns the object for a client.
func (o Object) Unstructured() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: o.Clone()}
}

// FaultObject returns the object that a break with a fault makes.
func FaultObject(name string, spec Object) Object {
	return Object{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": faultKind,
		"metadata": map[string]any{"name": name}, "spec": map[string]any(spec),
	}
}

// object says what is wrong with an object as far as its kind is known.
func (v *validator) object(path *field.Path, o Object) {
	u := unstructured.Unstructured{Object: o}
	if u.GetAPIVersion() == "" {
		v.add(field.Required(path.Child("apiVersion"), "such as "+v1alpha1.GroupVersion.String()))
	}
	if u.GetKind() == "" {
		v.add(field.Required(path.Child("kind"), "such as SimPod"))
	}
	if u.GetName() == "" {
		v.add(field.Required(path.Child("metadata", "name"), "name the object"))
	}
	v.fieldsOf(path, o)
}

// fault says what is wrong with the spec of a Fault.
func (v *validator) fault(path *field.Path, spec Object) {
	if len(spec) == 0 {
		v.add(field.Required(path, "give the spec of a Fault"))
		return
	}
	v.fieldsOf(path, FaultObject("fault", spec))
}

// fieldsOf says which fields the kind of an object does not have.
func (v *validator) fieldsOf(path *field.Path, o Object) {
	u := unstructured.Unstructured{Object: o}
	group, err := schema.ParseGroupVersion(u.GetAPIVersion())
	if err != nil {
		v.invalid(path.Child("apiVersion"), u.GetAPIVersion(), "must be group/version")
		return
	}
	kind := group.WithKind(u.GetKind())
	if !kinds.Recognizes(kind) {
		if group == v1alpha1.GroupVersion && u.GetKind() != "" {
			v.invalid(path.Child("kind"), u.GetKind(), "there is no such kind in "+group.String())
		}
		return
	}
	into, err := kinds.New(kind)
	if err != nil {
		return
	}
	data, err := json.Marshal(o)
	if err != nil {
		v.invalid(path, u.GetName(), "cannot be written as JSON: "+err.Error())
		return
	}
	unknown, err := kjson.UnmarshalStrict(data, into)
	if err != nil {
		v.invalid(path, u.GetName(), fmt.Sprintf("is no %s: %s", u.GetKind(), typeProblem(err)))
	}
	for _, each := range unknown {
		name := strings.TrimSuffix(strings.TrimPrefix(oneLine(each), `unknown field "`), `"`)
		v.invalid(path.Child(name), u.GetKind(), "the kind has no such field; remove it, or see kubectl explain")
	}
}
