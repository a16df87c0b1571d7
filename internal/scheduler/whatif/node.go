// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/tolerations"
)

func objectNode(name string) string { return "node/" + name }

func (s *search) uncordons() []Change {
	var out []Change
	for _, node := range s.near(func(n *corev1.Node) bool { return n.Spec.Unschedulable }) {
		out = append(out, Change{
			Kind: Uncordon, Object: objectNode(node.Name), Field: "spec.unschedulable", From: "true", To: "false", Size: 10,
			Description: "uncordon node " + node.Name,
			Command:     s.commands().uncordon(node.Name),
			apply:       changeNode(node.Name, uncordon),
		})
	}
	return out
}

func uncordon(n *corev1.Node) {
	n.Spec.Unschedulable = false
	dropTaints(n, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable })
}

func dropTaints(n *corev1.Node, unwanted func(corev1.Taint) bool) {
	n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, unwanted)
}

func isBroken(t corev1.Taint) bool {
	return t.Key == corev1.TaintNodeNotReady || t.Key == corev1.TaintNodeUnreachable
}

// repairs tries nodes as if they were ready.
func (s *search) repairs() []Change {
	var out []Change
	for _, node := range s.near(func(n *corev1.Node) bool {
		return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool {
			return isBroken(t) && keepsOff(&t) && !tolerations.Tolerate(s.base.Pod.Spec.Tolerations, &t)
		})
	}) {
		taint := node.Spec.Taints[slices.IndexFunc(node.Spec.Taints, isBroken)]
		out = append(out, Change{
			Kind: RepairNode, Object: objectNode(node.Name), Field: "status.conditions[Ready]", From: taint.ToString(), Size: 12,
			Description: fmt.Sprintf("repair node %s, which has the taint %s", node.Name, taint.ToString()),
			apply:       changeNode(node.Name, func(n *corev1.Node) { dropTaints(n, isBroken) }),
		})
	}
	return out
}

func (s *search) taints() []Change {
	var out []Change
	for _, node := range s.near(func(n *corev1.Node) bool { return len(s.untolerated(n)) == 1 }) {
		taint := s.untolerated(node)[0]
		out = append(out, Change{
			Kind: RemoveTaint, Object: objectNode(node.Name), Field: "spec.taints", From: taint.ToString(), Size: 36,
			Description: fmt.Sprintf("remove the taint %s from node %s", taint.ToString(), node.Name),
			Command:     s.commands().untaint(node.Name, &taint),
			apply: changeNode(node.Name, func(n *corev1.Node) {
				dropTaints(n, func(t corev1.Taint) bool { return t.MatchTaint(&taint) })
			}),
		})
	}
	return out
}

// labelFix is a label that a node could get, or lose.
type labelFix struct {
	key, value string
	remove     bool
	// onlyMissing leaves nodes alone that have another value: they are elsewhere.
	onlyMissing bool
}

func (f labelFix) apply(n *corev1.Node) {
	if f.remove {
		delete(n.Labels, f.key)
		return
	}
	if n.Labels == nil {
		n.Labels = map[string]string{}
	}
	n.Labels[f.key] = f.value
}

// changes is true where the node is not as the fix would make it.
func (f labelFix) changes(n *corev1.Node) bool {
	value, ok := n.Labels[f.key]
	if f.remove || f.onlyMissing {
		return ok == f.remove
	}
	return !ok || value != f.value
}

func (s *search) nodeLabels() []Change {
	fixes := s.labelFixes()
	if len(fixes) == 0 {
		return nil
	}
	affinity := nodeaffinity.GetRequiredNodeAffinity(s.base.Pod)
	var out []Change
	for _, fix := range fixes {
		for _, node := range s.near(func(n *corev1.Node) bool {
			if !fix.changes(n) {
				return false
			}
			fixed := *n
			fixed.Labels = maps.Clone(n.Labels)
			fix.apply(&fixed)
			ok, err := affinity.Match(&fixed)
			return ok && err == nil
		}) {
			out = append(out, fix.change(node, s.commands()))
		}
	}
	return out
}

func (f labelFix) change(node *corev1.Node, with commands) Change {
	change := Change{
		Kind: LabelNode, Object: objectNode(node.Name), Field: fmt.Sprintf("metadata.labels[%s]", f.key),
		From: node.Labels[f.key], To: f.value, Size: 35,
		Description: fmt.Sprintf("label node %s with %s=%s", node.Name, f.key, f.value),
		Command:     with.label(node.Name, f.key+"="+f.value),
		apply:       changeNode(node.Name, f.apply),
	}
	if f.remove {
		change.Description = fmt.Sprintf("remove the label %s=%s from node %s", f.key, node.Labels[f.key], node.Name)
		change.Command = with.label(node.Name, f.key+"-")
	}
	return change
}

// labelFixes lists the labels that the pod asks for.
func (s *search) labelFixes() []labelFix {
	spec := &s.base.Pod.Spec
	var out []labelFix
	for _, key := range slices.Sorted(maps.Keys(spec.NodeSelector)) {
		out = append(out, labelFix{key: key, value: spec.NodeSelector[key]})
	}
	if required := requiredNodeAffinity(spec); required != nil {
		for _, term := range required.NodeSelectorTerms {
			for _, r := range term.MatchExpressions {
				out = append(out, fixOf(r)...)
			}
		}
	}
	for _, key := range topologyKeys(spec) {
		for _, value := range s.valuesOf(key) {
			out = append(out, labelFix{key: key, value: value, onlyMissing: true})
		}
	}
	out = slices.DeleteFunc(out, func(f labelFix) bool { return f.key == corev1.LabelHostname || !isLabel(f.key, f.value) })
	return out[:min(len(out), maxPerList)]
}

// isLabel is true for what the API server accepts as a label.
func isLabel(key, value string) bool {
	return len(validation.IsQualifiedName(key)) == 0 && len(validation.IsValidLabelValue(value)) == 0
}

func fixOf(r corev1.NodeSelectorRequirement) []labelFix {
	switch {
	case r.Operator == corev1.NodeSelectorOpIn && len(r.Values) > 0:
		return []labelFix{{key: r.Key, value: r.Values[0]}}
	case r.Operator == corev1.NodeSelectorOpExists:
		return []labelFix{{key: r.Key, value: "true"}}
	case r.Operator == corev1.NodeSelectorOpNotIn || r.Operator == corev1.NodeSelectorOpDoesNotExist:
		return []labelFix{{key: r.Key, remove: true}}
	}
	return nil
}

// topologyKeys are the labels that a node needs to be in a domain that counts.
func topologyKeys(spec *corev1.PodSpec) []string {
	var out []string
	for _, c := range spec.TopologySpreadConstraints {
		if c.WhenUnsatisfiable == corev1.DoNotSchedule {
			out = append(out, c.TopologyKey)
		}
	}
	if spec.Affinity != nil && spec.Affinity.PodAffinity != nil {
		for _, term := range spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			out = append(out, term.TopologyKey)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shortage is the one resource of which a node has too little.
type shortage struct {
	node *corev1.Node
	name corev1.ResourceName
	// missing is in thousandths for cpu, else in whole units.
	missing int64
	share   float64
	// possible is false where no node can have as much as would be needed.
	possible bool
}

// capacities raises what a node has where it lacks one resource only, beginning
// with the node that lacks least.
func (s *search) capacities() []Change {
	pod := framework.NewPodInfo(s.base.Pod)
	var short []shortage
	for _, n := range s.nearest {
		if list := shortages(pod, n); len(list) == 1 && list[0].possible {
			short = append(short, list[0])
		}
	}
	slices.SortStableFunc(short, func(a, b shortage) int { return cmp.Compare(a.share, b.share) })
	var out []Change
	for _, lack := range short[:min(len(short), maxNodes)] {
		out = append(out, lack.change(s.commands()))
	}
	return out
}

// shortages lists what the node lacks for the pod.
func shortages(pod *framework.PodInfo, n *framework.NodeInfo) []shortage {
	var out []shortage
	add := func(name corev1.ResourceName, wanted, allocatable, taken int64) {
		all := framework.AddSaturated(wanted, taken)
		if missing := all - allocatable; wanted > 0 && missing > 0 {
			possible := all != math.MaxInt64 // else more than any node can have
			share := float64(missing) / float64(max(allocatable, 1))
			out = append(out, shortage{node: n.Node(), name: name, missing: missing, share: share, possible: possible})
		}
	}
	add(corev1.ResourcePods, 1, int64(n.Allocatable.AllowedPodNumber), int64(len(n.Pods)))
	add(corev1.ResourceCPU, pod.Requests.MilliCPU, n.Allocatable.MilliCPU, n.Requested.MilliCPU)
	add(corev1.ResourceMemory, pod.Requests.Memory, n.Allocatable.Memory, n.Requested.Memory)
	add(corev1.ResourceEphemeralStorage, pod.Requests.EphemeralStorage, n.Allocatable.EphemeralStorage, n.Requested.EphemeralStorage)
	for _, r := range pod.Scalars {
		add(r.Name, r.Value, n.Allocatable.ScalarResources[r.Name], n.Requested.ScalarResources[r.Name])
	}
	return out
}

func (l shortage) change(with commands) Change {
	from := l.node.Status.Capacity[l.name]
	steps := stepsOf(l.name, *resource.NewQuantity(l.missing, resource.DecimalSI))
	more := steps.quantity(steps.atLeast(l.missing))
	to := from.DeepCopy()
	to.Add(more)
	return Change{
		Kind: RaiseCapacity, Object: objectNode(l.node.Name), Field: fmt.Sprintf("%s[%s]", with.capacityField(), l.name),
		From: from.String(), To: to.String(), Size: 40 + int(20*min(l.share, 1)),
		Description: fmt.Sprintf("raise the %s of node %s from %s to %s", l.name, l.node.Name, from.String(), to.String()),
		Command:     with.raise(l.node.Name, l.name, to),
		apply: changeNode(l.node.Name, func(n *corev1.Node) {
			raise(&n.Status.Capacity, l.name, more)
			raise(&n.Status.Allocatable, l.name, more)
		}),
	}
}

func raise(list *corev1.ResourceList, name corev1.ResourceName, more resource.Quantity) {
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	q := (*list)[name]
	q.Add(more)
	(*list)[name] = q
}

// newNodes adds an empty node like an existing one, for each kind of node.
func (s *search) newNodes() []Change {
	var out []Change
	seen := map[string]bool{}
	for _, info := range s.nearest {
		if len(out) == maxNodes {
			break
		}
		node := copyOf(info.Node(), s.base.Snapshot)
		shape := shapeOf(node)
		if seen[shape] {
			continue
		}
		seen[shape] = true
		out = append(out, Change{
			Kind: AddNode, Object: objectNode(node.Name), Size: 65, Description: "add an empty node like " + info.Node().Name,
			apply: func(c Case) Case {
				empty := framework.NewNodeInfo()
				empty.SetNode(node)
				empty.ImageStates = info.Clone().ImageStates
				c.Snapshot = withNode(c.Snapshot, empty)
				return c
			},
		})
	}
	return out
}

// copyOf returns a node like another, with a name of its own, ready and not cordoned.
func copyOf(like *corev1.Node, snapshot framework.Snapshot) *corev1.Node {
	node := like.DeepCopy()
	for node.Name = like.Name + "-new"; snapshot.Get(node.Name) != nil; {
		node.Name += "-new"
	}
	if _, ok := node.Labels[corev1.LabelHostname]; ok {
		node.Labels[corev1.LabelHostname] = node.Name
	}
	uncordon(node)
	dropTaints(node, isBroken)
	return node
}

// shapeOf is equal for nodes that differ only in their names.
func shapeOf(n *corev1.Node) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(n.Status.Allocatable)) {
		q := n.Status.Allocatable[name]
		fmt.Fprintf(&b, "%s=%s ", name, q.String())
	}
	for _, key := range slices.Sorted(maps.Keys(n.Labels)) {
		if key != corev1.LabelHostname {
			fmt.Fprintf(&b, "%q=%q ", key, n.Labels[key])
		}
	}
	for i := range n.Spec.Taints {
		fmt.Fprintf(&b, "%q ", n.Spec.Taints[i].ToString())
	}
	return b.String()
}
