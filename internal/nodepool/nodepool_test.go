// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package nodepool

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newPool(replicas int32, zones ...string) *v1alpha1.SimNodePool {
	return &v1alpha1.SimNodePool{
		ObjectMeta: metav1.ObjectMeta{Name: "blue", UID: "pool", Generation: 2},
		Spec: v1alpha1.SimNodePoolSpec{Replicas: &replicas, Zones: zones, Template: v1alpha1.SimNodeTemplateSpec{
			Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"disk": "ssd", corev1.LabelTopologyZone: "template"}, Annotations: map[string]string{"a": "b"}},
			Spec:     wrappers.MakeSimNode().Capacity("cpu", "4").Obj().Spec,
		}},
	}
}

// node is described as name, zone and properties: not-ready, cordoned, deleting.
func node(text string) *v1alpha1.SimNode {
	words := strings.Fields(text)
	n := wrappers.MakeSimNode().Name(words[0]).Label(corev1.LabelTopologyZone, words[1]).Obj()
	n.UID, n.CreationTimestamp = types.UID(words[0]), metav1.Time{Time: now}
	ready := metav1.ConditionTrue
	for _, word := range words[2:] {
		switch word {
		case "not-ready":
			ready = metav1.ConditionUnknown
		case "cordoned":
			n.Spec.Unschedulable = true
		case "deleting":
			n.DeletionTimestamp = &metav1.Time{Time: now}
		case "new":
			n.CreationTimestamp = metav1.Time{Time: now.Add(time.Minute)}
		}
	}
	meta.SetStatusCondition(&n.Status.Conditions, metav1.Condition{Type: v1alpha1.SimNodeReady, Status: ready, Reason: "R"})
	return n
}

func nodes(texts ...string) []*v1alpha1.SimNode {
	var out []*v1alpha1.SimNode
	for _, text := range texts {
		out = append(out, node(text))
	}
	return out
}

func TestNew(t *testing.T) {
	tests := []struct {
		name   string
		pool   *v1alpha1.SimNodePool
		nodes  []*v1alpha1.SimNode
		pods   map[string]int
		create []string
		delete []string
	}{
		{name: "as many as wanted", pool: newPool(1), nodes: nodes("a z")},
		{name: "without zones", pool: newPool(2), create: []string{"", ""}},
		{name: "evenly over zones", pool: newPool(5, "x", "y", "z"), create: []string{"x", "y", "z", "x", "y"}},
		{name: "those that have fewer first", pool: newPool(5, "x", "y"), nodes: nodes("a x", "b x", "c x deleting"), create: []string{"y", "y", "x"}},
		{
			name: "not ready, cordoned, empty, few pods", pool: newPool(1), pods: map[string]int{"many": 9, "few": 1, "cordoned": 50, "dead": 50},
			nodes:  nodes("many z", "few z", "empty z", "cordoned z cordoned", "dead z not-ready"),
			delete: []string{"dead not ready", "cordoned cordoned", "empty empty", "few 1 pod"},
		},
		{
			name: "evenly over zones too", pool: newPool(2, "x", "y"), nodes: nodes("a x", "b x", "c x", "d y", "e y"),
			delete: []string{"a empty", "b empty", "d empty"},
		},
		{
			name: "zones that are no longer wanted first", pool: newPool(3, "x"), nodes: nodes("a x", "b x", "c x", "d old"),
			delete: []string{"d empty"},
		},
		{name: "the newest of equal ones", pool: newPool(1), nodes: nodes("a z", "b z new"), delete: []string{"b empty"}},
		{name: "one that is being deleted is gone already", pool: newPool(1), nodes: nodes("a z", "b z deleting")},
		{name: "to nothing", pool: newPool(0), nodes: nodes("a z"), pods: map[string]int{"a": 2}, delete: []string{"a 2 pods"}},
		{
			name: "a pool that is being deleted leaves its nodes to the garbage collector",
			pool: func() *v1alpha1.SimNodePool {
				p := newPool(0)
				p.DeletionTimestamp = &metav1.Time{Time: now}
				return p
			}(), nodes: nodes("a z"),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := New(tt.pool, tt.nodes, func(node string) int { return tt.pods[node] })
			var removed []string
			for _, r := range got.Delete {
				removed = append(removed, r.Node.Name+" "+r.Why)
			}
			if diff := cmp.Diff(tt.create, got.Create); diff != "" {
				t.Errorf("zones of new nodes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.delete, removed); diff != "" {
				t.Errorf("nodes to delete (-want +got):\n%s", diff)
			}
		})
	}
}

// However a pool is scaled, its zones never differ by more than one node where all
// nodes are alike, and one pass does no more than Burst.
func TestZonesStayEven(t *testing.T) {
	zones := []string{"a", "b", "c"}
	pool := newPool(0, zones...)
	var have []*v1alpha1.SimNode
	serial := 0
	for _, replicas := range []int32{1, 7, 1700, 3, 500, 499, 0} {
		pool.Spec.Replicas = &replicas
		for passes := 0; len(have) != int(replicas); passes++ {
			plan := New(pool, have, func(string) int { return 0 })
			if n := len(plan.Create) + len(plan.Delete); n == 0 || n > Burst {
				t.Fatalf("%d nodes, %d wanted: %d are created or deleted", len(have), replicas, n)
			}
			for _, zone := range plan.Create {
				serial++
				have = append(have, node(fmt.Sprintf("n%d %s", serial, zone)))
			}
			gone := map[*v1alpha1.SimNode]bool{}
			for _, r := range plan.Delete {
				gone[r.Node] = true
			}
			left := have[:0]
			for _, n := range have {
				if !gone[n] {
					left = append(left, n)
				}
			}
			have = left
			count := perZone(have)
			if most, least := max(count["a"], count["b"], count["c"]), min(count["a"], count["b"], count["c"]); most-least > 1 {
				t.Fatalf("%d nodes: %v", len(have), count)
			}
		}
	}
}

func TestNewNode(t *testing.T) {
	n := NewNode(newPool(1), "z1")
	if cpu := n.Spec.Capacity[corev1.ResourceCPU]; n.GenerateName != "blue-" || !metav1.IsControlledBy(n, newPool(1)) || cpu.Value() != 4 {
		t.Errorf("node: %+v", n)
	}
	want := map[string]string{"disk": "ssd", corev1.LabelTopologyZone: "z1", v1alpha1.LabelNodePool: "blue"}
	if diff := cmp.Diff(want, n.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if got := NewNode(newPool(1), "").Labels[corev1.LabelTopologyZone]; got != "template" {
		t.Errorf("without zones, the zone is %q, want that of the template", got)
	}
	if !Selector(newPool(1)).Matches(labels.Set(n.Labels)) {
		t.Error("the selector does not match")
	}
}

func TestCounts(t *testing.T) {
	tests := []struct {
		name string
		pod  *wrappers.ReplicaWrapper
		want bool
	}{
		{"runs", wrappers.MakeReplica("a").Phase(corev1.PodRunning), true},
		{"is new", wrappers.MakeReplica("a"), true},
		{"has ended", wrappers.MakeReplica("a").Phase(corev1.PodSucceeded), false},
		{"has failed", wrappers.MakeReplica("a").Phase(corev1.PodFailed), false},
	}
	for _, tt := range tests {
		if got := Counts(tt.pod.Obj()); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	daemon := wrappers.MakeReplica("a").Owner("daemons").Obj()
	daemon.OwnerReferences[0].Kind = "SimDaemonSet"
	if Counts(daemon) {
		t.Error("a pod that every node has does not count")
	}
}

func TestStatus(t *testing.T) {
	have := nodes("a z", "b z not-ready", "c z deleting")
	status, changed := Status(newPool(2), have, nil, now)
	want := v1alpha1.SimNodePoolStatus{ObservedGeneration: 2, Replicas: 2, ReadyReplicas: 1, Selector: "sim.glassplane.dev/node-pool=blue"}
	if diff := cmp.Diff(want, status); diff != "" || !changed {
		t.Errorf("changed %v (-want +got):\n%s", changed, diff)
	}
	pool := newPool(2)
	pool.Status = status
	if _, changed := Status(pool, have, nil, now); changed {
		t.Error("it did not change")
	}
	for wanted, reason := range map[int32]string{2: v1alpha1.ReasonFailedCreate, 1: v1alpha1.ReasonFailedDelete} {
		pool.Spec.Replicas = &wanted
		status, _ := Status(pool, have, errors.New("no"), now)
		if c := status.Conditions; len(c) != 1 || c[0].Reason != reason || c[0].Message != "no" {
			t.Errorf("%d wanted: %+v", wanted, c)
		}
	}
}
