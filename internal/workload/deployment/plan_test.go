// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// set returns one of a template: app:3 is newer than app:2.
func set(version int, replicas int32) *wrappers.SimReplicaSetWrapper {
	return wrappers.MakeSimReplicaSet(fmt.Sprintf("web-%d", version), replicas).Image(fmt.Sprintf("app:%d", version)).
		Created(now.Add(time.Duration(version-10) * time.Minute)).Revision(version)
}

func web(replicas int32) *wrappers.SimDeploymentWrapper {
	return wrappers.MakeSimDeployment("web", replicas)
}

// next plans, and fails the test where that fails.
func next(t *testing.T, d *v1alpha1.SimDeployment, sets ...*v1alpha1.SimReplicaSet) Plan {
	t.Helper()
	p, err := Next(State{Deployment: d, Sets: sets, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sizes are those of all sets after a plan, by their images.
func sizes(p Plan) map[string]int32 {
	out := map[string]int32{}
	for _, set := range p.all() {
		out[strings.TrimPrefix(set.Spec.Template.Spec.Containers[0].Image, "app:")] = workload.Replicas(set)
	}
	return out
}

// TestBounds has the examples of ResolveFenceposts.
func TestBounds(t *testing.T) {
	tests := []struct {
		replicas           int32
		surge, unavailable string
		wantSurge          int32
		wantUnavailable    int32
	}{
		{2, "0%", "1%", 0, 1},
		{1, "0%", "1%", 0, 1},
		{2, "1%", "25%", 1, 0},
		{1, "1%", "25%", 1, 0},
		{2, "1%", "0%", 1, 0},
		{10, "25%", "25%", 3, 2},
		{10, "3", "2", 3, 2},
		{10, "200%", "100%", 20, 10},
		{3, "0", "10", 0, 3},
		{0, "25%", "25%", 0, 0},
		{0, "2", "2", 2, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d with %s and %s", tt.replicas, tt.surge, tt.unavailable), func(t *testing.T) {
			surge, unavailable := Bounds(web(tt.replicas).Bounds(tt.surge, tt.unavailable).Obj())
			if surge != tt.wantSurge || unavailable != tt.wantUnavailable {
				t.Errorf("%d more and %d fewer, want %d and %d", surge, unavailable, tt.wantSurge, tt.wantUnavailable)
			}
		})
	}
	if surge, unavailable := Bounds(web(4).Obj()); surge != 1 || unavailable != 1 {
		t.Errorf("by default %d more and %d fewer, want a quarter", surge, unavailable)
	}
	if surge, unavailable := Bounds(web(4).Recreate().Obj()); surge != 0 || unavailable != 0 {
		t.Errorf("Recreate: %d more and %d fewer, want 0", surge, unavailable)
	}
}

// TestRoll has the cases of rolling_test.go of upstream, and more.
func TestRoll(t *testing.T) {
	tests := []struct {
		name       string
		deployment *wrappers.SimDeploymentWrapper
		sets       []*wrappers.SimReplicaSetWrapper
		want       map[string]int32
	}{
		{"grows as far as maxSurge allows", web(10).Image("app:2").Bounds("2", "0"), sets(set(2, 0), set(1, 10).Pods(10, 0)), map[string]int32{"1": 10, "2": 2}},
		{"grows to what is missing", web(10).Image("app:2").Bounds("0", "0"), sets(set(2, 0), set(1, 5).Pods(5, 0)), map[string]int32{"1": 5, "2": 5}},
		{"grows to no more than is desired", web(10).Image("app:2").Bounds("2", "0"), sets(set(2, 8), set(1, 2).Pods(2, 0)), map[string]int32{"1": 2, "2": 10}},
		{"shrinks to what is desired", web(10).Image("app:2").Bounds("0", "0"), sets(set(2, 20), set(1, 10).Pods(10, 0)), map[string]int32{"1": 10, "2": 10}},
		{"does not grow while pods that are to go exist", web(10).Image("app:2").Bounds("3", "2"), sets(set(2, 3).Pods(3, 0), set(1, 8).Pods(10, 8)), map[string]int32{"1": 8, "2": 3}},

		{"takes away one where one may be missing by rounding", web(10).Image("app:2").Bounds("0", "0"), sets(set(2, 0), set(1, 10).Pods(10, 10)), map[string]int32{"1": 9, "2": 0}},
		{"takes away what may be missing", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 0), set(1, 10).Pods(10, 10)), map[string]int32{"1": 8, "2": 0}},
		{"takes away those that are missing anyway", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 0), set(1, 10).Pods(10, 8)), map[string]int32{"1": 8, "2": 0}},
		{"takes away some that are and some that are not available", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 0), set(1, 10).Pods(10, 9)), map[string]int32{"1": 8, "2": 0}},
		{"waits for pods of the new template", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 2).Pods(2, 0), set(1, 8).Pods(8, 8)), map[string]int32{"1": 8, "2": 2}},
		{"keeps the old pods of a template that fails", web(10).Image("app:2").Bounds("3", "2"), sets(set(2, 5).Pods(5, 0), set(1, 8).Pods(8, 7)), map[string]int32{"1": 8, "2": 5}},
		{"takes away failing pods after a rollback", web(10).Bounds("3", "2").Image("app:1"), sets(set(2, 5).Pods(5, 0), set(1, 8).Pods(8, 7)), map[string]int32{"1": 8, "2": 1}},
		{"takes away failing pods for a third template", web(10).Bounds("3", "2").Image("app:3"), sets(set(3, 0), set(2, 5).Pods(5, 0), set(1, 8).Pods(8, 8)), map[string]int32{"1": 8, "2": 0, "3": 0}},
		{"takes the oldest first", web(4).Bounds("1", "1").Image("app:3"), sets(set(3, 2).Pods(2, 2), set(2, 2).Pods(2, 2), set(1, 1).Pods(1, 1)), map[string]int32{"1": 0, "2": 1, "3": 2}},
		{"counts no pods that are about to go", web(10).Image("app:2").Bounds("3", "2"), sets(set(2, 5).Pods(5, 1), set(1, 8).Pods(10, 10)), map[string]int32{"1": 7, "2": 5}},

		{"waits for a set that has not seen its change", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 0).Generations(2, 1), set(1, 10).Pods(10, 10)), map[string]int32{"1": 10, "2": 0}},
		{"not for one that is being deleted", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 0), set(1, 10).Pods(10, 10).Generations(2, 1).Deleting()), map[string]int32{"1": 8, "2": 0}},
		{"is done", web(10).Image("app:2").Bounds("0", "2"), sets(set(2, 10).Pods(10, 10), set(1, 0)), map[string]int32{"1": 0, "2": 10}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, sizes(next(t, tt.deployment.Obj(), objects(tt.sets)...))); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

func sets(of ...*wrappers.SimReplicaSetWrapper) []*wrappers.SimReplicaSetWrapper { return of }

func objects(of []*wrappers.SimReplicaSetWrapper) (out []*v1alpha1.SimReplicaSet) {
	for _, w := range of {
		out = append(out, w.Obj())
	}
	return out
}

func TestRecreate(t *testing.T) {
	tests := []struct {
		name   string
		sets   []*wrappers.SimReplicaSetWrapper
		want   map[string]int32
		create bool
	}{
		{"at first", nil, map[string]int32{"2": 4}, true},
		{"lets all go", sets(set(1, 4).Pods(4, 4)), map[string]int32{"1": 0}, false},
		{"waits for those that exist", sets(set(1, 0).Pods(1, 1)), map[string]int32{"1": 0}, false},
		{"waits for those that end", sets(set(1, 0).Terminating(1)), map[string]int32{"1": 0}, false},
		{"then creates", sets(set(1, 0)), map[string]int32{"1": 0, "2": 4}, true},
		{"scales the set that it has had", sets(set(2, 0), set(1, 0)), map[string]int32{"1": 0, "2": 4}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := next(t, web(4).Recreate().Image("app:2").Obj(), objects(tt.sets)...)
			if diff := cmp.Diff(tt.want, sizes(p)); diff != "" || p.Create != tt.create {
				t.Errorf("creates %v, want %v; sizes (-want +got):\n%s", p.Create, tt.create, diff)
			}
		})
	}
}

// TestResize has the cases of TestScale of upstream.
func TestResize(t *testing.T) {
	tests := []struct {
		name string
		// replicas of the deployment before and after; surge too.
		before, after           int32
		surgeBefore, surgeAfter string
		// of the sets, the newest first: the first is that of the present template,
		// unless there is none.
		sizes   []int32
		noneNow bool
		want    []int32
		// scaledFor is what a set was already scaled for, if not what the others were.
		scaledFor map[int]int32
	}{
		{name: "one set grows", before: 10, after: 12, sizes: []int32{10}, want: []int32{12}},
		{name: "one set shrinks", before: 10, after: 5, sizes: []int32{10}, want: []int32{5}},
		{name: "5 to 10", before: 5, after: 10, sizes: []int32{2, 3}, want: []int32{4, 6}},
		{name: "5 to 3", before: 5, after: 3, sizes: []int32{2, 3}, want: []int32{1, 2}},
		{name: "9 to 4", before: 9, after: 4, sizes: []int32{8, 1}, want: []int32{4, 0}},
		{name: "7 to 10", before: 7, after: 10, sizes: []int32{2, 3, 2}, want: []int32{3, 4, 3}},
		{name: "13 to 8", before: 13, after: 8, sizes: []int32{2, 8, 3}, want: []int32{1, 5, 2}},
		{name: "what is left over goes to the newest", before: 3, after: 4, sizes: []int32{1, 1, 1}, want: []int32{2, 1, 1}},
		{name: "what is left over goes from the oldest", before: 3, after: 2, sizes: []int32{1, 1, 1}, want: []int32{1, 1, 0}},
		{name: "no set of the present template", before: 4, after: 5, sizes: []int32{2, 2}, noneNow: true, want: []int32{3, 2}},
		{name: "to nothing", before: 6, after: 0, sizes: []int32{3, 2, 1}, want: []int32{0, 0, 0}},
		{name: "from nothing", before: 6, after: 6, sizes: []int32{0, 0, 0}, want: []int32{6, 0, 0}},
		{name: "one set was not scaled the last time", before: 5, after: 5, sizes: []int32{2, 1, 1}, want: []int32{2, 2, 1}, scaledFor: map[int]int32{1: 3}},
		{name: "pods beyond the desired ones", before: 10, after: 20, surgeBefore: "2", surgeAfter: "2", sizes: []int32{6, 6}, want: []int32{11, 11}},
		{name: "another surge and another size", before: 10, after: 50, surgeBefore: "3", surgeAfter: "6", sizes: []int32{5, 8}, want: []int32{22, 34}},
		{name: "another template and another size", before: 10, after: 14, sizes: []int32{7, 3}, noneNow: true, want: []int32{10, 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			surge := func(of string) string { return map[bool]string{true: "0", false: of}[of == ""] }
			d := web(tt.after).Bounds(surge(tt.surgeAfter), "1").Image("app:9").Obj()
			before, _ := Bounds(web(tt.before).Bounds(surge(tt.surgeBefore), "1").Obj())
			var all []*v1alpha1.SimReplicaSet
			for i, size := range tt.sizes {
				version := 9 - i
				if tt.noneNow {
					version--
				}
				scaledFor, ok := tt.scaledFor[i]
				if !ok {
					scaledFor = tt.before
				}
				all = append(all, set(version, size).Pods(size, size).ScaledFor(scaledFor, scaledFor+before).Obj())
			}
			p := newPlan(State{Deployment: d, Sets: all, Now: now})
			p.resize(d)
			var got []int32
			for i := range tt.sizes {
				version := 9 - i
				if tt.noneNow {
					version--
				}
				got = append(got, sizes(p)[fmt.Sprint(version)])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a set that has all pods but fails leaves the old ones", func(t *testing.T) {
		d := web(2).Bounds("1", "1").Image("app:2").Obj()
		p := newPlan(State{Deployment: d, Sets: []*v1alpha1.SimReplicaSet{
			set(2, 2).Pods(2, 0).ScaledFor(2, 3).Obj(), set(1, 1).Pods(1, 1).ScaledFor(2, 3).Obj(),
		}})
		p.resize(d)
		if diff := cmp.Diff(map[string]int32{"1": 1, "2": 2}, sizes(p)); diff != "" {
			t.Errorf("sizes (-want +got):\n%s", diff)
		}
	})
	t.Run("one that has all pods needs no old ones", func(t *testing.T) {
		d := web(2).Bounds("1", "1").Image("app:2").Paused().Obj()
		p := next(t, d, set(2, 2).Pods(2, 2).ScaledFor(2, 3).Obj(), set(1, 1).Pods(1, 1).ScaledFor(2, 3).Obj())
		if diff := cmp.Diff(map[string]int32{"1": 0, "2": 2}, sizes(p)); diff != "" {
			t.Errorf("sizes (-want +got):\n%s", diff)
		}
	})
}

func TestPause(t *testing.T) {
	tests := []struct {
		name string
		sets []*wrappers.SimReplicaSetWrapper
		want map[string]int32
	}{
		{"no set is created", nil, map[string]int32{}},
		{"a new template replaces nothing", sets(set(1, 4).Pods(4, 4).ScaledFor(4, 5)), map[string]int32{"1": 4}},
		{"a rollout stops", sets(set(2, 1).Pods(1, 1).ScaledFor(4, 5), set(1, 4).Pods(4, 4).ScaledFor(4, 5)), map[string]int32{"1": 4, "2": 1}},
		{"but is scaled", sets(set(2, 1).Pods(1, 1).ScaledFor(2, 2), set(1, 1).Pods(1, 1).ScaledFor(2, 2)), map[string]int32{"1": 2, "2": 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := next(t, web(4).Image("app:2").Paused().Obj(), objects(tt.sets)...)
			if diff := cmp.Diff(tt.want, sizes(p)); diff != "" || p.Create || p.Rollout {
				t.Errorf("creates %v, rollout %v; sizes (-want +got):\n%s", p.Create, p.Rollout, diff)
			}
		})
	}
}

func TestNothingIsDoneForADeploymentThatIsDeleted(t *testing.T) {
	d := web(4).Image("app:2").Obj()
	d.DeletionTimestamp = &metav1.Time{Time: now}
	p := next(t, d, set(1, 4).Pods(4, 4).Obj())
	if p.Create || p.Rollout || len(p.Update) > 0 || len(p.Delete) > 0 {
		t.Errorf("plan %+v", p)
	}
}

// TestCleanUp has the cases of TestDeploymentController_cleanupDeployment of upstream.
func TestCleanUp(t *testing.T) {
	tests := []struct {
		name  string
		limit int32
		sets  []*wrappers.SimReplicaSetWrapper
		want  []string
	}{
		{"all but one", 1, sets(set(3, 0), set(1, 0), set(2, 0)), []string{"web-1", "web-2"}},
		{"by revision, not by age", 1, sets(set(1, 0).Revision(3), set(2, 0)), []string{"web-2"}},
		{"only those without pods", 0, sets(set(1, 0), set(2, 0).Pods(1, 0), set(3, 1).Pods(0, 0), set(4, 1).Pods(1, 1)), []string{"web-1"}},
		{"all", 0, sets(set(1, 0), set(2, 0)), []string{"web-1", "web-2"}},
		{"none that is deleted already", 0, sets(set(1, 0).Deleting()), nil},
		{"none that has not been seen", 0, sets(set(1, 0).Generations(2, 1)), nil},
		{"without a limit", 1<<31 - 1, sets(set(1, 0), set(2, 0)), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := web(1).HistoryLimit(tt.limit).Image("app:9").Obj()
			p := newPlan(State{Deployment: d, Sets: append(objects(tt.sets), set(9, 1).Pods(1, 1).Obj())})
			p.cleanUp(d)
			var got []string
			for _, set := range p.Delete {
				got = append(got, set.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFirstSet(t *testing.T) {
	d := web(3).Annotation(ChangeCauseAnnotation, "first").Annotation(RevisionAnnotation, "7").Obj()
	d.Spec.MinReadySeconds = 5
	p := next(t, d)
	hash, err := workload.TemplateHash(&d.Spec.Template, nil)
	if err != nil {
		t.Fatal(err)
	}
	set := p.Present
	if !p.Create || !p.Rollout || set.Name != "web-"+hash || workload.Replicas(set) != 3 || set.Spec.MinReadySeconds != 5 {
		t.Errorf("plan %+v with set %+v", p, set)
	}
	want := map[string]string{
		RevisionAnnotation: "1", ChangeCauseAnnotation: "first", DesiredReplicasAnnotation: "3", MaxReplicasAnnotation: "4",
	}
	if diff := cmp.Diff(want, set.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	for where, labels := range map[string]map[string]v1alpha1.LabelValue{"template": set.Spec.Template.Metadata.Labels, "selector": set.Spec.Selector.MatchLabels} {
		if diff := cmp.Diff(map[string]v1alpha1.LabelValue{"app": "web", HashLabel: v1alpha1.LabelValue(hash)}, labels); diff != "" {
			t.Errorf("labels of the %s (-want +got):\n%s", where, diff)
		}
	}
	if set.Labels[HashLabel] != hash || len(d.Spec.Selector.MatchLabels) != 1 || len(set.OwnerReferences) != 1 {
		t.Errorf("labels %v, owners %v", set.Labels, set.OwnerReferences)
	}
	d.Status.CollisionCount = new(int32(1))
	if again := next(t, d).Present; again.Name == set.Name {
		t.Errorf("%s again, though the name is taken", again.Name)
	}
}

func TestLongNameIsCut(t *testing.T) {
	if got := setName(strings.Repeat("a", 253), "5d4f8c7b9"); len(got) != 253 || !strings.HasSuffix(got, "a-5d4f8c7b9") {
		t.Errorf("%d characters: %s", len(got), got)
	}
}

func TestRevisions(t *testing.T) {
	tests := []struct {
		name          string
		deployment    *wrappers.SimDeploymentWrapper
		present       *wrappers.SimReplicaSetWrapper
		want, history string
	}{
		{"stays", web(1), set(3, 1), "3", ""},
		{"grows after a rollback", web(1).Image("app:1"), set(1, 1), "3", "1"},
		{"keeps the history", web(1).Image("app:1"), set(1, 1).Annotation(RevisionHistoryAnnotation, "-1,0"), "3", "-1,0,1"},
		{"forgets the oldest", web(1).Image("app:1"), set(1, 1).Annotation(RevisionHistoryAnnotation, strings.Repeat("12345,", 333)+"6"), "3", strings.Repeat("12345,", 332) + "6,1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, present := tt.deployment.Obj(), tt.present.Obj()
			d.Spec.Template = *WithoutHash(&present.Spec.Template)
			got := next(t, d, present, set(2, 0).Obj()).Present.Annotations
			if got[RevisionAnnotation] != tt.want || got[RevisionHistoryAnnotation] != tt.history {
				t.Errorf("revision %s with %s, want %s with %s", got[RevisionAnnotation], got[RevisionHistoryAnnotation], tt.want, tt.history)
			}
		})
	}
}

func TestAnnotationsGoWithTheTemplate(t *testing.T) {
	d := web(1).Annotation(ChangeCauseAnnotation, "edit").Annotation(RevisionAnnotation, "2").Annotation("left", "over").Obj()
	got := RollbackAnnotations(d, set(1, 0).Annotation(ChangeCauseAnnotation, "create").ScaledFor(1, 2).Obj())
	if diff := cmp.Diff(map[string]string{RevisionAnnotation: "2", ChangeCauseAnnotation: "create"}, got); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
}

// Of several sets of one template the oldest counts.
func TestSplit(t *testing.T) {
	d := web(1).Image("app:2").Obj()
	twin := set(5, 1).Image("app:2").Obj()
	twin.Spec.Template.Metadata.Labels[HashLabel] = "abc"
	present, old := Split(d, []*v1alpha1.SimReplicaSet{set(4, 1).Obj(), twin, set(2, 1).Obj(), set(1, 1).Obj()})
	var got []string
	for _, set := range old {
		got = append(got, set.Name)
	}
	if diff := cmp.Diff([]string{"web-1", "web-4", "web-5"}, got); diff != "" || present.Name != "web-2" {
		t.Errorf("present %s, old (-want +got):\n%s", present.Name, diff)
	}
}
