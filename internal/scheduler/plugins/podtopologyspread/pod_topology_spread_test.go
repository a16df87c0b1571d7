// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podtopologyspread

import (
	"strconv"
	"strings"
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
	full     = "Unschedulable: node(s) didn't match pod topology spread constraints"
	noLabel  = "UnschedulableAndUnresolvable: node(s) didn't match pod topology spread constraints (missing required label)"
)

func newPlugin(t testing.TB, args Args) *PodTopologySpread {
	t.Helper()
	p, err := New(args)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func hard(key string, maxSkew int32) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{
		TopologyKey: key, MaxSkew: maxSkew, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: plugintest.Match("app", "a"),
	}
}

func soft(key string, maxSkew int32) corev1.TopologySpreadConstraint {
	c := hard(key, maxSkew)
	c.WhenUnsatisfiable = corev1.ScheduleAnyway
	return c
}

// with changes a constraint.
func with(c corev1.TopologySpreadConstraint, change func(*corev1.TopologySpreadConstraint)) corev1.TopologySpreadConstraint {
	change(&c)
	return c
}

func node(name, zone string) *plugintest.Node { return plugintest.MakeNode(name).Zone(zone) }

// pods returns n pods of app a on a node.
func pods(node string, n int) []*corev1.Pod {
	out := make([]*corev1.Pod, n)
	for i := range out {
		out[i] = plugintest.MakePod(node+"-"+strconv.Itoa(i)).Label("app", "a").On(node).Obj()
	}
	return out
}

func concat(lists ...[]*corev1.Pod) []*corev1.Pod {
	var out []*corev1.Pod
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

func TestFilter(t *testing.T) {
	twoZones := []*corev1.Node{node("a1", "a").Obj(), node("a2", "a").Obj(), node("b1", "b").Obj()}
	app := func() *plugintest.Pod { return plugintest.MakePod("p").Label("app", "a") }
	for _, tc := range []struct {
		name  string
		pod   *plugintest.Pod
		nodes []*corev1.Node
		pods  []*corev1.Pod
		want  map[string]string
	}{
		{
			name: "no constraint", pod: app(), nodes: twoZones,
			want: map[string]string{"a1": "Skip", "a2": "Skip", "b1": "Skip"},
		},
		{
			name: "only soft ones", pod: app().Spread(soft(zone, 1)), nodes: twoZones,
			want: map[string]string{"a1": "Skip", "a2": "Skip", "b1": "Skip"},
		},
		{
			name: "zones, skew 1", pod: app().Spread(hard(zone, 1)), nodes: twoZones, pods: pods("a1", 1),
			want: map[string]string{"a1": full, "a2": full, "b1": ""},
		},
		{
			name: "zones, skew 2", pod: app().Spread(hard(zone, 2)), nodes: twoZones, pods: pods("a1", 1),
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "the pod itself does not count", pod: plugintest.MakePod("p").Spread(hard(zone, 1)), nodes: twoZones, pods: pods("a1", 1),
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "nodes", pod: app().Spread(hard(hostname, 1)), nodes: twoZones, pods: concat(pods("a1", 1), pods("b1", 2)),
			want: map[string]string{"a1": full, "a2": "", "b1": full},
		},
		{
			name: "both", pod: app().Spread(hard(zone, 1)).Spread(hard(hostname, 1)), nodes: twoZones,
			pods: concat(pods("a1", 1), pods("b1", 1)),
			want: map[string]string{"a1": full, "a2": "", "b1": full},
		},
		{
			name: "pods of other namespaces and terminating pods do not count", pod: app().Spread(hard(zone, 1)), nodes: twoZones,
			pods: []*corev1.Pod{
				plugintest.MakePod("x").Namespace("other").Label("app", "a").On("a1").Obj(),
				plugintest.MakePod("y").Label("app", "a").On("a1").Terminating(false).Obj(),
			},
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "a node without the label is in no domain", pod: app().Spread(hard(zone, 1)),
			nodes: []*corev1.Node{node("a1", "a").Obj(), plugintest.MakeNode("x").Obj()}, pods: pods("x", 5),
			want: map[string]string{"a1": "", "x": noLabel},
		},
		{
			name: "topology key that no node has", pod: app().Spread(hard("nowhere", 1)), nodes: twoZones,
			want: map[string]string{"a1": noLabel, "a2": noLabel, "b1": noLabel},
		},
		{
			name:  "too few domains: the minimum is 0",
			pod:   app().Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) { c.MinDomains = new(int32(3)) })),
			nodes: twoZones, pods: concat(pods("a1", 1), pods("b1", 1)),
			want: map[string]string{"a1": full, "a2": full, "b1": full},
		},
		{
			name:  "enough domains",
			pod:   app().Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) { c.MinDomains = new(int32(2)) })),
			nodes: twoZones, pods: concat(pods("a1", 1), pods("b1", 1)),
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name:  "node affinity is honored: zone b does not count",
			pod:   app().NodeSelector(zone, "a").Spread(hard(zone, 1)),
			nodes: twoZones, pods: pods("a1", 3),
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "node affinity is ignored",
			pod: app().NodeSelector(zone, "a").Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) {
				c.NodeAffinityPolicy = new(corev1.NodeInclusionPolicyIgnore)
			})),
			nodes: twoZones, pods: pods("a1", 3),
			want: map[string]string{"a1": full, "a2": full, "b1": ""},
		},
		{
			name:  "taints are ignored by default: the empty tainted node counts",
			pod:   app().Spread(hard(hostname, 1)),
			nodes: []*corev1.Node{node("a1", "a").Obj(), node("a2", "a").Taint("k", corev1.TaintEffectNoSchedule).Obj()},
			pods:  pods("a1", 1), want: map[string]string{"a1": full, "a2": ""},
		},
		{
			name: "taints are honored",
			pod: app().Spread(with(hard(hostname, 1), func(c *corev1.TopologySpreadConstraint) {
				c.NodeTaintsPolicy = new(corev1.NodeInclusionPolicyHonor)
			})),
			nodes: []*corev1.Node{node("a1", "a").Obj(), node("a2", "a").Taint("k", corev1.TaintEffectNoSchedule).Obj()},
			pods:  pods("a1", 1), want: map[string]string{"a1": "", "a2": ""},
		},
		{
			name: "matchLabelKeys: only pods of the same version count",
			pod: app().Label("version", "v2").Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) {
				c.MatchLabelKeys = []string{"version", "absent"}
			})),
			nodes: twoZones, pods: pods("a1", 2),
			want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "a nil selector selects nothing",
			pod:  app().Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) { c.LabelSelector = nil })), nodes: twoZones,
			pods: pods("a1", 2), want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "an empty selector selects the pod but counts none",
			pod: app().Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) {
				c.LabelSelector = &metav1.LabelSelector{}
			})), nodes: twoZones,
			pods: pods("a1", 2), want: map[string]string{"a1": "", "a2": "", "b1": ""},
		},
		{
			name: "unknown operator",
			pod: app().Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) {
				c.LabelSelector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Near"}}
			})), nodes: []*corev1.Node{node("a1", "a").Obj()},
			want: map[string]string{"a1": "Error: get constraints from pod: obtaining pod's hard topology spread constraints: " +
				`"Near" is not a valid label selector operator`},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := plugintest.Filter(newPlugin(t, Args{}), plugintest.NewSnapshot(tc.nodes, tc.pods), tc.pod.Obj())
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddAndRemovePod(t *testing.T) {
	plugin := newPlugin(t, Args{})
	snapshot := plugintest.NewSnapshot(
		[]*corev1.Node{node("a1", "a").Obj(), node("b1", "b").Obj(), node("c1", "c").Obj()},
		concat(pods("a1", 2), pods("b1", 2), pods("c1", 1)))
	pod := framework.NewPodInfo(plugintest.MakePod("p").Label("app", "a").Spread(hard(zone, 1)).Obj())
	state := framework.NewCycleState(snapshot)
	if _, s := plugin.PreFilter(state, pod); !s.IsSuccess() {
		t.Fatal(s.AsError())
	}
	verdicts := func(state *framework.CycleState) string {
		var out []string
		for _, n := range snapshot.List() {
			if plugin.Filter(state, pod, n).IsSuccess() {
				out = append(out, n.Node().Name)
			}
		}
		return strings.Join(out, ",")
	}
	other := framework.NewPodInfo(plugintest.MakePod("o").Label("app", "b").Obj())
	counted := framework.NewPodInfo(plugintest.MakePod("o").Label("app", "a").Obj())
	clone := state.Clone().Clone()
	for i, step := range []struct {
		change func(*framework.CycleState, *framework.PodInfo, *framework.PodInfo, *framework.NodeInfo) *framework.Status
		pod    *framework.PodInfo
		node   string
		want   string
	}{
		{plugin.RemovePod, other, "a1", "c1"},
		{plugin.RemovePod, counted, "a1", "a1,c1"},
		{plugin.AddPod, counted, "c1", "a1"},       // 1, 2, 2
		{plugin.AddPod, counted, "a1", "a1,b1,c1"}, // 2, 2, 2
		{plugin.RemovePod, counted, "c1", "c1"},    // 2, 2, 1
		{plugin.RemovePod, counted, "c1", "c1"},    // 2, 2, 0
		{plugin.AddPod, counted, "c1", "c1"},       // 2, 2, 1
	} {
		if s := step.change(clone, pod, step.pod, snapshot.Get(step.node)); !s.IsSuccess() {
			t.Fatal(s.AsError())
		}
		if got := verdicts(clone); got != step.want {
			t.Errorf("step %d: fits %q, want %q", i, got, step.want)
		}
	}
	if got := verdicts(state); got != "c1" {
		t.Errorf("the original state has changed: fits %q", got)
	}
}

func TestScore(t *testing.T) {
	threeZones := []*corev1.Node{node("a1", "a").Obj(), node("a2", "a").Obj(), node("b1", "b").Obj(), node("c1", "c").Obj()}
	app := func() *plugintest.Pod { return plugintest.MakePod("p").Label("app", "a") }
	for _, tc := range []struct {
		name     string
		args     Args
		pod      *plugintest.Pod
		nodes    []*corev1.Node
		pods     []*corev1.Pod
		selector labels.Selector
		only     []string
		want     map[string]int64
	}{
		{name: "hard constraints do not score", pod: app().Spread(hard(zone, 1)), nodes: threeZones},
		{
			name: "no pods yet", pod: app().Spread(soft(zone, 1)), nodes: threeZones,
			want: map[string]int64{"a1": 100, "a2": 100, "b1": 100, "c1": 100},
		},
		{
			// 2, 1, 0 pods times ln(3+2): 3, 2, 0
			name: "zones", pod: app().Spread(soft(zone, 1)), nodes: threeZones, pods: concat(pods("a1", 2), pods("b1", 1)),
			want: map[string]int64{"a1": 0, "a2": 0, "b1": 33, "c1": 100},
		},
		{
			// 2, 0, 1, 0 pods times ln(4+2): 4, 0, 2, 0
			name: "nodes", pod: app().Spread(soft(hostname, 1)), nodes: threeZones, pods: concat(pods("a1", 2), pods("b1", 1)),
			want: map[string]int64{"a1": 0, "a2": 100, "b1": 50, "c1": 100},
		},
		{
			// only the two domains of a2 and b1 count for the weight; pods of a1 do for zone a: 2, 1 times ln(2+2): 3, 1
			name: "nodes that do not fit count", pod: app().Spread(soft(zone, 1)), nodes: threeZones, only: []string{"a2", "b1"},
			pods: concat(pods("a1", 2), pods("b1", 1)),
			want: map[string]int64{"a2": 33, "b1": 100},
		},
		{
			name: "nodes without the label get nothing", pod: app().Spread(soft(zone, 1)),
			nodes: []*corev1.Node{node("a1", "a").Obj(), plugintest.MakeNode("x").Obj()}, pods: pods("a1", 1),
			want: map[string]int64{"a1": 100, "x": 0},
		},
		{
			name: "default constraints, but the pod belongs to nothing", pod: app(), nodes: threeZones, pods: pods("a1", 1),
		},
		{
			// nodes: 1, 0, 0 times ln(3+2), + 3-1; zones "a", "b" and "": 1, 0 times ln(3+2), + 5-1, nothing for x: 9, 6, 2
			name: "default constraints spread over nodes without a zone too", pod: app(),
			nodes:    []*corev1.Node{node("a1", "a").Obj(), node("b1", "b").Obj(), plugintest.MakeNode("x").Obj()},
			selector: labels.SelectorFromSet(labels.Set{"app": "a"}), pods: pods("a1", 1),
			want: map[string]int64{"a1": 22, "b1": 55, "x": 100},
		},
		{
			name:     "listed default constraints",
			args:     Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{{TopologyKey: zone, MaxSkew: 1, WhenUnsatisfiable: corev1.ScheduleAnyway}}},
			pod:      app(),
			nodes:    []*corev1.Node{node("a1", "a").Obj(), node("b1", "b").Obj(), plugintest.MakeNode("x").Obj()},
			selector: labels.SelectorFromSet(labels.Set{"app": "a"}), pods: pods("a1", 1),
			want: map[string]int64{"a1": 0, "b1": 100, "x": 0},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			snapshot := plugintest.NewSnapshot(tc.nodes, tc.pods)
			snapshot.Selector = tc.selector
			got, s := plugintest.Score(newPlugin(t, tc.args), snapshot, tc.pod.Obj(), tc.only...)
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
	pod := plugintest.MakePod("p").Label("app", "a").Spread(hard(zone, 1)).Obj()
	honoring := plugintest.MakePod("p").Label("app", "a").Spread(with(hard(zone, 1), func(c *corev1.TopologySpreadConstraint) {
		c.NodeTaintsPolicy = new(corev1.NodeInclusionPolicyHonor)
	})).Obj()
	tolerating := plugintest.MakePod("p").Label("app", "a").Obj()
	tolerating.Spec.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
	listed := Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{
		{TopologyKey: zone, MaxSkew: 1, WhenUnsatisfiable: corev1.DoNotSchedule},
	}}
	a, b := plugintest.MakePod("x").Label("app", "a").On("n").Obj(), plugintest.MakePod("x").Label("app", "b").On("n").Obj()
	assigned := func(action framework.ActionType) framework.ClusterEvent {
		return framework.ClusterEvent{Resource: framework.AssignedPod, ActionType: action}
	}
	target := framework.ClusterEvent{Resource: framework.TargetPod, ActionType: framework.UpdatePodToleration}
	nodeEvent := func(action framework.ActionType) framework.ClusterEvent {
		return framework.ClusterEvent{Resource: framework.Node, ActionType: action}
	}
	for _, tc := range []struct {
		name     string
		args     Args
		pod      *corev1.Pod
		event    framework.ClusterEvent
		old, new any
		want     framework.QueueingHint
	}{
		{name: "counted pod came", pod: pod, event: assigned(framework.Add), new: a, want: framework.Queue},
		{name: "other pod came", pod: pod, event: assigned(framework.Add), new: b},
		{name: "counted pod went", pod: pod, event: assigned(framework.Delete), old: a, want: framework.Queue},
		{name: "pod without a node went", pod: pod, event: assigned(framework.Delete), old: plugintest.MakePod("x").Label("app", "a").Obj()},
		{name: "pod of another namespace went", pod: pod, event: assigned(framework.Delete), old: plugintest.MakePod("x").Namespace("o").Label("app", "a").On("n").Obj()},
		{name: "pod began to count", pod: pod, event: assigned(framework.UpdatePodLabel), old: b, new: a, want: framework.Queue},
		{name: "labels changed, not the selection", pod: pod, event: assigned(framework.UpdatePodLabel), old: a, new: plugintest.MakePod("x").Label("app", "a", "v", "1").On("n").Obj()},
		{name: "default constraints, any pod of the namespace", args: listed, pod: plugintest.MakePod("p").Obj(), event: assigned(framework.Delete), old: b, want: framework.Queue},
		{name: "new toleration, taints ignored", pod: pod, event: target, old: plugintest.MakePod("p").Label("app", "a").Obj(), new: tolerating},
		{name: "new toleration, taints honored", pod: honoring, event: target, old: plugintest.MakePod("p").Label("app", "a").Obj(), new: tolerating, want: framework.Queue},
		{name: "node with the key came", pod: pod, event: nodeEvent(framework.Add), new: node("n", "a").Obj(), want: framework.Queue},
		{name: "node without the key came", pod: pod, event: nodeEvent(framework.Add), new: plugintest.MakeNode("n").Obj()},
		{name: "node with the key went", pod: pod, event: nodeEvent(framework.Delete), old: node("n", "a").Obj(), want: framework.Queue},
		{name: "node moved", pod: pod, event: nodeEvent(framework.UpdateNodeLabel), old: node("n", "a").Obj(), new: node("n", "b").Obj(), want: framework.Queue},
		{name: "node lost the key", pod: pod, event: nodeEvent(framework.UpdateNodeLabel), old: node("n", "a").Obj(), new: plugintest.MakeNode("n").Obj(), want: framework.Queue},
		{name: "node got another label", pod: pod, event: nodeEvent(framework.UpdateNodeLabel), old: node("n", "a").Obj(), new: node("n", "a").Label("x", "y").Obj()},
		{name: "node got a taint", pod: pod, event: nodeEvent(framework.UpdateNodeTaint), old: node("n", "a").Obj(), new: node("n", "a").Taint("k", corev1.TaintEffectNoSchedule).Obj(), want: framework.Queue},
		{name: "allocatable changed", pod: pod, event: nodeEvent(framework.UpdateNodeAllocatable), old: node("n", "a").Obj(), new: node("n", "a").Obj()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := plugintest.Hint(newPlugin(t, tc.args), tc.event, tc.pod, tc.old, tc.new)
			if err != nil || got != tc.want {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestArgs(t *testing.T) {
	valid := corev1.TopologySpreadConstraint{TopologyKey: zone, MaxSkew: 1, WhenUnsatisfiable: corev1.DoNotSchedule}
	for _, tc := range []struct {
		name string
		args Args
		want string
	}{
		{name: "default"},
		{name: "list", args: Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{valid}}},
		{name: "unknown type", args: Args{DefaultingType: "Other"}, want: `defaultingType: Unsupported value: "Other"`},
		{name: "both", args: Args{DefaultConstraints: []corev1.TopologySpreadConstraint{valid}}, want: "when .defaultConstraints are not empty"},
		{name: "repeated", args: Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{valid, valid}}, want: "defaultConstraints[1]: Duplicate value"},
		{name: "selector", args: Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{hard(zone, 1)}}, want: "defaultConstraints[0].labelSelector: Forbidden"},
		{name: "empty", args: Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{{}}}, want: "defaultConstraints[0].topologyKey: Required value"},
		{name: "unknown action", args: Args{DefaultingType: ListDefaulting, DefaultConstraints: []corev1.TopologySpreadConstraint{{TopologyKey: zone, MaxSkew: 1, WhenUnsatisfiable: "x"}}}, want: "Unsupported value"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(tc.args)
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func FuzzPlugin(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		c := plugintest.NewGenerator(seed, true).Cluster(6, 12)
		plugin, snapshot := newPlugin(t, Args{}), c.Snapshot()
		snapshot.Selector = labels.SelectorFromSet(labels.Set{"app": "a"})
		if got := plugintest.Filter(plugin, snapshot, c.Pod); len(got) != len(c.Nodes) {
			t.Errorf("%d verdicts for %d nodes", len(got), len(c.Nodes))
		}
		if got, s := plugintest.Score(plugin, snapshot, c.Pod); s.IsSuccess() && len(got) != len(c.Nodes) {
			t.Errorf("%d scores for %d nodes", len(got), len(c.Nodes))
		}
	})
}

func BenchmarkSpreading5000Nodes10000Pods(b *testing.B) {
	plugin := newPlugin(b, Args{})
	replicas := plugintest.BigCluster(5000, 10000, func(_ int, p *plugintest.Pod) { p.Label("app", "a", "pod-template-hash", "5d59d67564") })
	unique := plugintest.BigCluster(5000, 10000, func(i int, p *plugintest.Pod) { p.Label("app", "a", "n", strconv.Itoa(i)) })
	scores := make([]int64, 5000)
	for _, bc := range []struct {
		name     string
		snapshot *plugintest.Snapshot
		pod      *plugintest.Pod
	}{
		{"hard zone", replicas, plugintest.MakePod("p").Label("app", "a").Spread(hard(zone, 5))},
		{"hard zone and hostname", replicas, plugintest.MakePod("p").Label("app", "a").Spread(hard(zone, 5)).Spread(hard(hostname, 5))},
		{"soft zone and hostname, no two pods with the same labels", unique, plugintest.MakePod("p").Label("app", "a").Spread(soft(zone, 5)).Spread(soft(hostname, 3))},
		{"soft zone and hostname", replicas, plugintest.MakePod("p").Label("app", "a").Spread(soft(zone, 5)).Spread(soft(hostname, 3))},
	} {
		pod, snapshot, nodes := framework.NewPodInfo(bc.pod.Obj()), bc.snapshot, bc.snapshot.List()
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				state := framework.NewCycleState(snapshot)
				if _, s := plugin.PreFilter(state, pod); s.IsSuccess() {
					for _, n := range nodes {
						plugin.Filter(state, pod, n)
					}
				}
				if s := plugin.PreScore(state, pod, nodes); s.IsSuccess() {
					for i, n := range nodes {
						scores[i], _ = plugin.Score(state, pod, n)
					}
					plugin.NormalizeScore(state, pod, nodes, scores)
				}
			}
		})
	}
}
