// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/priority"
	"github.com/glassplane/glassplane/test/wrappers"
)

func simPod(name string, change func(*simv1alpha1.SimPod)) *corev1.Pod {
	pod := wrappers.MakeSimPod().Name(name).Label("app", "web").Req("cpu", "1").Obj()
	pod.UID = types.UID(name)
	change(pod)
	return pod.ToPod()
}

func simNode(name string, capacity ...string) *corev1.Node {
	return wrappers.MakeSimNode().Name(name).Capacity(capacity...).Obj().ToNode()
}

func on(node string, phase corev1.PodPhase) func(*simv1alpha1.SimPod) {
	return func(p *simv1alpha1.SimPod) { p.Spec.NodeName, p.Status.Phase = node, phase }
}

func testObjects() Objects {
	return Objects{
		Simulated: true,
		Nodes:     []*corev1.Node{simNode("a", "cpu", "4"), simNode("b", "cpu", "4")},
		Pods: []*corev1.Pod{
			simPod("running", on("a", corev1.PodRunning)),
			simPod("bound", on("a", "")),
			simPod("ended", on("a", corev1.PodSucceeded)),
			simPod("failed", on("a", corev1.PodFailed)),
			simPod("lost", on("gone", corev1.PodRunning)),
			simPod("pending", on("", corev1.PodPending)),
			simPod("nominated", func(p *simv1alpha1.SimPod) {
				p.Status.NominatedNodeName = "b"
				p.Spec.PriorityClassName = "high"
			}),
		},
		Namespaces: []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "default", Labels: map[string]string{"team": "a"}}}},
		PriorityClasses: []schedulingv1.PriorityClass{
			{ObjectMeta: metav1.ObjectMeta{Name: "high"}, Value: 1000},
			{ObjectMeta: metav1.ObjectMeta{Name: "usual"}, Value: 10, GlobalDefault: true},
		},
		Services: []corev1.Service{{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
			Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}}},
		Owners: []cache.Owner{
			{UID: "set", Namespace: "default", Selector: labels.SelectorFromSet(labels.Set{"tier": "front"})},
			{UID: "db", Namespace: "default", Selector: labels.SelectorFromSet(labels.Set{"tier": "back"})},
		},
	}
}

func TestNewCluster(t *testing.T) {
	c := NewCluster(testObjects())
	pods := map[string][]string{}
	for _, n := range c.List() {
		pods[n.Node().Name] = nil
		for _, p := range n.Pods {
			pods[n.Node().Name] = append(pods[n.Node().Name], p.Pod.Name)
		}
	}
	if diff := cmp.Diff(map[string][]string{"a": {"running", "bound"}, "b": nil}, pods); diff != "" {
		t.Errorf("pods by node (-want +got):\n%s", diff)
	}
	if got := c.NamespaceLabels("default"); got["team"] != "a" {
		t.Errorf("labels of the namespace are %v", got)
	}
	if list := c.nominated["b"]; len(list) != 1 || list[0].Priority != 1000 {
		t.Errorf("nominated for b are %v", list)
	}
	for tier, owner := range map[string]metav1.OwnerReference{
		"front": {Kind: "SimReplicaSet", UID: "set", Controller: new(true)},
		"back":  {Kind: "SimStatefulSet", UID: "db", Controller: new(true)},
	} {
		owned := wrappers.MakePod().Name("x").Label("app", "web").Obj()
		owned.OwnerReferences = []metav1.OwnerReference{owner}
		selector := framework.DefaultSelector(c, owned)
		if !selector.Matches(labels.Set{"app": "web", "tier": tier}) || selector.Matches(labels.Set{"app": "web"}) {
			t.Errorf("default selector of pods of a %s is %q", owner.Kind, selector)
		}
	}
}

// TestBudgetsOfARealCluster: their status is that which the disruption
// controller wrote, and is not computed again.
func TestBudgetsOfARealCluster(t *testing.T) {
	budget := policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
		Status:     policyv1.PodDisruptionBudgetStatus{DisruptionsAllowed: 7},
	}
	for simulated, want := range map[bool]int32{true: 0, false: 7} {
		o := testObjects()
		o.Simulated, o.DisruptionBudgets = simulated, []policyv1.PodDisruptionBudget{budget}
		if got := framework.DisruptionBudgets(NewCluster(o)); len(got) != 1 || got[0].Status.DisruptionsAllowed != want {
			t.Errorf("simulated %v: budgets are %v, want %d disruptions allowed", simulated, got, want)
		}
	}
}

func TestCase(t *testing.T) {
	c := NewCluster(testObjects())
	profile := testProfile(t)
	pod := wrappers.MakeSimPod().Name("new").Req("cpu", "4").Obj()

	t.Run("a pod leaves room for a more important one that waits for a node", func(t *testing.T) {
		what, err := c.SimCase(pod, profile)
		if err != nil {
			t.Fatal(err)
		}
		if *what.Pod.Spec.Priority != 10 {
			t.Errorf("priority is %d, want that of the default class", *what.Pod.Spec.Priority)
		}
		if d := what.Predict(time.Time{}, 0); d.Node != "" {
			t.Errorf("the pod gets node %s", d.Node)
		}
	})
	t.Run("a more important pod gets the node", func(t *testing.T) {
		important := pod.DeepCopy()
		important.Spec.Priority = new(int32(2000))
		what, err := c.SimCase(important, profile)
		if err != nil {
			t.Fatal(err)
		}
		if d := what.Predict(time.Time{}, 0); d.Node != "b" {
			t.Errorf("the pod gets node %q: %s", d.Node, d.Message)
		}
	})
	t.Run("an unknown class", func(t *testing.T) {
		unknown := pod.DeepCopy()
		unknown.Spec.PriorityClassName = "typo"
		var wrong *priority.UnknownClassError
		if _, err := c.SimCase(unknown, profile); !errors.As(err, &wrong) || wrong.Class != "typo" {
			t.Errorf("error is %v", err)
		}
	})
}

// TestPrioritiesAreThoseOfTheScheduler: a class that is younger than a pod, or
// gone, does not change what the pod counts with.
func TestPrioritiesAreThoseOfTheScheduler(t *testing.T) {
	at := func(second int64) metav1.Time { return metav1.Unix(second, 0) }
	full := func(name string, change func(*simv1alpha1.SimPod)) *corev1.Pod {
		p := wrappers.MakeSimPod().Name(name).Req("cpu", "4").Obj()
		p.UID, p.CreationTimestamp = types.UID(name), at(10)
		p.Spec.NodeName = "a"
		change(p)
		return p.ToPod()
	}
	classes := []schedulingv1.PriorityClass{
		{ObjectMeta: metav1.ObjectMeta{Name: "late", CreationTimestamp: at(20)}, Value: 1000, GlobalDefault: true},
		{ObjectMeta: metav1.ObjectMeta{Name: "middle", CreationTimestamp: at(5)}, Value: 500},
	}
	middle := wrappers.MakeSimPod().Name("middle").PriorityClass("middle").Req("cpu", "4").Obj()
	tests := map[string]struct {
		on   *corev1.Pod
		want []string
	}{
		"a pod without a class, older than the default": {full("plain", func(*simv1alpha1.SimPod) {}), []string{"plain"}},
		"a pod with a stored priority of a class that is gone": {full("high", func(p *simv1alpha1.SimPod) {
			p.Spec.PriorityClassName, p.Spec.Priority = "gone", new(int32(800))
		}), nil},
		"a pod that is younger than the default": {full("young", func(p *simv1alpha1.SimPod) { p.CreationTimestamp = at(30) }), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewCluster(Objects{
				Simulated: true, Nodes: []*corev1.Node{simNode("a", "cpu", "4", "memory", "8Gi")}, Pods: []*corev1.Pod{test.on}, PriorityClasses: classes,
			})
			what, err := c.SimCase(middle, testProfile(t))
			if err != nil {
				t.Fatal(err)
			}
			var victims []string
			for _, v := range what.Predict(time.Time{}, 0).Victims {
				victims = append(victims, v.Name)
			}
			if diff := cmp.Diff(test.want, victims); diff != "" {
				t.Errorf("victims (-want +got):\n%s", diff)
			}
		})
	}
}
