// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// The restart back-off of a kubelet: crashLoopBackOff in
// k8s.io/kubernetes/pkg/kubelet/kubelet.go (initial 10 s, MaxContainerBackOff
// 300 s) with flowcontrol.Backoff of k8s.io/client-go, which starts afresh for a
// container that has run for more than twice the maximum.
const (
	initialBackOff = 10 * time.Second
	maxBackOff     = 300 * time.Second
	stableAfter    = 2 * maxBackOff
)

// startOrRestart starts a container that waits for its first start, and
// restarts one that has ended where the restart policy says so and its back-off
// is over. A changed image has no back-off, as kubelet counts it for each
// definition of a container. It does nothing for one that runs, or while the pod
// stops.
func (s *sync) startOrRestart(c *v1alpha1.ContainerStatus) {
	if s.stopping {
		return
	}
	switch {
	case c.State.Waiting != nil && c.LastState.Terminated == nil:
		if s.pulls(c) {
			s.start(c)
			s.because("containers started")
		}
	case c.State.Waiting != nil:
		ended := c.LastState.Terminated
		if s.imageChanged(c) || s.forgotten(ended) || s.due(ended.FinishedAt.Add(waitingBackOff(c))) {
			s.restart(c)
		}
	case c.State.Terminated != nil && s.restartable(c):
		wait := nextBackOff(c)
		ended := c.State.Terminated
		c.LastState = corev1.ContainerState{Terminated: ended}
		if s.imageChanged(c) || s.forgotten(ended) || s.due(ended.FinishedAt.Add(wait)) {
			s.restart(c)
			return
		}
		c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: v1alpha1.ReasonCrashLoopBackOff,
			Message: fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)",
				wait, c.Name, s.pod.Name, s.pod.Namespace, s.pod.UID),
		}}
		s.because("waiting for the restart back-off")
	}
}

func (s *sync) start(c *v1alpha1.ContainerStatus) {
	if spec := s.container(c.Name); spec != nil {
		c.Image = spec.Image
	}
	c.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Time{Time: s.now}}}
}

func (s *sync) restart(c *v1alpha1.ContainerStatus) {
	c.RestartCount++
	s.start(c)
	s.because("container restarted")
}

// replace kills a running container whose image is no longer the spec's and
// starts it again, whatever the restart policy says: computePodActions with
// containerChanged in k8s.io/kubernetes/pkg/kubelet/kuberuntime. An init
// container that is not a sidecar runs to its end. It takes no time:
// shutdownDuration is that of the pod's end.
func (s *sync) replace(c *v1alpha1.ContainerStatus) bool {
	if s.stopping || c.State.Running == nil || !s.imageChanged(c) || (s.isInit(c.Name) && !s.isSidecar(c.Name)) {
		return false
	}
	what := "Container"
	if s.isSidecar(c.Name) {
		what = "Init container"
	}
	s.kill(c, fmt.Sprintf("%s %s definition changed, will be restarted", what, c.Name))
	_, code := s.shutdown()
	s.exit(c, latest(s.now, c.State.Running.StartedAt.Time), code)
	c.LastState = c.State
	s.because("image changed")
	s.restart(c)
	return true
}

func (s *sync) imageChanged(c *v1alpha1.ContainerStatus) bool {
	spec := s.container(c.Name)
	return spec != nil && spec.Image != c.Image
}

// restartable mirrors podutil.ContainerShouldRestart of k8s.io/kubernetes for a
// container that has ended. An init container is not restarted on success, a
// sidecar always is until the pod's containers have ended.
func (s *sync) restartable(c *v1alpha1.ContainerStatus) bool {
	if s.isSidecar(c.Name) {
		return !s.completed()
	}
	switch s.pod.Spec.RestartPolicy {
	case corev1.RestartPolicyNever:
		return false
	case corev1.RestartPolicyOnFailure:
		return c.State.Terminated.ExitCode != 0
	default:
		return c.State.Terminated.ExitCode != 0 || !s.isInit(c.Name)
	}
}

// isInit says whether the name is that of an init container or sidecar.
func (s *sync) isInit(name string) bool { return named(s.pod.Spec.InitContainers, name) != nil }

// container returns the container, init container or sidecar of that name; nil
// where there is none.
func (s *sync) container(name string) *v1alpha1.Container {
	if c := named(s.pod.Spec.Containers, name); c != nil {
		return c
	}
	return named(s.pod.Spec.InitContainers, name)
}

func named(list []v1alpha1.Container, name string) *v1alpha1.Container {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// nextBackOff returns how long the restart of a container that has just ended
// has to wait, counted from its end. A real kubelet keeps the last back-off in
// memory; here it is read from how long the last restart came after the end
// that it followed, so that it survives a restart of this kubelet.
//
// As with kubelet's doBackOff, the first restart is immediate, and so is that
// of a container that ran for more than ten minutes.
func nextBackOff(c *v1alpha1.ContainerStatus) time.Duration {
	ended := c.State.Terminated
	if c.RestartCount == 0 || ended.FinishedAt.Sub(ended.StartedAt.Time) > stableAfter {
		return 0
	}
	var waited time.Duration
	if previous := c.LastState.Terminated; previous != nil {
		waited = ended.StartedAt.Sub(previous.FinishedAt.Time)
	}
	next := initialBackOff
	// The API keeps whole seconds, so that a wait can look a second shorter. A
	// wait can be longer where the kubelet was away, but never is the back-off
	// further than the number of restarts allows.
	for range min(c.RestartCount-1, 8) {
		if waited+time.Second < next {
			break
		}
		next = min(2*next, maxBackOff)
	}
	return next
}

// waitingBackOff returns the back-off of a container in CrashLoopBackOff: the
// message has it, as kubelet writes it. Where it cannot be read it is the
// longest that the number of restarts allows.
func waitingBackOff(c *v1alpha1.ContainerStatus) time.Duration {
	if rest, ok := strings.CutPrefix(c.State.Waiting.Message, "back-off "); ok {
		text, _, _ := strings.Cut(rest, " ")
		if d, err := time.ParseDuration(text); err == nil {
			return min(max(d, 0), maxBackOff)
		}
	}
	if c.RestartCount <= 0 {
		return 0
	}
	return min(initialBackOff<<min(c.RestartCount-1, 8), maxBackOff)
}
