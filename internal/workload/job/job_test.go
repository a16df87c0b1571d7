// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/wrappers"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// pod is one of the job, which tracks it.
func pod(name string) *wrappers.ReplicaWrapper {
	return wrappers.MakeReplica(name).Created(ago(time.Hour)).Finalizer(v1alpha1.FinalizerJobTracking)
}

func running(name string) *wrappers.ReplicaWrapper {
	return pod(name).Node("n").ReadySince(ago(time.Minute))
}

// counted is a pod whose finalizer is gone.
func counted(name string) *wrappers.ReplicaWrapper {
	return wrappers.MakeReplica(name).Created(ago(time.Hour))
}

func condition(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func names(pods []*v1alpha1.SimPod) []string {
	var out []string
	for _, p := range pods {
		out = append(out, p.Name)
	}
	return out
}

func facts(job *wrappers.JobWrapper, pods ...*wrappers.ReplicaWrapper) Facts {
	f := Facts{Job: job.UID("job").Obj(), Settled: true, Now: now}
	for _, p := range pods {
		f.Pods = append(f.Pods, p.Obj())
	}
	return f
}

func TestPlan(t *testing.T) {
	job := func() *wrappers.JobWrapper { return wrappers.MakeJob("job") }
	started := v1alpha1.SimJobStatus{StartTime: &metav1.Time{Time: ago(time.Minute)}}
	type plan struct {
		Create    int
		Indexes   []int
		Delete    []string
		Uncounted bool
	}
	tests := []struct {
		name    string
		facts   Facts
		backoff Backoff
		want    plan
		wake    time.Time
	}{
		{name: "as many as may run at once", facts: facts(job().Parallelism(3).Completions(5)), want: plan{Create: 3}},
		{name: "no more than have still to succeed", facts: facts(job().Parallelism(3).Completions(5).Status(v1alpha1.SimJobStatus{Succeeded: 4})), want: plan{Create: 1}},
		{name: "one that has succeeded and is not counted yet", facts: facts(job().Parallelism(3).Completions(3), pod("a").Ended(0, ago(time.Minute)), running("b")), want: plan{Create: 1}},
		{name: "all run", facts: facts(job().Parallelism(2).Completions(5), running("a"), running("b"))},
		{name: "no completions: parallelism", facts: facts(job().Parallelism(2), running("a")), want: plan{Create: 1}},
		{name: "no completions: none after the first success", facts: facts(job().Parallelism(2), running("a"), pod("b").Ended(0, ago(time.Second)))},
		{name: "not settled", facts: func() Facts { f := facts(job().Completions(3)); f.Settled = false; return f }()},
		{
			name: "fewer may run", facts: facts(job().Parallelism(1).Completions(5), running("old"), pod("new")),
			want: plan{Delete: []string{"new"}, Uncounted: true},
		},
		{name: "none may run", facts: facts(job().Parallelism(0).Completions(5), running("a")), want: plan{Delete: []string{"a"}, Uncounted: true}},
		{name: "suspended", facts: facts(job().Suspend().Completions(5), running("a")), want: plan{Delete: []string{"a"}, Uncounted: true}},
		{name: "suspended, none runs", facts: facts(job().Suspend().Completions(5)), want: plan{Uncounted: true}},
		{name: "at most 500 at once", facts: facts(job().Parallelism(2000).Completions(5000)), want: plan{Create: 500}},
		{
			name: "a failure delays its replacement", facts: facts(job().Status(started), pod("a").Ended(1, ago(3*time.Second))), wake: now.Add(7 * time.Second),
		},
		{
			name: "twice as long the second time", facts: facts(job().Status(started), pod("b").Ended(1, ago(3*time.Second))),
			backoff: Backoff{Failures: 1, Last: ago(time.Minute)}, wake: now.Add(17 * time.Second),
		},
		{name: "until it is over", facts: facts(job().Status(started), pod("a").Ended(1, ago(10*time.Second))), want: plan{Create: 1}},
		{
			name: "a success undoes the delay", facts: facts(job().Completions(3).Status(started), pod("a").Ended(1, ago(3*time.Second)), pod("b").Ended(0, ago(2*time.Second))),
			backoff: Backoff{Failures: 3, Last: ago(time.Minute)}, want: plan{Create: 1},
		},
		{
			name: "but not what failed after it", facts: facts(job().Completions(3).Status(started), pod("a").Ended(1, ago(3*time.Second)), pod("b").Ended(0, ago(4*time.Second))),
			backoff: Backoff{Failures: 3, Last: ago(time.Minute)}, wake: now.Add(7 * time.Second),
		},
		{name: "too many failures", facts: facts(job().BackoffLimit(1).Parallelism(2), running("a"), pod("b").Ended(1, now), pod("c").Ended(1, now)), want: plan{Delete: []string{"a"}}},
		{
			name: "too many restarts", facts: facts(job().BackoffLimit(2).RestartPolicy(corev1.RestartPolicyOnFailure), pod("a").Phase(corev1.PodRunning).Restarts(2)),
			want: plan{Delete: []string{"a"}},
		},
		{
			name: "not as many restarts yet", facts: facts(job().BackoffLimit(2).RestartPolicy(corev1.RestartPolicyOnFailure), pod("a").Phase(corev1.PodRunning).Restarts(1)),
		},
		{name: "past the deadline", facts: facts(job().Deadline(60).Status(started), running("a")), want: plan{Delete: []string{"a"}}},
		{name: "before the deadline", facts: facts(job().Deadline(61).Status(started), running("a")), wake: now.Add(time.Second)},
		{name: "one that is being deleted is replaced", facts: facts(job().Status(started), running("a").Deleting()), want: plan{Create: 1}},
		{name: "unless only failed ones are", facts: facts(job().Replace(v1alpha1.ReplaceFailed).Status(started), running("a").Deleting())},
		{
			name:  "which is so with a policy for failures",
			facts: facts(job().Rule(v1alpha1.PodFailurePolicyRule{Action: v1alpha1.IgnoreAction, OnPodConditions: []v1alpha1.OnPodCondition{{Type: "DisruptionTarget", Status: "True"}}}).Status(started), running("a").Deleting()),
		},
		{name: "indexes from 0", facts: facts(job().Indexed().Parallelism(2).Completions(5)), want: plan{Create: 2, Indexes: []int{0, 1}}},
		{
			name: "indexes that are missing", facts: facts(job().Indexed().Parallelism(3).Completions(5).Status(v1alpha1.SimJobStatus{CompletedIndexes: "0,2"}), running("a").Index(1)),
			want: plan{Create: 2, Indexes: []int{3, 4}},
		},
		{
			name: "one pod per index", facts: facts(job().Indexed().Parallelism(2).Completions(2), running("a").Index(0), pod("b").Index(0), pod("none"), running("c").Index(7)),
			want: plan{Delete: []string{"b", "none", "c"}, Uncounted: true},
		},
		{
			name: "fewer indexes", facts: facts(job().Indexed().Parallelism(1).Completions(1).Status(v1alpha1.SimJobStatus{CompletedIndexes: "1", Succeeded: 1}), running("a").Index(0), running("b").Index(2)),
			want: plan{Delete: []string{"b"}, Uncounted: true},
		},
		{
			name: "more indexes", facts: facts(job().Indexed().Parallelism(3).Completions(3).Status(v1alpha1.SimJobStatus{CompletedIndexes: "0", Succeeded: 1}), running("a").Index(1)),
			want: plan{Create: 1, Indexes: []int{2}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.facts.Backoff = tt.backoff
			pass := Begin(tt.facts)
			got := pass.Plan()
			slices := plan{got.Create, got.Indexes, names(got.Delete), got.Uncounted}
			if len(slices.Delete) > 1 { // those that have no valid index have no order of their own
				tt.want.Delete, slices.Delete = sets.List(sets.New(tt.want.Delete...)), sets.List(sets.New(slices.Delete...))
			}
			if diff := cmp.Diff(tt.want, slices); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			if !pass.Wake().Equal(tt.wake) {
				t.Errorf("wakes at %s, want %s", pass.Wake(), tt.wake)
			}
		})
	}
}

func exitCodes(action v1alpha1.PodFailurePolicyAction, operator v1alpha1.ExitCodesOperator, codes ...int32) v1alpha1.PodFailurePolicyRule {
	return v1alpha1.PodFailurePolicyRule{Action: action, OnExitCodes: &v1alpha1.OnExitCodes{Operator: operator, Values: codes}}
}

func TestPodFailurePolicy(t *testing.T) {
	disruption := v1alpha1.PodFailurePolicyRule{Action: v1alpha1.IgnoreAction,
		OnPodConditions: []v1alpha1.OnPodCondition{{Type: v1alpha1.SimPodDisruptionTarget, Status: corev1.ConditionTrue}}}
	other := exitCodes(v1alpha1.FailJobAction, v1alpha1.ExitCodeIn, 42)
	other.OnExitCodes.ContainerName = "other"
	tests := []struct {
		name   string
		rules  []v1alpha1.PodFailurePolicyRule
		pod    *wrappers.ReplicaWrapper
		counts bool
		fails  string
	}{
		{name: "no rule", pod: pod("a").Ended(1, now), counts: true},
		{name: "no rule matches", rules: []v1alpha1.PodFailurePolicyRule{exitCodes(v1alpha1.IgnoreAction, v1alpha1.ExitCodeIn, 2)}, pod: pod("a").Ended(1, now), counts: true},
		{name: "ignored", rules: []v1alpha1.PodFailurePolicyRule{exitCodes(v1alpha1.IgnoreAction, v1alpha1.ExitCodeIn, 2)}, pod: pod("a").Ended(2, now)},
		{name: "any other exit code", rules: []v1alpha1.PodFailurePolicyRule{exitCodes(v1alpha1.IgnoreAction, v1alpha1.ExitCodeNotIn, 2)}, pod: pod("a").Ended(3, now)},
		{name: "but 0 is no failure", rules: []v1alpha1.PodFailurePolicyRule{exitCodes(v1alpha1.FailJobAction, v1alpha1.ExitCodeNotIn, 2)}, pod: pod("a").Ended(0, now).Phase(corev1.PodFailed), counts: true},
		{
			name: "fails the job", rules: []v1alpha1.PodFailurePolicyRule{disruption, exitCodes(v1alpha1.FailJobAction, v1alpha1.ExitCodeIn, 42)}, pod: pod("a").Ended(42, now),
			counts: true, fails: "Container main for pod default/a failed with exit code 42 matching FailJob rule at index 1",
		},
		{name: "of another container", rules: []v1alpha1.PodFailurePolicyRule{other}, pod: pod("a").Ended(42, now), counts: true},
		{name: "the first that matches", rules: []v1alpha1.PodFailurePolicyRule{exitCodes(v1alpha1.CountAction, v1alpha1.ExitCodeIn, 42), exitCodes(v1alpha1.FailJobAction, v1alpha1.ExitCodeIn, 42)}, pod: pod("a").Ended(42, now), counts: true},
		{name: "disruption", rules: []v1alpha1.PodFailurePolicyRule{disruption}, pod: pod("a").Ended(137, now).Condition(v1alpha1.SimPodDisruptionTarget)},
		{
			name: "condition fails the job", rules: []v1alpha1.PodFailurePolicyRule{{Action: v1alpha1.FailJobAction, OnPodConditions: []v1alpha1.OnPodCondition{{Type: "Bad", Status: corev1.ConditionTrue}}}},
			pod: pod("a").Ended(1, now).Condition("Bad"), counts: true, fails: "Pod default/a has condition Bad matching FailJob rule at index 0",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			counts, fails := judge(&v1alpha1.PodFailurePolicy{Rules: tt.rules}, tt.pod.Obj())
			if counts != tt.counts || fails != tt.fails {
				t.Errorf("counts %v, fails the job %q; want %v, %q", counts, fails, tt.counts, tt.fails)
			}
		})
	}
}

// outcome is what a pass reports in the end.
type outcome struct {
	Summary, Progress                   string
	Active, Terminating                 int32
	Succeeded, Failed                   int32
	Indexes                             string
	Conditions, Events                  []string
	UncountedFirst, Released, StillOpen []string
}

// finish runs a pass whose plan succeeds and whose pods are released but for some.
func finish(f Facts, stuck ...string) outcome {
	pass := Begin(f)
	plan := pass.Plan()
	first := pass.Track(Done{Created: plan.Create, Deleted: plan.Delete})
	var released []*v1alpha1.SimPod
	for _, p := range first.Release {
		if !sets.New(stuck...).Has(p.Name) {
			released = append(released, p)
		}
	}
	last := pass.Settle(released)
	out := outcome{
		Summary: last.Status.Summary, Progress: last.Status.Progress, Active: last.Status.Active, Terminating: last.Status.Terminating,
		Succeeded: last.Status.Succeeded, Failed: last.Status.Failed, Indexes: last.Status.CompletedIndexes,
		UncountedFirst: noted(first.Status), Released: names(first.Release), StillOpen: noted(last.Status),
	}
	for _, c := range last.Status.Conditions {
		out.Conditions = append(out.Conditions, c.Type+"="+string(c.Status)+" "+c.Reason)
	}
	for _, e := range append(first.Events, last.Events...) {
		out.Events = append(out.Events, e.Type+" "+e.Reason)
	}
	return out
}

func noted(status v1alpha1.SimJobStatus) []string {
	u := status.UncountedTerminatedPods
	if u == nil {
		return nil
	}
	var out []string
	for _, uid := range u.Succeeded {
		out = append(out, "+"+string(uid))
	}
	for _, uid := range u.Failed {
		out = append(out, "-"+string(uid))
	}
	return out
}

func TestTrack(t *testing.T) {
	job := func() *wrappers.JobWrapper {
		return wrappers.MakeJob("job").Completions(3).Parallelism(3)
	}
	uncounted := func(succeeded, failed []types.UID) v1alpha1.SimJobStatus {
		return v1alpha1.SimJobStatus{UncountedTerminatedPods: &v1alpha1.UncountedTerminatedPods{Succeeded: succeeded, Failed: failed}}
	}
	tests := []struct {
		name  string
		facts Facts
		stuck []string
		want  outcome
	}{
		{
			name: "ends are noted, released and counted", facts: facts(job(), pod("a").Ended(0, now), pod("b").Ended(1, ago(time.Hour)), running("c")),
			want: outcome{Summary: "Running", Progress: "1/3", Active: 2, Succeeded: 1, Failed: 1, UncountedFirst: []string{"+a", "-b"}, Released: []string{"a", "b"}},
		},
		{
			name: "one that is not released is not counted", facts: facts(job(), pod("a").Ended(0, now), running("b"), running("c")), stuck: []string{"a"},
			want: outcome{Summary: "Running", Progress: "0/3", Active: 2, UncountedFirst: []string{"+a"}, Released: []string{"a"}, StillOpen: []string{"+a"}},
		},
		{
			name: "one that was noted before is noted once", facts: facts(job().Status(uncounted([]types.UID{"a"}, nil)), pod("a").Ended(0, now), running("b"), running("c")),
			want: outcome{Summary: "Running", Progress: "1/3", Active: 2, Succeeded: 1, UncountedFirst: []string{"+a"}, Released: []string{"a"}},
		},
		{
			name: "one that was noted and released before is counted", facts: facts(job().Status(uncounted([]types.UID{"a", "gone"}, nil)), counted("a").Ended(0, now), running("b")),
			want: outcome{Summary: "Running", Progress: "2/3", Active: 1, Succeeded: 2},
		},
		{
			name: "one that was counted before is not counted again", facts: facts(job().Status(v1alpha1.SimJobStatus{Succeeded: 1}), counted("a").Ended(0, now), running("b"), running("c")),
			want: outcome{Summary: "Running", Progress: "1/3", Active: 2, Succeeded: 1},
		},
		{
			name: "a pod that somebody deletes has failed", facts: facts(job(), running("a").Deleting(), running("b"), running("c")),
			want: outcome{Summary: "Running", Progress: "0/3", Active: 3, Terminating: 1, Failed: 1, UncountedFirst: []string{"-a"}, Released: []string{"a"}},
		},
		{
			name: "but not where it may still succeed", facts: facts(job().Replace(v1alpha1.ReplaceFailed), running("a").Deleting(), running("b"), running("c")),
			want: outcome{Summary: "Running", Progress: "0/3", Active: 2, Terminating: 1},
		},
		{
			name: "complete", facts: facts(job().Status(v1alpha1.SimJobStatus{Succeeded: 2}), pod("c").Ended(0, now)),
			want: outcome{
				Summary: "Complete", Progress: "3/3", Succeeded: 3, UncountedFirst: []string{"+c"}, Released: []string{"c"},
				Conditions: []string{"SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"}, Events: []string{"Normal Completed"},
			},
		},
		{
			name: "not complete while one is being deleted", facts: facts(job().Status(v1alpha1.SimJobStatus{Succeeded: 3}), running("late").Deleting()),
			want: outcome{
				Summary: "SuccessCriteriaMet", Progress: "3/3", Succeeded: 3, Terminating: 1, Failed: 1, UncountedFirst: []string{"-late"}, Released: []string{"late"},
				Conditions: []string{"SuccessCriteriaMet=True CompletionsReached"},
			},
		},
		{
			name: "not complete while an end is not counted", facts: facts(job().Status(v1alpha1.SimJobStatus{Succeeded: 2}), pod("c").Ended(0, now)), stuck: []string{"c"},
			want: outcome{
				Summary: "SuccessCriteriaMet", Progress: "2/3", Succeeded: 2, UncountedFirst: []string{"+c"}, Released: []string{"c"}, StillOpen: []string{"+c"},
				Conditions: []string{"SuccessCriteriaMet=True CompletionsReached"},
			},
		},
		{
			name: "failed, with what runs", facts: facts(job().BackoffLimit(0), pod("a").Ended(1, now), running("b")),
			want: outcome{
				Summary: "FailureTarget", Progress: "0/3", Failed: 2, Terminating: 1, UncountedFirst: []string{"-a", "-b"}, Released: []string{"a", "b"},
				Conditions: []string{"FailureTarget=True BackoffLimitExceeded"},
			},
		},
		{
			name: "failed in the end", facts: facts(job().BackoffLimit(0).Status(v1alpha1.SimJobStatus{
				Failed: 2, Conditions: []metav1.Condition{condition(v1alpha1.SimJobFailureTarget, v1alpha1.ReasonBackoffLimitExceeded, "m")},
			}), counted("a").Ended(1, now), counted("b").Ended(137, now).Deleting()),
			want: outcome{
				Summary: "Failed", Progress: "0/3", Failed: 2, Events: []string{"Warning BackoffLimitExceeded"},
				Conditions: []string{"FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"},
			},
		},
		{
			name: "what was decided stays, whatever succeeds after it", facts: facts(wrappers.MakeJob("job").Completions(1).Status(v1alpha1.SimJobStatus{
				Failed: 7, Conditions: []metav1.Condition{condition(v1alpha1.SimJobFailureTarget, v1alpha1.ReasonBackoffLimitExceeded, "m")},
			}), pod("a").Ended(0, now)),
			want: outcome{
				Summary: "Failed", Progress: "1/1", Succeeded: 1, Failed: 7, UncountedFirst: []string{"+a"}, Released: []string{"a"}, Events: []string{"Warning BackoffLimitExceeded"},
				Conditions: []string{"FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"},
			},
		},
		{
			name: "a policy fails the job", facts: facts(job().Rule(exitCodes(v1alpha1.FailJobAction, v1alpha1.ExitCodeIn, 42)), pod("a").Ended(42, now)),
			want: outcome{
				Summary: "Failed", Progress: "0/3", Failed: 1, UncountedFirst: []string{"-a"}, Released: []string{"a"}, Events: []string{"Warning PodFailurePolicy"},
				Conditions: []string{"FailureTarget=True PodFailurePolicy", "Failed=True PodFailurePolicy"},
			},
		},
		{
			name: "a policy ignores a failure", facts: facts(job().Rule(exitCodes(v1alpha1.IgnoreAction, v1alpha1.ExitCodeIn, 42)), pod("a").Ended(42, ago(time.Hour)), running("b"), running("c")),
			want: outcome{Summary: "Running", Progress: "0/3", Active: 3, Released: []string{"a"}},
		},
		{
			name: "past the deadline", facts: facts(job().Deadline(5).Status(v1alpha1.SimJobStatus{StartTime: &metav1.Time{Time: ago(time.Minute)}})),
			want: outcome{
				Summary: "Failed", Progress: "0/3", Events: []string{"Warning DeadlineExceeded"},
				Conditions: []string{"FailureTarget=True DeadlineExceeded", "Failed=True DeadlineExceeded"},
			},
		},
		{
			name: "suspended", facts: facts(job().Suspend(), running("a")),
			want: outcome{Summary: "Suspended", Progress: "0/3", Terminating: 1, Conditions: []string{"Suspended=True JobSuspended"}, Events: []string{"Normal Suspended"}},
		},
		{
			name: "resumed", facts: facts(job().Status(v1alpha1.SimJobStatus{Conditions: []metav1.Condition{condition(v1alpha1.SimJobSuspended, v1alpha1.ReasonJobSuspended, "Job suspended")}})),
			want: outcome{Summary: "Running", Progress: "0/3", Active: 3, Conditions: []string{"Suspended=False JobResumed"}, Events: []string{"Normal Resumed"}},
		},
		{
			name: "indexes", facts: facts(job().Indexed().Status(v1alpha1.SimJobStatus{CompletedIndexes: "0", Succeeded: 1}),
				pod("b").Index(1).Ended(0, now), pod("again").Index(0).Ended(0, now), pod("beyond").Index(9).Ended(0, now), running("c").Index(2)),
			want: outcome{Summary: "Running", Progress: "2/3", Active: 1, Succeeded: 2, Indexes: "0,1", Released: []string{"again", "b", "beyond"}},
		},
		{
			name: "an index whose pod was noted as failed before it succeeded", facts: facts(job().Indexed().Status(uncounted(nil, []types.UID{"a"})),
				pod("a").Index(0).Ended(0, now), running("b").Index(1), running("c").Index(2)),
			want: outcome{Summary: "Running", Progress: "0/3", Active: 3, Failed: 1, UncountedFirst: []string{"-a"}, Released: []string{"a"}},
		},
		{
			name: "fewer indexes than had succeeded", facts: facts(wrappers.MakeJob("job").Indexed().Parallelism(2).Completions(2).Status(v1alpha1.SimJobStatus{CompletedIndexes: "0-3", Succeeded: 4})),
			want: outcome{
				Summary: "Complete", Progress: "2/2", Succeeded: 2, Indexes: "0,1",
				Conditions: []string{"SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"}, Events: []string{"Normal Completed"},
			},
		},
		{
			name: "no completions: the first success, once the others have ended", facts: facts(wrappers.MakeJob("job").Parallelism(2), pod("a").Ended(0, now), running("b")),
			want: outcome{Summary: "Running", Progress: "1/1 of 2", Active: 1, Succeeded: 1, UncountedFirst: []string{"+a"}, Released: []string{"a"}},
		},
		{
			name: "nothing to complete", facts: facts(wrappers.MakeJob("job").Completions(0)),
			want: outcome{
				Summary: "Complete", Progress: "0/0", Conditions: []string{"SuccessCriteriaMet=True CompletionsReached", "Complete=True CompletionsReached"}, Events: []string{"Normal Completed"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, finish(tt.facts, tt.stuck...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnePassCountsABoundedNumberOfEnds(t *testing.T) {
	var pods []*wrappers.ReplicaWrapper
	for i := range MaxUncounted + 3 {
		pods = append(pods, pod("p"+strings.Repeat("x", i)).Ended(0, now))
	}
	f := facts(wrappers.MakeJob("job").Completions(int32(len(pods))), pods...)
	got := finish(f)
	if got.Succeeded != MaxUncounted || len(got.Events) > 0 {
		t.Errorf("counted %d, told %v", got.Succeeded, got.Events)
	}
}

func TestUntrackedPodsAreTrackedAgain(t *testing.T) {
	f := facts(wrappers.MakeJob("job"), running("a"), counted("b").Node("n").ReadySince(now), counted("c").Ended(0, now))
	if diff := cmp.Diff([]string{"b"}, names(Begin(f).Untracked())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBackoff(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 10 * time.Second, 2: 20 * time.Second, 3: 40 * time.Second, 7: 10 * time.Minute, 100: 10 * time.Minute} {
		if got := (Backoff{Failures: failures, Last: now}).Until().Sub(now); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
	if !(Backoff{}).Until().IsZero() {
		t.Error("waits without a failure")
	}
	restarted := BackoffOf(wrappers.MakeJob("job").Obj(), facts(wrappers.MakeJob("job"),
		counted("a").Ended(0, ago(time.Minute)), counted("b").Ended(1, ago(2*time.Minute)), counted("c").Ended(1, ago(5*time.Second)), pod("new").Ended(1, now)).Pods)
	if diff := cmp.Diff(Backoff{Failures: 1, Last: ago(5 * time.Second)}, restarted); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

func TestNewPods(t *testing.T) {
	long := strings.Repeat("n", 60)
	tests := []struct {
		name  string
		job   *wrappers.JobWrapper
		plan  Plan
		names []string
		index string
	}{
		{name: "by number", job: wrappers.MakeJob("job"), plan: Plan{Create: 2}, names: []string{"job-", "job-"}},
		{name: "by index", job: wrappers.MakeJob("job").Indexed(), plan: Plan{Create: 2, Indexes: []int{0, 12}}, names: []string{"job-0-", "job-12-"}, index: "0"},
		{name: "the index has room", job: wrappers.MakeJob(long).Indexed(), plan: Plan{Create: 1, Indexes: []int{7}}, names: []string{long[:55] + "-7-"}, index: "7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pods := NewPods(tt.job.UID("uid").Obj(), tt.plan)
			var got []string
			for _, p := range pods {
				got = append(got, p.GenerateName)
			}
			if diff := cmp.Diff(tt.names, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
			p := pods[0]
			if !Tracked(p) || p.Labels["batch.kubernetes.io/controller-uid"] != "uid" || p.Labels["batch.kubernetes.io/job-completion-index"] != tt.index ||
				p.Annotations["batch.kubernetes.io/job-completion-index"] != tt.index || metav1.GetControllerOf(p).Kind != Kind {
				t.Errorf("metadata: %+v", p.ObjectMeta)
			}
		})
	}
}

func TestExpiresAt(t *testing.T) {
	over := v1alpha1.SimJobStatus{Conditions: []metav1.Condition{{Type: v1alpha1.SimJobFailed, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Time{Time: now}}}}
	tests := []struct {
		name string
		job  *wrappers.JobWrapper
		want time.Time
	}{
		{"not over", wrappers.MakeJob("job").TTL(5), time.Time{}},
		{"over, may stay", wrappers.MakeJob("job").Status(over), time.Time{}},
		{"over", wrappers.MakeJob("job").TTL(5).Status(over), now.Add(5 * time.Second)},
		{"at once", wrappers.MakeJob("job").TTL(0).Status(over), now},
	}
	for _, tt := range tests {
		if got, expires := ExpiresAt(tt.job.Obj()); !got.Equal(tt.want) || expires == tt.want.IsZero() {
			t.Errorf("%s: %s %v, want %s", tt.name, got, expires, tt.want)
		}
	}
}

// A status that says all there is is not written again.
func TestStatusIsStable(t *testing.T) {
	f := facts(wrappers.MakeJob("job").Completions(3).Parallelism(2), running("a"), pod("b"))
	pass := Begin(f)
	pass.Plan()
	first := pass.Track(Done{})
	if !first.Changed || pass.Settle(nil).Changed {
		t.Fatal("the first status is written once")
	}
	f.Job.Status = first.Status
	pass = Begin(f)
	pass.Plan()
	if again := pass.Track(Done{}); again.Changed || pass.Settle(nil).Changed || meta.FindStatusCondition(again.Status.Conditions, v1alpha1.SimJobSuspended) != nil {
		t.Errorf("changed: %+v", again.Status)
	}
}
