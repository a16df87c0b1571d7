// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package convert

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// onlyTemplate is what is kept of a workload of which single pods are made.
type onlyTemplate struct {
	Template v1alpha1.SimPodTemplateSpec `json:"template"`
}

// addDaemons makes of a DaemonSet its pod on each node: there is no simulated
// DaemonSet that would follow the nodes.
func (r *Result) addDaemons(object *unstructured.Unstructured, nodes *nodeSet, o Options) {
	daemons := &appsv1.DaemonSet{}
	if r.Err = read(object.Object, daemons); r.Err != nil {
		return
	}
	if len(nodes.nodes) == 0 {
		r.Err = fmt.Errorf("there is no simulated DaemonSet, and its pods can be made only for nodes that are known: " +
			"give the Nodes or SimNodes with it, as in: kubectl get nodes,daemonsets -A -o yaml")
		return
	}
	if len(nodes.nodes) > maxPods {
		r.Err = fmt.Errorf("there are %d nodes: at most %d pods are made of one object", len(nodes.nodes), maxPods)
		return
	}
	original := &daemons.Spec.Template.Spec
	tolerateAsDaemon(original)
	wanted := slices.DeleteFunc(slices.Clone(nodes.nodes), func(node *v1alpha1.SimNode) bool { return !shouldRunDaemon(original, node) })
	pods := r.pods(object, daemons.ObjectMeta, &daemons.Spec.Template, reflect.TypeFor[appsv1.DaemonSetSpec](), daemonSetRules, nil, o)
	if r.Err != nil {
		return
	}
	for _, node := range wanted {
		r.Objects = append(r.Objects, pods(node.Name, func(spec *v1alpha1.SimPodSpec) { spec.Affinity = pinTo(spec.Affinity, node.Name) }))
	}
	if len(r.Objects) == 0 {
		r.Skipped = fmt.Sprintf("its pods run on none of the %d nodes", len(nodes.nodes))
		return
	}
	r.Differences = append([]Difference{{"kind", EffectLifecycle, fmt.Sprintf(
		"only its pods on the nodes that are given are made of the DaemonSet (pods: %d, nodes: %d): other nodes get none, and nothing replaces a pod",
		len(r.Objects), len(nodes.nodes)), false}}, r.Differences...)
}

// pods returns a function that makes single pods of a workload's template, and
// adds what is left out of it to the result.
func (r *Result) pods(object *unstructured.Unstructured, meta metav1.ObjectMeta, original *corev1.PodTemplateSpec, own reflect.Type,
	known rules, labels map[string]string, o Options,
) func(suffix string, change func(*v1alpha1.SimPodSpec)) *v1alpha1.SimPod {
	name, err := nameOf(meta)
	if err != nil {
		r.Err = err
		return nil
	}
	_, differences := metadata(object, meta)
	spec, more, err := template(object, original, own, reflect.TypeFor[onlyTemplate](), known, o)
	if err != nil {
		r.Err = err
		return nil
	}
	r.Differences = slices.Concat(differences, more)
	return func(suffix string, change func(*v1alpha1.SimPodSpec)) *v1alpha1.SimPod {
		all := maps.Clone(original.Labels)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, labels)
		pod := &v1alpha1.SimPod{
			TypeMeta: typeMeta("SimPod"),
			ObjectMeta: metav1.ObjectMeta{
				Namespace: meta.Namespace, Name: name + "-" + suffix, Labels: all, Annotations: maps.Clone(original.Annotations),
			},
			Spec: *spec.DeepCopy(),
		}
		if change != nil {
			change(&pod.Spec)
		}
		return pod
	}
}

// tolerateAsDaemon mirrors AddOrUpdateDaemonPodTolerations of
// k8s.io/kubernetes/pkg/controller/daemon/util.
func tolerateAsDaemon(spec *corev1.PodSpec) {
	add := func(key string, effect corev1.TaintEffect) {
		toleration := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: effect}
		if !slices.Contains(spec.Tolerations, toleration) {
			spec.Tolerations = append(spec.Tolerations, toleration)
		}
	}
	add(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute)
	add(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)
	add(corev1.TaintNodeDiskPressure, corev1.TaintEffectNoSchedule)
	add(corev1.TaintNodeMemoryPressure, corev1.TaintEffectNoSchedule)
	add(corev1.TaintNodePIDPressure, corev1.TaintEffectNoSchedule)
	add(corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule)
	if spec.HostNetwork {
		add(corev1.TaintNodeNetworkUnavailable, corev1.TaintEffectNoSchedule)
	}
}

// shouldRunDaemon mirrors nodeShouldRunDaemonPod of
// k8s.io/kubernetes/pkg/controller/daemon.
func shouldRunDaemon(spec *corev1.PodSpec, node *v1alpha1.SimNode) bool {
	if spec.NodeName != "" && spec.NodeName != node.Name {
		return false
	}
	// Whether the node is ready does not matter: the pods are made for later, too.
	real := &corev1.Node{ObjectMeta: node.ObjectMeta}
	// As upstream, a selector that cannot be parsed matches no node.
	if fits, err := nodeaffinity.NewRequiredNodeAffinity(spec.NodeSelector, spec.Affinity).Match(real); err != nil || !fits {
		return false
	}
	_, untolerated := corev1helpers.FindMatchingUntoleratedTaint(logr.Discard(), node.Spec.Taints, spec.Tolerations, func(t *corev1.Taint) bool {
		return t.Effect == corev1.TaintEffectNoExecute || t.Effect == corev1.TaintEffectNoSchedule
	}, true)
	return !untolerated
}

// pinTo mirrors ReplaceDaemonSetPodNodeNameNodeAffinity of
// k8s.io/kubernetes/pkg/controller/daemon/util: the affinity that it returns is
// for one node, whatever terms there were.
func pinTo(affinity *corev1.Affinity, node string) *corev1.Affinity {
	out := affinity.DeepCopy()
	if out == nil {
		out = &corev1.Affinity{}
	}
	if out.NodeAffinity == nil {
		out.NodeAffinity = &corev1.NodeAffinity{}
	}
	out.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchFields: []corev1.NodeSelectorRequirement{{
			Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
		}},
	}}}
	return out
}
