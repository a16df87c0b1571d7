// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/test/wrappers"
)

const (
	benchZones  = 3
	benchGroups = 20
)

var benchNodes = []int{100, 1000, 5000, 15000}

// benchCase is a pod, and the pods that are on nodes already. Every node is
// filtered and, where it fits, scored.
type benchCase struct {
	name string
	pod  *wrappers.PodWrapper
	// existing returns pod i of total; those are spread over the nodes in turn.
	existing func(i int) *wrappers.PodWrapper
	// total is the number of existing pods; negative for that many for each node.
	total int
	// preempts is true where the pod fits no node, but has one nominated.
	preempts bool
}

func group(i int) string { return fmt.Sprintf("g%d", i%benchGroups) }

func member(i int) *wrappers.PodWrapper {
	return wrappers.MakePod().Label("group", group(i)).Req("cpu", fmt.Sprintf("%dm", 100+i%700), "memory", "1Gi")
}

func newcomer() *wrappers.PodWrapper {
	return wrappers.MakePod().Label("group", "g1").Req("cpu", "500m", "memory", "512Mi")
}

func sameGroup(i int) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"group": group(i)}}
}

func constraint(key string, when corev1.UnsatisfiableConstraintAction) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{MaxSkew: 5, TopologyKey: key, WhenUnsatisfiable: when, LabelSelector: sameGroup(1)}
}

func benchCases() []benchCase {
	const many, perNode = 10_000, -2
	inZone := corev1.PodAffinityTerm{LabelSelector: sameGroup(1), TopologyKey: corev1.LabelTopologyZone}
	return []benchCase{
		{name: "plain", pod: newcomer(), existing: member, total: perNode},
		{name: "node-affinity", existing: member, total: perNode, pod: newcomer().
			NodeAffinity(wrappers.Expressions(wrappers.In(corev1.LabelTopologyZone, "zone-0", "zone-1"))).
			PreferredNodeAffinity(10, wrappers.Expressions(wrappers.In(corev1.LabelTopologyZone, "zone-1")))},
		{name: "spreading", existing: member, total: many, pod: newcomer().
			Spread(constraint(corev1.LabelTopologyZone, corev1.DoNotSchedule)).
			Spread(constraint(corev1.LabelHostname, corev1.ScheduleAnyway))},
		{name: "pod-affinity", existing: member, total: many, pod: newcomer().PodAffinity(inZone)},
		{name: "pod-anti-affinity", total: many, pod: newcomer().PodAntiAffinity(nodeTerm(1)), existing: func(i int) *wrappers.PodWrapper {
			return member(i).PodAntiAffinity(nodeTerm(i))
		}},
		{name: "preemption", preempts: true, total: perNode, pod: newcomer().Priority(10).Req("cpu", "200"), existing: func(i int) *wrappers.PodWrapper {
			return member(i).Priority(int32(i%5)).Req("cpu", "120")
		}},
	}
}

func nodeTerm(i int) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{LabelSelector: sameGroup(i), TopologyKey: corev1.LabelHostname}
}

func BenchmarkDecide(b *testing.B) {
	for _, c := range benchCases() {
		for _, nodes := range benchNodes {
			b.Run(fmt.Sprintf("pod=%s/nodes=%d", c.name, nodes), func(b *testing.B) {
				in := c.input(b, nodes)
				defer reportCPU(b)()
				for b.Loop() {
					r := Decide(in)
					if (r.Node == "") != c.preempts || (r.PostFilter != nil) != c.preempts || r.NodesEvaluated != nodes {
						b.Fatalf("node %q, %d evaluated: %v", r.Node, r.NodesEvaluated, r.Status.Reasons())
					}
				}
			})
		}
	}
}

// BenchmarkExistingPods shows how cost grows with pods, on 1,000 nodes.
func BenchmarkExistingPods(b *testing.B) {
	for _, c := range benchCases() {
		if c.total < 0 {
			continue
		}
		for _, pods := range []int{0, 1000, 10_000, 50_000} {
			b.Run(fmt.Sprintf("pod=%s/pods=%d", c.name, pods), func(b *testing.B) {
				c.total = pods
				in := c.input(b, 1000)
				defer reportCPU(b)()
				for b.Loop() {
					Decide(in)
				}
			})
		}
	}
}

// BenchmarkDecideAndFill is a decision with the verdicts of 20 nodes expanded, as
// the live scheduler does.
func BenchmarkDecideAndFill(b *testing.B) {
	in := benchCases()[0].input(b, 5000)
	defer reportCPU(b)()
	for b.Loop() {
		var d evidence.Decision
		Decide(in).Fill(&d, 20)
	}
}

// BenchmarkDecideUnschedulable rejects every node for good.
func BenchmarkDecideUnschedulable(b *testing.B) {
	in := benchCases()[0].input(b, 5000)
	in.Pod = framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "512").Obj())
	defer reportCPU(b)()
	for b.Loop() {
		if r := Decide(in); r.Node != "" {
			b.Fatal(r.Node)
		}
	}
}

// reportCPU adds the processor time to the benchmark's figures: on a machine
// that does other things too, it says more than the time that has passed.
func reportCPU(b *testing.B) (stop func()) {
	b.ReportAllocs()
	before := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func (c benchCase) input(b *testing.B, nodes int) Input {
	b.Helper()
	list, err := plugins.Default()
	if err != nil {
		b.Fatal(err)
	}
	profile, err := framework.NewProfile("glassplane-scheduler", 100, list...)
	if err != nil {
		b.Fatal(err)
	}
	known := cache.New()
	name := func(i int) string { return fmt.Sprintf("node-%05d", i%nodes) }
	for i := range nodes {
		known.SetNode(wrappers.MakeNode().Name(name(i)).Zone(fmt.Sprintf("zone-%d", i%benchZones)).Label(corev1.LabelHostname, name(i)).
			Capacity("cpu", "256", "memory", "1Ti", "ephemeral-storage", "500Gi", "pods", "1000").Obj())
	}
	for i := range max(c.total, -c.total*nodes) {
		known.SetPod(framework.NewPodInfo(c.existing(i).Name(fmt.Sprintf("pod-%05d", i)).Node(name(i)).Obj()))
	}
	snapshot := cache.NewSnapshot()
	known.UpdateSnapshot(snapshot)
	return Input{
		Snapshot: snapshot, Profile: profile, Workspace: &Workspace{}, Seed: 1,
		Pod: framework.NewPodInfo(c.pod.Name("new").Obj()),
	}
}
