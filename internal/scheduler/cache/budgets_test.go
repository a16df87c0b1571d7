// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/test/wrappers"
)

func newBudget(name string, minAvailable, maxUnavailable *intstr.IntOrString) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: policyv1.PodDisruptionBudgetSpec{
			Selector:     &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
			MinAvailable: minAvailable, MaxUnavailable: maxUnavailable,
		},
	}
}

// replica returns a pod of owner "db" on node "a".
func replica(name string, ready bool) *corev1.Pod {
	p := wrappers.MakePod().Name(name).Label("app", "db").Node("a").Obj()
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "SimReplicaSet", UID: "db", Controller: new(true)}}
	if ready {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	return p
}

func TestBudgetStatus(t *testing.T) {
	number := func(n int) *intstr.IntOrString { return new(intstr.FromInt32(int32(n))) }
	percent := func(n int) *intstr.IntOrString { return new(intstr.FromString(fmt.Sprintf("%d%%", n))) }
	tests := map[string]struct {
		min, max              *intstr.IntOrString
		ready, unready, owned int32
		want                  int32
	}{
		"minAvailable":                        {min: number(2), ready: 3, owned: 3, want: 1},
		"minAvailable, too few are ready":     {min: number(2), ready: 1, unready: 2, owned: 3, want: 0},
		"minAvailable in percent, rounded up": {min: percent(50), ready: 3, owned: 3, want: 1},
		"maxUnavailable":                      {max: number(1), ready: 3, owned: 3, want: 1},
		"maxUnavailable, one has no node yet": {max: number(1), ready: 2, owned: 3, want: 0},
		"maxUnavailable in percent":           {max: percent(34), ready: 3, owned: 3, want: 2},
		"maxUnavailable without an owner":     {max: number(1), ready: 3, owned: 0, want: 0},
		"no pods":                             {min: number(0), want: 0},
		"not a percentage":                    {min: new(intstr.FromString("half")), ready: 3, owned: 3, want: 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := New()
			for i := range test.ready + test.unready {
				c.SetPod(framework.NewPodInfo(replica(fmt.Sprint("p", i), i < test.ready)))
			}
			c.SetBudget(newBudget("b", test.min, test.max))
			if test.owned > 0 {
				c.SetOwner(Owner{UID: "db", Namespace: "default", Replicas: test.owned})
			}
			if got := allowed(c)["b"]; got != test.want {
				t.Errorf("%d disruptions allowed, want %d", got, test.want)
			}
		})
	}
}

func allowed(c *Cache) map[string]int32 {
	s := NewSnapshot()
	c.UpdateSnapshot(s)
	out := make(map[string]int32)
	for _, pdb := range s.DisruptionBudgets() {
		out[pdb.Name] = pdb.Status.DisruptionsAllowed
	}
	return out
}

func TestBudgetFollowsPods(t *testing.T) {
	c := New()
	c.SetBudget(newBudget("b", new(intstr.FromInt32(1)), nil))
	elsewhere := newBudget("elsewhere", new(intstr.FromInt32(0)), nil)
	elsewhere.Namespace = "other"
	c.SetBudget(elsewhere)
	step := func(what string, want int32) {
		t.Helper()
		if got := allowed(c); got["b"] != want || got["elsewhere"] != 0 {
			t.Errorf("%s: %v disruptions allowed, want %d", what, got, want)
		}
	}
	step("no pods", 0)
	for i := range 3 {
		c.SetPod(framework.NewPodInfo(replica(fmt.Sprint("p", i), true)))
	}
	step("three are ready", 2)
	c.SetPod(framework.NewPodInfo(replica("p0", false)))
	step("one is not ready any more", 1)
	stopping := replica("p1", true)
	stopping.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	c.SetPod(framework.NewPodInfo(stopping))
	step("one is stopping", 0)
	c.RemovePod("p1")
	c.SetPod(framework.NewPodInfo(replica("p0", true)))
	step("one is gone, one is ready again", 1)
	c.SetBudget(newBudget("b", new(intstr.FromInt32(2)), nil))
	step("the budget is tighter", 0)
	c.RemoveBudget("default", "b")
	if got := allowed(c); len(got) != 1 {
		t.Errorf("budgets %v, want only the one elsewhere", got)
	}
}

func TestDefaultSelector(t *testing.T) {
	c := New()
	c.SetService("default", "all", labels.Set{"app": "db"})
	c.SetService("default", "other", labels.Set{"app": "web"})
	c.SetService("default", "headless", nil)
	c.SetOwner(Owner{UID: "db", Namespace: "default", Selector: labels.SelectorFromSet(labels.Set{"tier": "1"}), Replicas: 3})
	selector := func(pod *corev1.Pod) string {
		s := NewSnapshot()
		c.UpdateSnapshot(s)
		return s.DefaultSelector(pod).String()
	}
	if got, want := selector(replica("p", true)), "app=db,tier=1"; got != want {
		t.Errorf("selector %q, want %q", got, want)
	}
	c.RemoveOwner(types.UID("db"))
	if got, want := selector(replica("p", true)), "app=db"; got != want {
		t.Errorf("without the owner: selector %q, want %q", got, want)
	}
	c.RemoveService("default", "all")
	if got := selector(replica("p", true)); got != "" {
		t.Errorf("without the service: selector %q, want none", got)
	}
}
