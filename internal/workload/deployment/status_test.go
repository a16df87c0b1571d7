// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package deployment

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// told is what a condition says: its status and its reason.
func told(status v1alpha1.SimDeploymentStatus, kind string) string {
	c := meta.FindStatusCondition(status.Conditions, kind)
	if c == nil {
		return ""
	}
	return string(c.Status) + " " + c.Reason
}

// TestProgressing has the cases of progress_test.go and of TestDeploymentTimedOut of
// upstream, and more.
func TestProgressing(t *testing.T) {
	const (
		created   = v1alpha1.ReasonNewReplicaSetCreated
		updated   = v1alpha1.ReasonReplicaSetUpdated
		complete  = v1alpha1.ReasonNewReplicaSetAvailable
		exceeded  = v1alpha1.ReasonProgressDeadlineExceeded
		yes       = metav1.ConditionTrue
		no        = metav1.ConditionFalse
		dontKnow  = metav1.ConditionUnknown
		ok, stuck = "True " + updated, "False " + exceeded
	)
	minutes := func(n int) time.Time { return ago(time.Duration(n) * time.Minute) }
	later := func(from time.Time) time.Time { return from.Add(10*time.Minute + time.Second) }
	tests := []struct {
		name       string
		deployment *wrappers.SimDeploymentWrapper
		sets       []*wrappers.SimReplicaSetWrapper
		outcome    Outcome
		want       string
		// progress is when the deployment last made some, again when it is looked at again.
		progress, again time.Time
	}{
		{
			name: "the first set", deployment: web(4), outcome: Outcome{Created: true},
			want: "True " + created, progress: now, again: later(now),
		},
		{
			name: "a set that was there already", deployment: web(4), sets: sets(set(1, 4)),
			want: "True " + v1alpha1.ReasonFoundNewReplicaSet, progress: now, again: later(now),
		},
		{
			name: "the set is refused", deployment: web(4), outcome: Outcome{Err: errors.New("quota")},
			want: "False " + v1alpha1.ReasonReplicaSetCreateError, progress: now, again: later(now),
		},
		{
			name: "more pods", deployment: web(4).Status(0, 0, 0).Progressing(yes, created, minutes(3)), sets: sets(set(1, 4).Pods(2, 0)),
			want: ok, progress: now, again: later(now),
		},
		{
			name: "more pods that are available", deployment: web(4).Status(4, 4, 1).Progressing(yes, updated, minutes(3)), sets: sets(set(1, 4).Pods(4, 2)),
			want: ok, progress: now, again: later(now),
		},
		{
			name: "fewer old pods", deployment: web(4).Image("app:2").Status(5, 1, 4).Progressing(yes, updated, minutes(3)), sets: sets(set(2, 1).Pods(1, 0), set(1, 3).Pods(3, 3)),
			want: ok, progress: now, again: later(now),
		},
		{
			name: "nothing new", deployment: web(4).Status(4, 4, 1).Progressing(yes, updated, minutes(3)), sets: sets(set(1, 4).Pods(4, 1)),
			want: ok, progress: minutes(3), again: later(minutes(3)),
		},
		{
			name: "nothing new for too long", deployment: web(4).Status(4, 4, 1).Progressing(yes, updated, minutes(11)), sets: sets(set(1, 4).Pods(4, 1)),
			want: stuck, progress: minutes(11),
		},
		{
			name: "still nothing new", deployment: web(4).Status(4, 4, 1).Progressing(no, exceeded, minutes(30)), sets: sets(set(1, 4).Pods(4, 1)),
			want: stuck, progress: minutes(30),
		},
		{
			name: "progress after the deadline", deployment: web(4).Status(4, 4, 1).Progressing(no, exceeded, minutes(30)), sets: sets(set(1, 4).Pods(4, 2)),
			want: ok, progress: now, again: later(now),
		},
		{
			name: "it is complete", deployment: web(4).Status(4, 4, 3).Progressing(yes, updated, minutes(3)), sets: sets(set(1, 4).Pods(4, 4)),
			want: "True " + complete, progress: now,
		},
		{
			name: "after that pods may come and go", deployment: web(4).Status(4, 4, 4).Progressing(yes, complete, minutes(30)), sets: sets(set(1, 4).Pods(4, 2)),
			want: "True " + complete, progress: minutes(30),
		},
		{
			name: "a new template after a long time", deployment: web(4).Image("app:2").Status(4, 4, 4).Progressing(yes, complete, minutes(30)), sets: sets(set(1, 4).Pods(4, 4)),
			outcome: Outcome{Created: true}, want: "True " + created, progress: now, again: later(now),
		},
		{
			name: "paused", deployment: web(4).Paused().Status(4, 4, 1).Progressing(yes, updated, minutes(9)), sets: sets(set(1, 4).Pods(4, 1)),
			want: "Unknown " + v1alpha1.ReasonDeploymentPaused, progress: now,
		},
		{
			name: "resumed", deployment: web(4).Status(4, 4, 1).Progressing(dontKnow, v1alpha1.ReasonDeploymentPaused, minutes(30)), sets: sets(set(1, 4).Pods(4, 1)),
			want: "Unknown " + v1alpha1.ReasonDeploymentResumed, progress: now, again: later(now),
		},
		{
			name: "paused when it was too late", deployment: web(4).Paused().Status(4, 4, 1).Progressing(no, exceeded, minutes(30)), sets: sets(set(1, 4).Pods(4, 1)),
			want: stuck, progress: minutes(30),
		},
		{
			name: "scaled", deployment: web(5).Status(4, 4, 4).Progressing(yes, complete, minutes(30)), sets: sets(set(1, 4).Pods(4, 4).ScaledFor(4, 5)),
			want: "True " + complete, progress: minutes(30),
		},
		{
			name: "nobody wants to know", deployment: web(4).Status(4, 4, 1).Deadline(1<<31 - 1), sets: sets(set(1, 4).Pods(4, 2)),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := State{Deployment: tt.deployment.Obj(), Sets: objects(tt.sets), Now: now}
			p, err := Next(s)
			if err != nil {
				t.Fatal(err)
			}
			status, _, again := Status(s, p, tt.outcome)
			if got := told(status, v1alpha1.SimDeploymentProgressing); got != tt.want {
				t.Errorf("Progressing is %s, want %s", got, tt.want)
			}
			var progress time.Time
			if status.LastProgressTime != nil {
				progress = status.LastProgressTime.Time
			}
			if !progress.Equal(tt.progress) || !again.Equal(tt.again) {
				t.Errorf("progress %s, again %s; want %s, %s", progress, again, tt.progress, tt.again)
			}
		})
	}
}

func TestAvailable(t *testing.T) {
	tests := []struct {
		name       string
		deployment *wrappers.SimDeploymentWrapper
		available  int32
		want       string
	}{
		{"all", web(4), 4, "True " + v1alpha1.ReasonMinimumReplicasAvailable},
		{"one may be missing", web(4), 3, "True " + v1alpha1.ReasonMinimumReplicasAvailable},
		{"but not two", web(4), 2, "False " + v1alpha1.ReasonMinimumReplicasUnavailable},
		{"none may be missing from Recreate", web(4).Recreate(), 3, "False " + v1alpha1.ReasonMinimumReplicasUnavailable},
		{"none are wanted", web(0), 0, "True " + v1alpha1.ReasonMinimumReplicasAvailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := State{Deployment: tt.deployment.Obj(), Sets: []*v1alpha1.SimReplicaSet{set(1, 4).Pods(4, tt.available).Obj()}, Now: now}
			status, _, _ := Status(s, next(t, s.Deployment, s.Sets...), Outcome{})
			if got := told(status, v1alpha1.SimDeploymentAvailable); got != tt.want {
				t.Errorf("Available is %s, want %s", got, tt.want)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	failing := set(1, 2).Pods(2, 2).Obj()
	failing.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimReplicaSetReplicaFailure, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonFailedCreate, Message: "no"}}
	d := web(4).Image("app:2").Bounds("1", "1").Obj()
	d.Generation = 7
	s := State{Deployment: d, Sets: []*v1alpha1.SimReplicaSet{set(2, 3).Pods(3, 1).Terminating(1).Obj(), failing}, Now: now}
	status, changed, _ := Status(s, next(t, d, s.Sets...), Outcome{Collision: true})
	if got := told(status, v1alpha1.SimDeploymentReplicaFailure); got != "True FailedCreate" {
		t.Errorf("ReplicaFailure is %s", got)
	}
	for _, c := range status.Conditions {
		if c.ObservedGeneration != 7 {
			t.Errorf("%s is about generation %d", c.Type, c.ObservedGeneration)
		}
	}
	status.Conditions, status.LastProgressTime = nil, nil
	want := v1alpha1.SimDeploymentStatus{
		ObservedGeneration: 7, Replicas: 5, UpdatedReplicas: 3, ReadyReplicas: 3, AvailableReplicas: 3, UnavailableReplicas: 2,
		TerminatingReplicas: 1, CollisionCount: new(int32(1)), Selector: "app=web",
	}
	if diff := cmp.Diff(want, status); diff != "" || !changed {
		t.Errorf("changed %v (-want +got):\n%s", changed, diff)
	}
}

func TestStatusIsStable(t *testing.T) {
	s := State{Deployment: web(2).Obj(), Sets: []*v1alpha1.SimReplicaSet{set(1, 2).Pods(2, 2).Obj()}, Now: now.Add(time.Millisecond)}
	for i := range 3 {
		status, changed, _ := Status(s, next(t, s.Deployment, s.Sets...), Outcome{})
		if changed != (i < 1) {
			t.Errorf("pass %d: changed %v", i, changed)
		}
		s.Deployment.Status, s.Now = status, s.Now.Add(time.Minute)
	}
}
