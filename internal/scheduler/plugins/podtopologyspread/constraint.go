// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/tolerations"
)

// constraint is a TopologySpreadConstraint, parsed and with its defaults.
type constraint struct {
	maxSkew     int
	topologyKey string
	// selector of the pods that count. Nil where only a snapshot could tell, which
	// happens in queueing hints.
	selector labels.Selector
	// counted remembers which classes of pods count.
	counted       *framework.ClassMemo[bool]
	minDomains    int
	honorAffinity bool
	honorTaints   bool
}

// selects is true where the pod may be one that counts.
func (c *constraint) selects(set map[string]string) bool {
	return c.selector == nil || c.selector.Matches(labels.Set(set))
}

// constraints returns the pod's own constraints with the given action, else the
// default ones. snapshot is nil where there is none: the default constraints
// then have no selector.
func (p *PodTopologySpread) constraints(snapshot framework.Snapshot, pod *corev1.Pod, action corev1.UnsatisfiableConstraintAction) ([]constraint, error) {
	if len(pod.Spec.TopologySpreadConstraints) > 0 {
		return parse(pod.Spec.TopologySpreadConstraints, pod.Labels, action)
	}
	return p.defaultConstraints(snapshot, pod, action)
}

// defaultConstraints mirrors buildDefaultConstraints.
func (p *PodTopologySpread) defaultConstraints(snapshot framework.Snapshot, pod *corev1.Pod, action corev1.UnsatisfiableConstraintAction) ([]constraint, error) {
	out, err := parse(p.defaults, pod.Labels, action)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	var selector labels.Selector
	if snapshot != nil {
		if selector = framework.DefaultSelector(snapshot, pod); selector == nil || selector.Empty() {
			return nil, nil
		}
	}
	for i := range out {
		out[i].selector = selector
	}
	return out, nil
}

// parse mirrors filterTopologySpreadConstraints.
func parse(list []corev1.TopologySpreadConstraint, podLabels map[string]string, action corev1.UnsatisfiableConstraintAction) ([]constraint, error) {
	var out []constraint
	for i := range list {
		c := &list[i]
		if c.WhenUnsatisfiable != action {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(c.LabelSelector)
		if err != nil {
			return nil, err
		}
		parsed := constraint{
			maxSkew: int(c.MaxSkew), topologyKey: c.TopologyKey, minDomains: 1, honorAffinity: true,
			selector: withLabelKeys(selector, c.MatchLabelKeys, podLabels),
		}
		if c.MinDomains != nil {
			parsed.minDomains = int(*c.MinDomains)
		}
		if c.NodeAffinityPolicy != nil {
			parsed.honorAffinity = *c.NodeAffinityPolicy == corev1.NodeInclusionPolicyHonor
		}
		if c.NodeTaintsPolicy != nil {
			parsed.honorTaints = *c.NodeTaintsPolicy == corev1.NodeInclusionPolicyHonor
		}
		out = append(out, parsed)
	}
	return out, nil
}

// withLabelKeys narrows the selector to pods that have the pod's values of the
// keys. A selector that selects nothing stays so.
func withLabelKeys(selector labels.Selector, keys []string, podLabels map[string]string) labels.Selector {
	same := make(labels.Set)
	for _, key := range keys {
		if value, ok := podLabels[key]; ok {
			same[key] = value
		}
	}
	requirements, selectable := selector.Requirements()
	if len(same) == 0 || !selectable {
		return selector
	}
	return labels.SelectorFromSet(same).Add(requirements...)
}

// hasAllKeys is true where a node is in a domain of each constraint. It mirrors
// nodeLabelsMatchSpreadConstraints.
func hasAllKeys(nodeLabels map[string]string, constraints []constraint) bool {
	for i := range constraints {
		if _, ok := nodeLabels[constraints[i].topologyKey]; !ok {
			return false
		}
	}
	return true
}

// inclusion says which nodes count for a pod's constraints, by their policies.
type inclusion struct {
	affinity    nodeaffinity.RequiredNodeAffinity
	anyAffinity bool
	tolerations []corev1.Toleration
}

func newInclusion(pod *corev1.Pod) *inclusion {
	a := pod.Spec.Affinity
	return &inclusion{
		affinity: nodeaffinity.GetRequiredNodeAffinity(pod),
		anyAffinity: len(pod.Spec.NodeSelector) > 0 ||
			a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil,
		tolerations: pod.Spec.Tolerations,
	}
}

// includes mirrors matchNodeInclusionPolicies. Affinity that cannot be parsed
// matches no node.
func (in *inclusion) includes(c *constraint, node *corev1.Node) bool {
	if c.honorAffinity && in.anyAffinity {
		if match, err := in.affinity.Match(node); err != nil || !match {
			return false
		}
	}
	return !c.honorTaints || tolerations.TolerateScheduling(in.tolerations, node.Spec.Taints)
}

// memorize prepares the constraints for countPods, for a pod of the namespace. A
// selector of everything counts none, as in countPodsMatchSelector.
func memorize(constraints []constraint, namespace string) {
	for i := range constraints {
		selector := constraints[i].selector
		constraints[i].counted = framework.NewClassMemo(func(p *framework.PodInfo) bool {
			return !selector.Empty() && p.Pod.Namespace == namespace && selector.Matches(labels.Set(p.Pod.Labels))
		})
	}
}

// countPods counts the pods that the constraint selects. Pods that are being
// deleted do not count. It mirrors countPodsMatchSelector.
func (c *constraint) countPods(pods []*framework.PodInfo) int {
	count := 0
	for _, p := range pods {
		if c.counted.Of(p.LabelClass, p) && p.Pod.DeletionTimestamp == nil {
			count++
		}
	}
	return count
}
