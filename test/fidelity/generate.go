// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fidelity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Vocabularies are small, so that what is generated meets: a selector matches
// some pods, a toleration some taints, a port is taken now and then.
var (
	namespaceNames = []string{"red", "green", "blue"}
	teams          = []string{"one", "two"}
	zones          = []string{"z1", "z2", "z3"}
	racks          = []string{"r1", "r2"}
	podLabels      = map[string][]string{"app": {"a", "b", "c"}, "tier": {"x", "y"}, "version": {"1", "2"}}
	nodeLabels     = map[string][]string{"disk": {"ssd", "hdd"}, "cores": {"4", "16", "-3", "007", "many"}, "gpu": {"true", ""}}
	topologyKeys   = []string{corev1.LabelHostname, corev1.LabelTopologyZone, "rack", "disk", "nowhere"}
	taintKeys      = []string{"dedicated", "speed", corev1.TaintNodeUnschedulable, corev1.TaintNodeNotReady}
	taintValues    = []string{"", "a", "5", "9"}
	images         = []string{"nginx:1.27", "docker.io/library/redis:latest", "huge:v1", "shared", "quay.io/team/app@sha256:0123456789012345678901234567890123456789012345678901234567890123"}
	extended       = []corev1.ResourceName{"example.com/gpu", "example.com/fpga", "hugepages-2Mi", "kubernetes.io/odd"}
	priorities     = []int32{-10, 0, 0, 0, 10, 100, 2_000_000_000}
	epoch          = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Generator makes clusters and pods from a seed: equal seeds make equal ones.
type Generator struct {
	r *rand.Rand
	// valid restricts it to what the API server accepts.
	valid bool
	names int
}

// NewGenerator returns the generator of one scenario. With valid it makes only
// what the API server accepts.
func NewGenerator(seed, scenario uint64, valid bool) *Generator {
	return &Generator{r: rand.New(rand.NewPCG(seed, scenario)), valid: valid}
}

// Scenario makes a cluster and a pod.
func (g *Generator) Scenario(name, variation string) *Scenario {
	s := &Scenario{Name: name, Variation: variation, Namespaces: g.Namespaces()}
	for range g.between(1, 9) {
		s.Nodes = append(s.Nodes, g.Node())
	}
	if !g.valid && g.chance(1) {
		s.Nodes = nil
	}
	s.Pods = g.existing(s.Nodes)
	for range g.between(0, 2) {
		s.Budgets = append(s.Budgets, g.budget())
	}
	if g.chance(30) {
		s.Services = append(s.Services, g.service())
	}
	for range g.between(0, 1) {
		s.ReplicaSets = append(s.ReplicaSets, g.replicaSet())
	}
	s.Pod = g.Pod(s.Nodes)
	g.adopt(s)
	if !g.valid && g.chance(40) { // a SimPod has no volumes
		g.storage(s)
	}
	if g.chance(30) {
		g.crowd(s)
	}
	if g.chance(20) && len(s.Nodes) > 0 {
		for range g.between(1, 3) {
			pod := g.Pod(s.Nodes)
			pod.Spec.NodeName, pod.Status.NominatedNodeName = "", g.node(s.Nodes)
			s.Nominated = append(s.Nominated, pod)
		}
	}
	return s
}

// existing makes the pods that are bound already, a few of them being deleted.
func (g *Generator) existing(nodes []*corev1.Node) []*corev1.Pod {
	var out []*corev1.Pod
	if len(nodes) == 0 {
		return nil
	}
	used := map[string]bool{}
	for range g.between(0, 3*len(nodes)) {
		pod := g.Pod(nodes)
		pod.Spec.NodeName = g.node(nodes)
		dropUsedPorts(pod, used)
		pod.Spec.SchedulingGates = nil
		start := metav1.NewTime(epoch.Add(time.Duration(g.between(0, 9)) * time.Minute))
		pod.Status.StartTime = &start
		pod.Status.Phase = corev1.PodRunning
		if g.chance(5) {
			deleted := metav1.NewTime(epoch.Add(time.Hour))
			pod.DeletionTimestamp = &deleted
		}
		out = append(out, pod)
	}
	return out
}

// dropUsedPorts removes host ports that another pod of the node has: no kubelet
// admits the second pod, and kube-scheduler, which does not count users, would
// take the port for free once one of them is preempted.
func dropUsedPorts(pod *corev1.Pod, used map[string]bool) {
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		c.Ports = slices.DeleteFunc(c.Ports, func(p corev1.ContainerPort) bool {
			id := fmt.Sprint(pod.Spec.NodeName, p.Protocol, p.HostPort, strings.TrimPrefix(p.HostIP, "0.0.0.0"))
			taken := p.HostPort > 0 && used[id]
			used[id] = true
			return taken
		})
	}
}

// Namespaces makes the namespaces, which have labels.
func (g *Generator) Namespaces() []*corev1.Namespace {
	var out []*corev1.Namespace
	for _, name := range namespaceNames {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		ns.Labels = map[string]string{corev1.LabelMetadataName: name}
		if g.chance(70) {
			ns.Labels["team"] = pick(g, teams)
		}
		out = append(out, ns)
	}
	return out
}

// Node makes a node.
func (g *Generator) Node() *corev1.Node {
	g.names++
	name := fmt.Sprintf("n%d", g.names)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{}}}
	if g.chance(90) {
		node.Labels[corev1.LabelHostname] = name
	}
	if g.chance(85) {
		node.Labels[corev1.LabelTopologyZone] = pick(g, zones)
	}
	if g.chance(60) {
		node.Labels["rack"] = pick(g, racks)
	}
	for _, key := range sortedKeys(nodeLabels) {
		if g.chance(40) {
			node.Labels[key] = pick(g, g.nodeLabelValues(key))
		}
	}
	node.Spec.Unschedulable = g.chance(8)
	node.Spec.Taints = g.taints()
	node.Status.Allocatable = g.allocatable()
	node.Status.Capacity = node.Status.Allocatable
	for i, image := range images {
		if !g.chance(30) {
			continue
		}
		size := g.between(1, 40)
		if g.valid {
			// kube-scheduler's cache takes the size from whichever node it saw first.
			size = 7 * (i + 1)
		}
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{
			Names: []string{normalized(image)}, SizeBytes: int64(size) * 64 * 1024 * 1024,
		})
	}
	return node
}

// normalized returns the name under which a kubelet reports the image.
func normalized(image string) string {
	if image == "shared" {
		return image + ":latest"
	}
	return image
}

// nodeLabelValues returns the values of a label; the API server accepts no
// negative number, though Gt and Lt understand it.
func (g *Generator) nodeLabelValues(key string) []string {
	values := nodeLabels[key]
	if g.valid {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.HasPrefix(v, "-") })
	}
	return values
}

func (g *Generator) taints() []corev1.Taint {
	var out []corev1.Taint
	seen := map[string]bool{}
	for g.chance(30) && len(out) < 4 {
		t := corev1.Taint{Key: pick(g, taintKeys), Value: pick(g, taintValues), Effect: pick(g, []corev1.TaintEffect{
			corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute,
		})}
		if id := t.Key + string(t.Effect); !seen[id] {
			seen[id] = true
			out = append(out, t)
		}
	}
	return out
}

func (g *Generator) allocatable() corev1.ResourceList {
	list := corev1.ResourceList{
		corev1.ResourceCPU:    g.quantity("2", "4", "4", "3900m", "8", "16", "500m"),
		corev1.ResourceMemory: g.quantity("1Gi", "4Gi", "8Gi", "7900Mi", "3", "16G"),
		corev1.ResourcePods:   g.quantity("110", "110", "4", "2", "1"),
	}
	if g.chance(60) {
		list[corev1.ResourceEphemeralStorage] = g.quantity("10Gi", "1Gi", "100G")
	}
	for _, name := range extended {
		if g.chance(30) && !(g.valid && name == "kubernetes.io/odd") {
			list[name] = g.scalar(name)
		}
	}
	if !g.valid && g.chance(4) {
		list[pick(g, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory})] = g.quantity("0", "10T", "1m")
	}
	if !g.valid && g.chance(3) {
		delete(list, pick(g, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods}))
	}
	return list
}

func (g *Generator) scalar(name corev1.ResourceName) resource.Quantity {
	if name == "hugepages-2Mi" {
		return g.quantity("0", "4Mi", "64Mi", "512Mi")
	}
	return g.quantity("0", "1", "2", "8")
}

// Pod makes a pod without a node; nodes are what its affinity may name.
func (g *Generator) Pod(nodes []*corev1.Node) *corev1.Pod {
	g.names++
	name := fmt.Sprintf("p%d", g.names)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: pick(g, namespaceNames), Name: name, UID: types.UID(name), Labels: g.labels(podLabels, 60),
	}}
	spec := &pod.Spec
	spec.SchedulerName = corev1.DefaultSchedulerName
	spec.RestartPolicy = corev1.RestartPolicyAlways
	spec.TerminationGracePeriodSeconds = new(int64(0))
	g.containers(pod)
	priority := pick(g, priorities)
	if g.valid {
		priority = min(priority, 1_000_000_000)
	}
	spec.Priority = &priority
	policy := corev1.PreemptLowerPriority
	if g.chance(20) {
		policy = corev1.PreemptNever
	}
	spec.PreemptionPolicy = &policy
	if g.chance(40) {
		spec.Tolerations = g.tolerations()
	}
	if g.chance(12) {
		for _, key := range sortedKeys(nodeLabels) {
			if g.chance(25) {
				spec.NodeSelector = map[string]string{key: pick(g, g.nodeLabelValues(key))}
			}
		}
	}
	g.affinity(pod, nodes)
	if g.chance(30) {
		spec.TopologySpreadConstraints = g.spreadConstraints(pod)
	}
	if !g.valid && g.chance(3) {
		spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/first"}, {Name: "example.com/second"}}[:g.between(1, 2)]
	}
	if !g.valid && g.chance(4) && len(nodes) > 0 {
		spec.NodeName = pick(g, []string{g.node(nodes), "elsewhere"})
	}
	return pod
}

func (g *Generator) containers(pod *corev1.Pod) {
	spec := &pod.Spec
	for i := range g.between(1, 3) {
		spec.Containers = append(spec.Containers, g.container(fmt.Sprintf("c%d", i), !g.valid || i == 0))
	}
	if g.chance(25) {
		for i := range g.between(1, 3) {
			c := g.container(fmt.Sprintf("i%d", i), false)
			if !g.valid && g.chance(40) { // a SimPod has no sidecar containers
				c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
			}
			spec.InitContainers = append(spec.InitContainers, c)
		}
	}
	if g.chance(12) && !g.valid { // a Pod's overhead must be that of its RuntimeClass
		spec.Overhead = corev1.ResourceList{corev1.ResourceCPU: g.quantity("10m", "250m"), corev1.ResourceMemory: g.quantity("16Mi", "120M")}
	}
}

func (g *Generator) container(name string, ports bool) corev1.Container {
	c := corev1.Container{Name: name, Image: pick(g, images)}
	if g.chance(20) {
		c.Image = "unknown:v2"
	}
	requests := corev1.ResourceList{}
	if g.chance(65) {
		requests[corev1.ResourceCPU] = g.quantity("100m", "250m", "500m", "1", "2", "1m", "0")
	}
	if g.chance(65) {
		requests[corev1.ResourceMemory] = g.quantity("64Mi", "200Mi", "512Mi", "1Gi", "3", "0", "1500M")
	}
	if g.chance(15) {
		requests[corev1.ResourceEphemeralStorage] = g.quantity("100Mi", "1Gi", "5Gi")
	}
	for _, name := range extended {
		if g.chance(5) {
			requests[name] = g.scalar(name)
		}
	}
	if !g.valid && g.chance(3) {
		requests[pick(g, []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, "example.com/gpu"})] = g.quantity("10T", "1n", "100M")
	}
	if g.valid && len(requests) > 0 {
		requests, c.Resources.Limits = g.accepted(requests)
	}
	if len(requests) > 0 {
		c.Resources.Requests = requests
	}
	if ports {
		c.Ports = g.ports()
	}
	return c
}

// accepted makes requests that the API server accepts: extended resources are
// not overcommitted, and huge pages need cpu or memory.
func (g *Generator) accepted(requests corev1.ResourceList) (accepted, limits corev1.ResourceList) {
	delete(requests, "kubernetes.io/odd")
	if _, ok := requests["hugepages-2Mi"]; ok {
		requests[corev1.ResourceCPU] = g.quantity("100m", "1")
	}
	for _, name := range extended {
		if q, ok := requests[name]; ok {
			if limits == nil {
				limits = corev1.ResourceList{}
			}
			limits[name] = q
		}
	}
	return requests, limits
}

func (g *Generator) ports() []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for g.chance(12) && len(out) < 3 && !(g.valid && len(out) > 0) {
		port := corev1.ContainerPort{
			HostPort: int32(pick(g, []int{80, 80, 443, 8080})),
			Protocol: pick(g, []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}),
			HostIP:   pick(g, []string{"", "", "0.0.0.0", "127.0.0.1", "10.0.0.1"}),
		}
		port.ContainerPort = int32(8000 + g.between(0, 900))
		if !g.valid && g.chance(10) {
			port.HostPort = 0
		}
		out = append(out, port)
	}
	return out
}

func (g *Generator) tolerations() []corev1.Toleration {
	var out []corev1.Toleration
	operators := []corev1.TolerationOperator{corev1.TolerationOpEqual, corev1.TolerationOpExists, ""}
	if !g.valid {
		operators = append(operators, corev1.TolerationOpGt, corev1.TolerationOpLt, "Odd")
	}
	for range g.between(1, 4) {
		t := corev1.Toleration{Key: pick(g, taintKeys), Operator: pick(g, operators), Effect: pick(g, []corev1.TaintEffect{
			"", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute,
		})}
		if t.Operator != corev1.TolerationOpExists {
			t.Value = pick(g, taintValues)
		} else if g.chance(20) {
			t.Key = ""
		}
		out = append(out, t)
	}
	return out
}

func (g *Generator) affinity(pod *corev1.Pod, nodes []*corev1.Node) {
	var a corev1.Affinity
	if g.chance(25) {
		a.NodeAffinity = g.nodeAffinity(nodes)
	}
	if g.chance(15) {
		a.PodAffinity = &corev1.PodAffinity{}
		a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution = g.podTerms(pod)
	}
	if g.chance(15) {
		a.PodAntiAffinity = &corev1.PodAntiAffinity{}
		a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution = g.podTerms(pod)
	}
	if a != (corev1.Affinity{}) {
		pod.Spec.Affinity = &a
	}
}

func (g *Generator) nodeAffinity(nodes []*corev1.Node) *corev1.NodeAffinity {
	a := &corev1.NodeAffinity{}
	if g.chance(60) {
		a.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{}
		terms := &a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
		for range g.between(1, 3) {
			*terms = append(*terms, g.nodeTerm(nodes))
		}
		if !g.valid && g.chance(5) {
			*terms = nil
		}
	}
	for g.chance(50) && len(a.PreferredDuringSchedulingIgnoredDuringExecution) < 3 {
		a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
			corev1.PreferredSchedulingTerm{Weight: int32(g.between(1, 100)), Preference: g.nodeTerm(nodes)})
	}
	return a
}

func (g *Generator) nodeTerm(nodes []*corev1.Node) corev1.NodeSelectorTerm {
	var term corev1.NodeSelectorTerm
	if g.chance(15) && len(nodes) > 0 {
		r := corev1.NodeSelectorRequirement{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{g.node(nodes)}}
		if g.chance(30) {
			r.Operator = corev1.NodeSelectorOpNotIn
		}
		if !g.valid && g.chance(20) {
			r.Values = append(r.Values, g.node(nodes))
		}
		if g.chance(10) {
			r.Values = []string{"elsewhere"}
		}
		term.MatchFields = append(term.MatchFields, r)
	}
	if term.MatchFields == nil || g.chance(40) {
		for range g.between(1, 2) {
			term.MatchExpressions = append(term.MatchExpressions, g.nodeRequirement())
		}
	}
	if g.chance(3) {
		return corev1.NodeSelectorTerm{} // selects nothing
	}
	return term
}

func (g *Generator) nodeRequirement() corev1.NodeSelectorRequirement {
	keys := append(sortedKeys(nodeLabels), corev1.LabelTopologyZone, "nowhere")
	r := corev1.NodeSelectorRequirement{Key: pick(g, keys), Operator: pick(g, []corev1.NodeSelectorOperator{
		corev1.NodeSelectorOpIn, corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists,
		corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt,
	})}
	values := g.nodeLabelValues(r.Key)
	if values == nil {
		values = zones
	}
	switch r.Operator {
	case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
		for range g.between(1, 2) {
			r.Values = append(r.Values, pick(g, values))
		}
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		r.Key, r.Values = "cores", []string{pick(g, []string{"4", "8", "0"})}
		if !g.valid && g.chance(20) {
			r.Values = []string{"-5"}
		}
	}
	if !g.valid && g.chance(3) {
		r.Operator = "Odd"
	}
	if !g.valid && g.chance(3) {
		r.Values = nil
	}
	return r
}

func (g *Generator) podTerms(pod *corev1.Pod) (required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	for g.chance(55) && len(required) < 2 {
		required = append(required, g.podTerm(pod))
	}
	for g.chance(50) && len(preferred) < 3 {
		preferred = append(preferred, corev1.WeightedPodAffinityTerm{Weight: int32(g.between(1, 100)), PodAffinityTerm: g.podTerm(pod)})
	}
	return required, preferred
}

func (g *Generator) podTerm(pod *corev1.Pod) corev1.PodAffinityTerm {
	t := corev1.PodAffinityTerm{TopologyKey: pick(g, topologyKeys), LabelSelector: g.selector(pod)}
	if g.chance(25) {
		t.Namespaces = []string{pick(g, namespaceNames)}
	}
	if g.chance(25) {
		t.NamespaceSelector = &metav1.LabelSelector{}
		if g.chance(70) {
			t.NamespaceSelector.MatchLabels = map[string]string{"team": pick(g, teams)}
		}
	}
	// The API server accepts these keys beside a selector that does not use them.
	if t.LabelSelector != nil && g.chance(20) {
		if key := "version"; g.chance(50) {
			t.MatchLabelKeys = []string{key}
		} else {
			t.MismatchLabelKeys = []string{key}
		}
		dropKey(t.LabelSelector, "version")
	}
	return t
}

func (g *Generator) selector(pod *corev1.Pod) *metav1.LabelSelector {
	switch {
	case g.chance(4):
		return nil
	case g.chance(5):
		return &metav1.LabelSelector{}
	case g.chance(30) && len(pod.Labels) > 0: // selects the pod itself
		key := pick(g, sortedKeys(pod.Labels))
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: pod.Labels[key]}}
	case g.chance(50):
		key := pick(g, sortedKeys(podLabels))
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: pick(g, podLabels[key])}}
	}
	key := pick(g, sortedKeys(podLabels))
	r := metav1.LabelSelectorRequirement{Key: key, Operator: pick(g, []metav1.LabelSelectorOperator{
		metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist,
	})}
	if r.Operator == metav1.LabelSelectorOpIn || r.Operator == metav1.LabelSelectorOpNotIn {
		r.Values = []string{pick(g, podLabels[key])}
	}
	if !g.valid && g.chance(3) {
		r.Operator = "Odd"
	}
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{r}}
}

func dropKey(selector *metav1.LabelSelector, key string) {
	delete(selector.MatchLabels, key)
	selector.MatchExpressions = slices.DeleteFunc(selector.MatchExpressions,
		func(r metav1.LabelSelectorRequirement) bool { return r.Key == key })
}

func (g *Generator) spreadConstraints(pod *corev1.Pod) []corev1.TopologySpreadConstraint {
	var out []corev1.TopologySpreadConstraint
	seen := map[string]bool{}
	for range g.between(1, 3) {
		c := g.spreadConstraint(pod)
		if id := c.TopologyKey + string(c.WhenUnsatisfiable); !seen[id] { // the API server wants them unique
			seen[id] = true
			out = append(out, c)
		}
	}
	return out
}

func (g *Generator) spreadConstraint(pod *corev1.Pod) corev1.TopologySpreadConstraint {
	c := corev1.TopologySpreadConstraint{
		MaxSkew: int32(g.between(1, 3)), TopologyKey: pick(g, topologyKeys), LabelSelector: g.selector(pod),
		WhenUnsatisfiable: pick(g, []corev1.UnsatisfiableConstraintAction{corev1.DoNotSchedule, corev1.ScheduleAnyway}),
	}
	if c.WhenUnsatisfiable == corev1.DoNotSchedule && g.chance(25) {
		c.MinDomains = new(int32(g.between(1, 4)))
	}
	policies := []corev1.NodeInclusionPolicy{corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore}
	if g.chance(25) {
		c.NodeAffinityPolicy = new(pick(g, policies))
	}
	if g.chance(25) {
		c.NodeTaintsPolicy = new(pick(g, policies))
	}
	if c.LabelSelector != nil && g.chance(25) {
		c.MatchLabelKeys = []string{"version"}
		dropKey(c.LabelSelector, "version")
	}
	return c
}

func (g *Generator) budget() *policyv1.PodDisruptionBudget {
	g.names++
	b := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: pick(g, namespaceNames), Name: fmt.Sprintf("b%d", g.names)},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: g.labels(podLabels, 40)}},
	}
	b.Spec.MinAvailable = new(intstr.FromInt32(1))
	b.Status.DisruptionsAllowed = int32(g.between(0, 2))
	return b
}

// crowd makes preemption likely: the pod is important and has few wishes, the
// nodes are full of pods that are not.
func (g *Generator) crowd(s *Scenario) {
	s.Pod.Spec.Priority = new(int32(1000))
	s.Pod.Spec.PreemptionPolicy = nil
	s.Pod.Spec.NodeSelector = nil
	if g.chance(70) {
		s.Pod.Spec.Affinity = nil
	}
	for _, node := range s.Nodes {
		if g.chance(80) {
			node.Spec.Unschedulable, node.Spec.Taints = false, nil
		}
		if g.chance(80) {
			node.Status.Allocatable[corev1.ResourcePods] = g.quantity("1", "2", "3")
			node.Status.Allocatable[corev1.ResourceCPU] = g.quantity("1", "2", "4")
		}
	}
	for _, pod := range s.Pods {
		pod.Spec.Priority = new(pick(g, []int32{-10, 0, 0, 10, 2000}))
	}
}

func (g *Generator) service() *corev1.Service {
	g.names++
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: pick(g, namespaceNames), Name: fmt.Sprintf("s%d", g.names)}}
	if g.chance(90) {
		s.Spec.Selector = g.labels(podLabels, 40)
	}
	return s
}

func (g *Generator) replicaSet() *appsv1.ReplicaSet {
	g.names++
	name := fmt.Sprintf("r%d", g.names)
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: pick(g, namespaceNames), Name: name, UID: types.UID(name)},
		Spec:       appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": pick(g, podLabels["app"])}}},
	}
}

// adopt makes the replica set the owner of the pod that needs a node.
func (g *Generator) adopt(s *Scenario) {
	for _, rs := range s.ReplicaSets {
		if g.chance(50) {
			s.Pod.Namespace = rs.Namespace
			s.Pod.OwnerReferences = []metav1.OwnerReference{{
				APIVersion: "apps/v1", Kind: "ReplicaSet", Name: rs.Name, UID: rs.UID, Controller: new(true),
			}}
		}
	}
}

// labels makes labels, each with the given probability in percent.
func (g *Generator) labels(vocabulary map[string][]string, percent int) map[string]string {
	out := map[string]string{}
	for _, key := range sortedKeys(vocabulary) {
		if g.chance(percent) {
			out[key] = pick(g, vocabulary[key])
		}
	}
	return out
}

func (g *Generator) node(nodes []*corev1.Node) string { return pick(g, nodes).Name }

func (g *Generator) quantity(values ...string) resource.Quantity {
	return resource.MustParse(pick(g, values))
}

// chance is true with a probability in percent.
func (g *Generator) chance(percent int) bool { return g.r.IntN(100) < percent }

// between returns a number from low to high.
func (g *Generator) between(low, high int) int { return low + g.r.IntN(high-low+1) }

func pick[T any](g *Generator, list []T) T { return list[g.r.IntN(len(list))] }

// sortedKeys makes iteration repeat.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for key := range m {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
