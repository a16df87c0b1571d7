// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package statefulset

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

func db(replicas int32) *v1alpha1.SimStatefulSet {
	labels := map[string]v1alpha1.LabelValue{"app": "db"}
	return &v1alpha1.SimStatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "db", UID: "set", Generation: 3},
		Spec: v1alpha1.SimStatefulSetSpec{
			Replicas:            &replicas,
			Selector:            v1alpha1.LabelSelector{MatchLabels: labels},
			Template:            v1alpha1.SimPodTemplateSpec{Metadata: v1alpha1.TemplateMeta{Labels: labels}},
			PodManagementPolicy: v1alpha1.OrderedReadyPodManagement,
			UpdateStrategy:      v1alpha1.SimStatefulSetUpdateStrategy{Type: v1alpha1.RollingUpdateSet},
		},
	}
}

// template has an image that tells it from others.
func template(image string) *v1alpha1.SimPodTemplateSpec {
	return &v1alpha1.SimPodTemplateSpec{
		Metadata: v1alpha1.TemplateMeta{Labels: map[string]v1alpha1.LabelValue{"app": "db"}},
		Spec:     v1alpha1.SimPodSpec{Containers: []v1alpha1.Container{{Name: "main", Image: image}}},
	}
}

// pod is a pod of a revision. It has been ready for an hour.
func pod(ordinal int, revision string) *wrappers.ReplicaWrapper {
	name := fmt.Sprintf("db-%d", ordinal)
	return wrappers.MakeReplica(name).Label(appsv1.StatefulSetRevisionLabel, revision).Label(appsv1.StatefulSetPodNameLabel, name).
		Node("n").ReadySince(ago(time.Hour))
}

func pending(ordinal int, revision string) *wrappers.ReplicaWrapper {
	name := fmt.Sprintf("db-%d", ordinal)
	return wrappers.MakeReplica(name).Label(appsv1.StatefulSetRevisionLabel, revision).Label(appsv1.StatefulSetPodNameLabel, name).Phase(corev1.PodPending)
}

func list(pods ...*wrappers.ReplicaWrapper) (out []*v1alpha1.SimPod) {
	for _, pod := range pods {
		out = append(out, pod.Obj())
	}
	return out
}

func names(pods []*v1alpha1.SimPod) []string {
	out := []string{}
	for _, pod := range pods {
		out = append(out, pod.Name)
	}
	return out
}

func TestOrdinal(t *testing.T) {
	set := db(3)
	for name, want := range map[string]int{
		"db-0": 0, "db-12": 12, "db-2147483647": 2147483647,
		"db-01": -1, "db-": -1, "db": -1, "db--1": -1, "db-+1": -1, "db-x": -1, "other-0": -1, "db-x-0": -1, "db-2147483648": -1,
	} {
		got, ok := Ordinal(set, wrappers.MakeReplica(name).Obj())
		if !ok {
			got = -1
		}
		if got != want || Member(set)(wrappers.MakeReplica(name).Obj()) != (want >= 0) {
			t.Errorf("%s: ordinal %d, want %d", name, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	partition := func(n int32) func(*v1alpha1.SimStatefulSet) {
		return func(set *v1alpha1.SimStatefulSet) {
			set.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdateStatefulSet{Partition: n}
		}
	}
	unavailable := func(n intstr.IntOrString) func(*v1alpha1.SimStatefulSet) {
		return func(set *v1alpha1.SimStatefulSet) {
			set.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdateStatefulSet{MaxUnavailable: &n}
		}
	}
	parallel := func(set *v1alpha1.SimStatefulSet) { set.Spec.PodManagementPolicy = v1alpha1.ParallelPodManagement }
	start := func(n int32) func(*v1alpha1.SimStatefulSet) {
		return func(set *v1alpha1.SimStatefulSet) { set.Spec.Ordinals = &v1alpha1.SimStatefulSetOrdinals{Start: n} }
	}
	minReady := func(set *v1alpha1.SimStatefulSet) { set.Spec.MinReadySeconds = 30 }
	failed := func(ordinal int) *wrappers.ReplicaWrapper { return pod(ordinal, "new").Phase(corev1.PodFailed) }
	type changes = []func(*v1alpha1.SimStatefulSet)
	tests := []struct {
		name     string
		replicas int32
		set      changes
		pods     []*v1alpha1.SimPod
		backoff  time.Duration
		create   []string
		images   []string
		delete   []string
		identify []string
		wake     time.Time
	}{
		{name: "the first one first", replicas: 3, create: []string{"db-0"}},
		{name: "the next one once it is ready", replicas: 3, pods: list(pod(0, "new")), create: []string{"db-1"}},
		{name: "not before", replicas: 3, pods: list(pending(0, "new"))},
		{name: "not before it has been ready for long enough", replicas: 3, set: changes{minReady},
			pods: list(pod(0, "new").ReadySince(ago(time.Second))), wake: now.Add(29 * time.Second)},
		{name: "one that is missing in between", replicas: 3, pods: list(pod(0, "new"), pod(2, "new")), create: []string{"db-1"}},
		{name: "one that is being deleted is waited for", replicas: 3, pods: list(pod(0, "new"), pod(1, "new").Deleting())},
		{name: "one that has failed is deleted", replicas: 2, pods: list(failed(0), pod(1, "new")), delete: []string{"db-0"}},
		{name: "and one that has succeeded", replicas: 1, pods: list(pod(0, "new").Phase(corev1.PodSucceeded)), delete: []string{"db-0"}},
		{name: "and waited for", replicas: 2, pods: list(failed(0).Deleting())},
		{name: "later, where it fails again and again", replicas: 1, pods: list(failed(0)), backoff: time.Minute, wake: now.Add(time.Minute)},
		{name: "numbers from 5", replicas: 2, set: changes{start(5)}, pods: list(pod(5, "new")), create: []string{"db-6"}},
		{name: "others' numbers go after all are there", replicas: 1, set: changes{start(5)}, pods: list(pod(0, "new"), pod(5, "new")), delete: []string{"db-0"}},
		{name: "a pod without its label is labelled", replicas: 1, pods: list(pod(0, "new").Label(appsv1.StatefulSetPodNameLabel, "")), identify: []string{"db-0"}},

		{name: "down from the top, one at a time", replicas: 1, pods: list(pod(0, "new"), pod(1, "new"), pod(2, "new")), delete: []string{"db-2"}},
		{name: "not while one is ending", replicas: 1, pods: list(pod(0, "new"), pod(1, "new"), pod(2, "new").Deleting())},
		{name: "not while a lower one is not ready", replicas: 1, pods: list(pod(0, "new"), pending(1, "new"), pending(2, "new"))},
		{name: "the only one that is not ready may go", replicas: 1, pods: list(pod(0, "new"), pod(1, "new"), pending(2, "new")), delete: []string{"db-2"}},
		{name: "not while one that is wanted is not ready", replicas: 1, pods: list(pending(0, "new"), pod(1, "new"))},
		{name: "to nothing", replicas: 0, pods: list(pod(0, "new")), delete: []string{"db-0"}},

		{name: "replaced from the top", replicas: 3, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "old")), delete: []string{"db-2"}},
		{name: "the next one below", replicas: 3, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "new")), delete: []string{"db-1"}},
		{name: "created anew of the present template", replicas: 3, pods: list(pod(0, "old"), pod(1, "old")), create: []string{"db-2"}, images: []string{"new"}},
		{name: "not below the partition", replicas: 3, set: changes{partition(2)}, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "new"))},
		{name: "below the partition created of the template before", replicas: 3, set: changes{partition(2)}, pods: list(pod(0, "old"), pod(2, "new")),
			create: []string{"db-1"}, images: []string{"old"}},
		{name: "the partition counts from the first number", replicas: 3, set: changes{partition(2), start(5)}, pods: list(pod(5, "old"), pod(6, "old"), pod(7, "old")),
			delete: []string{"db-7"}},
		{name: "a partition above all", replicas: 2, set: changes{partition(9)}, pods: list(pod(0, "old"), pod(1, "old"))},
		{name: "two at once", replicas: 4, set: changes{unavailable(intstr.FromInt32(2))}, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "old"), pod(3, "old")),
			delete: []string{"db-3", "db-2"}},
		{name: "a percentage is rounded down", replicas: 3, set: changes{unavailable(intstr.FromString("70%"))}, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "old")),
			delete: []string{"db-2", "db-1"}},
		{name: "but not to none", replicas: 3, set: changes{unavailable(intstr.FromString("1%"))}, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "old")), delete: []string{"db-2"}},
		{name: "a rollout that is stuck stays so, though the template is another", replicas: 2, pods: list(pod(0, "old"), pending(1, "broken"))},
		{name: "OnDelete replaces none", replicas: 1, set: changes{func(set *v1alpha1.SimStatefulSet) { set.Spec.UpdateStrategy.Type = v1alpha1.OnDeleteSet }},
			pods: list(pod(0, "old"))},

		{name: "parallel: all at once", replicas: 3, set: changes{parallel}, create: []string{"db-0", "db-1", "db-2"}},
		{name: "parallel: none is waited for", replicas: 3, set: changes{parallel}, pods: list(pending(0, "new"), pod(1, "new").Deleting()), create: []string{"db-2"}},
		{name: "parallel: all that are too many", replicas: 1, set: changes{parallel}, pods: list(pending(0, "new"), pending(1, "new"), pod(2, "new")), delete: []string{"db-2", "db-1"}},
		{name: "parallel: those that have failed", replicas: 2, set: changes{parallel}, pods: list(failed(0), failed(1)), delete: []string{"db-0", "db-1"}},
		{name: "parallel: one of those that are available", replicas: 3, set: changes{parallel}, pods: list(pod(0, "old"), pod(1, "old"), pod(2, "old")), delete: []string{"db-2"}},
		{name: "parallel: not while one is missing", replicas: 3, set: changes{parallel}, pods: list(pod(0, "old"), pod(1, "old"), pending(2, "new"))},
		{name: "parallel: each that is not available anyway", replicas: 3, set: changes{parallel}, pods: list(pending(0, "old"), pod(1, "old"), pending(2, "broken")),
			delete: []string{"db-2", "db-0"}},
		{name: "parallel: one that has failed is deleted once", replicas: 2, set: changes{parallel}, pods: list(pod(0, "old"), pod(1, "old").Phase(corev1.PodFailed)), delete: []string{"db-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := db(tt.replicas)
			for _, change := range tt.set {
				change(set)
			}
			got := NewPlan(Facts{
				Set: set, Pods: tt.pods, Now: now,
				Current: Revision{"old", template("old")}, Update: Revision{"new", template("new")},
				Backoff: func(string) time.Duration { return tt.backoff },
			})
			for what, lists := range map[string][2][]string{
				"create": {tt.create, names(got.Create)}, "delete": {tt.delete, names(got.Delete)}, "identify": {tt.identify, names(got.Identify)},
			} {
				if diff := cmp.Diff(lists[0], lists[1], cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", what, diff)
				}
			}
			if !got.Wake.Equal(tt.wake) {
				t.Errorf("wakes at %s, want %s", got.Wake, tt.wake)
			}
			for i, image := range tt.images {
				if pod := got.Create[i]; pod.Spec.Containers[0].Image != image || RevisionOf(pod) != image {
					t.Errorf("%s has image %s, revision %s; want %s", pod.Name, pod.Spec.Containers[0].Image, RevisionOf(pod), image)
				}
			}
		})
	}
}

func TestNewPodHasItsIdentity(t *testing.T) {
	set := db(1)
	got := NewPlan(Facts{Set: set, Current: Revision{"new", template("new")}, Update: Revision{"new", template("new")}, Now: now}).Create[0]
	want := map[string]string{
		"app": "db", "statefulset.kubernetes.io/pod-name": "db-0", "apps.kubernetes.io/pod-index": "0", "controller-revision-hash": "new",
	}
	if diff := cmp.Diff(want, got.Labels); diff != "" || got.GenerateName != "" || !metav1.IsControlledBy(got, set) {
		t.Errorf("%s generated from %q, controlled by %v; labels (-want +got):\n%s", got.Name, got.GenerateName, got.OwnerReferences, diff)
	}
	delete(got.Labels, "apps.kubernetes.io/pod-index")
	if labelled := Identified(set, got); labelled.Labels["apps.kubernetes.io/pod-index"] != "0" || got.Labels["apps.kubernetes.io/pod-index"] != "" {
		t.Errorf("identified as %v, from %v", labelled.Labels, got.Labels)
	}
}

func TestNothingIsPlannedForASetThatIsBeingDeleted(t *testing.T) {
	set := db(2)
	set.DeletionTimestamp = &metav1.Time{Time: now}
	if got := NewPlan(Facts{Set: set, Update: Revision{"new", template("new")}, Now: now}); len(got.Create)+len(got.Delete) > 0 {
		t.Errorf("planned %v", got)
	}
}

func TestStatus(t *testing.T) {
	set := db(3)
	set.Spec.MinReadySeconds = 60
	facts := Facts{
		Set: set, Now: now, Current: Revision{Name: "old"}, Update: Revision{Name: "new"},
		Pods: list(pod(0, "old"), pod(1, "new").ReadySince(ago(20*time.Second)), pod(2, "new").Deleting(), pending(7, "old"), wrappers.MakeReplica("db-x")),
	}
	status, changed, next := Status(facts, new(int32(1)), Failure{Reason: v1alpha1.ReasonFailedCreate, Err: errors.New("taken")})
	want := v1alpha1.SimStatefulSetStatus{
		ObservedGeneration: 3, Replicas: 4, ReadyReplicas: 3, AvailableReplicas: 2, CurrentReplicas: 2, UpdatedReplicas: 1,
		CurrentRevision: "old", UpdateRevision: "new", CollisionCount: new(int32(1)), Selector: "app=db",
		Conditions: []metav1.Condition{{
			Type: v1alpha1.SimReplicaSetReplicaFailure, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonFailedCreate,
			Message: "taken", ObservedGeneration: 3, LastTransitionTime: metav1.Time{Time: now},
		}},
	}
	if diff := cmp.Diff(want, status); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !changed || !next.Equal(now.Add(40*time.Second)) {
		t.Errorf("changed %t, next %s", changed, next)
	}

	facts.Pods = list(pod(0, "new"), pod(1, "new"), pod(2, "new"))
	status, _, _ = Status(facts, nil, Failure{})
	if status.CurrentRevision != "new" || status.CurrentReplicas != 3 {
		t.Errorf("a rollout that is complete: current revision %s of %d", status.CurrentRevision, status.CurrentReplicas)
	}
}

// TestSetsKeepTheirPromises simulates sets whose spec changes while pods start, fail
// and are deleted in random order. At no time are there two pods of one ordinal; a
// rollout takes no more pods away than it may; with OrderedReady a pod is created
// only where all before it are ready; and each set comes to rest as its spec says.
func TestSetsKeepTheirPromises(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 2))
		w := &world{random: random, set: db(int32(random.IntN(6))), revision: "r0", current: "r0"}
		bound := 1 + random.IntN(3)
		w.set.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdateStatefulSet{MaxUnavailable: new(intstr.FromInt(bound))}
		if random.IntN(2) == 0 {
			w.set.Spec.PodManagementPolicy = v1alpha1.ParallelPodManagement
		}
		for step := range 120 {
			if step < 60 && random.IntN(8) == 0 {
				w.disturb()
			}
			if message := w.step(bound); message != "" {
				t.Fatalf("seed %d, step %d: %s", seed, step, message)
			}
		}
		for range 200 {
			if message := w.step(bound); message != "" {
				t.Fatalf("seed %d: %s", seed, message)
			}
		}
		for i := range Replicas(w.set) {
			pod := w.find(PodName(w.set, Start(w.set)+i))
			if pod == nil || pod.Status.Phase != corev1.PodRunning || RevisionOf(pod) != w.revision {
				t.Fatalf("seed %d: at rest pod %d of %d is %v", seed, i, Replicas(w.set), pod)
			}
		}
		if len(w.pods) != Replicas(w.set) || w.current != w.revision {
			t.Fatalf("seed %d: at rest there are %d pods of %d, current revision %s of %s", seed, len(w.pods), Replicas(w.set), w.current, w.revision)
		}
	}
}

// world is a set, and pods that start and end.
type world struct {
	random            *rand.Rand
	set               *v1alpha1.SimStatefulSet
	pods              []*v1alpha1.SimPod
	revision, current string
	revisions         int
}

// disturb changes the set or harms a pod.
func (w *world) disturb() {
	switch w.random.IntN(4) {
	case 0:
		w.set.Spec.Replicas = new(int32(w.random.IntN(6)))
	case 1:
		w.revisions++
		w.revision = fmt.Sprintf("r%d", w.revisions)
	case 2:
		w.set.Spec.Ordinals = &v1alpha1.SimStatefulSetOrdinals{Start: int32(w.random.IntN(3))}
	case 3:
		if len(w.pods) > 0 {
			w.pods[w.random.IntN(len(w.pods))].Status.Phase = corev1.PodFailed
		}
	}
}

func (w *world) find(name string) *v1alpha1.SimPod {
	for _, pod := range w.pods {
		if pod.Name == name {
			return pod
		}
	}
	return nil
}

func (w *world) step(bound int) string {
	facts := Facts{
		Set: w.set, Pods: w.pods, Now: now,
		Current: Revision{w.current, template(w.current)}, Update: Revision{w.revision, template(w.revision)},
	}
	status, _, _ := Status(facts, nil, Failure{})
	w.current = status.CurrentRevision
	plan := NewPlan(facts)
	ordered := w.set.Spec.PodManagementPolicy == v1alpha1.OrderedReadyPodManagement
	if ordered && len(plan.Create)+len(plan.Delete) > max(1, bound) {
		return fmt.Sprintf("ordered, but creates %v and deletes %v", names(plan.Create), names(plan.Delete))
	}
	for _, pod := range plan.Create {
		if w.find(pod.Name) != nil {
			return "a second " + pod.Name
		}
		ordinal, _ := Ordinal(w.set, pod)
		for before := Start(w.set); ordered && before < ordinal; before++ {
			if other := w.find(PodName(w.set, before)); other == nil || other.Status.Phase != corev1.PodRunning || other.DeletionTimestamp != nil {
				return fmt.Sprintf("%s is created before %s is ready", pod.Name, PodName(w.set, before))
			}
		}
		w.pods = append(w.pods, pod)
	}
	if message := w.takesTooMuch(plan, bound); message != "" {
		return message
	}
	for _, pod := range plan.Delete {
		pod.DeletionTimestamp = &metav1.Time{Time: now}
	}
	w.live()
	return ""
}

// takesTooMuch says where a plan deletes pods that run and are wanted, and more would
// be missing then than may be.
func (w *world) takesTooMuch(plan Plan, bound int) string {
	missing, taken := 0, 0
	for i := range Replicas(w.set) {
		pod := w.find(PodName(w.set, Start(w.set)+i))
		switch {
		case pod == nil || pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil:
			missing++
		case slices.Contains(plan.Delete, pod):
			taken++
		}
	}
	if taken > 0 && missing+taken > bound {
		return fmt.Sprintf("%d are missing, and %v is deleted: only %d may be missing", missing, names(plan.Delete), bound)
	}
	return ""
}

// live lets one pod that waits run, or one that is being deleted end.
func (w *world) live() {
	if len(w.pods) == 0 {
		return
	}
	i := w.random.IntN(len(w.pods))
	switch pod := w.pods[i]; {
	case pod.DeletionTimestamp != nil:
		w.pods = slices.Delete(w.pods, i, i+1)
	case pod.Status.Phase == "":
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimPodReady, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Time{Time: ago(time.Hour)}}}
	}
}
