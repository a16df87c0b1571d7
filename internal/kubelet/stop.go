// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"iter"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Exit codes of containers that are told to stop.
const (
	exitKilled     = 128 + 9  // SIGKILL, at the end of the grace period
	exitTerminated = 128 + 15 // SIGTERM, which a container that does not handle it dies of
)

// stop ends the containers of a pod that is deleted or has reached its deadline,
// and says whether they have stopped by now.
func (s *sync) stop() bool {
	since, ok := s.stopSince()
	if !ok {
		return false
	}
	s.stopping = true
	return s.stopContainers(since)
}

// stopContainers ends what runs, told so at since, and says whether all have
// stopped by now. Sidecars stop after all others, the last one first, and all
// share the grace period: terminationOrdering in
// k8s.io/kubernetes/pkg/kubelet/kuberuntime.
func (s *sync) stopContainers(since time.Time) bool {
	if !s.anyRunning() {
		return true
	}
	for c := range containers(&s.status) {
		if c.State.Running != nil {
			s.kill(c, "Stopping container "+c.Name)
		}
	}
	turn, stopped := since, true
	for c := range containers(&s.status) {
		if !s.isSidecar(c.Name) {
			stopped = s.stopContainer(c, since, since) && stopped
			turn = latest(turn, finishedAt(c))
		}
	}
	for i := len(s.status.InitContainerStatuses) - 1; i >= 0 && stopped; i-- {
		if c := &s.status.InitContainerStatuses[i]; s.isSidecar(c.Name) {
			stopped = s.stopContainer(c, since, turn)
			turn = latest(turn, finishedAt(c))
		}
	}
	if stopped {
		s.because("containers stopped")
	} else {
		s.because("containers told to stop")
	}
	return stopped
}

// stopContainer ends a container whose grace period began at since and whose
// turn it is from turn on, and says whether it has stopped by now.
func (s *sync) stopContainer(c *v1alpha1.ContainerStatus, since, turn time.Time) bool {
	if c.State.Running == nil {
		return true
	}
	length, code := s.shutdown()
	end := turn.Add(length)
	if limit := latest(turn, since.Add(s.grace())); end.After(limit) {
		end, code = limit, exitKilled
	}
	if !s.due(end) {
		return false
	}
	if !s.exitedBefore(c, end) {
		s.exit(c, latest(end, c.State.Running.StartedAt.Time), code)
	}
	return true
}

// finishedAt returns when a container ended; the zero time where it has not.
func finishedAt(c *v1alpha1.ContainerStatus) time.Time {
	if c.State.Terminated == nil {
		return time.Time{}
	}
	return c.State.Terminated.FinishedAt.Time
}

// kill notes that a container is told to stop.
func (s *sync) kill(c *v1alpha1.ContainerStatus, message string) {
	s.kills = append(s.kills, Kill{Container: c.Name, StartedAt: c.State.Running.StartedAt.Time, Message: message})
}

// stopSince returns when the containers were told to stop.
func (s *sync) stopSince() (time.Time, bool) {
	var since time.Time
	if seconds := s.pod.Spec.ActiveDeadlineSeconds; seconds != nil {
		// A deadline that is past is not missed where this is called late.
		deadline := s.status.StartTime.Add(wholeDuration(*seconds))
		if s.due(deadline) {
			s.failed = true
			since = deadline
		}
	}
	if s.pod.DeletionTimestamp != nil && (since.IsZero() || s.pod.DeletionTimestamp.Time.Before(since)) {
		since = latest(s.toldToStop(), s.connected)
	}
	return since, !since.IsZero()
}

// toldToStop returns when the deletion reached the containers. The API server
// knows the second only; where the pod stopped being ready in that second, that
// is when.
func (s *sync) toldToStop() time.Time {
	at := s.pod.DeletionTimestamp.Time
	ready := meta.FindStatusCondition(s.status.Conditions, v1alpha1.SimPodReady)
	if ready == nil {
		return at
	}
	told := ready.LastTransitionTime.Time
	if ready.Status == metav1.ConditionTrue {
		told = s.now
	}
	if told.After(at) && told.Sub(at) < time.Second {
		return told
	}
	return at
}

// grace returns the pod's grace period.
func (s *sync) grace() time.Duration {
	seconds := v1alpha1.DefaultTerminationGracePeriodSeconds
	if s.pod.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *s.pod.Spec.TerminationGracePeriodSeconds
	}
	if seconds < 0 {
		seconds = 1 // as SetDefaults_Pod of k8s.io/kubernetes/pkg/apis/core/v1 says
	}
	return wholeDuration(seconds)
}

// shutdown returns how long a container takes to stop, and its exit code. One
// that takes longer than the grace period is killed. One that takes some time
// handles the signal and exits with 0, one that takes none dies of it.
func (s *sync) shutdown() (time.Duration, int32) {
	grace, wanted := s.grace(), s.length(s.simulation().ShutdownDuration, "shutdown", "", 0)
	switch {
	case wanted > grace:
		return grace, exitKilled
	case wanted == 0:
		return 0, exitTerminated
	}
	return wanted, 0
}

// exitedBefore ends a container whose own run is over before it is stopped.
func (s *sync) exitedBefore(c *v1alpha1.ContainerStatus, end time.Time) bool {
	over, ends := s.runEnd(c)
	if !ends || over.After(end) {
		return false
	}
	s.exit(c, over, s.exitCode(c))
	return true
}

func (s *sync) anyRunning() bool { return anyRunning(&s.status) }

func anyRunning(status *v1alpha1.SimPodStatus) bool {
	for c := range containers(status) {
		if c.State.Running != nil {
			return true
		}
	}
	return false
}

// terminate gives a deleted pod of which nothing runs any more the last status
// that it can have: what has started has ended, and the phase is a terminal one.
// It mirrors TerminatePod in k8s.io/kubernetes/pkg/kubelet/status: a container
// that was about to be restarted is left as it ended, one that was about to start
// has failed, and one that init containers kept from starting still waits.
func (s *sync) terminate() {
	s.ended = true
	initialized := true
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		if c.LastState.Terminated != nil {
			s.endContainer(c)
		}
		ended := c.State.Terminated
		initialized = initialized && ended != nil && (ended.ExitCode == 0 || s.isSidecar(c.Name))
	}
	for i := range s.status.ContainerStatuses {
		if c := &s.status.ContainerStatuses[i]; initialized || c.LastState.Terminated != nil {
			s.endContainer(c)
		}
	}
}

func (s *sync) endContainer(c *v1alpha1.ContainerStatus) {
	if c.State.Terminated != nil {
		return
	}
	s.because("container given up")
	switch {
	case c.LastState.Terminated != nil:
		c.State, c.LastState = c.LastState, corev1.ContainerState{}
	default:
		c.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: exitKilled, Reason: v1alpha1.ReasonContainerStatusUnknown,
			Message: "The container could not be located when the pod was terminated",
		}}
	}
}

// deleted is the result for a pod that is being deleted. Where stopping takes no
// time and nobody else holds the pod, nobody could see the status that comes
// before the end, so it is not reported and the pod costs one write less.
func (s *sync) deleted(stopped bool) Result {
	r := s.result(stopped)
	length, _ := s.shutdown()
	unseen := length == 0 || !anyRunning(&s.pod.Status)
	quiet := equality.Semantic.DeepEqual(withoutGenerations(s.status), withoutGenerations(s.pod.Status))
	if quiet || (unseen && !heldByOthers(s.pod)) {
		r.Status, r.Changed, r.Reason = *s.pod.Status.DeepCopy(), false, ""
	}
	return r
}

// heldByOthers says whether a finalizer other than the kubelet's keeps the pod.
func heldByOthers(pod *v1alpha1.SimPod) bool {
	return slices.ContainsFunc(pod.Finalizers, func(f string) bool { return f != v1alpha1.FinalizerKubelet })
}

// withoutGenerations returns a copy that does not say which generation it
// reflects: the deletion itself is a new one, which is no change of the status.
func withoutGenerations(status v1alpha1.SimPodStatus) v1alpha1.SimPodStatus {
	out := *status.DeepCopy()
	out.ObservedGeneration = 0
	for i := range out.Conditions {
		out.Conditions[i].ObservedGeneration = 0
	}
	return out
}

// containers yields the status of each container, init containers first.
func containers(status *v1alpha1.SimPodStatus) iter.Seq[*v1alpha1.ContainerStatus] {
	return func(yield func(*v1alpha1.ContainerStatus) bool) {
		for _, list := range [][]v1alpha1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
