// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package daemonset

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func agents() *v1alpha1.SimDaemonSet {
	labels := map[string]v1alpha1.LabelValue{"app": "agents"}
	return &v1alpha1.SimDaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "agents", UID: "set", Generation: 3},
		Spec: v1alpha1.SimDaemonSetSpec{
			Selector:       v1alpha1.LabelSelector{MatchLabels: labels},
			Template:       v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}},
			UpdateStrategy: v1alpha1.SimDaemonSetUpdateStrategy{Type: v1alpha1.RollingUpdateSet},
		},
	}
}

func rolling(unavailable, surge intstr.IntOrString) v1alpha1.SimDaemonSetUpdateStrategy {
	return v1alpha1.SimDaemonSetUpdateStrategy{
		Type: v1alpha1.RollingUpdateSet, RollingUpdate: &v1alpha1.RollingUpdateDaemonSet{MaxUnavailable: &unavailable, MaxSurge: &surge},
	}
}

// node is a node that has reported, with taints.
func node(name string, taints ...corev1.Taint) *v1alpha1.SimNode {
	return &v1alpha1.SimNode{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"zone": name}},
		Spec:       v1alpha1.SimNodeSpec{Taints: taints},
		Status:     v1alpha1.SimNodeStatus{Conditions: []metav1.Condition{{Type: v1alpha1.SimNodeReady}}},
	}
}

func nodes(count int) (out []*v1alpha1.SimNode) {
	for i := range count {
		out = append(out, node(fmt.Sprintf("n%d", i+1)))
	}
	return out
}

// pod is a pod of the present template (hash new) or one before (old) on a node. It
// has been ready for an hour.
func pod(name, node, hash string) *wrappers.ReplicaWrapper {
	return wrappers.MakeReplica(name).Label(appsv1.ControllerRevisionHashLabelKey, hash).Node(node).
		ReadySince(ago(time.Hour)).Created(ago(time.Hour))
}

// waiting is a pod that was made for a node and is not bound yet.
func waiting(name, node, hash string) *v1alpha1.SimPod {
	out := pod(name, "", hash).Phase(corev1.PodPending).Obj()
	out.Spec.Affinity = pinTo(nil, node)
	out.Status.Conditions = nil
	return out
}

func names(pods []*v1alpha1.SimPod) []string {
	out := []string{}
	for _, pod := range pods {
		out = append(out, pod.Name)
	}
	return out
}

func TestPlacement(t *testing.T) {
	taint := func(key string, effect corev1.TaintEffect) corev1.Taint {
		return corev1.Taint{Key: key, Effect: effect}
	}
	only := func(zone string) *corev1.Affinity {
		return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: "zone", Operator: corev1.NodeSelectorOpIn, Values: []string{zone}},
			}}},
		}}}
	}
	unreported := node("n")
	unreported.Status = v1alpha1.SimNodeStatus{}
	cordoned := node("n", taint(corev1.TaintNodeUnschedulable, corev1.TaintEffectNoSchedule))
	cordoned.Spec.Unschedulable = true
	tests := []struct {
		name              string
		spec              v1alpha1.SimPodSpec
		node              *v1alpha1.SimNode
		wantRun, wantStay bool
	}{
		{"any", v1alpha1.SimPodSpec{}, node("n"), true, true},
		{"another node's name", v1alpha1.SimPodSpec{NodeName: "m"}, node("n"), false, false},
		{"its own name", v1alpha1.SimPodSpec{NodeName: "n"}, node("n"), true, true},
		{"a selector that matches", v1alpha1.SimPodSpec{NodeSelector: map[string]string{"zone": "n"}}, node("n"), true, true},
		{"a selector that does not", v1alpha1.SimPodSpec{NodeSelector: map[string]string{"zone": "m"}}, node("n"), false, false},
		{"an affinity that matches", v1alpha1.SimPodSpec{Affinity: only("n")}, node("n"), true, true},
		{"an affinity that does not", v1alpha1.SimPodSpec{Affinity: only("m")}, node("n"), false, false},
		{"an affinity that cannot be read", v1alpha1.SimPodSpec{Affinity: only("-/-")}, node("n"), false, false},
		{"NoSchedule", v1alpha1.SimPodSpec{}, node("n", taint("gpu", corev1.TaintEffectNoSchedule)), false, true},
		{"NoExecute", v1alpha1.SimPodSpec{}, node("n", taint("gpu", corev1.TaintEffectNoExecute)), false, false},
		{"PreferNoSchedule", v1alpha1.SimPodSpec{}, node("n", taint("gpu", corev1.TaintEffectPreferNoSchedule)), true, true},
		{
			"tolerated", v1alpha1.SimPodSpec{Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}},
			node("n", taint("gpu", corev1.TaintEffectNoExecute)), true, true,
		},
		{"not ready for long", v1alpha1.SimPodSpec{}, node("n", taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoExecute)), true, true},
		{"unreachable", v1alpha1.SimPodSpec{}, node("n", taint(corev1.TaintNodeUnreachable, corev1.TaintEffectNoExecute)), true, true},
		{"not ready yet", v1alpha1.SimPodSpec{}, node("n", taint(corev1.TaintNodeNotReady, corev1.TaintEffectNoSchedule)), false, true},
		{"never reported", v1alpha1.SimPodSpec{}, unreported, false, true},
		{"under memory pressure", v1alpha1.SimPodSpec{}, node("n", taint(corev1.TaintNodeMemoryPressure, corev1.TaintEffectNoSchedule)), true, true},
		{"cordoned", v1alpha1.SimPodSpec{}, cordoned, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run, stay := NewPlacement(&v1alpha1.SimPodTemplateSpec{Spec: tt.spec}).On(tt.node)
			if run != tt.wantRun || stay != tt.wantStay {
				t.Errorf("should run %t, may stay %t; want %t, %t", run, stay, tt.wantRun, tt.wantStay)
			}
		})
	}
}

func TestNewPod(t *testing.T) {
	set := agents()
	set.Spec.Template.Spec = v1alpha1.SimPodSpec{
		NodeName: "n1",
		Tolerations: []corev1.Toleration{
			{Key: "gpu", Operator: corev1.TolerationOpExists},
			{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(9))},
		},
		Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{Weight: 1}}}},
	}
	before := set.DeepCopy()
	got := NewPod(set, "n1", "abc")
	if diff := cmp.Diff(before, set); diff != "" {
		t.Errorf("the set was changed:\n%s", diff)
	}
	if got.GenerateName != "agents-" || got.Labels["controller-revision-hash"] != "abc" || got.Labels["app"] != "agents" || got.Spec.NodeName != "" {
		t.Errorf("got %q %v on %q", got.GenerateName, got.Labels, got.Spec.NodeName)
	}
	if Target(got) != "n1" {
		t.Errorf("it is for %q", Target(got))
	}
	if len(got.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution) != 1 {
		t.Error("its preferences are lost")
	}
	if len(got.Spec.Tolerations) != 7 || got.Spec.Tolerations[1].TolerationSeconds != nil {
		t.Errorf("tolerations %v", got.Spec.Tolerations)
	}
}

func TestPlan(t *testing.T) {
	one, none := intstr.FromInt32(1), intstr.FromInt32(0)
	failed := func(name, node string) *wrappers.ReplicaWrapper {
		return pod(name, node, "new").Phase(corev1.PodFailed)
	}
	tests := []struct {
		name     string
		strategy *v1alpha1.SimDaemonSetUpdateStrategy
		ready    int32 // minReadySeconds
		nodes    []*v1alpha1.SimNode
		pods     []*v1alpha1.SimPod
		backoff  time.Duration
		want     Plan
		create   []string
		delete   []string
	}{
		{name: "one for each node", nodes: nodes(2), create: []string{"n1", "n2"}},
		{name: "all are there, one waits", nodes: nodes(2), pods: []*v1alpha1.SimPod{pod("a", "n1", "new").Obj(), waiting("b", "n2", "new")}},
		{name: "a node that should have none", nodes: []*v1alpha1.SimNode{node("n1", corev1.Taint{Key: "x", Effect: corev1.TaintEffectNoExecute})},
			pods: []*v1alpha1.SimPod{pod("a", "n1", "new").Obj(), pod("b", "n1", "new").Deleting().Obj()}, delete: []string{"a"}},
		{name: "a node that may keep it", nodes: []*v1alpha1.SimNode{node("n1", corev1.Taint{Key: "x", Effect: corev1.TaintEffectNoSchedule})},
			pods: []*v1alpha1.SimPod{pod("a", "n1", "new").Obj()}},
		{name: "two on a node: the younger goes, and one that waits before one that runs", nodes: nodes(1),
			pods: []*v1alpha1.SimPod{waiting("w", "n1", "new"), pod("b", "n1", "new").Created(ago(time.Minute)).Obj(), pod("a", "n1", "new").Obj()}, delete: []string{"b", "w"}},
		{name: "failed and succeeded", nodes: nodes(2),
			pods: []*v1alpha1.SimPod{failed("a", "n1").Obj(), pod("b", "n2", "new").Phase(corev1.PodSucceeded).Obj()}, delete: []string{"a", "b"}},
		{name: "failed again and again", nodes: nodes(1), pods: []*v1alpha1.SimPod{failed("a", "n1").Obj()}, backoff: time.Minute, want: Plan{Wake: now.Add(time.Minute)}},
		{name: "one that has ended and is being deleted does not count", nodes: nodes(1), pods: []*v1alpha1.SimPod{failed("a", "n1").Deleting().Obj()}, create: []string{"n1"}},
		{name: "one that is being deleted counts until it has ended", nodes: nodes(1), pods: []*v1alpha1.SimPod{pod("a", "n1", "new").Deleting().Obj()}},
		{name: "made for a node that is gone", pods: []*v1alpha1.SimPod{waiting("a", "gone", "new"), pod("b", "gone", "new").Obj()}, delete: []string{"a"}},

		{name: "an old one is replaced, one at a time", nodes: nodes(3),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), pod("b", "n2", "old").Obj(), pod("c", "n3", "old").Obj()}, delete: []string{"a"}},
		{name: "not while a new one is not available", nodes: nodes(2), pods: []*v1alpha1.SimPod{waiting("a", "n1", "new"), pod("b", "n2", "old").Obj()}},
		{name: "not while a new one was ready too short", ready: 30, nodes: nodes(2),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "new").ReadySince(ago(time.Second)).Obj(), pod("b", "n2", "old").Obj()}},
		{name: "an old one that is not available is replaced at once", nodes: nodes(3),
			pods: []*v1alpha1.SimPod{waiting("a", "n1", "new"), waiting("b", "n2", "old"), pod("c", "n3", "old").Obj()}, delete: []string{"b"}},
		{name: "a percentage is rounded up", strategy: new(rolling(intstr.FromString("50%"), none)), nodes: nodes(3),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), pod("b", "n2", "old").Obj(), pod("c", "n3", "old").Obj()}, delete: []string{"a", "b"}},
		{name: "OnDelete replaces nothing", strategy: &v1alpha1.SimDaemonSetUpdateStrategy{Type: v1alpha1.OnDeleteSet}, nodes: nodes(1),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj()}},
		{name: "missing pods come before replacements", nodes: nodes(2), pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj()}, create: []string{"n2"}},

		{name: "surge: a new one beside the old one", strategy: new(rolling(none, one)), nodes: nodes(2),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), pod("b", "n2", "old").Obj()}, create: []string{"n1"}},
		{name: "surge: the old one stays until the new one is available", strategy: new(rolling(none, one)), nodes: nodes(2),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), waiting("a2", "n1", "new"), pod("b", "n2", "old").Obj()}},
		{name: "surge: then it goes", strategy: new(rolling(none, one)), nodes: nodes(1),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), pod("a2", "n1", "new").Obj()}, delete: []string{"a"}},
		{name: "surge: an old one that is not ready goes at once", strategy: new(rolling(none, one)), nodes: nodes(1),
			pods: []*v1alpha1.SimPod{waiting("a", "n1", "old"), waiting("a2", "n1", "new")}, delete: []string{"a"}},
		{name: "surge: an old one that is not available gets a new one at once", strategy: new(rolling(none, one)), nodes: nodes(2),
			pods: []*v1alpha1.SimPod{waiting("a", "n1", "old"), pod("b", "n2", "old").Obj()}, create: []string{"n1", "n2"}},
		{name: "surge: one that is being deleted is not waited for", strategy: new(rolling(none, one)), nodes: nodes(1),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "new").Deleting().Obj()}, create: []string{"n1"}},
		{name: "surge: of three, one old and one new stay", strategy: new(rolling(none, one)), nodes: nodes(1),
			pods: []*v1alpha1.SimPod{pod("a", "n1", "old").Obj(), waiting("b", "n1", "new"), waiting("c", "n1", "new")}, delete: []string{"c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := agents()
			set.Spec.MinReadySeconds = tt.ready
			if tt.strategy != nil {
				set.Spec.UpdateStrategy = *tt.strategy
			}
			got := NewPlan(Facts{
				Set: set, Nodes: tt.nodes, Pods: tt.pods, Hash: "new", Now: now,
				Backoff: func(string) time.Duration { return tt.backoff },
			})
			if diff := cmp.Diff(tt.create, got.Create, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("create (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.delete, names(got.Delete), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("delete (-want +got):\n%s", diff)
			}
			if !got.Wake.Equal(tt.want.Wake) {
				t.Errorf("wakes at %s, want %s", got.Wake, tt.want.Wake)
			}
		})
	}
}

func TestNothingIsPlannedForASetThatIsBeingDeleted(t *testing.T) {
	set := agents()
	set.DeletionTimestamp = &metav1.Time{Time: now}
	if got := NewPlan(Facts{Set: set, Nodes: nodes(2), Now: now}); len(got.Create)+len(got.Delete) > 0 {
		t.Errorf("planned %v", got)
	}
}

func TestStatus(t *testing.T) {
	set := agents()
	set.Spec.MinReadySeconds = 60
	tainted := node("n5", corev1.Taint{Key: "x", Effect: corev1.TaintEffectNoSchedule})
	facts := Facts{
		Set: set, Nodes: append(nodes(4), tainted), Hash: "new", Now: now,
		Pods: []*v1alpha1.SimPod{
			pod("a", "n1", "new").Obj(), pod("b", "n2", "old").ReadySince(ago(20 * time.Second)).Obj(), waiting("c", "n3", "new"),
			pod("e", "n5", "old").Obj(), pod("e2", "n1", "old").Created(ago(time.Second)).Obj(),
		},
	}
	status, changed, next := Status(facts, nil, Failure{Reason: v1alpha1.ReasonFailedCreate, Err: errors.New("quota")})
	want := v1alpha1.SimDaemonSetStatus{
		ObservedGeneration: 3, DesiredNumberScheduled: 4, CurrentNumberScheduled: 3, NumberMisscheduled: 1,
		NumberReady: 2, NumberAvailable: 1, NumberUnavailable: 3, UpdatedNumberScheduled: 2,
		Conditions: []metav1.Condition{{
			Type: v1alpha1.SimReplicaSetReplicaFailure, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonFailedCreate,
			Message: "quota", ObservedGeneration: 3, LastTransitionTime: metav1.Time{Time: now},
		}},
	}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !changed || !next.Equal(now.Add(40*time.Second)) {
		t.Errorf("changed %t, next %s", changed, next)
	}
	set.Status = status
	if _, changed, _ := Status(facts, nil, Failure{Err: errors.New("quota again")}); changed {
		t.Error("a status that says the same is a change")
	}
	if status, _, _ := Status(facts, nil, Failure{}); len(status.Conditions) != 0 {
		t.Error("a failure that is over stays")
	}
}

// TestRolloutsStayWithinTheirBounds simulates rollouts with random bounds, nodes and
// delays. At no time are there more nodes without an available pod than the bound
// says, nor more than two pods on a node; and each rollout ends.
func TestRolloutsStayWithinTheirBounds(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		count := 1 + random.IntN(6)
		unavailable, surge := 1+random.IntN(count), 0
		if random.IntN(2) == 0 {
			unavailable, surge = 0, 1+random.IntN(count)
		}
		set := agents()
		set.Spec.UpdateStrategy = rolling(intstr.FromInt(unavailable), intstr.FromInt(surge))
		w := world{nodes: nodes(count)}
		for _, n := range w.nodes {
			w.add(NewPod(set, n.Name, "old"))
			w.run(len(w.pods) - 1)
		}
		for step := 0; !w.done(count); step++ {
			if step > 400 {
				t.Fatalf("seed %d: the rollout does not end: %v", seed, names(w.pods))
			}
			plan := NewPlan(Facts{Set: set, Nodes: w.nodes, Pods: w.pods, Hash: "new", Now: now})
			for _, n := range plan.Create {
				w.add(NewPod(set, n, "new"))
			}
			for _, pod := range plan.Delete {
				pod.DeletionTimestamp = &metav1.Time{Time: now}
			}
			missing, most := w.check(count)
			if missing > unavailable || surge == 0 && most > 1 || most > 2 {
				t.Fatalf("seed %d: %d nodes without an available pod (bound %d), %d pods on one (surge %d)", seed, missing, unavailable, most, surge)
			}
			w.live(random)
		}
	}
}

// world is pods that start and end.
type world struct {
	nodes []*v1alpha1.SimNode
	pods  []*v1alpha1.SimPod
	last  int
}

func (w *world) add(pod *v1alpha1.SimPod) {
	w.last++
	pod.Name = fmt.Sprintf("p%d", w.last)
	pod.CreationTimestamp = metav1.Time{Time: now.Add(time.Duration(w.last) * time.Millisecond)}
	w.pods = append(w.pods, pod)
}

func (w *world) run(i int) {
	w.pods[i].Spec.NodeName = Target(w.pods[i])
	w.pods[i].Status.Phase = corev1.PodRunning
	w.pods[i].Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Time{Time: ago(time.Hour)}}}
}

// live lets one pod that waits run, or one that is being deleted end.
func (w *world) live(random *rand.Rand) {
	if len(w.pods) == 0 {
		return
	}
	i := random.IntN(len(w.pods))
	switch {
	case w.pods[i].DeletionTimestamp != nil:
		w.pods = slices.Delete(w.pods, i, i+1)
	case w.pods[i].Status.Phase == "":
		w.run(i)
	}
}

func (w *world) check(count int) (missing, most int) {
	available, all := map[string]bool{}, map[string]int{}
	for _, pod := range w.pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		all[Target(pod)]++
		most = max(most, all[Target(pod)])
		if pod.Status.Phase == corev1.PodRunning {
			available[Target(pod)] = true
		}
	}
	return count - len(available), most
}

func (w *world) done(count int) bool {
	updated := 0
	for _, pod := range w.pods {
		if pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil && pod.Labels["controller-revision-hash"] == "new" {
			updated++
		}
	}
	return updated == count && len(w.pods) == count
}
