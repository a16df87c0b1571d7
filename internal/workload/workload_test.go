// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func webSet(replicas int32) *v1alpha1.SimReplicaSet {
	labels := map[string]v1alpha1.LabelValue{"app": "web"}
	return &v1alpha1.SimReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "set", Generation: 3},
		Spec: v1alpha1.SimReplicaSetSpec{
			Replicas: &replicas,
			Selector: v1alpha1.LabelSelector{MatchLabels: labels},
			Template: v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}},
		},
	}
}

func names(pods []*v1alpha1.SimPod) []string {
	out := []string{}
	for _, pod := range pods {
		out = append(out, pod.Name)
	}
	return out
}

func TestDeletionOrder(t *testing.T) {
	pod := wrappers.MakeReplica
	ready := func(name, node string) *wrappers.ReplicaWrapper {
		return pod(name).Node(node).ReadySince(ago(time.Hour)).Created(ago(time.Hour))
	}
	tests := []struct {
		name    string
		pods    []*v1alpha1.SimPod
		related []*v1alpha1.SimPod
		want    []string
	}{
		{
			name: "unassigned before assigned",
			pods: []*v1alpha1.SimPod{pod("bound").Node("n").Obj(), pod("free").Phase(corev1.PodRunning).Obj()},
			want: []string{"free", "bound"},
		},
		{
			name: "Pending, Unknown, Running",
			pods: []*v1alpha1.SimPod{
				pod("running").Node("n").Phase(corev1.PodRunning).Obj(),
				pod("unknown").Node("n").Phase(corev1.PodUnknown).Obj(),
				pod("pending").Node("n").Phase(corev1.PodPending).Obj(),
			},
			want: []string{"pending", "unknown", "running"},
		},
		{
			name: "not ready before ready",
			pods: []*v1alpha1.SimPod{ready("ready", "n").Obj(), pod("not").Node("n").Phase(corev1.PodRunning).Obj()},
			want: []string{"not", "ready"},
		},
		{
			name: "lower deletion cost first, invalid ones are 0",
			pods: []*v1alpha1.SimPod{
				ready("dear", "n").Annotation(corev1.PodDeletionCost, "5").Obj(),
				ready("invalid", "n").Annotation(corev1.PodDeletionCost, "+9").Obj(),
				ready("cheap", "n").Annotation(corev1.PodDeletionCost, "-5").Obj(),
			},
			want: []string{"cheap", "invalid", "dear"},
		},
		{
			name: "doubled up first, by related pods",
			pods: []*v1alpha1.SimPod{ready("alone", "a").Obj(), ready("crowded", "b").Obj()},
			related: []*v1alpha1.SimPod{
				ready("alone", "a").Obj(), ready("crowded", "b").Obj(), ready("other", "b").Obj(),
				ready("gone", "a").Deleting().Obj(), ready("ended", "a").Phase(corev1.PodFailed).Obj(),
			},
			want: []string{"crowded", "alone"},
		},
		{
			name: "ready for less time first",
			pods: []*v1alpha1.SimPod{
				ready("long", "n").Obj(),
				ready("short", "n").ReadySince(ago(time.Minute)).Obj(),
			},
			want: []string{"short", "long"},
		},
		{
			name: "about as long ready: by UID",
			pods: []*v1alpha1.SimPod{
				ready("b", "n").ReadySince(ago(60 * time.Second)).Obj(),
				ready("a", "n").ReadySince(ago(61 * time.Second)).Obj(),
			},
			want: []string{"a", "b"},
		},
		{
			name: "more restarts first",
			pods: []*v1alpha1.SimPod{ready("calm", "n").Obj(), ready("restless", "n").Restarts(3).Obj()},
			want: []string{"restless", "calm"},
		},
		{
			name: "newer first",
			pods: []*v1alpha1.SimPod{ready("old", "n").Obj(), ready("new", "n").Created(ago(time.Second)).Obj()},
			want: []string{"new", "old"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			related := tt.related
			if related == nil {
				related = tt.pods
			}
			if diff := cmp.Diff(tt.want, names(DeletionOrder(tt.pods, related, now))); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClaim(t *testing.T) {
	pod := wrappers.MakeReplica
	pods := []*v1alpha1.SimPod{
		pod("owned").Owner("set").Obj(),
		pod("owned-deleting").Owner("set").Deleting().Obj(),
		pod("strayed").Owner("set").Label("app", "x").Obj(),
		pod("foreign").Owner("other").Obj(),
		pod("orphan").Obj(),
		pod("orphan-deleting").Deleting().Obj(),
		pod("orphan-ended").Phase(corev1.PodSucceeded).Obj(),
		pod("unrelated").Label("app", "x").Obj(),
	}
	tests := []struct {
		name                  string
		deleting              bool
		owned, adopt, release []string
	}{
		{name: "alive", owned: []string{"owned", "owned-deleting"}, adopt: []string{"orphan"}, release: []string{"strayed"}},
		{name: "being deleted", deleting: true, owned: []string{"owned", "owned-deleting"}, adopt: []string{}, release: []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := webSet(1)
			if tt.deleting {
				set.DeletionTimestamp = &metav1.Time{Time: now}
			}
			selector, err := Selector(set.Spec.Selector)
			if err != nil {
				t.Fatal(err)
			}
			got := Claim(set, selector, pods, Active)
			if diff := cmp.Diff([][]string{tt.owned, tt.adopt, tt.release},
				[][]string{names(got.Owned), names(got.Adopt), names(got.Release)}); diff != "" {
				t.Errorf("owned, adopt, release (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanReplicas(t *testing.T) {
	pods := []*v1alpha1.SimPod{
		wrappers.MakeReplica("ready").Node("n").ReadySince(ago(time.Hour)).Obj(),
		wrappers.MakeReplica("pending").Obj(),
	}
	tests := []struct {
		name       string
		replicas   int32
		deleting   bool
		wantCreate int
		wantDelete []string
	}{
		{name: "as wanted", replicas: 2, wantDelete: []string{}},
		{name: "too few", replicas: 5, wantCreate: 3, wantDelete: []string{}},
		{name: "far too few", replicas: 5000, wantCreate: BurstReplicas, wantDelete: []string{}},
		{name: "too many", replicas: 1, wantDelete: []string{"pending"}},
		{name: "none", replicas: 0, wantDelete: []string{"pending", "ready"}},
		{name: "being deleted", replicas: 0, deleting: true, wantDelete: []string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := webSet(tt.replicas)
			if tt.deleting {
				set.DeletionTimestamp = &metav1.Time{Time: now}
			}
			got := PlanReplicas(set, pods, pods, now)
			if got.Create != tt.wantCreate || !cmp.Equal(names(got.Delete), tt.wantDelete) {
				t.Errorf("create %d, delete %v; want %d, %v", got.Create, names(got.Delete), tt.wantCreate, tt.wantDelete)
			}
		})
	}
}

func TestBatches(t *testing.T) {
	for count, want := range map[int][]int{0: nil, 1: {1}, 2: {1, 1}, 7: {1, 2, 4}, 20: {1, 2, 4, 8, 5}} {
		if diff := cmp.Diff(want, Batches(count)); diff != "" {
			t.Errorf("Batches(%d) (-want +got):\n%s", count, diff)
		}
	}
}

func TestStatus(t *testing.T) {
	set := webSet(3)
	set.Spec.MinReadySeconds = 60
	owned := []*v1alpha1.SimPod{
		wrappers.MakeReplica("available").ReadySince(ago(time.Minute)).Obj(),
		wrappers.MakeReplica("ready").ReadySince(ago(20 * time.Second)).Obj(),
		wrappers.MakeReplica("pending").Label("extra", "label").Obj(),
		wrappers.MakeReplica("deleting").ReadySince(ago(time.Hour)).Deleting().Obj(),
		wrappers.MakeReplica("ended").Phase(corev1.PodFailed).Obj(),
	}
	want := v1alpha1.SimReplicaSetStatus{
		ObservedGeneration: 3, Replicas: 3, FullyLabeledReplicas: 3, ReadyReplicas: 2,
		AvailableReplicas: 1, TerminatingReplicas: 1, Selector: "app=web",
	}
	got, changed, next := Status(set, owned, nil, now)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if !changed || !next.Equal(now.Add(40*time.Second)) {
		t.Errorf("changed %v, next %s; want a change, and another after 40s", changed, next)
	}
	set.Status = got
	if _, changed, _ := Status(set, owned, nil, now); changed {
		t.Error("the same pods change the status again")
	}

	failed, _, _ := Status(set, owned[:1], errors.New("quota exceeded"), now)
	if len(failed.Conditions) != 1 || failed.Conditions[0].Reason != v1alpha1.ReasonFailedCreate {
		t.Fatalf("conditions %v, want FailedCreate", failed.Conditions)
	}
	set.Status = failed
	if _, changed, _ := Status(set, owned[:1], errors.New("quota exceeded by web-x7k2p"), now); changed {
		t.Error("another message of the same failure is written")
	}
	if recovered, _, _ := Status(set, owned, nil, now); len(recovered.Conditions) != 0 {
		t.Errorf("conditions %v stay after the failure is over", recovered.Conditions)
	}
}

func TestExpectations(t *testing.T) {
	a, b := wrappers.MakeReplica("a").Obj(), wrappers.MakeReplica("b").Obj()
	deleting := wrappers.MakeReplica("b").Deleting().Obj()
	created := func() *Expectations {
		return &Expectations{Since: now, Created: map[types.UID]string{"a": "a", "b": "b"}}
	}
	deleted := func() *Expectations {
		return &Expectations{Since: now, Deleted: map[types.UID]struct{}{"b": {}}}
	}
	tests := []struct {
		name   string
		e      *Expectations
		passes [][]*v1alpha1.SimPod
		at     time.Time
		want   bool
	}{
		{name: "nothing expected", passes: [][]*v1alpha1.SimPod{{}}, at: now, want: true},
		{name: "one of two seen", e: created(), passes: [][]*v1alpha1.SimPod{{a}}, at: now},
		{name: "both seen, one after the other", e: created(), passes: [][]*v1alpha1.SimPod{{a}, {b}}, at: now, want: true},
		{name: "not yet deleted", e: deleted(), passes: [][]*v1alpha1.SimPod{{a, b}}, at: now},
		{name: "seen deleting", e: deleted(), passes: [][]*v1alpha1.SimPod{{a, deleting}}, at: now, want: true},
		{name: "gone", e: deleted(), passes: [][]*v1alpha1.SimPod{{a}}, at: now, want: true},
		{name: "too old", e: created(), passes: [][]*v1alpha1.SimPod{{}}, at: now.Add(ExpectationsTimeout), want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := false
			for _, pods := range tt.passes {
				got = Met(tt.e, pods, tt.at)
			}
			if got != tt.want {
				t.Errorf("met %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNewPod(t *testing.T) {
	set := webSet(1)
	pod := NewPod(set, "SimReplicaSet", &set.Spec.Template)
	if pod.GenerateName != "web-" || pod.Labels["app"] != "web" || !metav1.IsControlledBy(pod, set) {
		t.Errorf("pod %+v", pod.ObjectMeta)
	}
	set.Name = strings.Repeat("w", 253)
	if pod := NewPod(set, "SimReplicaSet", &set.Spec.Template); pod.GenerateName != set.Name {
		t.Errorf("generateName %q of the longest name", pod.GenerateName)
	}
	if ref := pod.OwnerReferences[0]; !*ref.BlockOwnerDeletion || ref.Kind != "SimReplicaSet" {
		t.Errorf("owner %+v", ref)
	}
}
