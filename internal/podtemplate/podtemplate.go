// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package podtemplate reads the pods that a manifest of a real Pod or workload asks
// for, with what the API server and the controllers would add to them, as far as
// a scheduler looks at it. It is pure.
package podtemplate

import (
	"cmp"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Template is the pods that a manifest asks for.
type Template struct {
	Kind, Namespace, Name string
	// Pod is one of them; all are alike.
	Pod *corev1.Pod
	// Replicas is how many it asks for at once; 0 for one on each node that fits.
	Replicas int
}

// maxReplicas bounds the pods that are decided about one after the other.
const maxReplicas = 1000

// kinds are those with pods, by what the API server calls them.
var kinds = map[schema.GroupVersionKind]func(*unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error){
	corev1.SchemeGroupVersion.WithKind("Pod"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		pod, err := decode[corev1.Pod](u)
		return &corev1.PodTemplateSpec{ObjectMeta: pod.ObjectMeta, Spec: pod.Spec}, 1, err
	},
	appsv1.SchemeGroupVersion.WithKind("Deployment"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		d, err := decode[appsv1.Deployment](u)
		return &d.Spec.Template, orOne(d.Spec.Replicas), err
	},
	appsv1.SchemeGroupVersion.WithKind("ReplicaSet"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		s, err := decode[appsv1.ReplicaSet](u)
		return &s.Spec.Template, orOne(s.Spec.Replicas), err
	},
	appsv1.SchemeGroupVersion.WithKind("StatefulSet"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		s, err := decode[appsv1.StatefulSet](u)
		return &s.Spec.Template, orOne(s.Spec.Replicas), err
	},
	appsv1.SchemeGroupVersion.WithKind("DaemonSet"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		s, err := decode[appsv1.DaemonSet](u)
		addDaemonTolerations(&s.Spec.Template.Spec)
		return &s.Spec.Template, 0, err
	},
	batchv1.SchemeGroupVersion.WithKind("Job"): func(u *unstructured.Unstructured) (*corev1.PodTemplateSpec, int32, error) {
		j, err := decode[batchv1.Job](u)
		parallel := orOne(j.Spec.Parallelism)
		if j.Spec.Completions != nil {
			parallel = min(parallel, *j.Spec.Completions)
		}
		return &j.Spec.Template, parallel, err
	},
}

// IsReal is true for a manifest of a Pod or of a workload of which there are real
// ones.
func IsReal(object *unstructured.Unstructured) bool {
	_, ok := kinds[object.GroupVersionKind()]
	return ok
}

// Read reads a manifest for a namespace, unless it names one itself. It is strict:
// a field that is not known may be one that matters, misspelt.
func Read(object *unstructured.Unstructured, namespace string) (Template, error) {
	read, ok := kinds[object.GroupVersionKind()]
	if !ok {
		return Template{}, fmt.Errorf("kind is %q and apiVersion %q: must be Pod, Deployment, ReplicaSet, StatefulSet, DaemonSet or Job", object.GetKind(), object.GetAPIVersion())
	}
	spec, replicas, err := read(object)
	if err != nil {
		return Template{}, err
	}
	t := Template{Kind: object.GetKind(), Namespace: cmp.Or(object.GetNamespace(), namespace), Name: object.GetName(), Replicas: int(replicas)}
	if t.Name == "" && object.GetGenerateName() != "" {
		t.Name = object.GetGenerateName() + "*"
	}
	switch {
	case t.Name == "":
		return t, errors.New("metadata.name is missing: give the object a name")
	case spec.Spec.NodeName != "":
		return t, fmt.Errorf("nodeName is %q: such a pod is not scheduled; remove the field", spec.Spec.NodeName)
	case len(spec.Spec.Containers) == 0:
		return t, errors.New("containers is empty: a pod has at least one container")
	case replicas < 0:
		return t, fmt.Errorf("replicas is %d: must not be negative", replicas)
	case replicas > maxReplicas:
		return t, fmt.Errorf("replicas is %d: at most %d can be decided about", replicas, maxReplicas)
	}
	t.Pod = &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: t.Namespace, Name: t.Name, Labels: spec.Labels}, Spec: spec.Spec}
	addDefaults(&t.Pod.Spec)
	return t, nil
}

func decode[T any](object *unstructured.Unstructured) (*T, error) {
	out := new(T)
	err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, out, true)
	if strict, ok := runtime.AsStrictDecodingError(err); ok && len(strict.Errors()) > 0 {
		return out, fmt.Errorf("%w: correct or remove it", strict.Errors()[0])
	}
	if err != nil {
		return out, fmt.Errorf("not a valid %s: %w", object.GetKind(), err)
	}
	return out, nil
}

func orOne(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// addDefaults adds what SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1 and
// the admission plugin DefaultTolerationSeconds add.
func addDefaults(spec *corev1.PodSpec) {
	spec.SchedulerName = cmp.Or(spec.SchedulerName, corev1.DefaultSchedulerName)
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			addContainerDefaults(&list[i], spec.HostNetwork)
		}
	}
	for _, key := range []string{corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable} {
		addToleration(spec, corev1.Toleration{
			Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(300)),
		})
	}
}

func addContainerDefaults(c *corev1.Container, hostNetwork bool) {
	for name, limit := range c.Resources.Limits {
		if _, ok := c.Resources.Requests[name]; !ok {
			if c.Resources.Requests == nil {
				c.Resources.Requests = corev1.ResourceList{}
			}
			c.Resources.Requests[name] = limit
		}
	}
	for i := range c.Ports {
		port := &c.Ports[i]
		port.Protocol = cmp.Or(port.Protocol, corev1.ProtocolTCP)
		if hostNetwork && port.HostPort == 0 {
			port.HostPort = port.ContainerPort
		}
	}
}

// addToleration adds one, unless the taint is tolerated with that effect.
func addToleration(spec *corev1.PodSpec, added corev1.Toleration) {
	for _, t := range spec.Tolerations {
		if (t.Key == added.Key || t.Key == "") && (t.Effect == added.Effect || t.Effect == "") {
			return
		}
	}
	spec.Tolerations = append(spec.Tolerations, added)
}

// addDaemonTolerations adds those of the pods of a DaemonSet. It mirrors
// AddOrUpdateDaemonPodTolerations of k8s.io/kubernetes/pkg/controller/daemon/util.
func addDaemonTolerations(spec *corev1.PodSpec) {
	for key, effect := range map[string]corev1.TaintEffect{
		corev1.TaintNodeNotReady: corev1.TaintEffectNoExecute, corev1.TaintNodeUnreachable: corev1.TaintEffectNoExecute,
		corev1.TaintNodeDiskPressure: corev1.TaintEffectNoSchedule, corev1.TaintNodeMemoryPressure: corev1.TaintEffectNoSchedule,
		corev1.TaintNodePIDPressure: corev1.TaintEffectNoSchedule, corev1.TaintNodeUnschedulable: corev1.TaintEffectNoSchedule,
	} {
		addToleration(spec, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect})
	}
	if spec.HostNetwork {
		addToleration(spec, corev1.Toleration{Key: corev1.TaintNodeNetworkUnavailable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
	}
}
