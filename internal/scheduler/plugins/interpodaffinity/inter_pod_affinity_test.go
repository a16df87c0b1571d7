// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package interpodaffinity

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
)

const (
	zone     = corev1.LabelTopologyZone
	hostname = corev1.LabelHostname
	far      = "UnschedulableAndUnresolvable: node(s) didn't match pod affinity rules"
	close_   = "Unschedulable: node(s) didn't match pod anti-affinity rules"
	unwanted = "Unschedulable: node(s) didn't satisfy existing pods anti-affinity rules"
)

func newPlugin(t testing.TB, args Args) *InterPodAffinity {
	t.Helper()
	p, err := New(args)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var term = plugintest.Term

// inNamespaces adds namespaces and a namespaceSelector to a term.
func inNamespaces(t corev1.PodAffinityTerm, selector *metav1.LabelSelector, names ...string) corev1.PodAffinityTerm {
	t.Namespaces, t.NamespaceSelector = names, selector
	return t
}

func withKeys(t corev1.PodAffinityTerm, match, mismatch []string) corev1.PodAffinityTerm {
	t.MatchLabelKeys, t.MismatchLabelKeys = match, mismatch
	return t
}

// nodes are two in zone a, one in zone b, one in none.
func nodes() []*corev1.Node {
	return []*corev1.Node{
		plugintest.MakeNode("a1").Zone("a").Obj(), plugintest.MakeNode("a2").Zone("a").Obj(),
		plugintest.MakeNode("b1").Zone("b").Obj(), plugintest.MakeNode("x").Obj(),
	}
}

func pod(name string) *plugintest.Pod { return plugintest.MakePod(name).Label("app", name) }

func TestFilter(t *testing.T) {
	verdicts := func(a1, a2, b1, x string) map[string]string {
		return map[string]string{"a1": a1, "a2": a2, "b1": b1, "x": x}
	}
	for _, tc := range []struct {
		name string
		pod  *plugintest.Pod
		pods []*plugintest.Pod
		want map[string]string
	}{
		{name: "nothing to do", pod: pod("p"), pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts("Skip", "Skip", "Skip", "Skip")},
		{
			name: "affinity in a zone", pod: pod("p").Affinity(term(zone, "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts("", "", far, far),
		},
		{
			name: "affinity on a node", pod: pod("p").Affinity(term(hostname, "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts("", far, far, far),
		},
		{
			name: "nobody there", pod: pod("p").Affinity(term(zone, "app", "q")), want: verdicts(far, far, far, far),
		},
		{
			name: "the first of a group", pod: pod("p").Affinity(term(zone, "app", "p")), want: verdicts("", "", "", far),
		},
		{
			name: "the second of a group", pod: pod("p").Affinity(term(zone, "app", "p")),
			pods: []*plugintest.Pod{plugintest.MakePod("first").Label("app", "p").On("b1")}, want: verdicts(far, far, "", far),
		},
		{
			name: "one pod must match all terms",
			pod:  pod("p").Affinity(term(zone, "app", "q"), term(hostname, "tier", "1")),
			pods: []*plugintest.Pod{pod("q").On("a1"), plugintest.MakePod("r").Label("tier", "1").On("a1"), pod("q2").Label("app", "q", "tier", "1").On("b1")},
			want: verdicts(far, far, "", far),
		},
		{
			name: "anti-affinity in a zone", pod: pod("p").AntiAffinity(term(zone, "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts(close_, close_, "", ""),
		},
		{
			name: "any term of anti-affinity", pod: pod("p").AntiAffinity(term(hostname, "app", "q"), term(zone, "app", "r")),
			pods: []*plugintest.Pod{pod("q").On("a1"), pod("r").On("b1")}, want: verdicts(close_, "", close_, ""),
		},
		{
			name: "symmetry: others do not want the pod", pod: pod("p"),
			pods: []*plugintest.Pod{pod("q").AntiAffinity(term(zone, "app", "p")).On("a1")}, want: verdicts(unwanted, unwanted, "", ""),
		},
		{
			name: "affinity and anti-affinity contradict", pod: pod("p").Affinity(term(zone, "app", "q")).AntiAffinity(term(zone, "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts(close_, close_, far, far),
		},
		{
			name: "anti-affinity to itself does not matter to the first", pod: pod("p").AntiAffinity(term(zone, "app", "p")),
			want: verdicts("", "", "", ""),
		},
		{
			name: "only the pod's own namespace", pod: pod("p").Affinity(term(zone, "app", "q")),
			pods: []*plugintest.Pod{pod("q").Namespace("other").On("a1")}, want: verdicts(far, far, far, far),
		},
		{
			name: "namespaces by name", pod: pod("p").Affinity(inNamespaces(term(zone, "app", "q"), nil, "other")),
			pods: []*plugintest.Pod{pod("q").Namespace("other").On("a1"), pod("q").On("b1")}, want: verdicts("", "", far, far),
		},
		{
			name: "namespaces by label", pod: pod("p").Affinity(inNamespaces(term(zone, "app", "q"), plugintest.Match("team", "b"))),
			pods: []*plugintest.Pod{pod("q").Namespace("other").On("a1"), pod("q").On("b1")}, want: verdicts("", "", far, far),
		},
		{
			name: "all namespaces", pod: pod("p").Affinity(inNamespaces(term(zone, "app", "q"), &metav1.LabelSelector{})),
			pods: []*plugintest.Pod{pod("q").Namespace("unknown").On("a1"), pod("q").On("b1")}, want: verdicts("", "", "", far),
		},
		{
			name: "an unknown namespace has no labels to select",
			pod: pod("p").AntiAffinity(inNamespaces(term(zone, "app", "q"), &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: metav1.LabelSelectorOpDoesNotExist}},
			})),
			pods: []*plugintest.Pod{pod("q").Namespace("unknown").On("a1"), pod("q").Namespace("bare").On("b1")},
			want: verdicts("", "", close_, ""),
		},
		{
			name: "symmetry by namespace labels", pod: pod("p"),
			pods: []*plugintest.Pod{
				pod("q").Namespace("other").AntiAffinity(inNamespaces(term(zone, "app", "p"), plugintest.Match("team", "a"))).On("a1"),
				pod("r").Namespace("other").AntiAffinity(inNamespaces(term(zone, "app", "p"), plugintest.Match("team", "b"))).On("b1"),
			},
			want: verdicts(unwanted, unwanted, "", ""),
		},
		{
			name: "matchLabelKeys", pod: pod("p").Label("v", "2").AntiAffinity(withKeys(term(zone, "app", "q"), []string{"v"}, nil)),
			pods: []*plugintest.Pod{pod("q").Label("v", "1").On("a1"), plugintest.MakePod("q2").Label("app", "q", "v", "2").On("b1")},
			want: verdicts("", "", close_, ""),
		},
		{
			name: "mismatchLabelKeys", pod: pod("p").Label("v", "2").AntiAffinity(withKeys(term(zone, "app", "q"), nil, []string{"v"})),
			pods: []*plugintest.Pod{pod("q").Label("v", "1").On("a1"), plugintest.MakePod("q2").Label("app", "q", "v", "2").On("b1")},
			want: verdicts(close_, close_, "", ""),
		},
		{
			name: "topology key that no node has", pod: pod("p").Affinity(term("nowhere", "app", "q")).AntiAffinity(term("nowhere", "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: verdicts(far, far, far, far),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pods []*corev1.Pod
			for _, p := range tc.pods {
				pods = append(pods, p.Obj())
			}
			snapshot := plugintest.NewSnapshot(nodes(), pods).WithNamespace("default", labels.Set{"team": "a"}).
				WithNamespace("other", labels.Set{"team": "b"}).WithNamespace("bare", labels.Set{})
			got := plugintest.Filter(newPlugin(t, Args{}), snapshot, tc.pod.Obj())
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownOperator(t *testing.T) {
	bad := corev1.PodAffinityTerm{TopologyKey: zone, LabelSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like", Values: []string{"p"}}},
	}}
	const one = `"Like" is not a valid label selector operator`
	snapshot := plugintest.NewSnapshot([]*corev1.Node{plugintest.MakeNode("n").Obj()}, nil)
	for _, tc := range []struct {
		name string
		pod  *plugintest.Pod
		want string
	}{
		{"required", pod("p").Affinity(bad), "UnschedulableAndUnresolvable: parsing pod: requiredAffinityTerms: " + one},
		{"two", pod("p").AntiAffinity(bad).PreferAffinity(1, bad),
			"UnschedulableAndUnresolvable: parsing pod: [requiredAntiAffinityTerms: " + one + ", preferredAffinityTerms: " + one + "]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := plugintest.Filter(newPlugin(t, Args{}), snapshot, tc.pod.Obj()); got["n"] != tc.want {
				t.Errorf("got %q\nwant %q", got["n"], tc.want)
			}
		})
	}
}

func TestAddAndRemovePod(t *testing.T) {
	plugin := newPlugin(t, Args{})
	snapshot := plugintest.NewSnapshot(nodes(), []*corev1.Pod{
		pod("q").On("a1").Obj(), pod("r").On("b1").Obj(), pod("s").AntiAffinity(term(hostname, "app", "p")).On("a2").Obj(),
	})
	info := framework.NewPodInfo(pod("p").Affinity(term(zone, "app", "q")).AntiAffinity(term(zone, "app", "r")).Obj())
	state := framework.NewCycleState(snapshot)
	if _, s := plugin.PreFilter(state, info); !s.IsSuccess() {
		t.Fatal(s.AsError())
	}
	fits := func(state *framework.CycleState) string {
		out := ""
		for _, n := range snapshot.List() {
			if plugin.Filter(state, info, n).IsSuccess() {
				out += n.Node().Name + " "
			}
		}
		return out
	}
	parsed := func(p *plugintest.Pod) *framework.PodInfo { return framework.NewPodInfo(p.Obj()) }
	clone := state.Clone().Clone()
	for i, step := range []struct {
		change func(*framework.CycleState, *framework.PodInfo, *framework.PodInfo, *framework.NodeInfo) *framework.Status
		pod    *framework.PodInfo
		node   string
		want   string
	}{
		{plugin.RemovePod, parsed(pod("s").AntiAffinity(term(hostname, "app", "p"))), "a2", "a1 a2 "},
		{plugin.AddPod, parsed(pod("q")), "b1", "a1 a2 "},
		{plugin.RemovePod, parsed(pod("r")), "b1", "a1 a2 b1 "},
		{plugin.RemovePod, parsed(pod("q")), "a1", "b1 "},
		{plugin.AddPod, parsed(pod("t").AntiAffinity(term("rack", "app", "p"))), "b1", "b1 "},
		{plugin.AddPod, parsed(pod("t").AntiAffinity(term(zone, "app", "p"))), "b1", ""},
	} {
		if s := step.change(clone, info, step.pod, snapshot.Get(step.node)); !s.IsSuccess() {
			t.Fatal(s.AsError())
		}
		if got := fits(clone); got != step.want {
			t.Errorf("step %d: fits %q, want %q", i, got, step.want)
		}
	}
	if got := fits(state); got != "a1 " {
		t.Errorf("the original state has changed: fits %q", got)
	}
}

// TestSiblingClones checks that clones that learn of new topology pairs do not
// share them.
func TestSiblingClones(t *testing.T) {
	var counts topologyCounts
	counts.add(map[string]string{"a": "1"}, "a", 1)
	x, y := counts.clone(), counts.clone()
	x.add(map[string]string{"b": "1"}, "b", 1)
	y.add(map[string]string{"c": "1"}, "c", 1)
	y.add(map[string]string{"a": "1"}, "a", -1)
	y.add(map[string]string{"a": "2"}, "b", -1)
	if !x.has("a", "1") || !x.has("b", "1") || x.has("c", "1") || x.pairs != 2 {
		t.Errorf("first clone: %+v", x)
	}
	if y.has("a", "1") || y.has("b", "1") || !y.has("c", "1") || y.pairs != 1 {
		t.Errorf("second clone: %+v", y)
	}
	if !counts.has("a", "1") || counts.pairs != 1 {
		t.Errorf("original: %+v", counts)
	}
}

func TestScore(t *testing.T) {
	scores := func(a1, a2, b1, x int64) map[string]int64 {
		return map[string]int64{"a1": a1, "a2": a2, "b1": b1, "x": x}
	}
	for _, tc := range []struct {
		name string
		args Args
		pod  *plugintest.Pod
		pods []*plugintest.Pod
		want map[string]int64
	}{
		{name: "nothing to do", pod: pod("p"), pods: []*plugintest.Pod{pod("q").On("a1")}},
		{name: "no match", pod: pod("p").PreferAffinity(5, term(zone, "app", "r")), pods: []*plugintest.Pod{pod("q").On("a1")}},
		{
			name: "close to one, far from the other",
			pod:  pod("p").PreferAffinity(5, term(zone, "app", "q")).PreferAntiAffinity(5, term(hostname, "app", "r")),
			pods: []*plugintest.Pod{pod("q").On("a1"), pod("r").On("a2"), pod("r2").Label("app", "r").On("b1")},
			want: scores(100, 50, 0, 50), // 5, 0, -5, 0
		},
		{
			name: "what others prefer", pod: pod("p"),
			pods: []*plugintest.Pod{
				pod("q").PreferAffinity(10, term(zone, "app", "p")).On("a1"),
				pod("r").PreferAntiAffinity(5, term(zone, "app", "p")).On("b1"),
			},
			want: scores(100, 100, 0, 33), // 10, 10, -5, 0
		},
		{
			name: "what others require counts 1", pod: pod("p"),
			pods: []*plugintest.Pod{pod("q").Affinity(term(zone, "app", "p")).On("a1"), pod("r").PreferAffinity(2, term(zone, "app", "p")).On("b1")},
			want: scores(50, 50, 100, 0),
		},
		{
			name: "what others require counts 4", pod: pod("p"), args: Args{HardPodAffinityWeight: new(int32(4))},
			pods: []*plugintest.Pod{pod("q").Affinity(term(zone, "app", "p")).On("a1"), pod("r").PreferAffinity(2, term(zone, "app", "p")).On("b1")},
			want: scores(100, 100, 50, 0),
		},
		{
			name: "what others require does not count", pod: pod("p"), args: Args{HardPodAffinityWeight: new(int32(0))},
			pods: []*plugintest.Pod{pod("q").Affinity(term(zone, "app", "p")).On("a1")},
		},
		{
			name: "what others prefer is ignored", pod: pod("p"), args: Args{IgnorePreferredTermsOfExistingPods: true},
			pods: []*plugintest.Pod{pod("q").PreferAffinity(10, term(zone, "app", "p")).On("a1")},
		},
		{
			name: "what others prefer is not ignored where the pod prefers too", args: Args{IgnorePreferredTermsOfExistingPods: true},
			pod:  pod("p").PreferAffinity(1, term(zone, "app", "nobody")),
			pods: []*plugintest.Pod{pod("q").PreferAffinity(10, term(zone, "app", "p")).On("a1")},
			want: scores(100, 100, 0, 0),
		},
		{
			name: "sums that cancel out", pod: pod("p").PreferAffinity(5, term(zone, "app", "q")).PreferAntiAffinity(5, term(zone, "app", "q")),
			pods: []*plugintest.Pod{pod("q").On("a1")}, want: scores(0, 0, 0, 0),
		},
		{
			name: "namespaces by label", pod: pod("p").PreferAffinity(5, inNamespaces(term(zone, "app", "q"), plugintest.Match("team", "b"))),
			pods: []*plugintest.Pod{pod("q").Namespace("other").On("a1"), pod("q").On("b1")}, want: scores(100, 100, 0, 0),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var pods []*corev1.Pod
			for _, p := range tc.pods {
				pods = append(pods, p.Obj())
			}
			snapshot := plugintest.NewSnapshot(nodes(), pods).WithNamespace("default", labels.Set{"team": "a"}).
				WithNamespace("other", labels.Set{"team": "b"})
			got, s := plugintest.Score(newPlugin(t, tc.args), snapshot, tc.pod.Obj())
			if !s.IsSuccess() && !s.IsSkip() {
				t.Fatal(s.AsError())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("scores (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHints(t *testing.T) {
	wants := pod("p").Affinity(term(zone, "app", "q"), term(hostname, "tier", "1")).Obj()
	avoids := pod("p").AntiAffinity(term(zone, "app", "q")).Obj()
	everywhere := pod("p").Affinity(inNamespaces(term(zone, "app", "q"), plugintest.Match("team", "b"))).Obj()
	q, q1 := pod("q").On("n").Obj(), pod("q").Label("tier", "1").On("n").Obj()
	assigned := func(action framework.ActionType) framework.ClusterEvent {
		return framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: action}
	}
	nodeEvent := func(action framework.ActionType) framework.ClusterEvent {
		return framework.ClusterEvent{Resource: framework.Node, ActionType: action}
	}
	namespaceEvent := framework.ClusterEvent{Resource: framework.Namespace, ActionType: framework.UpdateOther}
	namespace := func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	inZone, noZone := plugintest.MakeNode("n").Zone("a").Obj(), plugintest.MakeNode("n").Obj()
	bare := plugintest.MakeNode("n").Unlabel(hostname).Obj()
	for _, tc := range []struct {
		name     string
		pod      *corev1.Pod
		event    framework.ClusterEvent
		old, new any
		want     framework.QueueingHint
	}{
		{name: "wanted pod came", pod: wants, event: assigned(framework.Add), new: q1, want: framework.Queue},
		{name: "pod that matches one term came", pod: wants, event: assigned(framework.Add), new: q},
		{name: "pod became wanted", pod: wants, event: assigned(framework.UpdatePodLabel), old: q, new: q1, want: framework.Queue},
		{name: "pod is not wanted any more", pod: wants, event: assigned(framework.UpdatePodLabel), old: q1, new: q},
		{name: "wanted pod without a node came", pod: wants, event: assigned(framework.Add), new: pod("q").Label("tier", "1").Obj()},
		{name: "wanted pod went", pod: wants, event: assigned(framework.Delete), old: q1},
		{name: "pod in the way went", pod: avoids, event: assigned(framework.Delete), old: q, want: framework.Queue},
		{name: "pod ceased to be in the way", pod: avoids, event: assigned(framework.UpdatePodLabel), old: q, new: pod("r").On("n").Obj(), want: framework.Queue},
		{name: "other pod went", pod: avoids, event: assigned(framework.Delete), old: pod("r").On("n").Obj()},
		{name: "pod that was against went", pod: pod("p").Obj(), event: assigned(framework.Delete), old: pod("r").AntiAffinity(term(zone, "app", "p")).On("n").Obj(), want: framework.Queue},
		{name: "wanted pod of any namespace came", pod: everywhere, event: assigned(framework.Add), new: pod("q").Namespace("other").On("n").Obj(), want: framework.Queue},
		{name: "own labels changed", pod: avoids, event: framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodLabel}, want: framework.Queue},
		{name: "affinity, node with a key came", pod: wants, event: nodeEvent(framework.Add), new: noZone, want: framework.Queue},
		{name: "affinity, node without a key came", pod: wants, event: nodeEvent(framework.Add), new: bare},
		{name: "anti-affinity, any node came", pod: avoids, event: nodeEvent(framework.Add), new: bare, want: framework.Queue},
		{name: "affinity, node entered the zone", pod: wants, event: nodeEvent(framework.UpdateNodeLabel), old: noZone, new: inZone, want: framework.Queue},
		{name: "affinity, node left the zone", pod: wants, event: nodeEvent(framework.UpdateNodeLabel), old: inZone, new: noZone},
		{name: "anti-affinity, node left the zone", pod: avoids, event: nodeEvent(framework.UpdateNodeLabel), old: inZone, new: noZone, want: framework.Queue},
		{name: "anti-affinity, node entered the zone", pod: avoids, event: nodeEvent(framework.UpdateNodeLabel), old: noZone, new: inZone},
		{name: "node moved", pod: avoids, event: nodeEvent(framework.UpdateNodeLabel), old: inZone, new: plugintest.MakeNode("n").Zone("b").Obj(), want: framework.Queue},
		{name: "namespace changed, terms select none by label", pod: avoids, event: namespaceEvent, old: namespace("other"), new: namespace("other")},
		{name: "namespace changed, terms select by label", pod: everywhere, event: namespaceEvent, old: namespace("other"), new: namespace("other"), want: framework.Queue},
		{name: "own namespace changed", pod: avoids, event: namespaceEvent, old: namespace("default"), new: namespace("default"), want: framework.Queue},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := plugintest.Hint(newPlugin(t, Args{}), tc.event, tc.pod, tc.old, tc.new)
			if err != nil || got != tc.want {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestArgs(t *testing.T) {
	for _, tc := range []struct {
		weight *int32
		fails  bool
	}{{nil, false}, {new(int32(0)), false}, {new(int32(100)), false}, {new(int32(101)), true}, {new(int32(-1)), true}} {
		if _, err := New(Args{HardPodAffinityWeight: tc.weight}); (err != nil) != tc.fails {
			t.Errorf("weight %v: %v", tc.weight, err)
		}
	}
}

func FuzzPlugin(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		c := plugintest.NewGenerator(seed, true).Cluster(6, 12)
		plugin, snapshot := newPlugin(t, Args{}), c.Snapshot()
		if got := plugintest.Filter(plugin, snapshot, c.Pod); len(got) != len(c.Nodes) {
			t.Errorf("%d verdicts for %d nodes", len(got), len(c.Nodes))
		}
		got, s := plugintest.Score(plugin, snapshot, c.Pod)
		if s.IsSuccess() && len(got) != len(c.Nodes) {
			t.Errorf("%d scores for %d nodes", len(got), len(c.Nodes))
		}
		for name, score := range got {
			if score < framework.MinNodeScore || score > framework.MaxNodeScore {
				t.Errorf("score %d of node %s", score, name)
			}
		}
	})
}

func Benchmark5000Nodes10000PodsWithAffinity(b *testing.B) {
	plugin := newPlugin(b, Args{})
	spread := plugintest.BigCluster(5000, 10000, func(i int, p *plugintest.Pod) {
		app := strconv.Itoa(i % 50)
		p.Label("app", app, "pod-template-hash", "5d59d67564").AntiAffinity(term(hostname, "app", app)).PreferAffinity(10, term(zone, "app", app))
	})
	together := plugintest.BigCluster(5000, 10000, func(i int, p *plugintest.Pod) {
		p.Label("app", "p", "pod-template-hash", "5d59d67564").Affinity(term(zone, "app", "p"))
	})
	unique := plugintest.BigCluster(5000, 10000, func(i int, p *plugintest.Pod) {
		p.Label("app", "p", "n", strconv.Itoa(i)).Affinity(term(zone, "app", "p"))
	})
	apart := plugintest.BigCluster(5000, 10000, func(i int, p *plugintest.Pod) {
		p.Label("app", "p", "pod-template-hash", "5d59d67564").AntiAffinity(term(hostname, "app", "p"))
	})
	for _, bc := range []struct {
		name     string
		snapshot *plugintest.Snapshot
		pod      *plugintest.Pod
	}{
		{"plain pod", spread, pod("p")},
		{"affinity", together, pod("p").Affinity(term(zone, "app", "p"))},
		{"affinity, no two pods with the same labels", unique, pod("p").Affinity(term(zone, "app", "p"))},
		{"anti-affinity", spread, plugintest.MakePod("p").Label("app", "7").AntiAffinity(term(hostname, "app", "7"))},
		{"anti-affinity, all match", apart, pod("p").AntiAffinity(term(hostname, "app", "p"))},
		{"preferred affinity", spread, plugintest.MakePod("p").Label("app", "7").PreferAffinity(10, term(zone, "app", "7"))},
	} {
		info, nodes := framework.NewPodInfo(bc.pod.Obj()), bc.snapshot.List()
		scores := make([]int64, len(nodes))
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				state := framework.NewCycleState(bc.snapshot)
				if _, s := plugin.PreFilter(state, info); s.IsSuccess() {
					for _, n := range nodes {
						plugin.Filter(state, info, n)
					}
				}
				if s := plugin.PreScore(state, info, nodes); s.IsSuccess() {
					for i, n := range nodes {
						scores[i], _ = plugin.Score(state, info, n)
					}
					plugin.NormalizeScore(state, info, nodes, scores)
				}
			}
		})
	}
}
