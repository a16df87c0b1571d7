// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/test/golden"
)

// start is not a whole second: the API's rounding must not show.
var start = time.Date(2026, 3, 1, 12, 0, 0, 700_000_000, time.UTC)

var facts = PodFacts{HostIP: "172.16.0.1", PodIP: "10.0.0.1"}

func boundPod(simulation *v1alpha1.PodSimulation, change func(*v1alpha1.SimPodSpec)) *v1alpha1.SimPod {
	pod := &v1alpha1.SimPod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "u1", Generation: 2},
		Spec: v1alpha1.SimPodSpec{
			NodeName:      "n1",
			RestartPolicy: corev1.RestartPolicyAlways,
			Containers:    []v1alpha1.Container{{Name: "main", Image: "nginx"}},
			Simulation:    simulation,
		},
	}
	if change != nil {
		change(&pod.Spec)
	}
	return pod
}

// held gives a pod a finalizer of somebody else beside the kubelet's.
func held(pod *v1alpha1.SimPod) *v1alpha1.SimPod {
	pod.Finalizers = []string{v1alpha1.FinalizerKubelet, "example.com/hold"}
	return pod
}

func takes(d time.Duration) *v1alpha1.SimulatedDuration {
	return &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: d}}
}

// store is what the API does to a status: whole seconds, and a round trip.
func store(t *testing.T, status v1alpha1.SimPodStatus) v1alpha1.SimPodStatus {
	t.Helper()
	raw, err := json.Marshal(status)
	if err != nil {
		t.Fatal(err)
	}
	var out v1alpha1.SimPodStatus
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// drive runs a pod until nothing is to come or the time is over, as the
// controller would, and returns one line per write. It fails where a pass at the
// same time would write again, or a wake time is not in the future.
func drive(t *testing.T, pod *v1alpha1.SimPod, deleteAfter, until time.Duration) string {
	t.Helper()
	var trace strings.Builder
	var written *v1alpha1.SimPodStatus
	now := start
	for range 10_000 {
		if deleteAfter > 0 && pod.DeletionTimestamp == nil && !now.Before(start.Add(deleteAfter)) {
			pod.DeletionTimestamp = &metav1.Time{Time: now.Truncate(time.Second)}
			pod.Generation++
		}
		in := pod.DeepCopy()
		in.Status = Exact(pod.Status, written)
		r := Next(in, facts, now)
		if !r.Wake.IsZero() && !r.Wake.After(now) {
			t.Fatalf("wake %s is not after now %s", r.Wake, now)
		}
		if r.Changed {
			pod.Status = store(t, r.Status)
			written = r.Status.DeepCopy()
			fmt.Fprintf(&trace, "%8.3fs %-9s %-18s %s restarts=%d: %s\n", now.Sub(start).Seconds(),
				r.Status.Phase, r.Status.Summary, r.Status.Ready, r.Status.Restarts, r.Reason)
			again := pod.DeepCopy()
			again.Status = Exact(pod.Status, written)
			if second := Next(again, facts, now); second.Changed {
				t.Fatalf("second pass changes the status again:\n%s", cmp.Diff(r.Status, second.Status))
			}
		}
		if r.Release {
			fmt.Fprintf(&trace, "%8.3fs finalizer removed\n", now.Sub(start).Seconds())
			return trace.String()
		}
		next := r.Wake
		if deleteAfter > 0 && pod.DeletionTimestamp == nil {
			if at := start.Add(deleteAfter); next.IsZero() || next.After(at) {
				next = at
			}
		}
		if next.IsZero() || next.After(start.Add(until)) {
			return trace.String()
		}
		now = next
	}
	t.Fatal("no end after 10000 passes")
	return ""
}

func TestNextSequences(t *testing.T) {
	onFailure := func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyOnFailure }
	never := func(s *v1alpha1.SimPodSpec) { s.RestartPolicy = corev1.RestartPolicyNever }
	inits := func(s *v1alpha1.SimPodSpec) {
		s.InitContainers = []v1alpha1.Container{{Name: "a", Image: "i"}, {Name: "b", Image: "i"}}
	}
	sidecars := func(s *v1alpha1.SimPodSpec) {
		sidecar := func(name string) v1alpha1.Container {
			return v1alpha1.Container{Name: name, Image: "i", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}
		}
		s.InitContainers = []v1alpha1.Container{sidecar("proxy"), {Name: "migrate", Image: "i"}, sidecar("logs")}
	}
	tests := []struct {
		name        string
		pod         *v1alpha1.SimPod
		deleteAfter time.Duration
		until       time.Duration
	}{
		{name: "plain", pod: boundPod(nil, nil)},
		{name: "plain-deleted", pod: boundPod(nil, nil), deleteAfter: 5 * time.Second},
		{name: "delays", pod: boundPod(&v1alpha1.PodSimulation{
			StartDelay: takes(500 * time.Millisecond), ReadinessDelay: takes(1500 * time.Millisecond),
		}, nil)},
		{name: "completes", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(250 * time.Millisecond)}, onFailure)},
		{name: "fails", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(time.Second), ExitCode: 3}, never)},
		{name: "crash-loop", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(time.Second), ExitCode: 1}, nil), until: time.Hour},
		{name: "crash-loop-at-once", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(0)}, nil), until: 20 * time.Minute},
		{name: "crash-loop-stable", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(11 * time.Minute)}, nil), until: time.Hour},
		{name: "crash-loop-deleted", pod: boundPod(&v1alpha1.PodSimulation{
			RunDuration: takes(time.Second), ShutdownDuration: takes(time.Second)}, nil), deleteAfter: 5 * time.Second},
		{name: "init", pod: boundPod(nil, inits)},
		{name: "init-runs", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(2 * time.Second)}, func(s *v1alpha1.SimPodSpec) {
			inits(s)
			onFailure(s)
		})},
		{name: "init-fails-never", pod: boundPod(&v1alpha1.PodSimulation{
			RunDuration: takes(2 * time.Second), FailureProbabilityPercent: 100}, func(s *v1alpha1.SimPodSpec) {
			inits(s)
			never(s)
		})},
		{name: "init-crash-loop", pod: boundPod(&v1alpha1.PodSimulation{
			RunDuration: takes(2 * time.Second), FailureProbabilityPercent: 100}, inits), until: time.Minute},
		{name: "deadline", pod: boundPod(nil, func(s *v1alpha1.SimPodSpec) { s.ActiveDeadlineSeconds = new(int64(3)) })},
		{name: "deadline-shutdown", pod: boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(1200 * time.Millisecond)},
			func(s *v1alpha1.SimPodSpec) { s.ActiveDeadlineSeconds = new(int64(3)) })},
		{name: "shutdown", pod: boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(4 * time.Second)}, nil), deleteAfter: 10 * time.Second},
		{name: "shutdown-killed", pod: boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(time.Minute)},
			func(s *v1alpha1.SimPodSpec) { s.TerminationGracePeriodSeconds = new(int64(5)) }), deleteAfter: 10 * time.Second},
		{name: "deleted-starting", pod: boundPod(&v1alpha1.PodSimulation{StartDelay: takes(time.Minute)}, nil), deleteAfter: time.Second},
		{name: "held", pod: held(boundPod(nil, nil)), deleteAfter: 5 * time.Second},
		{name: "held-shutdown", pod: held(boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(2 * time.Second)}, nil)), deleteAfter: 5 * time.Second},
		{name: "held-starting", pod: held(boundPod(&v1alpha1.PodSimulation{StartDelay: takes(time.Minute)}, nil)), deleteAfter: 5 * time.Second},
		{name: "held-init", pod: held(boundPod(&v1alpha1.PodSimulation{RunDuration: takes(time.Minute)}, inits)), deleteAfter: 5 * time.Second},
		{name: "held-crash-loop", pod: held(boundPod(&v1alpha1.PodSimulation{RunDuration: takes(time.Second)}, nil)), deleteAfter: 5 * time.Second},
		{name: "sidecars", pod: boundPod(&v1alpha1.PodSimulation{RunDuration: takes(4 * time.Second), ReadinessDelay: takes(time.Second)},
			func(s *v1alpha1.SimPodSpec) {
				sidecars(s)
				never(s)
			})},
		{name: "sidecars-shutdown", pod: boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(3 * time.Second)},
			func(s *v1alpha1.SimPodSpec) {
				sidecars(s)
				s.TerminationGracePeriodSeconds = new(int64(8))
			}), deleteAfter: 5 * time.Second},
		{name: "sidecars-init-fails", pod: boundPod(&v1alpha1.PodSimulation{
			RunDuration: takes(2 * time.Second), FailureProbabilityPercent: 100, ShutdownDuration: takes(time.Second)},
			func(s *v1alpha1.SimPodSpec) {
				sidecars(s)
				never(s)
			})},
		{name: "jitter", pod: boundPod(&v1alpha1.PodSimulation{
			RunDuration: &v1alpha1.SimulatedDuration{Duration: metav1.Duration{Duration: 10 * time.Second}, JitterPercent: 50},
			Seed:        7, FailureProbabilityPercent: 40}, onFailure), until: time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.until == 0 {
				tt.until = time.Hour
			}
			got := drive(t, tt.pod, tt.deleteAfter, tt.until)
			golden.Check(t, filepath.Join("testdata", tt.name+".txt"), got)
		})
	}
}

// A plain pod's whole status after its only write, field by field.
func TestNextPlainStatus(t *testing.T) {
	pod := boundPod(nil, nil)
	pod.Status = v1alpha1.SimPodStatus{NominatedNodeName: "n2", Conditions: []metav1.Condition{
		{Type: "example.com/own", Status: metav1.ConditionTrue, Reason: "Kept", LastTransitionTime: metav1.Time{Time: start}},
	}}
	at := metav1.Time{Time: start}
	condition := func(kind, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, ObservedGeneration: 2, LastTransitionTime: at}
	}
	want := v1alpha1.SimPodStatus{
		ObservedGeneration: 2, Phase: corev1.PodRunning, Summary: "Running", Ready: "1/1",
		HostIP: facts.HostIP, PodIP: facts.PodIP, StartTime: &at,
		Conditions: []metav1.Condition{
			pod.Status.Conditions[0],
			condition(v1alpha1.SimPodScheduled, v1alpha1.ReasonScheduled),
			condition(v1alpha1.SimPodInitialized, v1alpha1.ReasonContainersInitialized),
			condition(v1alpha1.SimPodContainersReady, v1alpha1.ReasonContainersReady),
			condition(v1alpha1.SimPodReady, v1alpha1.ReasonContainersReady),
		},
		InitContainerStatuses: []v1alpha1.ContainerStatus{},
		ContainerStatuses: []v1alpha1.ContainerStatus{{Name: "main", Image: "nginx", Ready: true,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}}}},
	}
	before := pod.DeepCopy()
	got := Next(pod, facts, start)
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	if !got.Changed || !got.Wake.IsZero() || got.Release {
		t.Errorf("got %+v, want one change and nothing to come", got)
	}
	if diff := cmp.Diff(before, pod); diff != "" {
		t.Errorf("Next changed its input:\n%s", diff)
	}
}

func TestNextExitCodesOfStoppedContainers(t *testing.T) {
	tests := []struct {
		name     string
		shutdown time.Duration
		grace    int64
		want     int32
	}{
		{name: "dies of the signal", want: 143, grace: 30},
		{name: "handles the signal", shutdown: time.Second, grace: 30, want: 0},
		{name: "is killed", shutdown: time.Hour, grace: 1, want: 137},
		{name: "is killed at once", shutdown: time.Second, grace: 0, want: 137},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := boundPod(&v1alpha1.PodSimulation{ShutdownDuration: takes(tt.shutdown)}, func(s *v1alpha1.SimPodSpec) {
				s.ActiveDeadlineSeconds = new(int64(1))
				s.TerminationGracePeriodSeconds = &tt.grace
			})
			drive(t, pod, 0, time.Hour)
			ended := pod.Status.ContainerStatuses[0].State.Terminated
			if ended == nil || ended.ExitCode != tt.want {
				t.Errorf("state %+v, want exit code %d", pod.Status.ContainerStatuses[0].State, tt.want)
			}
			if pod.Status.Phase != corev1.PodFailed || pod.Status.Reason != v1alpha1.ReasonDeadlineExceeded {
				t.Errorf("phase %s, reason %s", pod.Status.Phase, pod.Status.Reason)
			}
		})
	}
}

func TestExact(t *testing.T) {
	pod := boundPod(nil, nil)
	written := Next(pod, facts, start).Status
	stored := store(t, written)
	if got := Exact(stored, &written); !got.StartTime.Time.Equal(start) {
		t.Errorf("start time %s, want the exact %s", got.StartTime, start)
	}
	stored.Message = "someone else wrote"
	if got := Exact(stored, &written); got.StartTime.Nanosecond() != 0 {
		t.Errorf("start time %s is that of another status", got.StartTime)
	}
}

func TestPodIPStaysInNetwork(t *testing.T) {
	for attempt := range 1000 {
		ip := PodIP("uid", attempt).As4()
		if ip[0] != 10 || ip == [4]byte{10, 0, 0, 0} || ip == [4]byte{10, 255, 255, 255} {
			t.Fatalf("attempt %d: %v", attempt, ip)
		}
		ip = NodeIP("node", attempt).As4()
		if ip[0] != 172 || ip[1] < 16 || ip[1] > 31 {
			t.Fatalf("attempt %d: %v", attempt, ip)
		}
	}
}

// Random pods, run to their end or for a day: drive fails where a change is
// written twice or a wake time is not in the future. A pod that is deleted always
// loses its finalizer, within its grace period.
func TestNextRandomPods(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	length := func() *v1alpha1.SimulatedDuration {
		if random.IntN(3) == 0 {
			return nil
		}
		d := takes(time.Duration(random.Int64N(int64(20 * time.Second))))
		d.JitterPercent = random.Int32N(200)
		return d
	}
	for i := range 300 {
		pod := boundPod(&v1alpha1.PodSimulation{
			StartDelay: length(), RunDuration: length(), ReadinessDelay: length(), ShutdownDuration: length(),
			ExitCode: random.Int32N(2), FailureProbabilityPercent: random.Int32N(101), Seed: int64(i),
		}, func(s *v1alpha1.SimPodSpec) {
			s.RestartPolicy = []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}[random.IntN(3)]
			for n := range random.IntN(3) {
				c := v1alpha1.Container{Name: fmt.Sprintf("init-%d", n), Image: "i"}
				if random.IntN(2) == 0 {
					c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				}
				s.InitContainers = append(s.InitContainers, c)
			}
			for n := range random.IntN(2) {
				s.Containers = append(s.Containers, v1alpha1.Container{Name: fmt.Sprintf("more-%d", n), Image: "i"})
			}
			if random.IntN(3) == 0 {
				s.ActiveDeadlineSeconds = new(1 + random.Int64N(60))
			}
			s.TerminationGracePeriodSeconds = new(random.Int64N(30))
		})
		if random.IntN(2) == 0 {
			held(pod)
		}
		deleteAfter := time.Duration(1 + random.Int64N(int64(2*time.Minute)))
		trace := drive(t, pod, deleteAfter, 24*time.Hour)
		if !strings.Contains(trace, "finalizer removed") {
			t.Fatalf("pod %d, deleted after %s, keeps its finalizer:\n%s", i, deleteAfter, trace)
		}
		if heldByOthers(pod) && !terminal(pod.Status.Phase) {
			t.Fatalf("pod %d is held by others in phase %s:\n%s", i, pod.Status.Phase, trace)
		}
		var at float64
		last := trace[strings.LastIndex(strings.TrimSuffix(trace, "\n"), "\n")+1:]
		if _, err := fmt.Sscanf(last, "%fs", &at); err != nil {
			t.Fatal(err)
		}
		if over := at - deleteAfter.Seconds(); over > float64(*pod.Spec.TerminationGracePeriodSeconds)+0.001 {
			t.Fatalf("pod %d stops %.3fs after its deletion, grace period %ds:\n%s", i, over, *pod.Spec.TerminationGracePeriodSeconds, trace)
		}
	}
}

// Whatever a pod and its status look like, Next does not panic, does not ask to
// be woken in the past, and does not change what it has just said.
func FuzzNext(f *testing.F) {
	f.Add([]byte(`{"spec":{"containers":[{"name":"c"}]}}`), int64(0), false)
	f.Add([]byte(`{"spec":{"restartPolicy":"Always","initContainers":[{"name":"i"}],"containers":[{"name":"c"},{"name":"d"}],
		"simulation":{"runDuration":{"duration":"0s"},"failureProbabilityPercent":50,"shutdownDuration":{"duration":"1s"}}},
		"status":{"startTime":"2026-03-01T12:00:00Z"}}`), int64(5), true)
	f.Add([]byte(`{"spec":{"activeDeadlineSeconds":9223372036854775807,"terminationGracePeriodSeconds":-1,"containers":[{"name":"c"}],
		"simulation":{"runDuration":{"duration":"2562047h","jitterPercent":1000}}},
		"status":{"phase":"Running","startTime":"0001-01-01T00:00:00Z","containerStatuses":[{"name":"c","restartCount":-3,
		"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off x"}},
		"lastState":{"terminated":{"finishedAt":"9999-01-01T00:00:00Z"}}}]}}`), int64(1<<40), false)
	f.Fuzz(func(t *testing.T, raw []byte, after int64, deleted bool) {
		var pod v1alpha1.SimPod
		if json.Unmarshal(raw, &pod) != nil || len(pod.Spec.Containers) > 16 {
			t.Skip()
		}
		now := start.Add(time.Duration(after))
		pod.DeletionTimestamp = nil
		if deleted {
			pod.DeletionTimestamp = &metav1.Time{Time: now.Truncate(time.Second)}
		}
		r := Next(&pod, facts, now)
		if !r.Wake.IsZero() && !r.Wake.After(now) {
			t.Fatalf("wake %s is not after now %s", r.Wake, now)
		}
		pod.Status = r.Status
		if again := Next(&pod, facts, now); again.Changed || again.Release != r.Release || !again.Wake.Equal(r.Wake) {
			t.Fatalf("not idempotent:\n%s", cmp.Diff(r, again))
		}
	})
}
