// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/ptr"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/defaultpreemption"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/interpodaffinity"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/nodeports"
	"github.com/glassplane/glassplane/internal/scheduler/plugins/podtopologyspread"
	"github.com/glassplane/glassplane/test/wrappers"
)

// testProfile has every plugin that filters, also where the default profile has not.
func testProfile(t testing.TB) *framework.Profile {
	t.Helper()
	list, err := plugins.Default()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, p := range list {
		has[p.Name()] = true
	}
	for _, p := range morePlugins(t) {
		if !has[p.Name()] {
			list = append(list, framework.WeightedPlugin{Plugin: p, Weight: 1})
		}
	}
	profile, err := framework.NewProfile("test", 0, list...)
	if err != nil {
		t.Fatal(err)
	}
	return profile
}

// caseOf puts pods on the nodes that they name.
func caseOf(t testing.TB, pod *corev1.Pod, nodes []*corev1.Node, pods ...*corev1.Pod) Case {
	t.Helper()
	all := cache.New()
	all.SetNamespace("default", labels.Set{"team": "a"})
	for _, n := range nodes {
		all.SetNode(n)
	}
	for _, p := range pods {
		all.SetPod(framework.NewPodInfo(p))
	}
	snapshot := cache.NewSnapshot()
	all.UpdateSnapshot(snapshot)
	return Case{Snapshot: snapshot, Pod: pod, Profile: testProfile(t), Simulated: true}
}

func node(name string) *wrappers.NodeWrapper {
	return wrappers.MakeNode().Name(name).Capacity("cpu", "4", "memory", "8Gi")
}

func pod() *wrappers.PodWrapper { return wrappers.MakePod().Name("web") }

func spread(key string, maxSkew int32) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{
		TopologyKey: key, MaxSkew: maxSkew, WhenUnsatisfiable: corev1.DoNotSchedule,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}},
	}
}

func toWeb(key string) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}}
}

func TestSuggest(t *testing.T) {
	tests := map[string]struct {
		pod   *corev1.Pod
		nodes []*corev1.Node
		pods  []*corev1.Pod
		// want are the suggestions, as "size description: nodes".
		want []string
	}{
		"too much cpu": {
			pod:   pod().Req("cpu", "5", "memory", "1Gi").Obj(),
			nodes: []*corev1.Node{node("a").Obj(), node("b").Obj()},
			pods:  []*corev1.Pod{wrappers.MakePod().Name("other").Req("cpu", "500m").Node("b").Obj()},
			want: []string{
				"13 lower the cpu request of container main from 5 to 4: [a]",
				"45 raise the cpu of node a from 4 to 5: [a]",
				"47 raise the cpu of node b from 4 to 5500m: [b]",
			},
		},
		"a little too much memory": {
			pod:   pod().Req("memory", "9Gi").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want: []string{
				"8 lower the memory request of container main from 9Gi to 8Gi: [a]",
				"42 raise the memory of node a from 8Gi to 9Gi: [a]",
			},
		},
		"an unknown resource": {
			pod:   pod().Req("example.com/gpu", "1").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want: []string{
				"60 raise the example.com/gpu of node a from 0 to 1: [a]",
				"61 lower the example.com/gpu request of container main from 1 to 0: [a]",
			},
		},
		"one of two containers": {
			pod:   pod().Req("cpu", "1").Container("big", "cpu", "4").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want: []string{
				"16 lower the cpu request of container big from 4 to 3: [a]",
				"45 raise the cpu of node a from 4 to 5: [a]",
				"61 lower the cpu request of container main from 1 to 0: [a]",
			},
		},
		"more memory than a number holds": {
			pod:   pod().Req("memory", "50E").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want:  []string{"61 lower the memory request of container main from 50E to 8Gi: [a]"},
		},
		"more in all than a number holds": {
			pod:   pod().Req("memory", "1Gi").Container("huge", "memory", "16Ei").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want:  []string{"61 lower the memory request of container huge from 9223372036854775807 to 7Gi: [a]"},
		},
		"a device, whose limit equals the request": {
			pod: func() *corev1.Pod {
				p := pod().Req("example.com/gpu", "2").Obj()
				p.Spec.Containers[0].Resources.Limits = p.Spec.Containers[0].Resources.Requests.DeepCopy()
				return p
			}(),
			nodes: []*corev1.Node{node("a").Capacity("example.com/gpu", "1").Obj()},
			want: []string{
				"31 lower the example.com/gpu request and the limit of container main from 2 to 1: [a]",
				"60 raise the example.com/gpu of node a from 1 to 2: [a]",
			},
		},
		"requests of the pod as a whole": {
			pod: func() *corev1.Pod {
				p := pod().Req("cpu", "1").Obj()
				p.Spec.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5")}}
				return p
			}(),
			nodes: []*corev1.Node{node("a").Obj()},
			want: []string{
				"13 lower the cpu request of the pod as a whole from 5 to 4: [a]",
				"45 raise the cpu of node a from 4 to 5: [a]",
			},
		},
		"a sidecar": {
			pod: func() *corev1.Pod {
				p := pod().Req("cpu", "3500m").InitContainer("proxy", "cpu", "1").Obj()
				p.Spec.InitContainers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				return p
			}(),
			nodes: []*corev1.Node{node("a").Obj()},
			want: []string{
				"10 lower the cpu request of container main from 3500m to 3: [a]",
				"31 lower the cpu request of container proxy from 1 to 500m: [a]",
				"42 raise the cpu of node a from 4 to 4500m: [a]",
			},
		},
		"a value that cannot be a label": {
			pod:   pod().NodeSelector("colour", "\x1b[42mgreen").Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want:  []string{"25 drop colour=\x1b[42mgreen from the nodeSelector: [a]"},
		},
		"cordoned": {
			pod:   pod().Obj(),
			nodes: []*corev1.Node{node("a").Unschedulable().Taint(corev1.TaintNodeUnschedulable, "", corev1.TaintEffectNoSchedule).Obj()},
			want:  []string{"10 uncordon node a: [a]", "65 add an empty node like a: [a-new]"},
		},
		"not ready": {
			pod:   pod().Obj(),
			nodes: []*corev1.Node{node("a").Taint(corev1.TaintNodeNotReady, "", corev1.TaintEffectNoSchedule).Obj()},
			want: []string{
				"12 repair node a, which has the taint node.kubernetes.io/not-ready:NoSchedule: [a]",
				"65 add an empty node like a: [a-new]",
			},
		},
		"a taint": {
			pod:   pod().Obj(),
			nodes: []*corev1.Node{node("a").Taint("gpu", "yes", corev1.TaintEffectNoSchedule).Obj()},
			want:  []string{"20 tolerate the taint gpu=yes:NoSchedule: [a]", "36 remove the taint gpu=yes:NoSchedule from node a: [a]"},
		},
		"two taints need one toleration of all": {
			pod: pod().Obj(),
			nodes: []*corev1.Node{node("a").Taint("gpu", "yes", corev1.TaintEffectNoSchedule).
				Taint("team", "a", corev1.TaintEffectNoExecute).Obj()},
			want: []string{"45 tolerate every taint: [a]"},
		},
		"a nodeSelector": {
			pod:   pod().NodeSelector("disk", "sdd").Obj(),
			nodes: []*corev1.Node{node("a").Label("disk", "ssd").Obj()},
			want: []string{
				"18 select nodes with disk=ssd in place of disk=sdd: [a]",
				"25 drop disk=sdd from the nodeSelector: [a]",
				"35 label node a with disk=sdd: [a]",
			},
		},
		"node affinity": {
			pod:   pod().NodeAffinity(wrappers.Expressions(wrappers.In("disk", "ssd"), wrappers.In("zone", "z1"))).Obj(),
			nodes: []*corev1.Node{node("a").Label("zone", "z1").Obj()},
			want: []string{
				"25 drop the requirement disk In ssd from the node affinity: [a]",
				"35 label node a with disk=ssd: [a]",
				"45 drop the required node affinity: [a]",
			},
		},
		"gates": {
			pod: pod().Gate("a.io/x", "b.io/y").Obj(), nodes: []*corev1.Node{node("a").Obj()},
			want: []string{"5 remove the scheduling gates a.io/x, b.io/y: [a]"},
		},
		"a host port": {
			pod:   pod().HostPort("", corev1.ProtocolTCP, 80).Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			pods:  []*corev1.Pod{wrappers.MakePod().Name("other").HostPort("", corev1.ProtocolTCP, 80).Node("a").Obj()},
			want:  []string{"25 drop the host port 80 of container main: [a]", "65 add an empty node like a: [a-new]"},
		},
		"spreading": {
			pod: pod().Label("app", "web").Spread(spread("zone", 1)).Obj(),
			nodes: []*corev1.Node{
				node("a").Label("zone", "z1").Obj(), node("b").Label("zone", "z2").Unschedulable().Taint("x", "", corev1.TaintEffectNoSchedule).Obj(),
			},
			pods: []*corev1.Pod{
				wrappers.MakePod().Name("w1").Label("app", "web").Node("a").Obj(), wrappers.MakePod().Name("w2").Label("app", "web").Node("a").Obj(),
			},
			want: []string{
				"15 raise the maxSkew of the spread over zone from 1 to 3: [a]",
				"25 only prefer to spread over zone: whenUnsatisfiable ScheduleAnyway: [a]",
			},
		},
		"a label that spreading needs": {
			pod:   pod().Label("app", "web").Spread(spread("zone", 1)).Obj(),
			nodes: []*corev1.Node{node("a").Obj(), node("b").Label("zone", "z1").Capacity("pods", "0").Obj()},
			want: []string{
				"25 only prefer to spread over zone: whenUnsatisfiable ScheduleAnyway: [a]",
				"35 label node a with zone=z1: [a]",
				"60 raise the pods of node b from 0 to 1: [b]",
			},
		},
		"anti-affinity": {
			pod:   pod().Label("app", "web").PodAntiAffinity(toWeb(corev1.LabelHostname)).Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			pods:  []*corev1.Pod{wrappers.MakePod().Name("w1").Label("app", "web").Node("a").Obj()},
			want: []string{
				"30 drop the required anti-affinity to other pods by kubernetes.io/hostname: [a]",
				"65 add an empty node like a: [a-new]",
			},
		},
		"affinity": {
			pod:   pod().PodAffinity(toWeb(corev1.LabelHostname)).Obj(),
			nodes: []*corev1.Node{node("a").Obj()},
			want:  []string{"30 drop the required affinity to other pods by kubernetes.io/hostname: [a]"},
		},
		"a full node": {
			pod:   pod().Obj(),
			nodes: []*corev1.Node{node("a").Capacity("pods", "1", "cpu", "4").Obj()},
			pods:  []*corev1.Pod{wrappers.MakePod().Name("w1").Node("a").Obj()},
			want:  []string{"60 raise the pods of node a from 1 to 2: [a]", "65 add an empty node like a: [a-new]"},
		},
		"two blocks at once have no single answer": {
			pod: pod().Gate("a.io/x").Req("cpu", "64").Obj(), nodes: []*corev1.Node{node("a").Obj()},
		},
		"no nodes": {pod: pod().Obj()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := caseOf(t, test.pod, test.nodes, test.pods...)
			got := Suggest(c, 20)
			var lines []string
			for _, change := range got.Changes {
				lines = append(lines, fmt.Sprintf("%d %s: %v", change.Size, change.Description, change.Nodes))
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("suggestions (-want +got):\n%s", diff)
			}
			checkSuggestions(t, c, got)
		})
	}
}

func morePlugins(t testing.TB) []framework.Plugin {
	t.Helper()
	spreading, err := podtopologyspread.New(podtopologyspread.Args{})
	if err != nil {
		t.Fatal(err)
	}
	affinity, err := interpodaffinity.New(interpodaffinity.Args{})
	if err != nil {
		t.Fatal(err)
	}
	preemption, err := defaultpreemption.New(defaultpreemption.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return []framework.Plugin{nodeports.New(), spreading, affinity, preemption}
}

// fitsAlone asks the scheduler's own decision, with the profile as it is.
func fitsAlone(c Case) evidence.Decision { return c.Predict(time.Time{}, 7) }

// checkSuggestions checks that the pod did not fit, and that with each change
// alone it does, on the nodes that are named.
func checkSuggestions(t *testing.T, c Case, s Suggestions) {
	t.Helper()
	if len(s.FitsNow) > 0 {
		if d := fitsAlone(c); d.Node == "" || !slices.Contains(feasible(d), s.FitsNow[0]) {
			t.Errorf("the pod is said to fit on %v, decided: %s", s.FitsNow, d.Message)
		}
		return
	}
	before := fitsAlone(c)
	if before.Node != "" {
		t.Errorf("the pod fits on %s already", before.Node)
	}
	for _, change := range s.Changes {
		d := fitsAlone(change.Apply(c))
		if d.Node == "" {
			t.Errorf("with %q the pod does not fit: %s", change.Description, d.Message)
		}
		if d.NodesFeasible != change.NodesFeasible {
			t.Errorf("%q: feasible on %d nodes, said to be on %d", change.Description, d.NodesFeasible, change.NodesFeasible)
		}
		for _, n := range change.Nodes {
			if !slices.Contains(feasible(d), n) {
				t.Errorf("with %q the pod does not fit on %s", change.Description, n)
			}
		}
	}
	if !slices.IsSortedFunc(s.Changes, func(a, b Change) int { return a.Size - b.Size }) {
		t.Error("the suggestions are not sorted by size")
	}
}

func feasible(d evidence.Decision) []string {
	var out []string
	for _, n := range d.Nodes {
		if n.Feasible {
			out = append(out, n.Name)
		}
	}
	return out
}

// randomCase returns a small cluster and a pod with a bit of everything.
func randomCase(t testing.TB, seed uint64) Case {
	r := rand.New(rand.NewPCG(seed, 1))
	zones, keys := []string{"z1", "z2", "z3"}, []string{"disk", "zone", corev1.LabelHostname}
	chance := func(percent int) bool { return r.IntN(100) < percent }
	var nodes []*corev1.Node
	for i := range 1 + r.IntN(6) {
		n := node(fmt.Sprintf("n%d", i)).Capacity("cpu", fmt.Sprint(1+r.IntN(4)), "memory", fmt.Sprintf("%dGi", 1+r.IntN(8)))
		if chance(80) {
			n.Label("zone", zones[r.IntN(3)])
		}
		if chance(30) {
			n.Label("disk", "ssd")
		}
		if chance(30) {
			n.Taint("team", fmt.Sprint(r.IntN(2)), []corev1.TaintEffect{corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute}[r.IntN(2)])
		}
		if chance(15) {
			n.Taint(corev1.TaintNodeNotReady, "", corev1.TaintEffectNoSchedule)
		}
		if chance(20) {
			n.Unschedulable()
		}
		nodes = append(nodes, n.Obj())
	}
	random := func(name string) *wrappers.PodWrapper {
		p := wrappers.MakePod().Name(name).Label("app", []string{"web", "db"}[r.IntN(2)]).Priority(int32(r.IntN(3)))
		if chance(80) {
			p.Req("cpu", fmt.Sprintf("%dm", r.IntN(3000)), "memory", fmt.Sprintf("%dMi", r.IntN(6000)))
		}
		if chance(20) {
			p.HostPort("", corev1.ProtocolTCP, int32(80+r.IntN(2)))
		}
		if chance(20) {
			p.PodAntiAffinity(toWeb(keys[r.IntN(3)]))
		}
		return p
	}
	var pods []*corev1.Pod
	for i := range r.IntN(8) {
		pods = append(pods, random(fmt.Sprintf("p%d", i)).Node(nodes[r.IntN(len(nodes))].Name).Obj())
	}
	p := random("web")
	for range r.IntN(3) {
		switch r.IntN(6) {
		case 0:
			p.NodeSelector(keys[r.IntN(2)], []string{"ssd", "z1", "z9"}[r.IntN(3)])
		case 1:
			p.NodeAffinity(wrappers.Expressions(wrappers.In("disk", "ssd"), wrappers.In("zone", zones[r.IntN(3)])))
		case 2:
			p.Spread(spread(keys[r.IntN(3)], int32(1+r.IntN(2))))
		case 3:
			p.PodAffinity(toWeb(keys[r.IntN(3)]))
		case 4:
			p.Container("side", "cpu", fmt.Sprintf("%dm", r.IntN(4000))).InitContainer("init", "cpu", fmt.Sprintf("%dm", r.IntN(4000)))
		case 5:
			p.Gate("a.io/x")
		}
	}
	return caseOf(t, p.Obj(), nodes, pods...)
}

func TestEachSuggestionFits(t *testing.T) {
	var changes, without int
	for seed := range uint64(500) {
		c := randomCase(t, seed)
		got := Suggest(c, 20)
		checkSuggestions(t, c, got)
		for _, change := range got.Changes {
			checkLeast(t, c, change)
		}
		changes += len(got.Changes)
		if len(got.Changes) == 0 && len(got.FitsNow) == 0 {
			without++
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d suggestions; %d pods without any", changes, without)
	if changes < 300 {
		t.Errorf("only %d suggestions for 500 pods: the cases say too little", changes)
	}
}

// checkLeast checks that less of the change would not do.
func checkLeast(t *testing.T, c Case, change Change) {
	t.Helper()
	if change.Kind != LowerRequest || !isCPU(change.Field) {
		return
	}
	more := resource.MustParse(change.To)
	more.Add(resource.MustParse("1m"))
	from := resource.MustParse(change.From)
	if more.Cmp(from) >= 0 {
		return // one step above is what the pod requests
	}
	changed := change.Apply(c)
	for i, container := range containers(&changed.Pod.Spec) {
		if change.Field == fmt.Sprintf("spec.%s.resources.requests[cpu]", containerPath(&changed.Pod.Spec, i)) {
			container.Resources.Requests["cpu"] = more
		}
	}
	if d := fitsAlone(changed); d.Node != "" {
		t.Errorf("%q: %s would do, too", change.Description, more.String())
	}
}

func isCPU(field string) bool { return len(field) > 5 && field[len(field)-5:] == "[cpu]" }

func TestSuggestIsDeterministic(t *testing.T) {
	for seed := range uint64(20) {
		a, b := Suggest(randomCase(t, seed), 5), Suggest(randomCase(t, seed), 5)
		if diff := cmp.Diff(a, b, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".apply" }, cmp.Ignore())); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

func TestSuggestIsBounded(t *testing.T) {
	var nodes []*corev1.Node
	for i := range 500 {
		nodes = append(nodes, node(fmt.Sprintf("n%03d", i)).Unschedulable().Label("zone", fmt.Sprint(i)).Taint(fmt.Sprint("k", i), "", corev1.TaintEffectNoSchedule).Obj())
	}
	p := pod().Req("cpu", "64").Spread(spread("zone", 1))
	for i := range 16 {
		p.Container(fmt.Sprint("c", i), "cpu", "4", "memory", "100Gi", fmt.Sprintf("example.com/r%d", i), "1").NodeSelector(fmt.Sprint("l", i), "x")
	}
	got := Suggest(caseOf(t, p.Obj(), nodes), 5)
	if got.Checks > maxChecks {
		t.Errorf("%d checks, at most %d are allowed", got.Checks, maxChecks)
	}
	if len(got.Changes) != 0 {
		t.Errorf("no single change helps, got %v", got.Changes)
	}
}

func TestSuggestLimits(t *testing.T) {
	var nodes []*corev1.Node
	for i := range 30 {
		nodes = append(nodes, node(fmt.Sprintf("n%02d", i)).Unschedulable().Obj())
	}
	got := Suggest(caseOf(t, pod().Obj(), nodes), 2)
	want := []string{"uncordon node n00", "uncordon node n01"}
	var lines []string
	for _, change := range got.Changes {
		lines = append(lines, change.Description)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("suggestions (-want +got):\n%s", diff)
	}
}

func TestCommandsAreQuoted(t *testing.T) {
	gated := pod().Name("$(reboot)'; reboot").Namespace("default").UID("u").Gate("example.com/hold").Obj()
	got := Suggest(caseOf(t, gated, []*corev1.Node{node("a").Obj()}), 1)
	if len(got.Changes) != 1 {
		t.Fatalf("suggestions are %+v, want one", got.Changes)
	}
	want := `kubectl patch simpod -n default '$(reboot)'\''; reboot' --type=merge -p '{"spec":{"schedulingGates":null}}'`
	if got.Changes[0].Command != want {
		t.Errorf("command is %s, want %s", got.Changes[0].Command, want)
	}
}

// TestTolerationsOfAPatch: a patch has the tolerations of the spec, and not those
// that count although nobody wrote them.
func TestTolerationsOfAPatch(t *testing.T) {
	sim := &v1alpha1.SimPod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "u"}}
	sim.Spec.Containers = []v1alpha1.Container{{Name: "main", Image: "app:1"}}
	sim.Spec.Tolerations = []corev1.Toleration{{Key: "mine", Operator: corev1.TolerationOpExists}}
	tainted := simNode("a", "cpu", "4", "memory", "8Gi")
	tainted.Spec.Taints = []corev1.Taint{{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}}
	c, err := NewCluster(Objects{Simulated: true, Nodes: []*corev1.Node{tainted}}).SimCase(sim, testProfile(t))
	if err != nil {
		t.Fatal(err)
	}
	got := Suggest(c, 1)
	want := `kubectl patch simpod -n default web --type=merge -p '{"spec":{"tolerations":[` +
		`{"key":"mine","operator":"Exists"},{"key":"gpu","operator":"Exists","effect":"NoSchedule"}]}}'`
	if len(got.Changes) != 1 || got.Changes[0].Command != want {
		t.Errorf("suggestions are %+v, want the command %s", got.Changes, want)
	}
}

// TestCommandsForRealObjects: what kubectl can do to a Node it has a verb for, and
// the size of a machine it cannot change.
func TestCommandsForRealObjects(t *testing.T) {
	tests := map[string]struct {
		pod  *corev1.Pod
		node *corev1.Node
		want Change
	}{
		"cordoned": {pod().Obj(), node("a").Unschedulable().Obj(), Change{Kind: Uncordon, Command: "kubectl uncordon a"}},
		"tainted": {pod().Obj(), node("a").Taint("team", "data", corev1.TaintEffectNoSchedule).Obj(),
			Change{Kind: RemoveTaint, Command: "kubectl taint node a team:NoSchedule-"}},
		"without a label": {pod().NodeSelector("disk", "ssd").Obj(), node("a").Obj(),
			Change{Kind: LabelNode, Command: "kubectl label node a --overwrite disk=ssd"}},
		"too small": {pod().Req("cpu", "64").Obj(), node("a").Obj(), Change{Kind: RaiseCapacity, Field: "status.capacity[cpu]"}},
		"gated": {pod().Name("web").Namespace("default").UID("u").Gate("example.com/hold").Obj(), node("a").Obj(),
			Change{Kind: RemoveGates, Command: `kubectl patch pod -n default web --type=merge -p '{"spec":{"schedulingGates":null}}'`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := caseOf(t, test.pod, []*corev1.Node{test.node})
			c.Simulated = false
			for _, change := range Suggest(c, 20).Changes {
				if change.Kind != test.want.Kind {
					continue
				}
				if change.Command != test.want.Command || test.want.Field != "" && change.Field != test.want.Field {
					t.Errorf("field %s, command %q; want %+v", change.Field, change.Command, test.want)
				}
				return
			}
			t.Errorf("no %s is suggested", test.want.Kind)
		})
	}
}

func TestPredict(t *testing.T) {
	nodes := []*corev1.Node{node("a").Obj(), node("b").Unschedulable().Label("disk", "ssd").Obj()}
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

	t.Run("each filter is asked about each node", func(t *testing.T) {
		d := caseOf(t, pod().Req("cpu", "64").NodeSelector("disk", "hdd").Obj(), nodes).Predict(now, 1)
		got := map[string][]string{}
		for _, n := range d.Nodes {
			for _, v := range Objections(n) {
				got[n.Name] = append(got[n.Name], v.Plugin)
			}
		}
		want := map[string][]string{"a": {"NodeAffinity", "NodeResourcesFit"}, "b": {"NodeUnschedulable", "NodeAffinity", "NodeResourcesFit"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("objections (-want +got):\n%s", diff)
		}
		if d.Node != "" || d.DecidedAt != now || d.Message == "" {
			t.Errorf("decision is %+v", d)
		}
	})
	t.Run("a gated pod gets no node, but says where it would fit", func(t *testing.T) {
		d := caseOf(t, pod().Gate("x.io/y").Obj(), nodes).Predict(now, 1)
		if d.Node != "" || d.PreFilter == nil || d.PreFilter.Plugin != "SchedulingGates" || d.NodesFeasible != 1 {
			t.Errorf("decision is %+v", d)
		}
	})
	t.Run("all nodes are looked at", func(t *testing.T) {
		var many []*corev1.Node
		for i := range 400 {
			many = append(many, node(fmt.Sprint("n", i)).Obj())
		}
		if d := caseOf(t, pod().Obj(), many).Predict(now, 1); d.NodesEvaluated != 400 || len(d.Nodes) != 400 {
			t.Errorf("%d of 400 nodes were looked at", d.NodesEvaluated)
		}
	})
}

func FuzzSuggest(f *testing.F) {
	f.Add("disk", "ssd", "In", "zone", int64(5000), int32(1), "NoSchedule")
	f.Add("", "", "Gt", "", int64(-1), int32(-5), "")
	f.Add("a/b", "x y", "Bogus", "kubernetes.io/hostname", int64(1)<<62, int32(1<<31-1), "NoExecute")
	f.Fuzz(func(t *testing.T, key, value, operator, topology string, amount int64, skew int32, effect string) {
		p := pod().Label("app", "web").NodeSelector(key, value).Spread(spread(topology, skew)).PodAntiAffinity(toWeb(topology)).
			NodeAffinity(wrappers.Expressions(corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOperator(operator), Values: []string{value}}),
				corev1.NodeSelectorTerm{}).Obj()
		p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{
			corev1.ResourceCPU: *resource.NewMilliQuantity(amount, resource.DecimalSI), corev1.ResourceName(key): *resource.NewQuantity(amount, resource.BinarySI),
		}
		p.Spec.TopologySpreadConstraints[0].MinDomains = ptr.To(skew)
		nodes := []*corev1.Node{
			node("a").Label(key, value).Taint(key, value, corev1.TaintEffect(effect)).Obj(), node("b").Label(topology, value).Unschedulable().Obj(),
		}
		c := caseOf(t, p, nodes, wrappers.MakePod().Name("w").Label("app", "web").Node("a").Obj())
		checkSuggestions(t, c, Suggest(c, 10))
	})
}
