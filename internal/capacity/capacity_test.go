// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/config"
	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

func profileOf(*corev1.Pod) (*framework.Profile, []explanation.NotEvaluated, error) {
	profile, err := config.DefaultKube()
	return profile.Profile, nil, err
}

func node(name, cpu string) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110"),
	}
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Allocatable: room, Capacity: room}}
}

func pod(name, on, cpu string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: name, UID: types.UID(name), Labels: map[string]string{"app": name},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: name, UID: types.UID("set-" + name), Controller: new(true)}},
		},
		Spec: corev1.PodSpec{
			NodeName: on, SchedulerName: corev1.DefaultSchedulerName, Priority: new(int32(0)),
			Containers: []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

func caseOf(t testing.TB, o whatif.Objects, p *corev1.Pod) whatif.Case {
	t.Helper()
	profile, _, err := profileOf(p)
	if err != nil {
		t.Fatal(err)
	}
	what, err := whatif.NewCluster(o).Case(p, profile)
	if err != nil {
		t.Fatal(err)
	}
	return what
}

func TestHowMany(t *testing.T) {
	full := whatif.Objects{Nodes: []*corev1.Node{node("a", "2"), node("b", "1")}, Pods: []*corev1.Pod{pod("on-a", "a", "500m")}}
	gated := pod("gated", "", "100m")
	gated.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/wait"}}
	type want struct {
		fits    int
		bounded bool
		scarce  []Scarce
	}
	tests := map[string]struct {
		pod   *corev1.Pod
		limit int
		want  want
	}{
		"until cpu is used up": {pod("more", "", "500m"), 100, want{fits: 5,
			scarce: []Scarce{{Resource: "cpu", Nodes: 2, Alone: 2, Request: "500m", MostFree: "0", Where: "a", Free: "0"}}}},
		"what is left over": {pod("more", "", "400m"), 100, want{fits: 5,
			scarce: []Scarce{{Resource: "cpu", Nodes: 2, Alone: 2, Request: "400m", MostFree: "300m", Where: "a", Free: "500m"}}}},
		"until the limit": {pod("more", "", "500m"), 4, want{fits: 4, bounded: true}},
		"until each is full of pods": {pod("more", "", "0"), 1000, want{fits: 219,
			scarce: []Scarce{{Resource: "pods", Nodes: 2, Alone: 2, Request: "1", MostFree: "0", Where: "a", Free: "0"}}}},
		"none because of a gate": {gated, 100, want{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := HowMany(caseOf(t, full, test.pod), nil, test.limit)
			var short []Scarce
			if got.Next != nil && name != "none because of a gate" {
				short = got.Next.Scarce
			}
			if diff := cmp.Diff(test.want, want{got.Fits, got.Bounded, short}, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			sum := 0
			for _, n := range got.Nodes {
				sum += n.Pods
			}
			if sum != got.Fits || got.Bounded != (got.Next == nil) {
				t.Errorf("%d pods on nodes, %d fit; bounded is %v, the next one %+v", sum, got.Fits, got.Bounded, got.Next)
			}
		})
	}
}

// TestDrainOrder: the most important pods get the room that there is.
func TestDrainOrder(t *testing.T) {
	low, high := pod("a-low", "b", "1"), pod("b-high", "b", "1")
	high.Spec.Priority = new(int32(10))
	o := whatif.Objects{Nodes: []*corev1.Node{node("a", "1"), node("b", "4")}, Pods: []*corev1.Pod{low, high}}
	got, _, err := DrainNodes(o, []string{"b"}, profileOf, 10)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Move{{Pod: "default/b-high", From: "b", To: "a"}}, got.Moves); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(got.Causes) != 1 || !cmp.Equal(got.Causes[0].Pods, []string{"default/a-low"}) {
		t.Errorf("refused: %+v", got.Causes)
	}
	if o.Nodes[1].Spec.Unschedulable || low.Spec.NodeName != "b" {
		t.Error("the objects were changed")
	}
}

// TestCompressTogether: nodes that could go each for itself, but not all of them.
func TestCompressTogether(t *testing.T) {
	o := whatif.Objects{Nodes: []*corev1.Node{node("a", "2"), node("b", "2"), node("c", "2")},
		Pods: []*corev1.Pod{pod("on-a", "a", "900m"), pod("on-b", "b", "1"), pod("on-c", "c", "1100m")}}
	tests := map[string]struct {
		limit   int
		goes    []string
		stays   int
		untried int
	}{
		"one of three":    {limit: 10, goes: []string{"a"}, stays: 2},
		"the limit":       {limit: 1, goes: []string{"a"}, untried: 2},
		"below the first": {limit: 0, untried: 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := CompressNodes(o, profileOf, test.limit)
			var goes []string
			for _, e := range got.CanGo {
				goes = append(goes, e.Node)
			}
			stays := 0
			for _, s := range got.Stay {
				stays += len(s.Nodes)
			}
			if !cmp.Equal(goes, test.goes) || stays != test.stays || got.Untried != test.untried || got.Bounded != (test.untried > 0) {
				t.Errorf("%v go, %d stay, %d untried, bounded %v; want %+v", goes, stays, got.Untried, got.Bounded, test)
			}
		})
	}
}

func TestBudgetsInTheWay(t *testing.T) {
	budget := func(name, app string, allowed int32) policyv1.PodDisruptionBudget {
		return policyv1.PodDisruptionBudget{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
			Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}},
			Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: allowed, CurrentHealthy: 2, DesiredHealthy: 2 - allowed},
		}
	}
	pending := pod("web", "a", "1")
	pending.Status.Phase = corev1.PodPending
	web := []*corev1.Pod{pod("web", "a", "1"), pod("web", "a", "1")}
	tests := map[string]struct {
		budgets []policyv1.PodDisruptionBudget
		pods    []*corev1.Pod
		want    string // what is said; empty where nothing is in the way
	}{
		"none go":              {[]policyv1.PodDisruptionBudget{budget("web", "web", 0)}, web, "lets no pod go now: 2 are healthy, 2 must be"},
		"one after the other":  {[]policyv1.PodDisruptionBudget{budget("web", "web", 1)}, web, "lets 1 of the 2 pods go now, the others once those are healthy elsewhere"},
		"all go":               {[]policyv1.PodDisruptionBudget{budget("web", "web", 2)}, web, ""},
		"of other pods":        {[]policyv1.PodDisruptionBudget{budget("db", "db", 0)}, web, ""},
		"two of one pod":       {[]policyv1.PodDisruptionBudget{budget("web", "web", 2), budget("all", "web", 2)}, web, "more than one budget selects these pods, which evictions do not support"},
		"pods that do not run": {[]policyv1.PodDisruptionBudget{budget("web", "web", 0)}, []*corev1.Pod{pending}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, b := range inTheWay(test.budgets, test.pods) {
				got += b.Why
			}
			if got != test.want {
				t.Errorf("it says %q, want %q", got, test.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	all := []string{"node-1", "node-2", "node-10", "ip-10-0-0-1.internal", "gpu"}
	tests := map[string][]string{
		"node1":              {"node-1", "node-10", "node-2"},
		"ip-10-0-0-1":        {"ip-10-0-0-1.internal"},
		"gpu.internal":       {"gpu"},
		"gp":                 {"gpu"},
		"something-else-far": nil,
	}
	for name, want := range tests {
		if got := nearest(name, all); !cmp.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("nearest to %q is %v, want %v", name, got, want)
		}
	}
}

// BenchmarkHowMany counts a thousand more pods among nodes with ten pods each.
func BenchmarkHowMany(b *testing.B) {
	for _, n := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprintf("nodes=%d", n), func(b *testing.B) {
			var o whatif.Objects
			for i := range n {
				name := fmt.Sprint("n", i)
				o.Nodes = append(o.Nodes, node(name, "64"))
				for j := range 10 {
					o.Pods = append(o.Pods, pod(fmt.Sprintf("p%d-%d", i, j), name, "1"))
				}
			}
			what := caseOf(b, o, pod("more", "", "2"))
			b.ReportAllocs()
			for b.Loop() {
				if fit := HowMany(what, nil, 1000); fit.Fits != 1000 {
					b.Fatalf("%d fit", fit.Fits)
				}
			}
		})
	}
}
