// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func budget(minAvailable, maxUnavailable string) *policyv1.PodDisruptionBudget {
	b := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}}
	b.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}
	if minAvailable != "" {
		b.Spec.MinAvailable = new(intstr.Parse(minAvailable))
	}
	if maxUnavailable != "" {
		b.Spec.MaxUnavailable = new(intstr.Parse(maxUnavailable))
	}
	return b
}

func TestStatus(t *testing.T) {
	tests := []struct {
		minAvailable, maxUnavailable string
		count                        Count
		allowed, desired             int32
	}{
		{"2", "", Count{Pods: 3, Healthy: 3}, 1, 2},
		{"2", "", Count{Pods: 3, Healthy: 1}, 0, 2},
		{"50%", "", Count{Pods: 3, Healthy: 3, Scale: 3}, 1, 2},
		{"", "1", Count{Pods: 3, Healthy: 3, Scale: 3}, 1, 2},
		{"", "1", Count{Pods: 2, Healthy: 2, Scale: 3}, 0, 2},
		{"", "1", Count{Pods: 4, Healthy: 4, Scale: 3}, 2, 2},
		{"", "34%", Count{Pods: 3, Healthy: 3, Scale: 3}, 2, 1},
		{"", "100%", Count{Pods: 3, Healthy: 3, Scale: 3}, 3, 0},
		{"", "5", Count{Pods: 3, Healthy: 3, Scale: 3}, 3, 0},
		{"", "1", Count{Pods: 3, Healthy: 3}, 0, 0},
		{"0", "", Count{}, 0, 0},
		{"half", "", Count{Pods: 3, Healthy: 3, Scale: 3}, 0, 0},
		{"", "", Count{Pods: 3, Healthy: 3}, 3, 0},
	}
	for _, tt := range tests {
		b := budget(tt.minAvailable, tt.maxUnavailable)
		got := Status(&b.Spec, tt.count)
		if got.DisruptionsAllowed != tt.allowed || got.DesiredHealthy != tt.desired {
			t.Errorf("min %q, max %q, %+v: %d allowed, %d desired; want %d, %d", tt.minAvailable, tt.maxUnavailable, tt.count,
				got.DisruptionsAllowed, got.DesiredHealthy, tt.allowed, tt.desired)
		}
	}
}

func TestDecide(t *testing.T) {
	always := policyv1.AlwaysAllow
	ready := func(name string) v1alpha1.SimPod { return *wrappers.MakeReplica(name).ReadySince(now).Obj() }
	unready := func(name string) v1alpha1.SimPod { return *wrappers.MakeReplica(name).Phase(corev1.PodRunning).Obj() }
	three := []v1alpha1.SimPod{ready("a"), ready("b"), ready("c")}
	tests := []struct {
		name     string
		budget   *policyv1.PodDisruptionBudget
		pods     []v1alpha1.SimPod
		recorded []string
		scale    int32
		want     Verdict
		held     string
	}{
		{name: "there is room", budget: budget("2", ""), pods: three, want: Spend},
		{name: "there is none", budget: budget("3", ""), pods: three, held: "The disruption budget web needs 3 healthy pods and has 3 currently"},
		{name: "another one was let go", budget: budget("2", ""), pods: three, recorded: []string{"b"}, held: "The disruption budget web needs 2 healthy pods and has 2 currently"},
		{name: "this one was let go", budget: budget("2", ""), pods: three, recorded: []string{"a"}, want: Spend},
		{name: "one that is being deleted does not count", budget: budget("2", ""), pods: []v1alpha1.SimPod{ready("a"), ready("b"), *wrappers.MakeReplica("c").ReadySince(now).Deleting().Obj()},
			held: "The disruption budget web needs 2 healthy pods and has 2 currently"},
		{name: "not ready, and enough others are", budget: budget("2", ""), pods: []v1alpha1.SimPod{unready("a"), ready("b"), ready("c")}, want: Free},
		{name: "not ready, and too few others are", budget: budget("2", ""), pods: []v1alpha1.SimPod{unready("a"), ready("b")},
			held: "The disruption budget web needs 2 healthy pods and has 1 currently"},
		{name: "not ready, which is always allowed", budget: func() *policyv1.PodDisruptionBudget {
			b := budget("2", "")
			b.Spec.UnhealthyPodEvictionPolicy = &always
			return b
		}(), pods: []v1alpha1.SimPod{unready("a")}, want: Free},
		{name: "of those that the controller wants", budget: budget("", "1"), pods: three, scale: 3, want: Spend},
		{name: "some of those are missing", budget: budget("", "1"), pods: three[:2], scale: 3, held: "The disruption budget web needs 2 healthy pods and has 2 currently"},
		{name: "nobody wants them", budget: budget("", "1"), pods: three, held: "The disruption budget web does not allow evicting pods currently: its pods have no controller that says how many there are to be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			recorded := map[string]time.Time{}
			for _, name := range tt.recorded {
				recorded[name] = now
			}
			count := CountPods(tt.pods, recorded)
			count.Scale = tt.scale
			got, err := Decide(tt.budget, &tt.pods[0], recorded, count)
			var held *HeldError
			if errors.As(err, &held) {
				if held.Why != tt.held || held.Budget != "web" {
					t.Errorf("held by %s: %s, want %s", held.Budget, held.Why, tt.held)
				}
				return
			}
			if err != nil || tt.held != "" || got != tt.want {
				t.Errorf("verdict %v, error %v; want %v, %s", got, err, tt.want, tt.held)
			}
		})
	}
}

func TestUnprotected(t *testing.T) {
	pod := wrappers.MakeReplica
	for name, tt := range map[string]struct {
		pod  *v1alpha1.SimPod
		want bool
	}{
		"running":   {pod("a").Phase(corev1.PodRunning).Obj(), false},
		"pending":   {pod("a").Phase(corev1.PodPending).Obj(), true},
		"no status": {pod("a").Obj(), true},
		"ended":     {pod("a").Phase(corev1.PodFailed).Obj(), true},
		"ending":    {pod("a").Phase(corev1.PodRunning).Deleting().Obj(), true},
	} {
		if got := Unprotected(tt.pod); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestOnly(t *testing.T) {
	pod := wrappers.MakeReplica("a").Obj()
	elsewhere, nothing, all, broken := *budget("1", ""), *budget("1", ""), *budget("1", ""), *budget("1", "")
	elsewhere.Namespace, nothing.Spec.Selector, all.Spec.Selector, all.Name = "other", nil, &metav1.LabelSelector{}, "all"
	broken.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Is"}}}
	one, err := Only(Selecting([]policyv1.PodDisruptionBudget{elsewhere, nothing, broken, all}, pod))
	if err != nil || one.Name != "all" {
		t.Errorf("%v, %v", one, err)
	}
	_, err = Only(Selecting([]policyv1.PodDisruptionBudget{*budget("1", ""), all}, pod))
	if want := "This pod has more than one PodDisruptionBudget, which evictions do not support: all, web"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if one, err := Only(nil); one != nil || err != nil {
		t.Errorf("%v, %v", one, err)
	}
}

func TestRecord(t *testing.T) {
	b := budget("1", "")
	pods := []v1alpha1.SimPod{*wrappers.MakeReplica("a").Obj(), *wrappers.MakeReplica("b").Obj(), *wrappers.MakeReplica("c").Deleting().Obj()}
	at := now
	for _, name := range []string{"gone", "c", "a"} {
		if err := Record(b, append(pods, *wrappers.MakeReplica(name).Obj()), name, at); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
	}
	if err := Record(b, pods, "b", at); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"a":%q,"b":%q}`, "2026-03-01T12:00:02Z", "2026-03-01T12:00:03Z")
	if got := b.Annotations[RecordAnnotation]; got != want {
		t.Errorf("record %s, want %s", got, want)
	}
	if recorded, err := Recorded(b, now.Add(2*time.Second+DeletionTimeout)); err != nil || len(recorded) != 1 {
		t.Errorf("after a while %v, %v; want b", recorded, err)
	}
	b.Annotations[RecordAnnotation] = "none"
	if _, err := Recorded(b, now); err == nil {
		t.Error("a record that cannot be read must be an error")
	}
}
