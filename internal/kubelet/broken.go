// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// What faults do to a kubelet that runs: it is slow, pulls no image, starts
// containers that crash, or is cut off.

// late holds back what a slow kubelet has to do until it gets to it.
func (s *sync) late(r Result, facts PodFacts) Result {
	if idle := !r.Changed && !r.Hold && !r.Release && len(r.Kills) == 0; facts.Delay <= 0 || idle {
		return r
	}
	due := facts.DueSince
	if due.IsZero() {
		due = s.now
	}
	if at := due.Add(facts.Delay); s.now.Before(at) {
		return Result{Status: *s.pod.Status.DeepCopy(), Due: due, Wake: at}
	}
	return r
}

const (
	// pullRetryWindow is how late a pull may be tried again.
	pullRetryWindow = 5 * time.Second
	// pullErrorShown is how long ErrImagePull shows until ImagePullBackOff does: until
	// the next sync of the pod, which the start of its sandbox triggers.
	pullErrorShown = time.Second
)

const pullError = "failed to pull image %q: the registry cannot be reached (simulated by a Fault)"

// pulls says whether the image of a container that was never started is there. It
// is tried with the back-off of imageBackOff in k8s.io/kubernetes/pkg/kubelet, which
// is that of containers: 10 s, doubled up to 300 s. What was tried is not kept
// anywhere: attempts are counted from when the pod's containers may start.
func (s *sync) pulls(c *v1alpha1.ContainerStatus) bool {
	waiting := c.State.Waiting
	failed := waiting.Reason == v1alpha1.ReasonErrImagePull || waiting.Reason == v1alpha1.ReasonImagePullBackOff
	fails := s.startFailure == v1alpha1.StartFailureImagePull
	if !fails && !failed {
		return true
	}
	last, next := attempts(s.startAt(), s.now)
	if !fails && s.now.Before(last.Add(pullRetryWindow)) {
		return true
	}
	s.due(next)
	image := c.Image
	if spec := s.container(c.Name); spec != nil {
		image = spec.Image
	}
	message := fmt.Sprintf(pullError, image)
	if s.due(last.Add(pullErrorShown)) {
		c.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  v1alpha1.ReasonImagePullBackOff,
			Message: fmt.Sprintf("Back-off pulling image %q: %s: %s", image, v1alpha1.ReasonErrImagePull, message),
		}
	} else {
		c.State.Waiting = &corev1.ContainerStateWaiting{Reason: v1alpha1.ReasonErrImagePull, Message: message}
	}
	s.because("image cannot be pulled")
	return false
}

// attempts returns when a pull that always fails, tried first at begin, was tried
// last and is tried next.
func attempts(begin, now time.Time) (last, next time.Time) {
	last, wait := begin, initialBackOff
	for next = last.Add(wait); !now.Before(next); next = last.Add(wait) {
		last, wait = next, min(2*wait, maxBackOff)
		if behind := now.Sub(last); wait == maxBackOff && behind > maxBackOff {
			last = last.Add(behind.Truncate(maxBackOff))
		}
	}
	return last, next
}

// crashes says whether a container that this pass has started exits at once.
func (s *sync) crashes(c *v1alpha1.ContainerStatus) bool {
	return s.startFailure == v1alpha1.StartFailureCrashLoop && c.State.Running.StartedAt.Time.Equal(s.now)
}

// resume returns the status that a kubelet has in mind which was cut off: what it
// kept meanwhile, with the conditions that others own as they are stored, as
// mergePodStatus in k8s.io/kubernetes/pkg/kubelet/status does.
func resume(stored v1alpha1.SimPodStatus, kept *v1alpha1.SimPodStatus) v1alpha1.SimPodStatus {
	out := *kept.DeepCopy()
	out.Conditions = slices.DeleteFunc(out.Conditions, func(c metav1.Condition) bool { return !ownCondition(c.Type) })
	for _, c := range stored.Conditions {
		if !ownCondition(c.Type) {
			out.Conditions = append(out.Conditions, c)
		}
	}
	out.NominatedNodeName = stored.NominatedNodeName
	return out
}

// ownCondition says whether a condition of a pod is the kubelet's, see setConditions.
func ownCondition(kind string) bool {
	switch kind {
	case v1alpha1.SimPodScheduled, v1alpha1.SimPodInitialized, v1alpha1.SimPodContainersReady, v1alpha1.SimPodReady:
		return true
	}
	return false
}
