// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// Sidecars are restartable init containers (KEP-753): they start in their turn
// among the init containers, but run until the pod's containers have ended.

// isSidecar says whether an init container is a sidecar; nil is none.
func isSidecar(c *v1alpha1.Container) bool {
	return c != nil && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func (s *sync) isSidecar(name string) bool {
	return isSidecar(named(s.pod.Spec.InitContainers, name))
}

// runSidecar moves a sidecar on and decides whether it is ready. It counts as
// started, and lets the next init container start, as soon as it runs.
func (s *sync) runSidecar(c *v1alpha1.ContainerStatus) {
	if s.completed() {
		c.Ready = false
		return
	}
	s.advance(c)
	c.Ready = c.State.Running != nil && !s.stopping && s.due(s.readyAt(c))
	if c.Ready && !readyIn(s.pod.Status.InitContainerStatuses, c.Name) {
		s.because("containers ready")
	}
}

// endSidecars stops the sidecars once nothing is left that they could serve, as
// computePodActions in k8s.io/kubernetes/pkg/kubelet/kuberuntime kills a pod of
// which no container is kept.
func (s *sync) endSidecars() {
	if s.stopping || !s.completed() {
		return
	}
	for i := range s.status.InitContainerStatuses {
		if c := &s.status.InitContainerStatuses[i]; s.isSidecar(c.Name) {
			c.Ready = false
		}
	}
	s.stopContainers(s.completedAt())
}

// completed says whether the pod's own work is over: every container has ended
// for good, or an init container has failed for good.
func (s *sync) completed() bool {
	if _, failed := s.countInit(); failed > 0 {
		return true
	}
	for i := range s.status.ContainerStatuses {
		c := &s.status.ContainerStatuses[i]
		if c.State.Terminated == nil || s.restartable(c) {
			return false
		}
	}
	return len(s.status.ContainerStatuses) > 0
}

// completedAt returns when the last of what completed has ended.
func (s *sync) completedAt() time.Time {
	var at time.Time
	for c := range containers(&s.status) {
		if !s.isSidecar(c.Name) {
			at = latest(at, finishedAt(c))
		}
	}
	return at
}

// anyMainStarted says whether a container, not an init container, has ever
// started: HasAnyRegularContainerStarted in k8s.io/kubernetes/pkg/kubelet/container.
func (s *sync) anyMainStarted() bool {
	for i := range s.status.ContainerStatuses {
		c := &s.status.ContainerStatuses[i]
		if c.State.Running != nil || c.State.Terminated != nil || c.LastState.Terminated != nil {
			return true
		}
	}
	return false
}

// countSidecars returns how many sidecars run and how many have never started.
// Those that have ended do not matter to the phase.
func (s *sync) countSidecars() (running, waiting int) {
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		switch {
		case !s.isSidecar(c.Name) || c.State.Terminated != nil:
		case c.State.Running != nil:
			running++
		case c.LastState.Terminated == nil:
			waiting++
		}
	}
	return running, waiting
}
