// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"iter"
	"time"

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
	if !s.anyRunning() {
		return true
	}
	length, code := s.shutdown()
	end := since.Add(length)
	if !s.due(end) {
		s.because("containers told to stop")
		return false
	}
	for c := range containers(&s.status) {
		if c.State.Running != nil && !s.exitedBefore(c, end) {
			s.exit(c, latest(end, c.State.Running.StartedAt.Time), code)
		}
	}
	s.because("containers stopped")
	return true
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
		since = s.toldToStop()
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

// shutdown returns how long the containers take to stop, and their exit code.
// Containers that take longer than the grace period are killed. Those that take
// some time handle the signal and exit with 0, those that take none die of it.
func (s *sync) shutdown() (time.Duration, int32) {
	seconds := v1alpha1.DefaultTerminationGracePeriodSeconds
	if s.pod.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *s.pod.Spec.TerminationGracePeriodSeconds
	}
	grace := wholeDuration(seconds)
	wanted := s.length(s.simulation().ShutdownDuration, "shutdown", "", 0)
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

func (s *sync) anyRunning() bool {
	for c := range containers(&s.status) {
		if c.State.Running != nil {
			return true
		}
	}
	return false
}

// deleted is the result for a pod that is being deleted. Where stopping takes no
// time, nobody could see the status that comes before the end, so it is not
// reported and the pod costs one write less.
func (s *sync) deleted(stopped bool) Result {
	stopped = stopped || !s.anyRunning()
	length, _ := s.shutdown()
	r := s.result(stopped)
	quiet := equality.Semantic.DeepEqual(withoutGenerations(s.status), withoutGenerations(s.pod.Status))
	if quiet || length == 0 {
		r.Status, r.Changed, r.Reason = *s.pod.Status.DeepCopy(), false, ""
	}
	return r
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
