// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package defaultpreemption

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodename"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/noderesources"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/plugintest"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/queuesort"
)

// newProfile has the plugin and filters of each kind.
func newProfile(t testing.TB, args Args) *framework.Profile {
	t.Helper()
	must := func(p framework.Plugin, err error) framework.WeightedPlugin {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return framework.WeightedPlugin{Plugin: p}
	}
	fit, err := noderesources.NewFit(noderesources.FitArgs{})
	spread, spreadErr := podtopologyspread.New(podtopologyspread.Args{})
	affinity, affinityErr := interpodaffinity.New(interpodaffinity.Args{})
	preemption, preemptionErr := New(args)
	profile, profileErr := framework.NewProfile("test", 0,
		framework.WeightedPlugin{Plugin: queuesort.New()}, framework.WeightedPlugin{Plugin: nodename.New()},
		framework.WeightedPlugin{Plugin: nodeports.New()}, must(fit, err), must(spread, spreadErr),
		must(affinity, affinityErr), must(preemption, preemptionErr))
	if profileErr != nil {
		t.Fatal(profileErr)
	}
	return profile
}

type nodeStatuses map[string]*framework.Status

func (n nodeStatuses) Status(name string) *framework.Status { return n[name] }

// outcome is what PostFilter said.
type outcome struct {
	Node    string
	Victims string
	Message string
}

// postFilter filters all nodes and then runs the plugin.
func postFilter(t testing.TB, args Args, snapshot framework.Snapshot, pod *corev1.Pod, input *framework.CycleInput) outcome {
	t.Helper()
	profile, state, info := newProfile(t, args), framework.NewCycleState(snapshot), framework.NewPodInfo(pod)
	if input != nil {
		state.SetInput(input)
	}
	pre := profile.RunPreFilters(state, info)
	statuses := make(nodeStatuses)
	for _, node := range snapshot.List() {
		statuses[node.Node().Name] = pre.Status
		if pre.Status.IsSuccess() {
			statuses[node.Node().Name] = profile.RunFilters(state, info, node)
		}
	}
	result, s := profile.RunPostFilters(state, info, statuses)
	out := outcome{Message: s.Message()}
	if result != nil {
		out.Node = result.NominatedNode
		var names []string
		for _, v := range result.Victims {
			names = append(names, v.Pod.Name)
		}
		out.Victims = strings.Join(names, " ")
	}
	return out
}

func node(name string) *plugintest.Node {
	return plugintest.MakeNode(name).Zone("z-"+name).Allocatable("cpu", "4", "memory", "8Gi")
}

func pod(name, cpu string, priority int32) *plugintest.Pod {
	return plugintest.MakePod(name).Priority(priority).Req("cpu", cpu)
}

func makeBudget(name string, allowed int32, disrupted []string, selector *metav1.LabelSelector) *policyv1.PodDisruptionBudget {
	b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}}
	b.Spec.Selector = selector
	b.Status.DisruptionsAllowed = allowed
	for _, name := range disrupted {
		b.Status.DisruptedPods = map[string]metav1.Time{name: {}}
	}
	return b
}

func found(node, victims string) outcome {
	n := len(strings.Fields(victims))
	return outcome{Node: node, Victims: victims, Message: "preemption: found a potential placement for pod on node " + node +
		", preempting " + strconv.Itoa(n) + " victims"}
}

func TestPostFilter(t *testing.T) {
	never := pod("p", "4", 10).Obj()
	never.Spec.PreemptionPolicy = new(corev1.PreemptNever)
	app := func(p *plugintest.Pod) *plugintest.Pod { return p.Label("app", "a") }
	term := plugintest.Term
	for _, tc := range []struct {
		name    string
		pod     *corev1.Pod
		nodes   []*plugintest.Node
		pods    []*plugintest.Pod
		budgets []*policyv1.PodDisruptionBudget
		input   *framework.CycleInput
		want    outcome
	}{
		{
			name: "the fewest victims: the more important stay", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("low", "2", 1).On("a"), pod("middle", "1", 2).On("a"), pod("high", "1", 3).On("a")},
			want: found("a", "low"),
		},
		{
			name: "among equals the older stays", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("new", "2", 1).Started(20).On("a"), pod("old", "2", 1).Started(10).On("a")},
			want: found("a", "new"),
		},
		{
			name: "a pod that has not started is the newest", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("waits", "2", 1).On("a"), pod("old", "2", 1).Started(10).On("a")},
			want: found("a", "waits"),
		},
		{
			name: "several victims, the most important first", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("x", "1", 1).On("a"), pod("y", "1", 3).On("a"), pod("z", "1", 2).On("a")},
			want: found("a", "y z x"),
		},
		{
			name: "nobody is less important", pod: pod("p", "4", 1).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("x", "1", 1).On("a"), pod("y", "1", 2).On("b")},
			want: outcome{Message: "preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."},
		},
		{
			name: "the pod would still not fit: nobody is evicted", pod: pod("p", "4", 5).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("x", "1", 1).On("a"), pod("stays", "1", 9).On("a"), pod("y", "1", 9).On("b")},
			want: outcome{Message: "preemption: 0/2 nodes are available: 1 Insufficient cpu, 1 No preemption victims found for incoming pod."},
		},
		{
			name: "a node that is too small is not looked at", pod: pod("p", "5", 5).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("x", "1", 1).On("a")},
			want: outcome{Message: "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."},
		},
		{
			name: "policy Never", pod: never, nodes: []*plugintest.Node{node("a")}, pods: []*plugintest.Pod{pod("x", "1", 1).On("a")},
			want: outcome{Message: "preemption: not eligible due to preemptionPolicy=Never."},
		},
		{
			name: "victims are still stopping", pod: pod("p", "4", 10).Nominated("a").Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("x", "1", 1).Terminating(true).On("a"), pod("y", "1", 1).On("b")},
			want: outcome{Message: "preemption: not eligible due to a terminating pod on the nominated node."},
		},
		{
			name: "a pod that stops for another reason", pod: pod("p", "4", 10).Nominated("a").Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("x", "1", 2).Terminating(false).On("a"), pod("y", "1", 1).On("b")},
			want: found("b", "y"),
		},
		{
			name: "the nominated node will not do any more", pod: pod("p", "5", 10).Nominated("a").Obj(), nodes: []*plugintest.Node{node("a"), node("b").Allocatable("cpu", "8")},
			pods: []*plugintest.Pod{pod("x", "1", 1).Terminating(true).On("a"), pod("y", "5", 1).On("b")},
			want: found("b", "y"),
		},
		{
			name: "fewest violations of budgets", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods:    []*plugintest.Pod{app(pod("x", "1", 1)).On("a"), pod("y", "1", 5).On("b")},
			budgets: []*policyv1.PodDisruptionBudget{makeBudget("b", 0, nil, plugintest.Match("app", "a"))},
			want:    found("b", "y"),
		},
		{
			name: "pods whose going violates a budget stay first", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods:    []*plugintest.Pod{app(pod("kept", "2", 1)).On("a"), pod("goes", "2", 5).On("a")},
			budgets: []*policyv1.PodDisruptionBudget{makeBudget("b", 0, nil, plugintest.Match("app", "a"))},
			want:    found("a", "goes"),
		},
		{
			name: "a budget allows one: the more important of two uses it up", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods:    []*plugintest.Pod{app(pod("important", "2", 5)).On("a"), app(pod("kept", "2", 1)).On("a")},
			budgets: []*policyv1.PodDisruptionBudget{makeBudget("b", 1, nil, plugintest.Match("app", "a"))},
			want:    found("a", "important"),
		},
		{
			name: "a budget that has already counted the pod, and budgets that select nothing", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{app(pod("goes", "2", 1)).On("a"), app(pod("stays", "2", 5)).On("a")},
			budgets: []*policyv1.PodDisruptionBudget{
				makeBudget("counted", 1, []string{"stays"}, plugintest.Match("app", "a")),
				makeBudget("nil", 0, nil, nil), makeBudget("empty", 0, nil, &metav1.LabelSelector{}),
				makeBudget("bad", 0, nil, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Near"}}}),
			},
			want: found("a", "goes"),
		},
		{
			name: "budgets are violated where there is no other way", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods:    []*plugintest.Pod{app(pod("x", "1", 1)).On("a")},
			budgets: []*policyv1.PodDisruptionBudget{makeBudget("b", 0, nil, plugintest.Match("app", "a"))},
			want:    found("a", "x"),
		},
		{
			name: "lowest priority of the most important victim", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("a1", "1", 5).On("a"), pod("b1", "1", 4).On("b"), pod("b2", "1", 4).On("b")},
			want: found("b", "b1 b2"),
		},
		{
			name: "lowest sum of priorities", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("a1", "1", 5).On("a"), pod("a2", "1", 4).On("a"), pod("b1", "1", 5).On("b"), pod("b2", "1", 3).On("b")},
			want: found("b", "b1 b2"),
		},
		{
			name: "few pods of negative priority, not many", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{pod("a1", "1", -5).On("a"), pod("a2", "1", -5).On("a"), pod("b1", "1", -5).On("b")},
			want: found("b", "b1"),
		},
		{
			name: "latest start of the most important victims", pod: pod("p", "4", 10).Obj(), nodes: []*plugintest.Node{node("a"), node("b")},
			pods: []*plugintest.Pod{
				pod("a1", "1", 5).Started(10).On("a"), pod("a2", "1", 1).Started(90).On("a"),
				pod("b1", "1", 5).Started(20).On("b"), pod("b2", "1", 1).Started(1).On("b"),
			},
			want: found("b", "b1 b2"),
		},
		{
			name: "host ports", pod: plugintest.MakePod("p").Priority(10).HostPort("", "TCP", 80).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("other", "1", 1).On("a"), pod("taken", "1", 5).HostPort("", "TCP", 80).On("a")},
			want: found("a", "taken"),
		},
		{
			name: "anti-affinity of others", pod: app(pod("p", "1", 10)).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("other", "1", 1).On("a"), pod("against", "1", 5).AntiAffinity(term(corev1.LabelTopologyZone, "app", "a")).On("a")},
			want: found("a", "against"),
		},
		{
			name: "affinity cannot be helped by preemption", pod: pod("p", "1", 10).Affinity(term(corev1.LabelTopologyZone, "app", "a")).Obj(), nodes: []*plugintest.Node{node("a")},
			pods: []*plugintest.Pod{pod("other", "1", 1).On("a")},
			want: outcome{Message: "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."},
		},
		{
			name: "spreading",
			pod: app(pod("p", "1", 10)).Spread(corev1.TopologySpreadConstraint{
				TopologyKey: corev1.LabelTopologyZone, MaxSkew: 1, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: plugintest.Match("app", "a"),
			}).Obj(),
			nodes: []*plugintest.Node{node("a"), node("b").Allocatable("cpu", "0")},
			pods:  []*plugintest.Pod{app(pod("a1", "1", 5)).On("a"), pod("a2", "1", 1).On("a")},
			want:  found("a", "a1"),
		},
		{
			name: "room is kept for a pod that waits for it", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods:  []*plugintest.Pod{pod("x", "1", 1).On("a"), pod("y", "1", 2).On("a"), pod("z", "1", 3).On("a")},
			input: &framework.CycleInput{Nominated: map[string][]*framework.PodInfo{"a": {framework.NewPodInfo(pod("waits", "2", 11).Obj())}}},
			want:  found("a", "z y x"),
		},
		{
			name: "no room is kept for a pod that is less important", pod: pod("p", "2", 10).Obj(), nodes: []*plugintest.Node{node("a")},
			pods:  []*plugintest.Pod{pod("x", "1", 1).On("a"), pod("y", "1", 2).On("a"), pod("z", "1", 3).On("a")},
			input: &framework.CycleInput{Nominated: map[string][]*framework.PodInfo{"a": {framework.NewPodInfo(pod("waits", "2", 9).Obj())}}},
			want:  found("a", "x"),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var nodes []*corev1.Node
			for _, n := range tc.nodes {
				nodes = append(nodes, n.Obj())
			}
			var pods []*corev1.Pod
			for _, p := range tc.pods {
				pods = append(pods, p.Obj())
			}
			snapshot := plugintest.NewSnapshot(nodes, pods)
			snapshot.Budgets = tc.budgets
			if diff := cmp.Diff(tc.want, postFilter(t, Args{}, snapshot, tc.pod, tc.input)); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			for _, n := range snapshot.List() {
				if want := len(slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return p.Spec.NodeName != n.Node().Name })); len(n.Pods) != want {
					t.Errorf("the snapshot has changed: %d pods on %s, want %d", len(n.Pods), n.Node().Name, want)
				}
			}
		})
	}
}

// TestSearch checks how many nodes are looked at, and from where.
func TestSearch(t *testing.T) {
	var nodes []*corev1.Node
	var pods []*corev1.Pod
	for i := range 20 {
		name := "n" + strconv.Itoa(i)
		nodes = append(nodes, node(name).Obj())
		pods = append(pods, pod("p-"+name, "4", 1).On(name).Obj())
	}
	args := Args{MinCandidateNodesPercentage: new(int32(10)), MinCandidateNodesAbsolute: new(int32(1))}
	seen := make(map[string]bool)
	for seed := range int64(50) {
		input := &framework.CycleInput{Seed: seed}
		first := postFilter(t, args, plugintest.NewSnapshot(nodes, pods), pod("p", "4", 2).Obj(), input)
		if again := postFilter(t, args, plugintest.NewSnapshot(nodes, pods), pod("p", "4", 2).Obj(), input); first != again {
			t.Fatalf("seed %d: %v, then %v", seed, first, again)
		}
		seen[first.Node] = true
	}
	if len(seen) < 10 {
		t.Errorf("50 seeds lead to %d nodes only", len(seen))
	}

	plugin, err := New(Args{})
	if err != nil {
		t.Fatal(err)
	}
	for nodes, want := range map[int]int{1: 1, 50: 50, 100: 100, 500: 100, 1000: 100, 5000: 500} {
		if got := plugin.numCandidates(nodes); got != want {
			t.Errorf("%d candidates of %d nodes, want %d", got, nodes, want)
		}
	}
}

// TestSearchGoesOnUntilNoBudgetIsViolated checks that candidates that violate
// budgets do not end the search.
func TestSearchGoesOnUntilNoBudgetIsViolated(t *testing.T) {
	var nodes []*corev1.Node
	var pods []*corev1.Pod
	for i := range 10 {
		name := "n" + strconv.Itoa(i)
		nodes = append(nodes, node(name).Obj())
		p := pod("p-"+name, "4", 1).On(name)
		if i != 7 {
			p.Label("app", "a")
		}
		pods = append(pods, p.Obj())
	}
	args := Args{MinCandidateNodesPercentage: new(int32(0)), MinCandidateNodesAbsolute: new(int32(1))}
	snapshot := plugintest.NewSnapshot(nodes, pods)
	snapshot.Budgets = []*policyv1.PodDisruptionBudget{makeBudget("b", 0, nil, plugintest.Match("app", "a"))}
	for seed := range int64(10) {
		got := postFilter(t, args, snapshot, pod("p", "4", 2).Obj(), &framework.CycleInput{Seed: seed})
		if diff := cmp.Diff(found("n7", "p-n7"), got); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
}

func TestArgs(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		percentage, absolute *int32
		want                 string
	}{
		{name: "default"},
		{name: "only percentage", absolute: new(int32(0))},
		{name: "both zero", percentage: new(int32(0)), absolute: new(int32(0)), want: "cannot be zero at the same time"},
		{name: "too high", percentage: new(int32(101)), want: "not in valid range [0, 100]"},
		{name: "negative", absolute: new(int32(-1)), want: "not in valid range [0, inf)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := New(Args{MinCandidateNodesPercentage: tc.percentage, MinCandidateNodesAbsolute: tc.absolute})
			if (err != nil) != (tc.want != "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// FuzzPostFilter checks on clusters that the API server would not accept that
// nothing panics, that victims are less important than the pod, and that it
// fits once they are gone.
func FuzzPostFilter(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, seed uint64, wild bool) {
		c := plugintest.NewGenerator(seed, wild).Cluster(6, 20)
		c.Pod.Spec.Priority = new(int32(3))
		for _, p := range c.Pods {
			// PodTopologySpread does not count pods that are being deleted, but RemovePod
			// takes them off all the same, here as in kube-scheduler.
			p.DeletionTimestamp = nil
		}
		snapshot := c.Snapshot()
		snapshot.Budgets = []*policyv1.PodDisruptionBudget{makeBudget("b", 1, nil, plugintest.Match("app", "a"))}
		got := postFilter(t, Args{}, snapshot, c.Pod, &framework.CycleInput{Seed: int64(seed)})
		if got.Node == "" {
			return
		}
		gone := make(map[string]bool)
		for _, name := range strings.Fields(got.Victims) {
			gone[name] = true
		}
		rest := slices.DeleteFunc(slices.Clone(c.Pods), func(p *corev1.Pod) bool {
			if p.Spec.NodeName == got.Node && gone[p.Name] && *p.Spec.Priority >= 3 {
				t.Errorf("victim %s is not less important", p.Name)
			}
			return p.Spec.NodeName == got.Node && gone[p.Name]
		})
		if len(gone) == 0 || len(rest) != len(c.Pods)-len(gone) {
			t.Fatalf("victims %q are not all on node %s", got.Victims, got.Node)
		}
		c.Pods = rest
		after := c.Snapshot()
		profile, state, info := newProfile(t, Args{}), framework.NewCycleState(after), framework.NewPodInfo(c.Pod)
		profile.RunPreFilters(state, info)
		if s := profile.RunFilters(state, info, after.Get(got.Node)); !s.IsSuccess() && !everythingIsSelected(c.Pod) {
			t.Errorf("the pod does not fit node %s without %s: %s", got.Node, got.Victims, s.Message())
		}
	})
}

// everythingIsSelected is true for a pod whose constraint has an empty selector:
// PreFilter counts no pod for it, but RemovePod does, here as in kube-scheduler.
func everythingIsSelected(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
		return c.LabelSelector != nil && len(c.LabelSelector.MatchLabels)+len(c.LabelSelector.MatchExpressions)+len(c.MatchLabelKeys) == 0
	})
}

func BenchmarkPreemption5000Nodes(b *testing.B) {
	snapshot := plugintest.BigCluster(5000, 20000, func(i int, p *plugintest.Pod) {
		p.Req("cpu", "16").Priority(int32(i%5)).Label("app", "a").Started(int64(i))
	})
	for _, bc := range []struct {
		name string
		pod  *plugintest.Pod
	}{
		{"plain pod", pod("p", "32", 10)},
		{"with affinity and spreading", pod("p", "32", 10).Label("app", "a").AntiAffinity(plugintest.Term(corev1.LabelHostname, "app", "b")).
			Spread(corev1.TopologySpreadConstraint{
				TopologyKey: corev1.LabelHostname, MaxSkew: 5, WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: plugintest.Match("app", "a"),
			})},
	} {
		profile, info := newProfile(b, Args{}), framework.NewPodInfo(bc.pod.Obj())
		state := framework.NewCycleState(snapshot)
		if pre := profile.RunPreFilters(state, info); !pre.Status.IsSuccess() {
			b.Fatal(pre.Status.AsError())
		}
		statuses := make(nodeStatuses)
		for _, n := range snapshot.List() {
			statuses[n.Node().Name] = profile.RunFilters(state, info, n)
		}
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if result, s := profile.RunPostFilters(state, info, statuses); len(result.Victims) == 0 {
					b.Fatal(s.Message())
				}
			}
		})
	}
}
