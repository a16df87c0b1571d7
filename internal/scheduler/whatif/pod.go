// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/tolerations"
)

const objectPod = "pod"

// gates removes all scheduling gates: with some of them the pod still waits.
func (s *search) gates() []Change {
	names := []string{}
	for _, gate := range s.base.Pod.Spec.SchedulingGates {
		names = append(names, gate.Name)
	}
	if len(names) == 0 {
		return nil
	}
	return []Change{{
		Kind: RemoveGates, Object: objectPod, Field: "spec.schedulingGates", From: strings.Join(names, ", "),
		Description: "remove the scheduling gates " + strings.Join(names, ", "), Size: 5,
		Command: s.patchPod(`{"spec":{"schedulingGates":null}}`),
		apply:   changePod(func(spec *corev1.PodSpec) { spec.SchedulingGates = nil }),
	}}
}

// patchPod is the command that patches the pod; empty where it does not exist.
func (s *search) patchPod(json string) string {
	if s.base.Pod.UID == "" {
		return ""
	}
	return s.commands().patchPod(s.base.Pod, json)
}

// keepsOff is true for taints that keep pods from being scheduled.
func keepsOff(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
}

// isCondition is true for taints that stand for the state of a node. To tolerate
// one helps nobody: the node has to be repaired, or uncordoned.
func isCondition(t *corev1.Taint) bool { return strings.HasPrefix(t.Key, "node.kubernetes.io/") }

// untolerated lists the taints that keep the pod off the node and that people set.
func (s *search) untolerated(node *corev1.Node) []corev1.Taint {
	var out []corev1.Taint
	for i := range node.Spec.Taints {
		t := &node.Spec.Taints[i]
		if keepsOff(t) && !isCondition(t) && !tolerations.Tolerate(s.base.Pod.Spec.Tolerations, t) {
			out = append(out, *t)
		}
	}
	return out
}

func (s *search) tolerations() []Change {
	var out []Change
	seen := map[string]bool{}
	several := false
	for _, n := range s.nearest {
		taints := s.untolerated(n.Node())
		several = several || len(taints) > 1
		for _, t := range taints {
			if text := t.ToString(); !seen[text] && isLabel(t.Key, t.Value) && len(out) < maxPerList {
				seen[text] = true
				out = append(out, s.tolerate(toleration(t), "tolerate the taint "+text, 20))
			}
		}
	}
	if several {
		out = append(out, s.tolerate(corev1.Toleration{Operator: corev1.TolerationOpExists}, "tolerate every taint", 45))
	}
	return out
}

func toleration(t corev1.Taint) corev1.Toleration {
	if t.Value == "" {
		return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpExists, Effect: t.Effect}
	}
	return corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: t.Effect}
}

func (s *search) tolerate(t corev1.Toleration, description string, size int) Change {
	change := Change{
		Kind: AddToleration, Object: objectPod, Field: "spec.tolerations", Description: description, Size: size,
		apply: changePod(func(spec *corev1.PodSpec) { spec.Tolerations = append(spec.Tolerations, t) }),
	}
	if data, err := json.Marshal(t); err == nil {
		change.To = string(data)
	}
	all := map[string]any{"spec": map[string]any{"tolerations": append(slices.Clone(s.base.Tolerations), t)}}
	if data, err := json.Marshal(all); err == nil {
		change.Command = s.patchPod(string(data))
	}
	return change
}

func (s *search) nodeSelector() []Change {
	var out []Change
	selector := s.base.Pod.Spec.NodeSelector
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		if len(out) >= maxPerList {
			break
		}
		field := fmt.Sprintf("spec.nodeSelector[%s]", key)
		for _, value := range s.valuesOf(key) {
			if value == selector[key] {
				continue
			}
			out = append(out, Change{
				Kind: ChangeNodeSelector, Object: objectPod, Field: field, From: selector[key], To: value, Size: 18,
				Description: fmt.Sprintf("select nodes with %s=%s in place of %s=%s", key, value, key, selector[key]),
				Command:     s.commands().selector(key, &value),
				apply:       changePod(func(spec *corev1.PodSpec) { spec.NodeSelector[key] = value }),
			})
		}
		out = append(out, Change{
			Kind: DropNodeSelector, Object: objectPod, Field: field, From: selector[key], Size: 25,
			Description: fmt.Sprintf("drop %s=%s from the nodeSelector", key, selector[key]),
			Command:     s.commands().selector(key, nil),
			apply:       changePod(func(spec *corev1.PodSpec) { delete(spec.NodeSelector, key) }),
		})
	}
	return out
}

// valuesOf lists the first values that nodes have for a label; none for the
// hostname, which names one node.
func (s *search) valuesOf(key string) []string {
	const maxValues = 4
	var out []string
	if key == corev1.LabelHostname {
		return nil
	}
	for _, n := range s.nearest {
		if value, ok := n.Node().Labels[key]; ok && !slices.Contains(out, value) && len(out) < maxValues {
			out = append(out, value)
		}
	}
	return out
}

func (s *search) nodeAffinity() []Change {
	required := requiredNodeAffinity(&s.base.Pod.Spec)
	if required == nil {
		return nil
	}
	const field = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
	out := []Change{{
		Kind: DropNodeAffinity, Object: objectPod, Field: field, Description: "drop the required node affinity", Size: 45,
		apply: changePod(func(spec *corev1.PodSpec) {
			spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
		}),
	}}
	for i, term := range required.NodeSelectorTerms {
		if len(term.MatchExpressions)+len(term.MatchFields) < 2 {
			continue // a term without requirements matches no node
		}
		for j, r := range term.MatchExpressions {
			out = append(out, dropRequirement(fmt.Sprintf("%s.nodeSelectorTerms[%d].matchExpressions[%d]", field, i, j), r,
				func(spec *corev1.PodSpec) {
					t := &requiredNodeAffinity(spec).NodeSelectorTerms[i]
					t.MatchExpressions = slices.Delete(t.MatchExpressions, j, j+1)
				}))
		}
		for j, r := range term.MatchFields {
			out = append(out, dropRequirement(fmt.Sprintf("%s.nodeSelectorTerms[%d].matchFields[%d]", field, i, j), r,
				func(spec *corev1.PodSpec) {
					t := &requiredNodeAffinity(spec).NodeSelectorTerms[i]
					t.MatchFields = slices.Delete(t.MatchFields, j, j+1)
				}))
		}
	}
	return out[:min(len(out), maxPerList)]
}

func requiredNodeAffinity(spec *corev1.PodSpec) *corev1.NodeSelector {
	if spec.Affinity == nil || spec.Affinity.NodeAffinity == nil {
		return nil
	}
	return spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

func dropRequirement(field string, r corev1.NodeSelectorRequirement, change func(*corev1.PodSpec)) Change {
	text := strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Key, r.Operator, strings.Join(r.Values, ",")))
	return Change{
		Kind: DropNodeAffinity, Object: objectPod, Field: field, From: text, Size: 25,
		Description: "drop the requirement " + text + " from the node affinity", apply: changePod(change),
	}
}

func (s *search) hostPorts() []Change {
	var out []Change
	for i, c := range containers(&s.base.Pod.Spec) {
		for j, port := range c.Ports {
			if port.HostPort == 0 || len(out) >= maxPerList {
				continue
			}
			out = append(out, Change{
				Kind: DropHostPort, Object: objectPod, Size: 25, From: fmt.Sprint(port.HostPort),
				Field:       fmt.Sprintf("spec.%s.ports[%d].hostPort", containerPath(&s.base.Pod.Spec, i), j),
				Description: fmt.Sprintf("drop the host port %d of container %s", port.HostPort, c.Name),
				apply:       changePod(func(spec *corev1.PodSpec) { containers(spec)[i].Ports[j].HostPort = 0 }),
			})
		}
	}
	return out
}

func (s *search) podAffinity() []Change {
	affinity := s.base.Pod.Spec.Affinity
	if affinity == nil {
		return nil
	}
	var out []Change
	add := func(what, list string, terms []corev1.PodAffinityTerm, of func(*corev1.Affinity) *[]corev1.PodAffinityTerm) {
		for i, term := range terms[:min(len(terms), maxPerList)] {
			out = append(out, Change{
				Kind: DropPodAffinity, Object: objectPod, Size: 30,
				Field:       fmt.Sprintf("spec.affinity.%s.requiredDuringSchedulingIgnoredDuringExecution[%d]", list, i),
				Description: fmt.Sprintf("drop the %s to other pods by %s", what, term.TopologyKey),
				apply: changePod(func(spec *corev1.PodSpec) {
					terms := of(spec.Affinity)
					*terms = slices.Delete(*terms, i, i+1)
				}),
			})
		}
	}
	if a := affinity.PodAffinity; a != nil {
		add("required affinity", "podAffinity", a.RequiredDuringSchedulingIgnoredDuringExecution,
			func(a *corev1.Affinity) *[]corev1.PodAffinityTerm {
				return &a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
			})
	}
	if a := affinity.PodAntiAffinity; a != nil {
		add("required anti-affinity", "podAntiAffinity", a.RequiredDuringSchedulingIgnoredDuringExecution,
			func(a *corev1.Affinity) *[]corev1.PodAffinityTerm {
				return &a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution
			})
	}
	return out
}

func (s *search) spread() []Change {
	var out []Change
	list := s.base.Pod.Spec.TopologySpreadConstraints
	for i, c := range list[:min(len(list), maxPerList)] {
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			continue
		}
		field := fmt.Sprintf("spec.topologySpreadConstraints[%d]", i)
		relax := Change{
			Kind: RelaxSpread, Object: objectPod, Field: field + ".whenUnsatisfiable", Size: 25,
			From: string(corev1.DoNotSchedule), To: string(corev1.ScheduleAnyway),
			Description: fmt.Sprintf("only prefer to spread over %s: whenUnsatisfiable ScheduleAnyway", c.TopologyKey),
			apply: changePod(func(spec *corev1.PodSpec) {
				spec.TopologySpreadConstraints[i].WhenUnsatisfiable = corev1.ScheduleAnyway
			}),
		}
		out = append(out, relax)
		if c.MinDomains != nil {
			out = append(out, Change{
				Kind: RelaxSpread, Object: objectPod, Field: field + ".minDomains", From: fmt.Sprint(*c.MinDomains), Size: 25,
				Description: fmt.Sprintf("drop minDomains %d of the spread over %s", *c.MinDomains, c.TopologyKey),
				apply:       changePod(func(spec *corev1.PodSpec) { spec.TopologySpreadConstraints[i].MinDomains = nil }),
			})
		}
		if change, ok := s.raiseMaxSkew(i, c); ok {
			out = append(out, change)
		}
	}
	return out
}

// raiseMaxSkew finds the least maxSkew with which the pod fits: counted down from
// more than any difference can be.
func (s *search) raiseMaxSkew(i int, c corev1.TopologySpreadConstraint) (Change, bool) {
	most := int64(c.MaxSkew) + 1
	for _, n := range s.nearest {
		most += int64(len(n.Pods))
	}
	most = min(most, 1<<31-1)
	to := func(down int64) func(Case) Case {
		return changePod(func(spec *corev1.PodSpec) { spec.TopologySpreadConstraints[i].MaxSkew = int32(most - down) })
	}
	down := greatest(most-int64(c.MaxSkew)-1, func(down int64) bool {
		nodes, _ := s.fits(to(down)(s.base))
		return nodes != nil
	})
	if down < 0 {
		return Change{}, false
	}
	return Change{
		Kind: RaiseMaxSkew, Object: objectPod, Field: fmt.Sprintf("spec.topologySpreadConstraints[%d].maxSkew", i),
		From: fmt.Sprint(c.MaxSkew), To: fmt.Sprint(most - down), Size: 15,
		Description: fmt.Sprintf("raise the maxSkew of the spread over %s from %d to %d", c.TopologyKey, c.MaxSkew, most-down),
		apply:       to(down),
	}, true
}
