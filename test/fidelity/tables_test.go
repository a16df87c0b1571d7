// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// corner is a table of one plugin's corner cases: each pod is compared on the
// same cluster.
type corner struct {
	nodes   []*corev1.Node
	pods    []*corev1.Pod
	budgets []*policyv1.PodDisruptionBudget
	try     []*corev1.Pod
	// storage adds what the pods' volumes are; nil for nothing.
	storage func(*Scenario)
}

// TestCorners compares the corner cases of each plugin, in each configuration.
func TestCorners(t *testing.T) {
	h := newHarness(t)
	total := &Comparison{ByKind: make(map[string]Coverage)}
	for plugin, table := range map[string]corner{
		"NodeName":          nodeNameCorners(),
		"NodeUnschedulable": unschedulableCorners(),
		"TaintToleration":   taintCorners(),
		"NodeAffinity":      nodeAffinityCorners(),
		"NodePorts":         portCorners(),
		"NodeResources":     resourceCorners(),
		"PodTopologySpread": spreadCorners(),
		"InterPodAffinity":  podAffinityCorners(),
		"ImageLocality":     imageCorners(),
		"DefaultPreemption": preemptionCorners(),
		"Volumes":           volumeCorners(),
	} {
		for _, variation := range Variations() {
			t.Run(plugin+"/"+variation.Name, func(t *testing.T) {
				for i, pod := range table.try {
					s := &Scenario{
						Name: fmt.Sprintf("%s, pod %d", plugin, i), Variation: variation.Name,
						Namespaces: NewGenerator(1, 1, false).Namespaces(), Nodes: table.nodes, Pods: table.pods, Budgets: table.budgets, Pod: pod,
					}
					if table.storage != nil {
						table.storage(s)
					}
					c, err := h.Compare(t.Context(), s)
					if err != nil {
						t.Fatal(err)
					}
					total.merge(c)
					if len(c.Disagreements) > 0 {
						t.Fatalf("%s", h.Explain(t.Context(), s, c.Disagreements[0]))
					}
				}
			})
		}
	}
	fmt.Printf("corner cases: %d compared, %d agree\n", total.Compared, total.Compared-len(total.Disagreements))
}

// aNode returns a node with room for ten pods; change may be nil.
func aNode(name string, change func(*corev1.Node)) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{corev1.LabelHostname: name}}}
	node.Status.Allocatable = amounts("cpu", "4", "memory", "8Gi", "pods", "10")
	if change != nil {
		change(node)
	}
	return node
}

var podNumber int

// aPod returns a pod of namespace red with one container; change may be nil.
func aPod(change func(*corev1.Pod)) *corev1.Pod {
	podNumber++
	name := fmt.Sprintf("p%d", podNumber)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "red", Name: name, UID: types.UID(name)}}
	pod.Spec.Containers = []corev1.Container{{Name: "c", Image: "nginx"}}
	if change != nil {
		change(pod)
	}
	return pod
}

// amounts returns a list of resources from names and quantities.
func amounts(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

func labeled(pairs ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func nodeNameCorners() corner {
	c := corner{nodes: []*corev1.Node{aNode("a", nil), aNode("b", nil)}}
	for _, name := range []string{"", "a", "A", "elsewhere"} {
		c.try = append(c.try, aPod(func(p *corev1.Pod) { p.Spec.NodeName = name }))
	}
	return c
}

func unschedulableCorners() corner {
	c := corner{nodes: []*corev1.Node{
		aNode("cordoned", func(n *corev1.Node) { n.Spec.Unschedulable = true }),
		aNode("tainted", func(n *corev1.Node) {
			n.Spec.Unschedulable = true
			n.Spec.Taints = []corev1.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}}
		}),
		aNode("free", nil),
	}}
	for _, toleration := range tolerationsOf(corev1.TaintNodeUnschedulable) {
		c.try = append(c.try, aPod(func(p *corev1.Pod) { p.Spec.Tolerations = []corev1.Toleration{toleration} }))
	}
	return c
}

// tolerationsOf returns all combinations of what a toleration can say.
func tolerationsOf(key string) []corev1.Toleration {
	var out []corev1.Toleration
	for _, k := range []string{key, "", "other"} {
		for _, operator := range []corev1.TolerationOperator{"", corev1.TolerationOpEqual, corev1.TolerationOpExists, corev1.TolerationOpGt, corev1.TolerationOpLt, "Odd"} {
			for _, value := range []string{"", "5", "x"} {
				for _, effect := range []corev1.TaintEffect{"", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute, "Odd"} {
					out = append(out, corev1.Toleration{Key: k, Operator: operator, Value: value, Effect: effect})
				}
			}
		}
	}
	return out
}

func taintCorners() corner {
	var c corner
	for _, effect := range []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute, "Odd"} {
		for _, value := range []string{"", "5", "9"} {
			c.nodes = append(c.nodes, aNode(fmt.Sprintf("n%d", len(c.nodes)), func(n *corev1.Node) {
				n.Spec.Taints = []corev1.Taint{{Key: "k", Value: value, Effect: effect}, {Key: "soft", Effect: corev1.TaintEffectPreferNoSchedule}}[:1+len(c.nodes)%2]
			}))
		}
	}
	for _, toleration := range tolerationsOf("k") {
		c.try = append(c.try, aPod(func(p *corev1.Pod) {
			p.Spec.Tolerations = []corev1.Toleration{{Key: "k", Value: "9", Effect: corev1.TaintEffectNoSchedule}, toleration}
		}))
	}
	return c
}

func nodeAffinityCorners() corner {
	c := corner{nodes: []*corev1.Node{aNode("none", nil)}}
	for i, value := range []string{"", "4", "5", "-1", "007", "4.0", "many", "9223372036854775807", "9223372036854775808"} {
		c.nodes = append(c.nodes, aNode(fmt.Sprintf("n%d", i), func(n *corev1.Node) { n.Labels["cores"] = value }))
	}
	require := func(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
		}}
	}
	prefer := func(term corev1.NodeSelectorTerm) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
			{Weight: 0, Preference: term}, {Weight: 10, Preference: term}, {Weight: 3, Preference: corev1.NodeSelectorTerm{}},
		}}}
	}
	var terms []corev1.NodeSelectorTerm
	for _, operator := range []corev1.NodeSelectorOperator{
		corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist,
		corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt, "Odd", "",
	} {
		for _, values := range [][]string{nil, {""}, {"4"}, {"-1"}, {"many"}, {"4", "5"}, {"9223372036854775807"}, {"9223372036854775808"}, {"not valid!"}} {
			r := corev1.NodeSelectorRequirement{Key: "cores", Operator: operator, Values: values}
			terms = append(terms, corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{r}})
			r.Key = metav1.ObjectNameField
			terms = append(terms, corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{r}})
		}
	}
	for _, name := range []string{"none", "n1", "elsewhere"} {
		field := []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{name}}}
		label := []corev1.NodeSelectorRequirement{{Key: "cores", Operator: corev1.NodeSelectorOpExists}}
		terms = append(terms, corev1.NodeSelectorTerm{MatchFields: field}, corev1.NodeSelectorTerm{MatchFields: field, MatchExpressions: label},
			corev1.NodeSelectorTerm{MatchFields: append(field, field...)})
	}
	terms = append(terms, corev1.NodeSelectorTerm{}, corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{
		{Key: "metadata.uid", Operator: corev1.NodeSelectorOpIn, Values: []string{"n1"}},
	}})
	for i, term := range terms {
		other := terms[(i*7+3)%len(terms)]
		c.try = append(c.try,
			aPod(func(p *corev1.Pod) { p.Spec.Affinity = require(term) }),
			aPod(func(p *corev1.Pod) { p.Spec.Affinity = require(term, other) }),
			aPod(func(p *corev1.Pod) { p.Spec.Affinity = prefer(term) }),
			aPod(func(p *corev1.Pod) { p.Spec.Affinity, p.Spec.NodeSelector = require(term), labeled("cores", "4") }))
	}
	c.try = append(c.try, aPod(func(p *corev1.Pod) { p.Spec.Affinity = require() }),
		aPod(func(p *corev1.Pod) { p.Spec.NodeSelector = labeled("cores", "") }),
		aPod(func(p *corev1.Pod) { p.Spec.NodeSelector = labeled("cores", "not valid!") }))
	return c
}

func portCorners() corner {
	c := corner{nodes: []*corev1.Node{aNode("empty", nil)}}
	withPort := func(ip string, protocol corev1.Protocol, port int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: 1, HostIP: ip, Protocol: protocol, HostPort: port}}
		}
	}
	for _, ip := range []string{"", "0.0.0.0", "127.0.0.1", "10.0.0.1", "::", "::1"} {
		for _, protocol := range []corev1.Protocol{"", corev1.ProtocolTCP, corev1.ProtocolUDP} {
			for _, port := range []int32{0, 80, 81} {
				change := withPort(ip, protocol, port)
				node := fmt.Sprintf("n%d", len(c.nodes))
				c.nodes = append(c.nodes, aNode(node, nil))
				used := aPod(change)
				used.Spec.NodeName = node
				c.pods = append(c.pods, used)
				c.try = append(c.try, aPod(change), aPod(func(p *corev1.Pod) { // only a sidecar's port stays in use
					change(p)
					p.Spec.InitContainers, p.Spec.Containers = p.Spec.Containers, []corev1.Container{{Name: "main"}}
				}), aPod(func(p *corev1.Pod) {
					change(p)
					p.Spec.InitContainers, p.Spec.Containers = p.Spec.Containers, []corev1.Container{{Name: "main"}}
					p.Spec.InitContainers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				}))
			}
		}
	}
	return c
}

func resourceCorners() corner {
	var c corner
	quantities := []string{"0", "1n", "1m", "1", "3999m", "4", "4001m", "8Gi", "10T"}
	for i, q := range quantities {
		for _, name := range []string{"cpu", "memory", "ephemeral-storage", "example.com/gpu", "hugepages-2Mi"} {
			c.nodes = append(c.nodes, aNode(fmt.Sprintf("n%d", len(c.nodes)), func(n *corev1.Node) {
				n.Status.Allocatable[corev1.ResourceName(name)] = resource.MustParse(q)
			}))
			c.try = append(c.try, aPod(func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = amounts(name, q) }),
				aPod(func(p *corev1.Pod) { // init containers count by the largest
					p.Spec.InitContainers = []corev1.Container{{Name: "i"}, {Name: "j"}}
					p.Spec.InitContainers[0].Resources.Requests = amounts(name, q)
					p.Spec.InitContainers[1].Resources.Requests = amounts(name, quantities[(i+3)%len(quantities)])
				}),
				aPod(func(p *corev1.Pod) { // sidecars add up
					p.Spec.InitContainers = []corev1.Container{{Name: "i", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}, {Name: "j"}}
					p.Spec.InitContainers[0].Resources.Requests = amounts(name, "1")
					p.Spec.InitContainers[1].Resources.Requests = amounts(name, "2")
					p.Spec.Containers[0].Resources.Requests = amounts(name, "1")
				}),
				aPod(func(p *corev1.Pod) {
					p.Spec.Overhead = amounts(name, q)
					p.Spec.Containers[0].Resources.Requests = amounts("cpu", "1")
				}))
		}
	}
	for _, name := range []corev1.ResourceName{"cpu", "memory", "pods"} {
		c.nodes = append(c.nodes,
			aNode(fmt.Sprintf("n%d", len(c.nodes)), func(n *corev1.Node) { delete(n.Status.Allocatable, name) }),
			aNode(fmt.Sprintf("m%d", len(c.nodes)), func(n *corev1.Node) { n.Status.Allocatable[name] = resource.MustParse("0") }))
	}
	full := aPod(func(p *corev1.Pod) { p.Spec.Containers[0].Resources.Requests = amounts("cpu", "5", "memory", "9Gi") })
	full.Spec.NodeName = "n0" // more than there is: a pod that chose its node
	c.pods = append(c.pods, full)
	c.try = append(c.try, aPod(nil), aPod(func(p *corev1.Pod) { p.Spec.Containers = nil }),
		aPod(func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Requests = amounts("unknown", "1", "requests.cpu", "1")
		}))
	return c
}

// spreadCluster has zones of different sizes, a node without a zone, one with a
// taint, and pods that are and are not to be counted.
func spreadCluster() corner {
	zone := func(name string) func(*corev1.Node) {
		return func(n *corev1.Node) { n.Labels[corev1.LabelTopologyZone] = name }
	}
	c := corner{nodes: []*corev1.Node{
		aNode("a1", zone("a")), aNode("a2", zone("a")), aNode("b1", zone("b")), aNode("c1", zone("c")), aNode("nowhere", nil),
		aNode("tainted", func(n *corev1.Node) {
			zone("d")(n)
			n.Spec.Taints = []corev1.Taint{{Key: "k", Effect: corev1.TaintEffectNoSchedule}}
		}),
		aNode("nohost", func(n *corev1.Node) { n.Labels = labeled(corev1.LabelTopologyZone, "b", "disk", "ssd") }),
	}}
	for i, node := range []string{"a1", "a1", "a2", "b1", "b1", "c1", "nowhere", "tainted", "nohost"} {
		c.pods = append(c.pods, aPod(func(p *corev1.Pod) {
			p.Spec.NodeName, p.Labels = node, labeled("app", []string{"x", "y"}[i%2], "version", "1")
			if i == 4 {
				p.Namespace = "blue"
			}
			if i == 5 {
				p.DeletionTimestamp = new(metav1.NewTime(epoch))
			}
		}))
	}
	return c
}

func spreadCorners() corner {
	c := spreadCluster()
	policies := []*corev1.NodeInclusionPolicy{nil, new(corev1.NodeInclusionPolicyHonor), new(corev1.NodeInclusionPolicyIgnore)}
	selectors := []*metav1.LabelSelector{nil, {}, {MatchLabels: labeled("app", "x")}, {MatchLabels: labeled("app", "none")}}
	for i, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname, "disk", "missing"} {
		for _, when := range []corev1.UnsatisfiableConstraintAction{corev1.DoNotSchedule, corev1.ScheduleAnyway} {
			for _, minDomains := range []*int32{nil, new(int32(1)), new(int32(3)), new(int32(9))} {
				for j, selector := range selectors {
					for _, policy := range policies {
						c.try = append(c.try, aPod(func(p *corev1.Pod) {
							p.Labels = labeled("app", []string{"x", "z"}[j%2], "version", "1")
							constraint := corev1.TopologySpreadConstraint{
								MaxSkew: int32(1 + (i+j)%3), TopologyKey: key, WhenUnsatisfiable: when, MinDomains: minDomains, LabelSelector: selector,
								NodeTaintsPolicy: policy, NodeAffinityPolicy: policies[(i+j)%3],
							}
							if j == 1 {
								constraint.MatchLabelKeys = []string{"version", "absent"}
							}
							p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{constraint}
							if i == 1 {
								p.Spec.NodeSelector = labeled(corev1.LabelTopologyZone, "a")
								p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
									MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: when, LabelSelector: selector,
								})
							}
						}))
					}
				}
			}
		}
	}
	return c
}

func podAffinityCorners() corner {
	c := spreadCluster()
	terms := podAffinityTerms()
	// Pods with wishes of their own, which count for others, too.
	for i, node := range []string{"a1", "b1", "nowhere", "nohost"} {
		c.pods = append(c.pods, aPod(func(p *corev1.Pod) {
			p.Spec.NodeName, p.Labels = node, labeled("app", "y", "version", "2")
			p.Spec.Affinity = podAffinity(i, terms[i*5], terms[i*7+2])
		}))
	}
	for i, term := range terms {
		for kind := range 4 {
			c.try = append(c.try, aPod(func(p *corev1.Pod) {
				p.Labels = []map[string]string{nil, labeled("app", "x", "version", "1"), labeled("app", "fresh", "version", "2")}[(i+kind)%3]
				p.Spec.Affinity = podAffinity(kind, term, terms[(i*3+1)%len(terms)])
			}))
		}
	}
	return c
}

// podAffinityTerms returns the combinations of what a term can say.
func podAffinityTerms() []corev1.PodAffinityTerm {
	var out []corev1.PodAffinityTerm
	for _, selector := range []*metav1.LabelSelector{nil, {}, {MatchLabels: labeled("app", "x")}, {MatchLabels: labeled("app", "fresh")}, {
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"y"}}},
	}} {
		for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname, "missing", ""} {
			for i, namespaces := range []*metav1.LabelSelector{nil, {}, {MatchLabels: labeled(corev1.LabelMetadataName, "blue")}} {
				t := corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: selector.DeepCopy(), NamespaceSelector: namespaces}
				switch i {
				case 0:
					t.MatchLabelKeys = []string{"version", "absent"}
				case 1:
					t.MismatchLabelKeys = []string{"version"}
				case 2:
					t.Namespaces = []string{"green", "unknown"}
				}
				out = append(out, t)
			}
		}
	}
	return out
}

// podAffinity returns one of the four kinds of affinity.
func podAffinity(kind int, first, second corev1.PodAffinityTerm) *corev1.Affinity {
	required := []corev1.PodAffinityTerm{first}
	preferred := []corev1.WeightedPodAffinityTerm{{Weight: 20, PodAffinityTerm: first}, {Weight: 7, PodAffinityTerm: second}}
	switch kind % 4 {
	case 0:
		return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: append(required, second)[:1+kind%2]}}
	case 1:
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: append(required, second)}}
	case 2:
		return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{PreferredDuringSchedulingIgnoredDuringExecution: preferred}}
	}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: preferred}}
}

func imageCorners() corner {
	var c corner
	names := []string{"nginx:latest", "docker.io/library/nginx:latest", "registry:5000/app:v1", "app@sha256:0123", "big:v1"}
	const mib = 1024 * 1024
	for i, size := range []int64{0, 1, 23*mib - 1, 23 * mib, 24 * mib, 999 * mib, 1000 * mib, 3000 * mib} {
		c.nodes = append(c.nodes, aNode(fmt.Sprintf("n%d", i), func(n *corev1.Node) {
			n.Status.Images = []corev1.ContainerImage{{Names: names[:1+i%len(names)], SizeBytes: size}, {Names: []string{"big:v1"}, SizeBytes: 2000 * mib}}[:1+i%2]
		}))
	}
	c.nodes = append(c.nodes, aNode("without", nil))
	for _, image := range append(names, "nginx", "registry:5000/app", "app", "", "NGINX") {
		c.try = append(c.try,
			aPod(func(p *corev1.Pod) { p.Spec.Containers[0].Image = image }),
			aPod(func(p *corev1.Pod) {
				p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "d", Image: image}, corev1.Container{Name: "e", Image: image})
			}),
			aPod(func(p *corev1.Pod) { p.Spec.InitContainers = []corev1.Container{{Name: "i", Image: image}} }))
	}
	return c
}

func preemptionCorners() corner {
	var c corner
	small := func(n *corev1.Node) { n.Status.Allocatable = amounts("cpu", "2", "memory", "8Gi", "pods", "3") }
	for i := range 6 {
		node := fmt.Sprintf("n%d", i)
		c.nodes = append(c.nodes, aNode(node, small))
		for j := range 1 + i%3 {
			c.pods = append(c.pods, aPod(func(p *corev1.Pod) {
				p.Spec.NodeName, p.Labels = node, labeled("app", []string{"x", "y"}[j%2])
				p.Spec.Priority = new(int32(10 * ((i + j) % 4)))
				p.Spec.Containers[0].Resources.Requests = amounts("cpu", []string{"2", "1", "500m"}[i%3])
				p.Status.StartTime = new(metav1.NewTime(epoch.Add(time.Duration(i*3+j) * time.Minute)))
			}))
		}
	}
	for i, allowed := range []int32{0, 1} {
		c.budgets = append(c.budgets, &policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "red", Name: fmt.Sprintf("b%d", i)},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: labeled("app", []string{"x", "y"}[i])}},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed},
		})
	}
	for _, priority := range []int32{-1, 0, 1, 10, 11, 25, 1000} {
		for _, cpu := range []string{"100m", "1", "2", "3"} {
			for _, change := range []func(*corev1.Pod){
				func(*corev1.Pod) {},
				func(p *corev1.Pod) { p.Spec.PreemptionPolicy = new(corev1.PreemptNever) },
				func(p *corev1.Pod) { p.Status.NominatedNodeName = "n1" },
				func(p *corev1.Pod) { p.Spec.NodeSelector = labeled(corev1.LabelHostname, "n2") },
				func(p *corev1.Pod) {
					p.Spec.Affinity = podAffinity(1, corev1.PodAffinityTerm{
						TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: labeled("app", "y")},
					}, corev1.PodAffinityTerm{TopologyKey: "missing"})
				},
			} {
				c.try = append(c.try, aPod(func(p *corev1.Pod) {
					p.Spec.Priority = new(priority)
					p.Spec.Containers[0].Resources.Requests = amounts("cpu", cpu)
					change(p)
				}))
			}
		}
	}
	return c
}
