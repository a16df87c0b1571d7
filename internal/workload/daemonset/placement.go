// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package daemonset

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/tolerations"
	"github.com/glassplane/glassplane/internal/workload"
)

// Kind is that of the workload.
const Kind = "SimDaemonSet"

// Placement is on which nodes the pods of a template belong. Selector, affinity and
// taints are matched by the functions that the scheduler asks, so that no pod is
// made for a node that would not get it.
type Placement struct {
	nodeName    string
	affinity    nodeaffinity.RequiredNodeAffinity
	tolerations []corev1.Toleration
}

// NewPlacement reads a template.
func NewPlacement(template *v1alpha1.SimPodTemplateSpec) Placement {
	return Placement{
		nodeName:    template.Spec.NodeName,
		affinity:    nodeaffinity.NewRequiredNodeAffinity(template.Spec.NodeSelector, template.Spec.Affinity),
		tolerations: Tolerations(template.Spec.Tolerations),
	}
}

// On says whether a node should have a pod, and whether one that it has may stay:
// a taint with the effect NoSchedule came too late for that. A node that is not
// ready or cordoned has its pod like any other; one that has never reported is
// tainted like a new Node. It is nodeShouldRunDaemonPod of
// k8s.io/kubernetes/pkg/controller/daemon.
func (p Placement) On(node *v1alpha1.SimNode) (run, stay bool) {
	if p.nodeName != "" && p.nodeName != node.Name {
		return false, false
	}
	real := node.ToNode()
	// As upstream, a selector that cannot be read matches no node.
	if fits, err := p.affinity.Match(real); err != nil || !fits {
		return false, false
	}
	if tolerations.TolerateScheduling(p.tolerations, real.Spec.Taints) {
		return true, true
	}
	return false, tolerations.TolerateExecution(p.tolerations, real.Spec.Taints)
}

// ownTolerations are those that each pod of a daemon set has beside its own: it must
// not be evicted from a node that is in trouble, and is there before the node is
// ready for others. They are those of AddOrUpdateDaemonPodTolerations of
// k8s.io/kubernetes/pkg/controller/daemon/util; simulated pods have no host network.
var ownTolerations = []corev1.Toleration{
	{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeDiskPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeMemoryPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodePIDPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
}

// Tolerations returns the tolerations of a template with those that each pod of a
// daemon set has. One that differs only in its seconds is replaced, as by
// AddOrUpdateTolerationInPodSpec of k8s.io/kubernetes/pkg/apis/core/v1/helper.
func Tolerations(template []corev1.Toleration) []corev1.Toleration {
	out := slices.Clone(template)
	for _, own := range ownTolerations {
		i := slices.IndexFunc(out, func(t corev1.Toleration) bool { return own.MatchToleration(&t) })
		if i < 0 {
			out = append(out, own)
			continue
		}
		out[i] = own
	}
	return out
}

// NewPod returns the pod of a set for one node, which the scheduler will find to be
// the only one that fits: the required terms of its node affinity are replaced by
// the node's name. hash names the revision of the template.
func NewPod(set *v1alpha1.SimDaemonSet, node, hash string) *v1alpha1.SimPod {
	pod := workload.NewPod(set, Kind, &set.Spec.Template)
	pod.Labels[appsv1.ControllerRevisionHashLabelKey] = hash
	// A node that the template names is one that the affinity names, too; a
	// controller may not bind.
	pod.Spec.NodeName = ""
	pod.Spec.Tolerations = Tolerations(pod.Spec.Tolerations)
	pod.Spec.Affinity = pinTo(pod.Spec.Affinity, node)
	return pod
}

// pinTo is ReplaceDaemonSetPodNodeNameNodeAffinity of
// k8s.io/kubernetes/pkg/controller/daemon/util.
func pinTo(affinity *corev1.Affinity, node string) *corev1.Affinity {
	if affinity == nil {
		affinity = &corev1.Affinity{}
	}
	if affinity.NodeAffinity == nil {
		affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchFields: []corev1.NodeSelectorRequirement{{
			Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
		}},
	}}}
	return affinity
}

// Target returns the node that a pod is on or was made for; empty for a pod that
// was made for none. It is GetTargetNodeName of
// k8s.io/kubernetes/pkg/controller/daemon/util.
func Target(pod *v1alpha1.SimPod) string {
	if pod.Spec.NodeName != "" {
		return pod.Spec.NodeName
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == metav1.ObjectNameField && field.Operator == corev1.NodeSelectorOpIn && len(field.Values) == 1 {
				return field.Values[0]
			}
		}
	}
	return ""
}
