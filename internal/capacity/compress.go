// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// controlPlaneLabels are those of nodes that must stay, whatever they run.
var controlPlaneLabels = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// CompressNodes looks for nodes that could go together, the emptiest first: each is
// taken away, with those before it gone, and its pods are placed on the rest. At
// most limit pods are decided about.
func CompressNodes(o whatif.Objects, profileOf ProfileOf, limit int) (Compress, []explanation.NotEvaluated) {
	m := &moving{cluster: whatif.NewCluster(o), profileOf: profileOf}
	nodes := emptiestFirst(m.cluster.List())
	out := Compress{Nodes: len(nodes), CanGo: []Emptied{}}
	placer := whatif.NewPlacer(m.cluster)
	for i, node := range nodes {
		node = placer.Snapshot().Get(node.Node().Name) // with the pods that have come to it
		pods := movable(node)
		if why := keeps(node, pods, o); why != "" {
			out.stay(why, node)
			continue
		}
		if limit -= len(pods); limit < 0 {
			out.Bounded, out.Untried = true, len(nodes)-i
			break
		}
		rest := placer
		rest.RemoveNode(node.Node().Name)
		counts, why := m.empty(pods, &rest)
		if why != "" {
			out.stay(why, node)
			continue
		}
		placer = rest
		out.CanGo = append(out.CanGo, Emptied{Node: node.Node().Name, Pods: len(pods), To: nodeCounts(counts)})
	}
	slices.SortStableFunc(out.Stay, func(a, b Staying) int { return cmp.Compare(len(b.Nodes), len(a.Nodes)) })
	return out, m.missing
}

// empty places the pods of a node on the rest. why says which does not fit.
func (m *moving) empty(pods []*corev1.Pod, rest *whatif.Placer) (counts map[string]int, why string) {
	cases, undecided := m.cases(pods)
	if len(undecided) > 0 {
		return nil, undecided[0].Why
	}
	counts = map[string]int{}
	for _, c := range cases {
		node := rest.Place(c)
		if node == "" {
			c.Snapshot = rest.Snapshot()
			return nil, nameOf(c.Pod) + " would not fit: " + refusalOf(c, *rest).Message
		}
		counts[node]++
	}
	return counts, ""
}

// keeps says why a node must stay whether or not its pods would fit elsewhere.
func keeps(node *framework.NodeInfo, pods []*corev1.Pod, o whatif.Objects) string {
	for _, label := range controlPlaneLabels {
		if _, ok := node.Node().Labels[label]; ok {
			return "a node of the control plane"
		}
	}
	for _, pod := range pods {
		if metav1.GetControllerOfNoCopy(pod) == nil {
			return "it has " + nameOf(pod) + ", which has no controller: nothing would bring it back"
		}
	}
	for _, b := range inTheWay(o.DisruptionBudgets, pods) {
		if b.Allowed == 0 {
			return "the budget " + b.Names[0] + " " + b.Why
		}
	}
	return ""
}

// movable are the pods that have to go elsewhere with the node gone.
func movable(node *framework.NodeInfo) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range node.Pods {
		if leaves(p.Pod) == "" {
			out = append(out, p.Pod)
		}
	}
	return out
}

// emptiestFirst sorts nodes by the share of cpu or memory, whichever is more, that
// pods ask for which would have to go elsewhere.
func emptiestFirst(nodes []*framework.NodeInfo) []*framework.NodeInfo {
	share := map[string]float64{}
	for _, node := range nodes {
		var cpu, memory float64
		for _, p := range node.Pods {
			if leaves(p.Pod) == "" {
				cpu, memory = cpu+float64(p.Requests.MilliCPU), memory+float64(p.Requests.Memory)
			}
		}
		share[node.Node().Name] = max(cpu/float64(max(node.Allocatable.MilliCPU, 1)), memory/float64(max(node.Allocatable.Memory, 1)))
	}
	return slices.SortedStableFunc(slices.Values(nodes), func(a, b *framework.NodeInfo) int {
		return cmp.Or(cmp.Compare(share[a.Node().Name], share[b.Node().Name]), cmp.Compare(len(a.Pods), len(b.Pods)), cmp.Compare(a.Node().Name, b.Node().Name))
	})
}

func (c *Compress) stay(why string, node *framework.NodeInfo) {
	i := slices.IndexFunc(c.Stay, func(s Staying) bool { return s.Why == why })
	if i < 0 {
		c.Stay = append(c.Stay, Staying{Why: why})
		i = len(c.Stay) - 1
	}
	c.Stay[i].Nodes = append(c.Stay[i].Nodes, node.Node().Name)
}
