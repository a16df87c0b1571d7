// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// told is one line about a container.
func told(c *v1alpha1.ContainerStatus) string {
	state := func(s corev1.ContainerState) string {
		switch {
		case s.Running != nil:
			return "runs since " + s.Running.StartedAt.Sub(start).String()
		case s.Terminated != nil:
			return fmt.Sprintf("ended with %d/%s at %s", s.Terminated.ExitCode, s.Terminated.Reason, s.Terminated.FinishedAt.Sub(start))
		case s.Waiting != nil:
			return "waits: " + s.Waiting.Reason
		}
		return "nothing"
	}
	return fmt.Sprintf("%s #%d %s; before: %s", c.Name, c.RestartCount, state(c.State), state(c.LastState))
}

func tell(status *v1alpha1.SimPodStatus) []string {
	out := []string{string(status.Phase) + " " + status.Summary + " " + status.PodIP}
	for c := range containers(status) {
		out = append(out, told(c))
	}
	return out
}

func TestRebootOfPods(t *testing.T) {
	// The node is off from 20 s on and has booted after 60.3 s, a whole second.
	bootedAt := start.Add(60300 * time.Millisecond)
	after := PodFacts{HostIP: facts.HostIP, PodIP: "10.0.0.2", BootedAt: bootedAt, Connected: bootedAt}
	now := bootedAt.Add(50 * time.Millisecond)
	always := corev1.ContainerRestartPolicyAlways
	tests := []struct {
		name       string
		simulation *v1alpha1.PodSimulation
		spec       func(*v1alpha1.SimPodSpec)
		// deletedAt is when somebody deletes the pod; zero for never.
		deletedAt time.Duration
		want      []string
		release   bool
	}{
		{
			name: "containers are restarted at once, at another address",
			want: []string{"Running Running 10.0.0.2", "main #1 runs since 1m0.35s; before: ended with 255/Unknown at 1m0.3s"},
		},
		{
			name: "what may not be restarted has failed",
			spec: func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyNever },
			want: []string{"Failed Unknown 10.0.0.1", "main #0 ended with 255/Unknown at 1m0.3s; before: nothing"},
		},
		{
			name:       "a run that succeeded before is not repeated",
			spec:       func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyOnFailure },
			simulation: &v1alpha1.PodSimulation{RunDuration: takes(5 * time.Second)},
			want:       []string{"Succeeded Completed 10.0.0.1", "main #0 ended with 0/Completed at 5s; before: nothing"},
		},
		{
			name:       "a back-off is forgotten",
			simulation: &v1alpha1.PodSimulation{RunDuration: takes(2 * time.Second), ExitCode: 1},
			want:       []string{"Running Running 10.0.0.1", "main #3 runs since 1m0.35s; before: ended with 1/Error at 16s"},
		},
		{
			name: "init containers and sidecars run again",
			spec: func(s *v1alpha1.SimPodSpec) {
				s.InitContainers = []v1alpha1.Container{{Name: "init", Image: "i"}, {Name: "side", Image: "i", RestartPolicy: &always}}
			},
			want: []string{
				"Running Running 10.0.0.2",
				"init #1 ended with 0/Completed at 1m0.35s; before: ended with 0/Completed at 0s",
				"side #1 runs since 1m0.35s; before: ended with 255/Unknown at 1m0.3s",
				"main #1 runs since 1m0.35s; before: ended with 255/Unknown at 1m0.3s",
			},
		},
		{
			name: "a pod that was deleted meanwhile is not made anew", deletedAt: 30 * time.Second, release: true,
			want: []string{"Running Running 10.0.0.1", "main #0 runs since 0s; before: nothing"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := boundPod(tt.simulation, tt.spec)
			pod.Finalizers = []string{v1alpha1.FinalizerKubelet}
			pod.Status = store(t, until(pod, facts, start, start.Add(20*time.Second)))
			if tt.deletedAt > 0 {
				pod.DeletionTimestamp = &metav1.Time{Time: start.Add(tt.deletedAt)}
			}
			if frozen := Next(pod, PodFacts{Silent: true}, start.Add(30*time.Second)); frozen.Changed || !frozen.Wake.IsZero() {
				t.Errorf("a pod of a node that is off changes: %+v", frozen)
			}
			next := Next(pod, after, now)
			for c := range containers(&next.Status) { // the API keeps whole seconds of what was before
				for _, s := range []*corev1.ContainerStateTerminated{c.State.Terminated, c.LastState.Terminated} {
					if s != nil && s.FinishedAt.Time.Before(bootedAt) {
						s.FinishedAt.Time = s.FinishedAt.Add(700 * time.Millisecond)
					}
				}
				if r := c.State.Running; r != nil && r.StartedAt.Time.Before(bootedAt) {
					r.StartedAt.Time = r.StartedAt.Add(700 * time.Millisecond)
				}
			}
			if diff := cmp.Diff(tt.want, tell(&next.Status)); diff != "" {
				t.Errorf("after the reboot (-want +got):\n%s", diff)
			}
			if next.Release != tt.release {
				t.Errorf("release = %t, want %t", next.Release, tt.release)
			}
			pod.Status = store(t, next.Status)
			if again := Next(pod, after, now); again.Changed {
				t.Errorf("a second look changes the pod: %s", cmp.Diff(next.Status, again.Status))
			}
		})
	}
}

// until runs a pod on, waking when it asks for it, and returns the status that it
// has at the end.
func until(pod *v1alpha1.SimPod, f PodFacts, from, end time.Time) v1alpha1.SimPodStatus {
	pod = pod.DeepCopy()
	for now := from; ; {
		next := Next(pod, f, now)
		pod.Status = next.Status
		if next.Wake.IsZero() || next.Wake.After(end) {
			return pod.Status
		}
		now = next.Wake
	}
}

func TestRebootOfNodes(t *testing.T) {
	nodeFacts := NodeFacts{KubeletVersion: "v1", Address: "172.16.0.1"}
	node := simNode(0)
	node.UID = "u"
	first := NextNode(node, nodeFacts, start)
	node.Labels, node.Status = first.Labels, first.Status
	if first.Status.NodeInfo.BootID == "" || first.Status.NodeInfo.BootedAt != nil {
		t.Errorf("node info %+v of a node that has never rebooted", first.Status.NodeInfo)
	}

	off := nodeFacts
	off.CrashedBy = "fault"
	crash := NextNode(node, off, start.Add(time.Minute))
	if crash.Mark != "fault" || crash.Changed || crash.Unmark || len(crash.Labels) > 0 {
		t.Errorf("crash %+v", crash)
	}
	node.Annotations = map[string]string{v1alpha1.AnnotationCrashed: crash.Mark}
	if again := NextNode(node, off, start.Add(2*time.Minute)); again.Mark != "" || again.Changed || !Silent(node) {
		t.Errorf("still off: %+v", again)
	}
	if due, next := Heartbeat(node, HeartbeatFacts{Silent: true}, start.Add(time.Hour)); due || !next.IsZero() {
		t.Errorf("heartbeat of a node that is off: %t, %s", due, next)
	}
	node.Status, _ = MarkUnknown(node, start.Add(3*time.Minute))

	on := start.Add(4 * time.Minute)
	boot := NextNode(node, nodeFacts, on)
	node.Status = boot.Status
	if got := readyStatus(node); got != "False/NodeBooting" || !boot.Unmark || !boot.Wake.Equal(on.Truncate(time.Second).Add(time.Second)) {
		t.Errorf("switched on: %s, wake %s, unmark %t", got, boot.Wake, boot.Unmark)
	}
	if boot.Status.NodeInfo.BootID == first.Status.NodeInfo.BootID {
		t.Error("the boot ID is the same after a reboot")
	}
	if again := NextNode(node, nodeFacts, on.Add(100*time.Millisecond)); again.Changed || !again.Unmark {
		t.Errorf("before the mark is gone: changed %t, unmark %t", again.Changed, again.Unmark)
	}
	delete(node.Annotations, v1alpha1.AnnotationCrashed)
	// Whoever takes it for dead meanwhile does not shorten the boot.
	dead := node.DeepCopy()
	dead.Status, _ = MarkUnknown(dead, on)
	if early := NextNode(dead, nodeFacts, on.Add(100*time.Millisecond)); meta.IsStatusConditionTrue(early.Status.Conditions, v1alpha1.SimNodeReady) {
		t.Error("a node that boots is ready")
	}
	ready := NextNode(node, nodeFacts, boot.Wake)
	node.Status = ready.Status
	if got := readyStatus(node); got != "True/KubeletReady" || Silent(node) || !BootedAt(node).Equal(boot.Wake) || !ReadySince(node).Equal(boot.Wake) {
		t.Errorf("booted: %s at %s", got, BootedAt(node))
	}
	if ready.Status.NodeInfo.BootID != boot.Status.NodeInfo.BootID {
		t.Error("the boot ID changes without a reboot")
	}
}

func TestHeartbeatsThatAreLate(t *testing.T) {
	node := simNode(0)
	onTime := NextHeartbeat(node, start)
	if due, next := Heartbeat(node, HeartbeatFacts{Renewed: start, Delay: time.Minute}, onTime); due || !next.Equal(onTime.Add(time.Minute)) {
		t.Errorf("due %t, next %s after the heartbeat was due", due, next.Sub(onTime))
	}
	node.Status.Conditions = []metav1.Condition{{Type: v1alpha1.SimNodeReady, Status: metav1.ConditionUnknown}}
	if due, _ := Heartbeat(node, HeartbeatFacts{Renewed: start, Delay: time.Minute}, onTime.Add(59*time.Second)); due {
		t.Error("a node that was taken for dead is no longer late")
	}
	if due, _ := Heartbeat(node, HeartbeatFacts{Renewed: start, Delay: time.Minute}, onTime.Add(time.Minute)); !due {
		t.Error("the delay does not end")
	}
}

// A kubelet that is cut off runs its pods on; when it is back it reports what they
// have come to, and hears of what was asked of it.
func TestCutOff(t *testing.T) {
	simulation := &v1alpha1.PodSimulation{RunDuration: takes(20 * time.Second), ShutdownDuration: takes(3 * time.Second)}
	cut, back := start.Add(10*time.Second), start.Add(50*time.Second)
	known := boundPod(simulation, nil)
	known.Finalizers = []string{v1alpha1.FinalizerKubelet}
	known.Status = until(known, facts, start, cut)

	var kept *v1alpha1.SimPodStatus
	for now := cut; now.Before(back); {
		next := Next(known, PodFacts{Kept: kept}, now)
		kept = &next.Status
		now = next.Wake
	}
	want := []string{"Running Running 10.0.0.1", "main #2 runs since 50s; before: ended with 0/Completed at 40s"}
	stored := known.DeepCopy()
	stored.Status.Conditions = append(stored.Status.Conditions, metav1.Condition{Type: v1alpha1.SimPodDisruptionTarget, Status: metav1.ConditionTrue})
	next := Next(stored, PodFacts{Kept: kept, Connected: back}, back)
	if diff := cmp.Diff(want, tell(&next.Status)); diff != "" || !next.Changed {
		t.Errorf("back again, changed %t (-want +got):\n%s", next.Changed, diff)
	}
	if meta.FindStatusCondition(next.Status.Conditions, v1alpha1.SimPodDisruptionTarget) == nil {
		t.Error("the condition of another is gone")
	}

	serving := boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(3 * time.Second)}, nil)
	serving.Finalizers = known.Finalizers
	serving.Status = until(serving, facts, start, cut)
	serving.DeletionTimestamp = &metav1.Time{Time: start.Add(30 * time.Second)}
	hears := Next(serving, PodFacts{Kept: &serving.Status, Connected: back}, back)
	if hears.Release || len(hears.Kills) != 1 || !hears.Wake.Equal(back.Add(3*time.Second)) {
		t.Errorf("release %t, kills %v, wake %s: containers have the time that they need from when they hear of it", hears.Release, hears.Kills, hears.Wake.Sub(start))
	}
	failed := stored.DeepCopy()
	failed.Status.Phase = corev1.PodFailed
	if r := Next(failed, PodFacts{Kept: kept}, back); r.Changed {
		t.Error("a pod leaves a terminal phase")
	}
}

func TestSlowKubelet(t *testing.T) {
	slow := facts
	slow.Delay = 5 * time.Second
	pod := boundPod(nil, nil)
	first := Next(pod, slow, start)
	if first.Changed || first.Hold || !first.Due.Equal(start) || !first.Wake.Equal(start.Add(5*time.Second)) {
		t.Fatalf("at once: %+v", first)
	}
	slow.DueSince = first.Due
	if again := Next(pod, slow, start.Add(4*time.Second)); again.Changed || !again.Due.Equal(start) || !again.Wake.Equal(start.Add(5*time.Second)) {
		t.Errorf("after 4 s: %+v", again)
	}
	done := Next(pod, slow, start.Add(5*time.Second))
	if !done.Changed || !done.Hold || !done.Due.IsZero() || done.Status.StartTime.Sub(start) != 5*time.Second {
		t.Errorf("after 5 s: %+v", done)
	}
	pod.Status, pod.Finalizers, slow.DueSince = done.Status, []string{v1alpha1.FinalizerKubelet}, time.Time{}
	if idle := Next(pod, slow, start.Add(6*time.Second)); !idle.Due.IsZero() || !idle.Wake.IsZero() {
		t.Errorf("a pod that runs has something to do: %+v", idle)
	}
}

func TestImagesThatCannotBePulled(t *testing.T) {
	failing := facts
	failing.StartFailure = v1alpha1.StartFailureImagePull
	pod := boundPod(nil, nil)
	var got []string
	note := func(now time.Time, r Result) {
		if line := fmt.Sprintf("%s %s", now.Sub(start), r.Status.Summary); r.Changed && (len(got) == 0 || !strings.HasSuffix(got[len(got)-1], r.Status.Summary)) {
			got = append(got, line)
		}
	}
	now := start
	for now.Before(start.Add(80 * time.Second)) {
		next := Next(pod, failing, now)
		note(now, next)
		pod.Status = store(t, next.Status)
		pod.Status.StartTime = next.Status.StartTime // exact, see Exact
		if !next.Wake.After(now) {
			t.Fatalf("wake %s at %s", next.Wake, now)
		}
		now = next.Wake
	}
	want := []string{
		"0s ErrImagePull", "1s ImagePullBackOff", "10s ErrImagePull", "11s ImagePullBackOff", "30s ErrImagePull", "31s ImagePullBackOff", "1m10s ErrImagePull", "1m11s ImagePullBackOff",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pod is shown as (-want +got):\n%s", diff)
	}
	if pod.Status.Phase != corev1.PodPending || pod.Status.ContainerStatuses[0].State.Waiting.Message !=
		`Back-off pulling image "nginx": ErrImagePull: failed to pull image "nginx": the registry cannot be reached (simulated by a Fault)` {
		t.Errorf("phase %s, %+v", pod.Status.Phase, pod.Status.ContainerStatuses[0].State.Waiting)
	}
	// Healed after 80 s; the next try is due after 150 s.
	healed := Next(pod, facts, start.Add(80*time.Second))
	if healed.Changed || !healed.Wake.Equal(start.Add(150*time.Second)) {
		t.Errorf("healed: changed %t, wake %s", healed.Changed, healed.Wake.Sub(start))
	}
	if late := Next(pod, facts, healed.Wake.Add(time.Second)); late.Status.Phase != corev1.PodRunning {
		t.Errorf("the next try: %v", tell(&late.Status))
	}
}

func TestAttempts(t *testing.T) {
	var got []time.Duration
	for now := start; now.Before(start.Add(time.Hour)); now = now.Add(time.Second) {
		last, next := attempts(start, now)
		if last.After(now) || !next.After(now) || next.Sub(last) > maxBackOff {
			t.Fatalf("at %s: last %s, next %s", now.Sub(start), last.Sub(start), next.Sub(start))
		}
		if at := last.Sub(start); !slices.Contains(got, at) {
			got = append(got, at)
		}
	}
	want := []time.Duration{0, 10 * time.Second, 30 * time.Second, 70 * time.Second, 150 * time.Second, 310 * time.Second, 610 * time.Second}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if last, next := attempts(start, start.Add(1000*24*time.Hour)); next.Sub(last) != maxBackOff {
		t.Errorf("after years: %s, %s", last, next)
	}
}

func TestContainersThatCrash(t *testing.T) {
	crashing := facts
	crashing.StartFailure = v1alpha1.StartFailureCrashLoop
	pod := boundPod(nil, nil)
	next := Next(pod, crashing, start)
	want := []string{"Running CrashLoopBackOff 10.0.0.1", "main #1 waits: CrashLoopBackOff; before: ended with 1/Error at 0s"}
	if diff := cmp.Diff(want, tell(&next.Status)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	pod.Status = next.Status
	pod.Status = Next(pod, crashing, next.Wake).Status
	if got := pod.Status.ContainerStatuses[0]; got.RestartCount != 2 || got.State.Waiting == nil {
		t.Errorf("after the first back-off: %s", told(&got))
	}
	healed := until(pod, facts, start.Add(time.Minute), start.Add(time.Minute))
	if healed.Phase != corev1.PodRunning || healed.ContainerStatuses[0].State.Running == nil {
		t.Errorf("healed: %v", tell(&healed))
	}
	// What ran before runs on.
	running := boundPod(nil, nil)
	running.Status = Next(running, facts, start).Status
	if r := Next(running, crashing, start.Add(time.Second)); r.Status.ContainerStatuses[0].State.Running == nil {
		t.Errorf("a container that ran has ended: %v", tell(&r.Status))
	}
	once := boundPod(nil, func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyNever })
	if r := Next(once, crashing, start); r.Status.Phase != corev1.PodFailed {
		t.Errorf("a pod that is not restarted: %v", tell(&r.Status))
	}
}
