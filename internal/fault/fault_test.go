// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/test/wrappers"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(d time.Duration) time.Time { return begin.Add(d) }

func make1(kind v1alpha1.FaultType) *wrappers.FaultWrapper {
	return wrappers.MakeFault(kind).Name("one").Created(begin)
}

func TestInEffect(t *testing.T) {
	tests := []struct {
		name  string
		fault *wrappers.FaultWrapper
		now   time.Time
		want  bool
	}{
		{name: "without a duration it never ends", fault: make1(v1alpha1.FaultStop), now: after(1000 * time.Hour), want: true},
		{name: "before its duration is over", fault: make1(v1alpha1.FaultStop).Duration(time.Minute), now: after(59 * time.Second), want: true},
		{name: "when its duration is over", fault: make1(v1alpha1.FaultStop).Duration(time.Minute), now: after(time.Minute)},
		{name: "whoever keeps the object of a fault that is deleted", fault: make1(v1alpha1.FaultStop).Deleted(after(time.Second)), now: after(time.Second)},
		{name: "the clock of who made it is ahead", fault: make1(v1alpha1.FaultStop), now: after(-time.Second), want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fault.InEffect(tt.fault.Obj(), tt.now); got != tt.want {
				t.Errorf("InEffect = %t, want %t", got, tt.want)
			}
		})
	}
}

func list(wrapped ...*wrappers.FaultWrapper) []v1alpha1.Fault {
	out := make([]v1alpha1.Fault, len(wrapped))
	for i, w := range wrapped {
		out[i] = *w.Obj()
	}
	return out
}

func TestOnNode(t *testing.T) {
	node := wrappers.MakeSimNode().Name("node-1").Label("zone", "a").Obj()
	crash := func() *wrappers.FaultWrapper { return make1(v1alpha1.FaultNodeCrash) }
	tests := []struct {
		name   string
		faults []v1alpha1.Fault
		now    time.Time
		want   fault.NodeEffect
	}{
		{name: "no fault"},
		{name: "crash by name", faults: list(crash().Nodes("node-0", "node-1")), want: fault.NodeEffect{CrashedBy: "one"}},
		{name: "crash of another", faults: list(crash().Nodes("node-0"))},
		{name: "crash by labels", faults: list(crash().NodeLabel("zone", "a")), want: fault.NodeEffect{CrashedBy: "one"}},
		{name: "crash by labels that it has not", faults: list(crash().NodeLabel("zone", "b"))},
		{name: "crash of all", faults: list(crash().AllNodes()), want: fault.NodeEffect{CrashedBy: "one"}},
		{name: "crash for a while", faults: list(crash().AllNodes().Duration(time.Minute)), now: after(time.Second),
			want: fault.NodeEffect{CrashedBy: "one", Until: after(time.Minute)}},
		{name: "crash that is over", faults: list(crash().AllNodes().Duration(time.Minute)), now: after(time.Minute)},
		{name: "two crashes", faults: list(crash().Name("b").AllNodes(), crash().Name("a").AllNodes()), want: fault.NodeEffect{CrashedBy: "a"}},
		{name: "partition", faults: list(make1(v1alpha1.FaultNodePartition).AllNodes()), want: fault.NodeEffect{CutOff: true}},
		{
			name: "the longest delay, until the first one ends",
			faults: list(
				make1(v1alpha1.FaultNodeSlow).AllNodes().Delay(2*time.Second).Duration(time.Hour),
				make1(v1alpha1.FaultNodeSlow).AllNodes().Delay(time.Second).Duration(time.Minute),
				make1(v1alpha1.FaultLeaseDelay).AllNodes().Delay(3*time.Second)),
			want: fault.NodeEffect{Delay: 2 * time.Second, LeaseDelay: 3 * time.Second, Until: after(time.Minute)},
		},
		{name: "faults of components and pods", faults: list(make1(v1alpha1.FaultStop).Component("scheduler"), make1(v1alpha1.FaultStartFailure).AllPods())},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fault.OnNode(tt.faults, node, tt.now)); diff != "" {
				t.Errorf("effect (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnPod(t *testing.T) {
	pod := wrappers.MakeSimPod().Namespace("here").Name("web").Label("app", "web").Obj()
	failing := func(reason v1alpha1.StartFailureReason) *wrappers.FaultWrapper {
		return make1(v1alpha1.FaultStartFailure).Reason(reason)
	}
	const pull, crash = v1alpha1.StartFailureImagePull, v1alpha1.StartFailureCrashLoop
	tests := []struct {
		name   string
		faults []v1alpha1.Fault
		want   fault.PodEffect
	}{
		{name: "no fault"},
		{name: "all pods", faults: list(failing(pull).AllPods()), want: fault.PodEffect{StartFailure: pull}},
		{name: "its namespace", faults: list(failing(crash).Pods("here")), want: fault.PodEffect{StartFailure: crash}},
		{name: "another namespace", faults: list(failing(crash).Pods("there"))},
		{name: "its labels", faults: list(failing(crash).PodLabel("app", "web")), want: fault.PodEffect{StartFailure: crash}},
		{name: "other labels", faults: list(failing(crash).PodLabel("app", "db"))},
		{name: "two reasons", faults: list(failing(pull).AllPods(), failing(crash).AllPods()), want: fault.PodEffect{StartFailure: pull}},
		{name: "two reasons, the other way round", faults: list(failing(crash).AllPods(), failing(pull).AllPods()), want: fault.PodEffect{StartFailure: pull}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fault.OnPod(tt.faults, pod, begin)); diff != "" {
				t.Errorf("effect (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDrawn(t *testing.T) {
	const keys = 10_000
	for _, percent := range []int32{0, 1, 30, 50, 99, 100} {
		drawn := 0
		for i := range keys {
			key := fmt.Sprintf("pod-%d", i)
			if fault.Drawn(7, percent, key) {
				drawn++
				if !fault.Drawn(7, min(100, percent+10), key) {
					t.Errorf("%s is of %d %%, but not of more", key, percent)
				}
			}
		}
		if share := 100 * float64(drawn) / keys; share < float64(percent)-2 || share > float64(percent)+2 {
			t.Errorf("%d %% draws %.1f %%", percent, share)
		}
	}
	if fault.Drawn(1, 100, "x") != true || fault.Drawn(1, 0, "x") != false {
		t.Error("all are not all, or none not none")
	}
	differ := false
	for i := range 100 {
		key := fmt.Sprint(i)
		differ = differ || fault.Drawn(1, 50, key) != fault.Drawn(2, 50, key)
	}
	if !differ {
		t.Error("the seed changes nothing")
	}
}

func TestOnComponent(t *testing.T) {
	stop := func() *wrappers.FaultWrapper { return make1(v1alpha1.FaultStop) }
	tests := []struct {
		name      string
		component v1alpha1.ComponentName
		faults    []v1alpha1.Fault
		now       time.Time
		want      fault.ComponentEffect
	}{
		{name: "no fault", component: "scheduler"},
		{name: "stop", component: "scheduler", faults: list(stop().Component("scheduler")), want: fault.ComponentEffect{Stopped: true}},
		{name: "stop of another", component: "observer", faults: list(stop().Component("scheduler"))},
		{name: "stop that is deleted", component: "scheduler", faults: list(stop().Component("scheduler").Deleted(begin))},
		{
			name: "controllers, some of them twice", component: "controller-manager",
			faults: list(stop().Controller("simpod"), stop().Controller("podgc").Duration(time.Minute), stop().Controller("simpod")),
			want:   fault.ComponentEffect{Without: []string{"podgc", "simpod"}, Until: after(time.Minute)},
		},
		{name: "a controller is not the scheduler's", component: "scheduler", faults: list(stop().Controller("simpod"))},
		{
			name: "delays and conflicts", component: "scheduler",
			faults: list(
				make1(v1alpha1.FaultWatchDelay).Component("scheduler").Delay(time.Second),
				make1(v1alpha1.FaultWatchDelay).Component("scheduler").Delay(3*time.Second),
				make1(v1alpha1.FaultLeaseDelay).Component("scheduler").Delay(2*time.Second),
				make1(v1alpha1.FaultWriteConflict).Component("scheduler").Percent(30).Seed(5)),
			want: fault.ComponentEffect{WatchDelay: 3 * time.Second, LeaseDelay: 2 * time.Second, Conflicts: []fault.Conflict{{Percent: 30, Seed: 5}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, fault.OnComponent(tt.faults, tt.component, tt.now)); diff != "" {
				t.Errorf("effect (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	names := func(count int) []string {
		out := make([]string, count)
		for i := range out {
			out[i] = fmt.Sprintf("node-%02d", count-1-i)
		}
		return out
	}
	started := &metav1.Time{Time: after(time.Second)}
	end := &metav1.Time{Time: after(90 * time.Second)}
	tests := []struct {
		name  string
		fault *wrappers.FaultWrapper
		found fault.Finding
		now   time.Time
		want  v1alpha1.FaultStatus // without conditions
		// wantReason is "status/reason: message" of the condition.
		wantReason string
	}{
		{
			name: "it hits", fault: make1(v1alpha1.FaultNodeCrash), found: fault.Finding{Targets: []string{"b", "a"}, Done: true}, now: after(time.Second),
			want:       v1alpha1.FaultStatus{Summary: "Active", StartedAt: started, TargetCount: 2, Targets: []string{"a", "b"}},
			wantReason: "True/InEffect: hits 2 of what it is meant for",
		},
		{
			name: "it hits more than there is room for", fault: make1(v1alpha1.FaultNodeCrash), found: fault.Finding{Targets: names(20), Done: true}, now: after(time.Second),
			want:       v1alpha1.FaultStatus{Summary: "Active", StartedAt: started, TargetCount: 20, Targets: []string{"node-00", "node-01", "node-02", "node-03", "node-04", "node-05", "node-06", "node-07", "node-08", "node-09", "node-10", "node-11", "node-12", "node-13", "node-14", "node-15"}},
			wantReason: "True/InEffect: hits 20 of what it is meant for",
		},
		{
			name: "nothing is there", fault: make1(v1alpha1.FaultNodeCrash).Duration(90 * time.Second), found: fault.Finding{Reason: v1alpha1.ReasonNoTarget, Message: "no SimNode is named x"}, now: after(time.Second),
			want:       v1alpha1.FaultStatus{Summary: "NoTarget", EndsAt: end},
			wantReason: "False/NoTarget: no SimNode is named x",
		},
		{
			name: "it is being stopped", fault: make1(v1alpha1.FaultStop), found: fault.Finding{Targets: []string{"scheduler"}, Message: "stopping"}, now: after(time.Second),
			want:       v1alpha1.FaultStatus{Summary: "Pending", TargetCount: 1, Targets: []string{"scheduler"}},
			wantReason: "False/Pending: stopping",
		},
		{
			name:  "it is over: what it hit stays",
			fault: make1(v1alpha1.FaultNodeCrash).Duration(90 * time.Second).Status(v1alpha1.FaultStatus{StartedAt: started, TargetCount: 1, Targets: []string{"a"}}),
			found: fault.Finding{Targets: []string{"a", "b"}, Done: true}, now: after(2 * time.Minute),
			want:       v1alpha1.FaultStatus{Summary: "Ended", StartedAt: started, EndsAt: end, TargetCount: 1, Targets: []string{"a"}},
			wantReason: "False/DurationElapsed: ended by itself after 1m30s",
		},
		{
			name: "it is over and nobody was there", fault: make1(v1alpha1.FaultNodeCrash).Duration(90 * time.Second), now: after(2 * time.Minute),
			want:       v1alpha1.FaultStatus{Summary: "Ended", EndsAt: end},
			wantReason: "False/DurationElapsed: ended by itself after 1m30s, and hit nothing",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.fault.Obj()
			got, changed := fault.Status(f, tt.found, tt.now)
			if !changed {
				t.Error("no change is reported")
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(v1alpha1.FaultStatus{}, "Conditions")); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
			c := got.Conditions[0]
			if reason := fmt.Sprintf("%s/%s: %s", c.Status, c.Reason, c.Message); reason != tt.wantReason {
				t.Errorf("condition = %s, want %s", reason, tt.wantReason)
			}
			f.Status = got
			if again, changed := fault.Status(f, tt.found, tt.now.Add(500*time.Millisecond)); changed {
				t.Errorf("half a second later it changes to %+v", again)
			}
			f.DeletionTimestamp = &metav1.Time{Time: tt.now}
			if _, changed := fault.Status(f, tt.found, tt.now); changed {
				t.Error("the status of a fault that is being deleted changes")
			}
		})
	}
}

func TestSelectorError(t *testing.T) {
	good, bad := make1(v1alpha1.FaultNodeCrash).NodeLabel("a", "b").Obj(), make1(v1alpha1.FaultNodeCrash).AllNodes().Obj()
	bad.Spec.Target.Nodes.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Is"}}
	if err := fault.SelectorError(good); err != nil {
		t.Error(err)
	}
	if err := fault.SelectorError(bad); err == nil {
		t.Error("an unknown operator is no error")
	}
	if fault.HitsNode(bad, wrappers.MakeSimNode().Name("n").Obj()) {
		t.Error("a selector that cannot be read selects something")
	}
}
