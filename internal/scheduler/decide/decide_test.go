// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodename"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeunschedulable"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/queuesort"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/tainttoleration"
	"github.com/glassplane/glassplane/test/wrappers"
)

// profile has the filters and scores that these tests are about, and more where given.
func profile(t testing.TB, percentage int32, more ...framework.WeightedPlugin) *framework.Profile {
	t.Helper()
	affinity, err := nodeaffinity.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := noderesources.NewFit(noderesources.FitArgs{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := framework.NewProfile("s", percentage, append([]framework.WeightedPlugin{
		{Plugin: queuesort.New()}, {Plugin: nodename.New()}, {Plugin: nodeunschedulable.New()},
		{Plugin: tainttoleration.New(), Weight: 3}, {Plugin: affinity, Weight: 2}, {Plugin: fit},
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func snapshot(nodes ...*corev1.Node) framework.Snapshot {
	var list []*framework.NodeInfo
	for _, node := range nodes {
		info := framework.NewNodeInfo()
		info.SetNode(node)
		list = append(list, info)
	}
	return cache.StaticSnapshot(list, nil)
}

func node(name string) *wrappers.NodeWrapper {
	return wrappers.MakeNode().Name(name).Capacity("cpu", "4", "memory", "8Gi")
}

// noRoom stands for preemption that cannot help.
type noRoom struct{}

func (noRoom) Name() string { return "NoRoom" }

func (noRoom) PostFilter(_ *framework.CycleState, _ framework.FilterRunner, _ *framework.PodInfo, statuses framework.NodeStatuses) (*framework.PostFilterResult, *framework.Status) {
	return nil, framework.NewStatus(framework.Unschedulable, "preemption: "+statuses.Status("a").Code().String()+".")
}

func TestMessage(t *testing.T) {
	tests := map[string]struct {
		nodes       []*corev1.Node
		pod         *wrappers.PodWrapper
		plugins     []framework.WeightedPlugin
		want        string
		wantPlugins []string
	}{
		"no nodes": {pod: wrappers.MakePod(), want: "no nodes available to schedule pods"},
		"reasons are counted and sorted as text": {
			nodes: []*corev1.Node{
				node("a").Capacity("cpu", "1").Obj(), node("b").Capacity("cpu", "1").Obj(),
				node("c").Taint("k", "v", corev1.TaintEffectNoSchedule).Obj(), node("d").Unschedulable().Obj(),
				node("e").Capacity("cpu", "1", "pods", "0").Obj(),
			},
			pod: wrappers.MakePod().Req("cpu", "2"),
			want: "0/5 nodes are available: 1 Too many pods, 1 node(s) had untolerated taint(s), " +
				"1 node(s) were unschedulable, 3 Insufficient cpu.",
			wantPlugins: []string{"NodeResourcesFit", "NodeUnschedulable", "TaintToleration"},
		},
		"nodes that PreFilter leaves out have its reason": {
			nodes: []*corev1.Node{node("a").Capacity("cpu", "1").Obj(), node("b").Obj(), node("c").Obj()},
			pod: wrappers.MakePod().Req("cpu", "2").
				NodeAffinity(wrappers.Fields(wrappers.In("metadata.name", "a"))),
			want:        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
			wantPlugins: []string{"NodeAffinity", "NodeResourcesFit"},
		},
		"a conflict is found before any node is looked at": {
			nodes: []*corev1.Node{node("a").Obj()},
			pod: wrappers.MakePod().NodeAffinity(wrappers.Fields(
				wrappers.In("metadata.name", "a"), wrappers.In("metadata.name", "b"))),
			want:        "0/1 nodes are available: pod affinity terms conflict.",
			wantPlugins: []string{"NodeAffinity"},
		},
		"two plugins name different nodes": {
			nodes:       []*corev1.Node{node("a").Obj(), node("b").Obj()},
			pod:         wrappers.MakePod().Node("a").NodeAffinity(wrappers.Fields(wrappers.In("metadata.name", "b"))),
			want:        "0/2 nodes are available: node(s) didn't satisfy plugin(s) [NodeAffinity NodeName] simultaneously.",
			wantPlugins: []string{"NodeAffinity", "NodeName"},
		},
		"preemption has the last word": {
			nodes:       []*corev1.Node{node("a").Obj()},
			pod:         wrappers.MakePod().Req("cpu", "8"),
			plugins:     []framework.WeightedPlugin{{Plugin: noRoom{}}},
			want:        "0/1 nodes are available: 1 Insufficient cpu. preemption: UnschedulableAndUnresolvable.",
			wantPlugins: []string{"NodeResourcesFit"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Decide(Input{
				Snapshot: snapshot(test.nodes...), Pod: framework.NewPodInfo(test.pod.Name("p").Obj()),
				Profile: profile(t, 0, test.plugins...),
			})
			if diff := cmp.Diff(test.want, r.Status.Message()); diff != "" {
				t.Error(diff)
			}
			if !r.Status.IsRejected() {
				t.Errorf("code %s is not a rejection", r.Status.Code())
			}
			if got := sets.List(r.UnschedulablePlugins); !cmp.Equal(got, test.wantPlugins) && len(got)+len(test.wantPlugins) > 0 {
				t.Errorf("plugins %v, want %v", got, test.wantPlugins)
			}
		})
	}
}

func TestDecideVerdicts(t *testing.T) {
	in := Input{
		Snapshot: snapshot(
			node("z").Obj(), node("cordoned").Unschedulable().Capacity("cpu", "1").Obj(), node("large").Capacity("cpu", "8", "memory", "8Gi").Obj(),
			node("soft").Capacity("cpu", "8", "memory", "8Gi").Taint("k", "v", corev1.TaintEffectPreferNoSchedule).Obj(),
		),
		Pod:     framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "2", "memory", "1Gi").Obj()),
		Profile: profile(t, 100),
	}
	r := Decide(in)
	var d evidence.Decision
	r.Fill(&d, 0)
	if d.Node != "large" || d.NodesTotal != 4 || d.NodesEvaluated != 4 || d.NodesFeasible != 3 || d.NodesOmitted != 0 {
		t.Errorf("unexpected counts: %+v", d)
	}
	type row struct {
		Name    string
		Total   int64
		Rank    int
		Filters string
	}
	var got []row
	for _, n := range d.Nodes {
		text := ""
		for _, f := range n.Filters {
			text += fmt.Sprintf("%s=%s ", f.Plugin, f.Code)
		}
		got = append(got, row{n.Name, n.Total, n.Rank, text})
	}
	passed := "NodeName=Success NodeUnschedulable=Success TaintToleration=Success NodeAffinity=Skip NodeResourcesFit=Success "
	// cpu 6/8 and memory 7/8 free: (75+87)/2 = 81; cpu 2/4: (50+87)/2 = 68.
	want := []row{
		{"large", 3*100 + 81, 1, passed},
		{"z", 3*100 + 68, 2, passed},
		{"soft", 81, 3, passed},
		{"cordoned", 0, 0, "NodeName=Success NodeUnschedulable=UnschedulableAndUnresolvable "},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	var short evidence.Decision
	r.Fill(&short, 2)
	if len(short.Nodes) != 2 || short.NodesOmitted != 2 || short.Nodes[1].Name != "z" {
		t.Errorf("bounded verdicts: %+v", short)
	}

	in.AllVerdicts = true
	var all evidence.Decision
	Decide(in).Fill(&all, 0)
	cordoned := all.Nodes[3].Filters
	if len(cordoned) != 5 || cordoned[4].Code != "UnschedulableAndUnresolvable" || cordoned[4].Reasons[0] != "Insufficient cpu" {
		t.Errorf("all verdicts of the cordoned node: %+v", cordoned)
	}
	if all.Node != d.Node {
		t.Errorf("asking for all verdicts changed the node to %s", all.Node)
	}
}

func TestTiesAreBrokenBySeed(t *testing.T) {
	in := Input{
		Snapshot: snapshot(node("a").Obj(), node("b").Obj(), node("c").Obj(), node("small").Capacity("cpu", "1").Obj()),
		Pod:      framework.NewPodInfo(wrappers.MakePod().Name("p").Req("cpu", "2").Obj()), Profile: profile(t, 0),
	}
	chosen := map[string]int{}
	for seed := range int64(600) {
		in.Seed = seed
		first := Decide(in).Node
		if again := Decide(in).Node; again != first {
			t.Fatalf("seed %d gives %s and %s", seed, first, again)
		}
		chosen[first]++
	}
	for _, name := range []string{"a", "b", "c"} {
		if chosen[name] < 150 || chosen[name] > 250 {
			t.Errorf("node %s was chosen %d times of 600: %v", name, chosen[name], chosen)
		}
	}
}

func TestPercentageOfNodesToScore(t *testing.T) {
	var nodes []*corev1.Node
	for i := range 1000 {
		nodes = append(nodes, node(fmt.Sprintf("n%04d", i)).Obj())
	}
	tests := map[string]struct {
		percentage int32
		start      int
		want       int
		wantNext   int
	}{
		"adaptive: 50 - 1000/125 percent":       {percentage: 0, want: 420, wantNext: 420},
		"never fewer than 100":                  {percentage: 5, want: 100, wantNext: 100},
		"all":                                   {percentage: 100, want: 1000, wantNext: 0},
		"the search goes on where it had ended": {percentage: 30, start: 900, want: 300, wantNext: 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Decide(Input{
				Snapshot: snapshot(nodes...), Pod: framework.NewPodInfo(wrappers.MakePod().Name("p").Obj()),
				Profile: profile(t, test.percentage), StartIndex: test.start,
			})
			if r.NodesFeasible != test.want || r.NextStartIndex != test.wantNext {
				t.Errorf("%d nodes, next %d; want %d, next %d", r.NodesFeasible, r.NextStartIndex, test.want, test.wantNext)
			}
		})
	}
}

func TestNominated(t *testing.T) {
	waiting := framework.NewPodInfo(wrappers.MakePod().Name("waiting").Priority(10).Req("cpu", "3").Obj())
	tests := map[string]struct {
		pod  *wrappers.PodWrapper
		want string
	}{
		"a less important pod leaves the room":     {wrappers.MakePod().Priority(0).Req("cpu", "2"), ""},
		"a more important pod takes it":            {wrappers.MakePod().Priority(20).Req("cpu", "2"), "a"},
		"a pod that fits beside it is fine":        {wrappers.MakePod().Priority(0).Req("cpu", "1"), "a"},
		"the pod itself does not stand in its way": {wrappers.MakePod().UID("waiting").Priority(10).NominatedNode("a").Req("cpu", "3"), "a"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Decide(Input{
				Snapshot: snapshot(node("a").Obj()), Profile: profile(t, 0), Pod: framework.NewPodInfo(test.pod.Name("p").Obj()),
				Nominated: map[string][]*framework.PodInfo{"a": {waiting}},
			})
			if r.Node != test.want {
				t.Errorf("node %q, want %q: %s", r.Node, test.want, r.Status.Message())
			}
		})
	}
}

// TestNominationEnds says when the node that was nominated before must be given up.
func TestNominationEnds(t *testing.T) {
	full := func() *framework.NodeInfo {
		n := framework.NewNodeInfo(framework.NewPodInfo(wrappers.MakePod().Name("low").Req("cpu", "4").Obj()))
		n.SetNode(node("a").Obj())
		return n
	}
	stopping := func() *framework.NodeInfo {
		victim := wrappers.MakePod().Name("low").Req("cpu", "4").Obj()
		victim.DeletionTimestamp = &metav1.Time{}
		victim.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler,
		}}
		n := framework.NewNodeInfo(framework.NewPodInfo(victim))
		n.SetNode(node("a").Obj())
		return n
	}
	tests := map[string]struct {
		nodes     []*framework.NodeInfo
		pod       *wrappers.PodWrapper
		wantEnds  bool
		nominates string
	}{
		"no nodes at all":                  {nil, wrappers.MakePod().NominatedNode("a"), true, ""},
		"nothing helps":                    {[]*framework.NodeInfo{full()}, wrappers.MakePod().NominatedNode("a").Req("cpu", "99"), true, ""},
		"its victims are still stopping":   {[]*framework.NodeInfo{stopping()}, wrappers.MakePod().NominatedNode("a").Priority(1).Req("cpu", "1"), false, ""},
		"another pod is in the way by now": {[]*framework.NodeInfo{full()}, wrappers.MakePod().NominatedNode("a").Priority(1).Req("cpu", "1"), false, "a"},
	}
	p, err := plugins.DefaultProfile("s")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Decide(Input{
				Snapshot: cache.StaticSnapshot(test.nodes, nil), Profile: p, Pod: framework.NewPodInfo(test.pod.Name("p").Obj()),
			})
			nominates := ""
			if r.PostFilter != nil {
				nominates = r.PostFilter.NominatedNode
			}
			if r.NominationEnds != test.wantEnds || r.Node != "" || nominates != test.nominates {
				t.Errorf("ends %t, node %q, nominates %q; want %t, none, %q: %s",
					r.NominationEnds, r.Node, nominates, test.wantEnds, test.nominates, r.Status.Message())
			}
		})
	}
}

// FuzzDecide looks for panics, and for nodes that are chosen but do not fit.
func FuzzDecide(f *testing.F) {
	f.Add(int64(1), uint8(3), int64(100), int64(1<<30), "k", "In", "v", "NoSchedule", "metadata.name")
	f.Add(int64(-1), uint8(0), int64(-5), int64(1)<<62, "", "Gt", "x", "", "")
	f.Add(int64(7), uint8(200), int64(0), int64(0), "a/b/c", "Nope", "\x00", "PreferNoSchedule", "metadata.name")
	p := profile(f, 0)
	f.Fuzz(func(t *testing.T, seed int64, nodes uint8, cpu, memory int64, key, operator, value, effect, field string) {
		var list []*corev1.Node
		for i := range nodes {
			n := node(fmt.Sprintf("n%d", i)).Label(key, value)
			if i%3 == 0 {
				n.Taint(key, value, corev1.TaintEffect(effect))
			}
			list = append(list, n.Obj())
		}
		pod := wrappers.MakePod().Name("p").Req("cpu", fmt.Sprintf("%dm", cpu), "memory", fmt.Sprint(memory)).
			NodeAffinity(corev1.NodeSelectorTerm{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: corev1.NodeSelectorOperator(operator), Values: []string{value}}},
				MatchFields:      []corev1.NodeSelectorRequirement{wrappers.In(field, value)},
			}).
			PreferredNodeAffinity(int32(seed), wrappers.Expressions(wrappers.In(key, value))).
			Toleration(corev1.Toleration{Key: key, Operator: corev1.TolerationOperator(operator), Value: value, Effect: corev1.TaintEffect(effect)})
		info := framework.NewPodInfo(pod.Obj())
		r := Decide(Input{Snapshot: snapshot(list...), Pod: info, Profile: p, Seed: seed, AllVerdicts: seed%2 == 0})
		var d evidence.Decision
		r.Fill(&d, 10)
		if (r.Node == "") == r.Status.IsSuccess() {
			t.Errorf("node %q with status %s", r.Node, r.Status.Code())
		}
		if r.Node != "" && (info.Requests.MilliCPU > 4000 || info.Requests.Memory > 8<<30) {
			t.Errorf("node %q does not have %+v", r.Node, info.Requests)
		}
	})
}

// FuzzDecideClusters has all plugins decide about random clusters, with what the
// API server would refuse too: it looks for panics, for a node that does not
// exist, and for victims that are not less important or not on the node.
func FuzzDecideClusters(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, seed%2 == 0)
	}
	p, err := plugins.DefaultProfile("s")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, seed uint64, wild bool) {
		g := plugintest.NewGenerator(seed, wild)
		cluster := g.Cluster(12, 40)
		snapshot, pod := cluster.Snapshot(), framework.NewPodInfo(cluster.Pod)
		in := Input{Snapshot: snapshot, Profile: p, Pod: pod, Seed: int64(seed)}
		r := Decide(in)
		if (r.Node == "") == r.Status.IsSuccess() || r.Node != "" && snapshot.Get(r.Node) == nil {
			t.Fatalf("node %q with status %s", r.Node, r.Status.Code())
		}
		if again := Decide(in); again.Node != r.Node || again.Status.Message() != r.Status.Message() {
			t.Errorf("node %q, then %q: %s, then %s", r.Node, again.Node, r.Status.Message(), again.Status.Message())
		}
		if r.PostFilter == nil {
			return
		}
		for _, victim := range r.PostFilter.Victims {
			if victim.Priority >= pod.Priority || victim.Pod.Spec.NodeName != r.PostFilter.NominatedNode {
				t.Errorf("victim %s of priority %d on %s, for priority %d on %s", victim.Pod.Name, victim.Priority,
					victim.Pod.Spec.NodeName, pod.Priority, r.PostFilter.NominatedNode)
			}
		}
		if !fitsWithout(in, r.PostFilter) {
			t.Errorf("the pod does not fit on %s without its victims", r.PostFilter.NominatedNode)
		}
	})
}

// fitsWithout is true where the pod fits on the nominated node once the victims
// are gone.
func fitsWithout(in Input, room *framework.PostFilterResult) bool {
	var nodes []*framework.NodeInfo
	for _, n := range in.Snapshot.List() {
		if n.Node().Name == room.NominatedNode {
			n = n.Clone()
			for _, victim := range room.Victims {
				n.RemovePod(victim.Pod.UID)
			}
		}
		nodes = append(nodes, n)
	}
	after := in
	after.Snapshot = namespacesOf{cache.StaticSnapshot(nodes, nil), in.Snapshot}
	nominated := in.Pod.Pod.DeepCopy()
	nominated.Status.NominatedNodeName = room.NominatedNode
	after.Pod = framework.NewPodInfo(nominated)
	return Decide(after).Node == room.NominatedNode
}

// namespacesOf is a snapshot with the namespaces of another one.
type namespacesOf struct {
	framework.Snapshot
	other framework.Snapshot
}

func (s namespacesOf) NamespaceLabels(name string) labels.Set { return s.other.NamespaceLabels(name) }
