// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Cluster is a random cluster and a pod that needs a node.
type Cluster struct {
	Nodes      []*corev1.Node
	Pods       []*corev1.Pod
	Namespaces map[string]labels.Set
	Pod        *corev1.Pod
}

// Generator makes random clusters; with the same seed always the same.
type Generator struct {
	*rand.Rand
	// Wild adds what the API server refuses: unknown operators and policies,
	// contradictions, absurd numbers.
	Wild bool
}

// NewGenerator returns a generator.
func NewGenerator(seed uint64, wild bool) *Generator {
	return &Generator{Rand: rand.New(rand.NewPCG(seed, 0)), Wild: wild}
}

// Cluster returns a cluster of up to the given numbers of nodes and pods.
func (g *Generator) Cluster(maxNodes, maxPods int) Cluster {
	c := Cluster{Namespaces: map[string]labels.Set{
		"default": {"kubernetes.io/metadata.name": "default", "team": "a"},
		"other":   {"kubernetes.io/metadata.name": "other", "team": "b"},
		"third":   {"kubernetes.io/metadata.name": "third"},
	}}
	for i := range 1 + g.IntN(maxNodes) {
		c.Nodes = append(c.Nodes, g.node("n"+strconv.Itoa(i)))
	}
	for i := range g.IntN(maxPods + 1) {
		pod := g.pod("e" + strconv.Itoa(i))
		pod.Spec.NodeName = c.Nodes[g.IntN(len(c.Nodes))].Name
		if g.one(10) {
			pod.DeletionTimestamp = &metav1.Time{}
		}
		c.Pods = append(c.Pods, pod)
	}
	c.Pod = g.pod("incoming")
	return c
}

// Snapshot returns the cluster as plugins see it.
func (c Cluster) Snapshot() *Snapshot {
	s := NewSnapshot(c.Nodes, c.Pods)
	for name, set := range c.Namespaces {
		s.WithNamespace(name, set)
	}
	return s
}

// one is true one time in n.
func (g *Generator) one(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g *Generator, from ...T) T { return from[g.IntN(len(from))] }

func (g *Generator) node(name string) *corev1.Node {
	n := MakeNode(name).Allocatable("cpu", pick(g, "1", "2", "4"), "memory", pick(g, "1Gi", "4Gi"), "pods", pick(g, "3", "10", "110"))
	if !g.one(6) {
		n.Zone(pick(g, "z1", "z2", "z3"))
	}
	if g.one(2) {
		n.Label("rack", pick(g, "r1", "r2", ""))
	}
	if g.one(10) {
		n.Unlabel(corev1.LabelHostname)
	}
	if g.one(5) {
		n.Taint("dedicated", pick(g, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute, corev1.TaintEffectPreferNoSchedule))
	}
	if g.one(2) {
		n.Image(int64(g.IntN(2000))*1024*1024, "nginx:latest", "nginx:1")
	}
	return n.Obj()
}

func (g *Generator) pod(name string) *corev1.Pod {
	p := MakePod(name).Namespace(pick(g, "default", "default", "other", "third")).Priority(int32(g.IntN(4)))
	p.Label("app", pick(g, "a", "b", "c"), "tier", pick(g, "1", "2"))
	if g.one(2) {
		p.Label("version", pick(g, "v1", "v2"))
	}
	if g.one(2) {
		p.Req("cpu", pick(g, "0", "100m", "500m", "1"), "memory", pick(g, "100Mi", "1Gi"))
	}
	if g.Wild && g.one(5) {
		p.Req("cpu", pick(g, "9223372036854775807", "-1", "1e18"), "memory", "9223372036854775807")
	}
	if g.one(3) {
		p.HostPort(pick(g, "", "10.0.0.1"), pick(g, corev1.ProtocolTCP, corev1.ProtocolUDP), int32(80+g.IntN(2)))
	}
	if g.one(6) {
		p.NodeSelector(pick(g, corev1.LabelTopologyZone, "rack"), pick(g, "z1", "r1"))
	}
	if g.one(3) {
		p.pod.Spec.Tolerations = []corev1.Toleration{{Key: "dedicated", Operator: pick(g, corev1.TolerationOpExists, g.wildOperator())}}
	}
	if g.one(2) {
		p.Image(pick(g, "nginx", "nginx:1", "absent"))
	}
	for range g.IntN(3) {
		p.Spread(g.Constraint())
	}
	g.addAffinity(p)
	return p.Obj()
}

func (g *Generator) wildOperator() corev1.TolerationOperator {
	if g.Wild {
		return "Almost"
	}
	return corev1.TolerationOpExists
}

func (g *Generator) addAffinity(p *Pod) {
	if g.one(4) {
		p.Affinity(g.term())
		if g.one(3) {
			p.Affinity(g.term())
		}
	}
	if g.one(4) {
		p.AntiAffinity(g.term())
	}
	if g.one(4) {
		p.PreferAffinity(int32(1+g.IntN(100)), g.term())
	}
	if g.one(4) {
		p.PreferAntiAffinity(int32(1+g.IntN(100)), g.term())
	}
}

func (g *Generator) key() string {
	return pick(g, corev1.LabelHostname, corev1.LabelTopologyZone, "rack", "nowhere")
}

// Constraint returns a topology spread constraint.
func (g *Generator) Constraint() corev1.TopologySpreadConstraint {
	c := corev1.TopologySpreadConstraint{
		TopologyKey:       g.key(),
		MaxSkew:           int32(1 + g.IntN(3)),
		WhenUnsatisfiable: pick(g, corev1.DoNotSchedule, corev1.ScheduleAnyway),
		LabelSelector:     g.selector(),
	}
	if g.one(3) && c.WhenUnsatisfiable == corev1.DoNotSchedule {
		c.MinDomains = new(int32(1 + g.IntN(4)))
	}
	if g.one(3) {
		c.NodeAffinityPolicy = new(pick(g, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore))
	}
	if g.one(3) {
		c.NodeTaintsPolicy = new(pick(g, corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore))
	}
	if g.one(3) && c.LabelSelector != nil {
		c.MatchLabelKeys = []string{"version"}
	}
	if g.Wild && g.one(3) {
		c.MaxSkew = pick(g, int32(0), -5, 2147483647)
		c.MinDomains = new(pick(g, int32(0), -1, 2147483647))
		c.NodeTaintsPolicy = new(corev1.NodeInclusionPolicy("Sometimes"))
		c.WhenUnsatisfiable = pick(g, corev1.DoNotSchedule, corev1.ScheduleAnyway, "Maybe")
	}
	return c
}

func (g *Generator) term() corev1.PodAffinityTerm {
	t := corev1.PodAffinityTerm{TopologyKey: g.key(), LabelSelector: g.selector()}
	switch g.IntN(6) {
	case 0:
		t.Namespaces = []string{pick(g, "default", "other")}
	case 1:
		t.NamespaceSelector = pick(g, &metav1.LabelSelector{}, Match("team", "a"), &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: metav1.LabelSelectorOpDoesNotExist}},
		})
	}
	return t
}

func (g *Generator) selector() *metav1.LabelSelector {
	switch g.IntN(10) {
	case 0:
		return nil
	case 1:
		return &metav1.LabelSelector{}
	case 2, 3:
		return Match("app", pick(g, "a", "b"), "tier", "1")
	}
	s := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{
		Key: pick(g, "app", "version", "absent"), Operator: metav1.LabelSelectorOpIn, Values: []string{"a", pick(g, "b", "v1")},
	}}}
	switch g.IntN(4) {
	case 0:
		s.MatchExpressions[0].Operator = metav1.LabelSelectorOpNotIn
	case 1:
		s.MatchExpressions[0].Operator, s.MatchExpressions[0].Values = metav1.LabelSelectorOpExists, nil
	}
	if g.Wild && g.one(3) {
		s.MatchExpressions[0].Operator = metav1.LabelSelectorOperator(fmt.Sprint("Op", g.IntN(3)))
	}
	return s
}
