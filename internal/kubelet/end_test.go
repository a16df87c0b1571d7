// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// states describes containers in one line each, such as "main nginx terminated 143 Error".
func states(status v1alpha1.SimPodStatus) string {
	var out []string
	for c := range containers(&status) {
		state := "running"
		switch {
		case c.State.Waiting != nil:
			state = "waiting " + c.State.Waiting.Reason
		case c.State.Terminated != nil:
			state = fmt.Sprintf("terminated %d %s", c.State.Terminated.ExitCode, c.State.Terminated.Reason)
		}
		out = append(out, fmt.Sprintf("%s %s %s restarts=%d", c.Name, c.Image, state, c.RestartCount))
	}
	return strings.Join(out, "\n")
}

// A pod that somebody else's finalizer keeps must not look as if it ran.
func TestNextEndsAPodThatOthersHold(t *testing.T) {
	inits := func(s *v1alpha1.SimPodSpec) { s.InitContainers = []v1alpha1.Container{{Name: "a", Image: "i"}} }
	tests := []struct {
		name       string
		simulation *v1alpha1.PodSimulation
		change     func(*v1alpha1.SimPodSpec)
		accepted   bool
		phase      corev1.PodPhase
		states     string
		summary    string
	}{
		{name: "runs and stops in no time", accepted: true,
			phase: corev1.PodFailed, states: "main nginx terminated 143 Error restarts=0", summary: "Error"},
		{name: "has not started its containers", accepted: true, simulation: &v1alpha1.PodSimulation{StartDelay: takes(time.Minute)},
			phase: corev1.PodFailed, states: "main nginx terminated 137 ContainerStatusUnknown restarts=0", summary: "ContainerStatusUnknown"},
		{name: "was never accepted",
			phase: corev1.PodFailed, states: "main nginx terminated 137 ContainerStatusUnknown restarts=0", summary: "ContainerStatusUnknown"},
		{name: "initializes", accepted: true, change: inits, simulation: &v1alpha1.PodSimulation{RunDuration: takes(time.Minute)},
			phase: corev1.PodFailed, states: "a i terminated 143 Error restarts=0\nmain nginx waiting PodInitializing restarts=0", summary: "Init:Error"},
		{name: "waits for a restart", accepted: true, simulation: &v1alpha1.PodSimulation{RunDuration: takes(0)},
			phase: corev1.PodSucceeded, states: "main nginx terminated 0 Completed restarts=1", summary: "Completed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := held(boundPod(tt.simulation, tt.change))
			if tt.accepted {
				pod.Status = store(t, Next(pod, facts, start).Status)
			}
			now := start.Add(3 * time.Second)
			pod.DeletionTimestamp = &metav1.Time{Time: now.Truncate(time.Second)}
			got := Next(pod, facts, now)
			if !got.Changed || !got.Release || got.Status.Phase != tt.phase || got.Status.Summary != tt.summary {
				t.Errorf("changed %v, release %v, phase %s, summary %s; want phase %s, summary %s",
					got.Changed, got.Release, got.Status.Phase, got.Status.Summary, tt.phase, tt.summary)
			}
			if diff := cmp.Diff(tt.states, states(got.Status)); diff != "" {
				t.Errorf("containers (-want +got):\n%s", diff)
			}
			for _, c := range got.Status.Conditions {
				if c.Type == v1alpha1.SimPodReady && c.Status != metav1.ConditionFalse {
					t.Error("the pod is still ready")
				}
			}
			pod.Status = store(t, got.Status)
			if again := Next(pod, facts, now.Add(time.Hour)); again.Changed || !again.Release {
				t.Errorf("changes again: %s", cmp.Diff(pod.Status, again.Status))
			}
		})
	}
}

func TestNextRestartsAContainerWhoseImageChanges(t *testing.T) {
	sidecar := func(s *v1alpha1.SimPodSpec) {
		s.InitContainers = []v1alpha1.Container{{Name: "proxy", Image: "i", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}}
	}
	initContainer := func(s *v1alpha1.SimPodSpec) { s.InitContainers = []v1alpha1.Container{{Name: "proxy", Image: "i"}} }
	never := func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyNever }
	tests := []struct {
		name       string
		simulation *v1alpha1.PodSimulation
		change     func(*v1alpha1.SimPodSpec)
		container  string
		want       string
		kills      []string
		unchanged  bool
	}{
		{name: "a running container, whatever the restart policy", change: never, container: "main",
			want: "main new running restarts=1", kills: []string{"Container main definition changed, will be restarted"}},
		{name: "a sidecar", change: sidecar, container: "proxy",
			want: "proxy new running restarts=1\nmain nginx running restarts=0", kills: []string{"Init container proxy definition changed, will be restarted"}},
		{name: "not an init container that has completed", change: initContainer, container: "proxy",
			want: "proxy i terminated 0 Completed restarts=0\nmain nginx running restarts=0", unchanged: true},
		{name: "not a container that has ended for good", change: never, simulation: &v1alpha1.PodSimulation{RunDuration: takes(0)}, container: "main",
			want: "main nginx terminated 0 Completed restarts=0", unchanged: true},
		{name: "one in back-off, without waiting for its end", simulation: &v1alpha1.PodSimulation{RunDuration: takes(time.Second)}, container: "main",
			want: "main new running restarts=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := boundPod(tt.simulation, tt.change)
			now := start
			for range 3 { // one that fails is restarted once and then waits
				pod.Status = Next(pod, facts, now).Status
				now = now.Add(time.Second)
			}
			for _, list := range [][]v1alpha1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
				if c := named(list, tt.container); c != nil {
					c.Image = "new"
				}
			}
			got := Next(pod, facts, now)
			if diff := cmp.Diff(tt.want, states(got.Status)); diff != "" {
				t.Errorf("containers (-want +got):\n%s", diff)
			}
			var kills []string
			for _, kill := range got.Kills {
				kills = append(kills, kill.Message)
			}
			if diff := cmp.Diff(tt.kills, kills); diff != "" {
				t.Errorf("kills (-want +got):\n%s", diff)
			}
			if got.Changed == tt.unchanged {
				t.Errorf("changed %v", got.Changed)
			}
			pod.Status = got.Status
			if again := Next(pod, facts, now); again.Changed || len(again.Kills) > 0 {
				t.Errorf("restarts again: %s", cmp.Diff(got.Status, again.Status))
			}
		})
	}
}

func TestNextSaysWhatItTellsToStop(t *testing.T) {
	pod := boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(2 * time.Second)}, func(s *v1alpha1.SimPodSpec) {
		s.Containers = append(s.Containers, v1alpha1.Container{Name: "second", Image: "i"})
	})
	pod.Status = Next(pod, facts, start).Status
	pod.DeletionTimestamp = &metav1.Time{Time: start}
	want := []Kill{
		{Container: "main", StartedAt: start, Message: "Stopping container main"},
		{Container: "second", StartedAt: start, Message: "Stopping container second"},
	}
	first := Next(pod, facts, start)
	if diff := cmp.Diff(want, first.Kills); diff != "" || first.Release {
		t.Errorf("release %v, kills (-want +got):\n%s", first.Release, diff)
	}
	pod.Status = first.Status
	second := Next(pod, facts, first.Wake)
	if diff := cmp.Diff(want, second.Kills); diff != "" || !second.Release {
		t.Errorf("release %v, kills (-want +got):\n%s", second.Release, diff)
	}
}

func TestNextOfASilentNodeDoesNothing(t *testing.T) {
	pod := boundPod(nil, nil)
	pod.DeletionTimestamp = &metav1.Time{Time: start}
	got := Next(pod, PodFacts{Silent: true}, start)
	if diff := cmp.Diff(Result{}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNextHoldsAPodThatWasBoundWithoutFinalizer(t *testing.T) {
	pod := boundPod(nil, nil)
	if got := Next(pod, facts, start); !got.Hold {
		t.Error("the pod does not get the finalizer")
	}
	pod.DeletionTimestamp = &metav1.Time{Time: start}
	if got := Next(pod, facts, start); got.Hold {
		t.Error("the API server refuses new finalizers of a pod that is being deleted")
	}
	pod.DeletionTimestamp, pod.Finalizers = nil, []string{v1alpha1.FinalizerKubelet}
	if got := Next(pod, facts, start); got.Hold {
		t.Error("the pod has the finalizer")
	}
}

// The cases of printPod of kubectl that other tests do not meet.
func TestNextWaitsForAStartGate(t *testing.T) {
	gate := func(pod *v1alpha1.SimPod) *v1alpha1.SimPod {
		pod.Annotations = map[string]string{v1alpha1.AnnotationStartGate: "somebody"}
		return pod
	}
	running := boundPod(nil, nil)
	running.Status = Next(running, facts, start).Status
	deleted := held(boundPod(nil, nil))
	deleted.DeletionTimestamp = &metav1.Time{Time: start}
	for name, tt := range map[string]struct {
		pod                   *v1alpha1.SimPod
		gated, changed, ended bool
	}{
		"not accepted yet":   {gate(boundPod(nil, nil)), true, false, false},
		"without a gate":     {boundPod(nil, nil), false, true, false},
		"accepted before":    {gate(running), false, false, false},
		"that is to be gone": {gate(deleted), false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := Next(tt.pod, facts, start.Add(time.Hour))
			if StartGated(tt.pod) != tt.gated || got.Changed != tt.changed || got.Release != tt.ended {
				t.Errorf("gated %v, changed %v (%s), release %v, want %v, %v, %v",
					StartGated(tt.pod), got.Changed, got.Reason, got.Release, tt.gated, tt.changed, tt.ended)
			}
			if tt.gated && !got.Wake.IsZero() {
				t.Errorf("wakes at %s, though only a change of the pod ends the wait", got.Wake)
			}
		})
	}
}

func TestSummarize(t *testing.T) {
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	ended := func(code int32, reason string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
	}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: v1alpha1.ReasonCrashLoopBackOff}}
	sidecar := v1alpha1.Container{Name: "s", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}
	initialized := []metav1.Condition{{Type: v1alpha1.SimPodInitialized, Status: metav1.ConditionTrue}}
	tests := []struct {
		name    string
		deleted bool
		spec    v1alpha1.SimPodSpec
		status  v1alpha1.SimPodStatus
		want    string
	}{
		{name: "nobody has reported", want: "0/1 Pending 0"},
		{name: "deleted before anybody reported", deleted: true, want: "0/1 Terminating 0"},
		{name: "deleted while it runs", deleted: true, want: "1/1 Terminating 0", status: v1alpha1.SimPodStatus{
			Phase: corev1.PodRunning, ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "c", Ready: true, State: running}}}},
		{name: "deleted and ended", deleted: true, want: "0/1 Error 0", status: v1alpha1.SimPodStatus{
			Phase: corev1.PodFailed, ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "c", State: ended(1, "Error")}}}},
		{name: "a reason without word", want: "0/1 ExitCode:3 0", status: v1alpha1.SimPodStatus{
			Phase: corev1.PodFailed, ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "c", State: ended(3, "")}}}},
		{name: "gated", want: "0/1 SchedulingGated 0", status: v1alpha1.SimPodStatus{Conditions: []metav1.Condition{
			{Type: v1alpha1.SimPodScheduled, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonSchedulingGated}}}},
		{name: "sidecars count, init containers do not once initialized", want: "2/2 Running 3",
			spec: v1alpha1.SimPodSpec{InitContainers: []v1alpha1.Container{{Name: "i"}, sidecar}},
			status: v1alpha1.SimPodStatus{Phase: corev1.PodRunning, Conditions: initialized,
				InitContainerStatuses: []v1alpha1.ContainerStatus{
					{Name: "i", RestartCount: 5, State: ended(0, "Completed")}, {Name: "s", RestartCount: 1, Ready: true, State: running}},
				ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "c", RestartCount: 2, Ready: true, State: running}}}},
		{name: "a sidecar in back-off", want: "1/2 Init:CrashLoopBackOff 4", spec: v1alpha1.SimPodSpec{InitContainers: []v1alpha1.Container{sidecar}},
			status: v1alpha1.SimPodStatus{Phase: corev1.PodRunning, Conditions: initialized,
				InitContainerStatuses: []v1alpha1.ContainerStatus{{Name: "s", RestartCount: 4, State: waiting}},
				ContainerStatuses:     []v1alpha1.ContainerStatus{{Name: "c", Ready: true, State: running}}}},
		{name: "one container completed, another is not ready", want: "0/1 Completed 0", status: v1alpha1.SimPodStatus{
			Phase: corev1.PodRunning, ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "c", State: ended(0, "Completed")}, {Name: "d", State: running}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := &v1alpha1.SimPod{Spec: tt.spec}
			pod.Spec.Containers = []v1alpha1.Container{{Name: "c"}}
			if tt.deleted {
				pod.DeletionTimestamp = &metav1.Time{Time: start}
			}
			Summarize(pod, &tt.status)
			if got := fmt.Sprintf("%s %s %d", tt.status.Ready, tt.status.Summary, tt.status.Restarts); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
