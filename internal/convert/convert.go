// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package convert turns objects of core, apps and batch into simulated ones,
// and says in what they differ. A simulated object has the fields of the real
// one that have an effect on a simulation, under the same names, so a
// conversion keeps what the simulated type has and names the rest, each field
// with what it changes that it is left out.
package convert

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Effect says what a difference changes.
type Effect string

// The effects, the gravest first.
const (
	// EffectUnknown is that of a field that the kind does not have: it is
	// misspelt, or of another version of Kubernetes.
	EffectUnknown Effect = "unknown"
	// EffectPlacement is that of a field that decides where a pod may run: the
	// simulated scheduler may come to another answer than the real one.
	EffectPlacement Effect = "placement"
	// EffectLifecycle is that of a field that decides how many pods there are,
	// and when they start, are ready and end.
	EffectLifecycle Effect = "lifecycle"
	// EffectNone is that of a field that only a container that runs would notice.
	EffectNone Effect = "none"
)

// Effects lists the effects, the gravest first.
var Effects = []Effect{EffectUnknown, EffectPlacement, EffectLifecycle, EffectNone}

// Difference is one thing in which a simulated object is not what the original
// is: a field that was left out or changed.
type Difference struct {
	// Field is its path in the original, such as spec.volumes[0].csi.
	Field  string
	Effect Effect
	// Why says what it changes or what was made of it. It may be empty where the
	// effect is none.
	Why string
	// LeftOut is true where the simulated object has nothing of the field.
	LeftOut bool
}

// Options say how objects are converted.
type Options struct {
	// KeepNodes keeps spec.nodeName, so that a pod is on its node from the
	// beginning. By default a scheduler chooses again.
	KeepNodes bool
}

// Result is what one object was turned into. Where there are no Objects, either
// Skipped or Err says why.
type Result struct {
	// Original is the object that was converted.
	Original *unstructured.Unstructured
	// Objects are the simulated ones.
	Objects []runtime.Object
	// Differences between the original and the objects.
	Differences []Difference
	// Skipped says why nothing was made of the object although nothing is wrong
	// with it.
	Skipped string
	// Err says why the object could not be converted: what is wrong with it, or
	// why there is nothing that would be true to it.
	Err error
}

// The kinds that can be converted.
var (
	podKind         = corev1.SchemeGroupVersion.WithKind("Pod")
	nodeKind        = corev1.SchemeGroupVersion.WithKind("Node")
	deploymentKind  = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	replicaSetKind  = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}
	statefulSetKind = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}
	daemonSetKind   = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}
	jobKind         = schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "Job"}
	cronJobKind     = schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"}
	simPodKind      = v1alpha1.GroupVersion.WithKind("SimPod")
	simNodeKind     = v1alpha1.GroupVersion.WithKind("SimNode")
)

// Convert converts objects, which it does not change; there is a result for
// each, in their order. They are taken for one cluster: pods are not made twice,
// of the object that controls them and of themselves.
func Convert(objects []*unstructured.Unstructured, o Options) []Result {
	results := make([]Result, len(objects))
	for i, object := range objects {
		results[i] = convertOne(object, o)
	}
	skipControlled(results)
	refuseDoubles(results)
	return results
}

func convertOne(object *unstructured.Unstructured, o Options) Result {
	result := Result{Original: object}
	kind := object.GroupVersionKind()
	switch kind {
	case podKind:
		result.addPod(object, o)
	case nodeKind:
		result.addNode(object)
	case deploymentKind:
		result.addDeployment(object, o)
	case replicaSetKind:
		result.addReplicaSet(object, o)
	case statefulSetKind:
		result.addStatefulSet(object, o)
	case daemonSetKind:
		result.addDaemonSet(object, o)
	case jobKind:
		result.addJob(object, o)
	case cronJobKind:
		result.addCronJob(object, o)
	default:
		result.addOther(object, kind)
	}
	if result.Err != nil || result.Skipped != "" {
		result.Objects, result.Differences = nil, nil
	}
	return result
}

// addOther keeps simulated objects as they are and passes over kinds of which
// there are no simulated ones.
func (r *Result) addOther(object *unstructured.Unstructured, kind schema.GroupVersionKind) {
	known := map[string]schema.GroupVersionKind{}
	for _, k := range []schema.GroupVersionKind{podKind, nodeKind, deploymentKind, replicaSetKind, statefulSetKind, daemonSetKind, jobKind, cronJobKind} {
		known[k.Kind] = k
	}
	switch want, ok := known[kind.Kind]; {
	case kind.Group == v1alpha1.GroupVersion.Group:
		r.addSimulated(object, kind)
	case kind.Kind == "" || kind.Version == "":
		r.Err = fmt.Errorf("apiVersion %q and kind %q: both must be set, as in apiVersion: v1 and kind: Pod", object.GetAPIVersion(), object.GetKind())
	case ok && kind.Group != "" && kind.Version != want.Version || ok && kind.Group == "extensions":
		r.Err = fmt.Errorf("apiVersion is %q: must be %s", object.GetAPIVersion(), want.GroupVersion())
	default:
		r.Skipped = "there is no simulated " + kind.Kind
		if advice, ok := real[kind.Kind]; ok {
			r.Skipped = advice
		}
	}
}

// real are kinds that simulated pods need as they are: the API server in front
// of them is a real one.
var real = map[string]string{
	"Namespace":           "it is needed as it is: create it with kubectl",
	"PriorityClass":       "it is needed as it is, where pods name it: create it with kubectl",
	"PodDisruptionBudget": "it is needed as it is, for preemption: create it with kubectl",
	"Service":             "it counts as it is, for the default spreading of pods: create it with kubectl",
}

// addSimulated keeps an object that is a simulated one already.
func (r *Result) addSimulated(object *unstructured.Unstructured, kind schema.GroupVersionKind) {
	if kind != simNodeKind {
		r.Objects = []runtime.Object{object}
		return
	}
	node := &v1alpha1.SimNode{}
	if r.Err = decode(object.Object, node); r.Err == nil {
		r.Objects = []runtime.Object{node}
	}
}
