// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// report computes everything in the status that follows from the containers.
func (s *sync) report() {
	phase := s.phase()
	switch {
	case s.failed && !s.anyRunning():
		phase = corev1.PodFailed
		s.status.Reason = v1alpha1.ReasonDeadlineExceeded
		s.status.Message = deadlineMessage
		s.because("active deadline exceeded")
	case s.ended && !terminal(phase):
		phase = corev1.PodFailed
	}
	// As kubelet's status manager, a phase that is the last one waits until the
	// containers have stopped.
	if !terminal(phase) || !s.anyRunning() {
		s.status.Phase = phase
	} else if s.status.Phase == "" {
		s.status.Phase = corev1.PodPending
	}
	s.setConditions()
	s.status.ObservedGeneration = s.pod.Generation
	Summarize(s.pod, &s.status)
}

// phase mirrors getPhase in k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go.
func (s *sync) phase() corev1.PodPhase {
	pendingInit, failedInit := s.countInit()
	if failedInit > 0 {
		return corev1.PodFailed
	}
	running, waiting := s.countSidecars()
	var stopped, final, succeeded int
	for i := range s.status.ContainerStatuses {
		c := &s.status.ContainerStatuses[i]
		switch {
		case c.State.Running != nil:
			running++
		case c.State.Terminated != nil:
			stopped++
			if !s.restartable(c) {
				final++
			}
			if c.State.Terminated.ExitCode == 0 {
				succeeded++
			}
		case c.LastState.Terminated != nil:
			stopped++
		default:
			waiting++
		}
	}
	switch {
	case pendingInit > 0 || waiting > 0:
		return corev1.PodPending
	case running > 0:
		return corev1.PodRunning
	case final < stopped && !s.stopping:
		return corev1.PodRunning
	case succeeded == stopped:
		return corev1.PodSucceeded
	}
	return corev1.PodFailed
}

// countInit returns how many init containers still have to complete, and how
// many have failed for good. Sidecars are no part of it.
func (s *sync) countInit() (pending, failed int) {
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		ended := c.State.Terminated
		switch {
		case s.isSidecar(c.Name):
		case ended != nil && ended.ExitCode == 0:
		case ended != nil && (s.stopping || !s.restartable(c)):
			failed++
		default:
			pending++
		}
	}
	return pending, failed
}

// setConditions mirrors k8s.io/kubernetes/pkg/kubelet/status/generate.go. Where
// core/v1 leaves the reason empty, metav1.Condition needs one. Conditions that
// the kubelet does not own are left alone.
func (s *sync) setConditions() {
	s.setCondition(v1alpha1.SimPodScheduled, true, v1alpha1.ReasonScheduled, "")
	s.setInitialized()
	ready, reason, message := s.containersReady()
	s.setCondition(v1alpha1.SimPodContainersReady, ready, reason, message)
	s.setCondition(v1alpha1.SimPodReady, ready, reason, message)
}

func (s *sync) setCondition(kind string, is bool, reason, message string) {
	status := metav1.ConditionFalse
	if is {
		status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(&s.status.Conditions, metav1.Condition{
		Type:               kind,
		Status:             status,
		Reason:             reason,
		Message:            message,
		ObservedGeneration: s.pod.Generation,
		LastTransitionTime: metav1.Time{Time: s.now},
	})
}

func (s *sync) setInitialized() {
	var incomplete []string
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		if done := c.Ready || (s.isSidecar(c.Name) && c.State.Running != nil); !done {
			incomplete = append(incomplete, c.Name)
		}
	}
	switch {
	case s.status.Phase == corev1.PodSucceeded:
		s.setCondition(v1alpha1.SimPodInitialized, true, v1alpha1.ReasonPodCompleted, "")
	case len(incomplete) > 0 && !s.anyMainStarted():
		s.setCondition(v1alpha1.SimPodInitialized, false, v1alpha1.ReasonContainersNotInitialized,
			fmt.Sprintf("containers with incomplete status: %s", incomplete))
	default:
		s.setCondition(v1alpha1.SimPodInitialized, true, v1alpha1.ReasonContainersInitialized, "")
	}
}

func (s *sync) containersReady() (ready bool, reason, message string) {
	switch s.status.Phase {
	case corev1.PodSucceeded:
		return false, v1alpha1.ReasonPodCompleted, ""
	case corev1.PodFailed:
		return false, v1alpha1.ReasonPodFailed, ""
	}
	var unready []string
	for c := range containers(&s.status) {
		if !c.Ready && (!s.isInit(c.Name) || s.isSidecar(c.Name)) {
			unready = append(unready, c.Name)
		}
	}
	if len(unready) > 0 {
		return false, v1alpha1.ReasonContainersNotReady, fmt.Sprintf("containers with unready status: %s", unready)
	}
	return true, v1alpha1.ReasonContainersReady, ""
}

// reason joins why the status changes into one line.
func (s *sync) reason() string {
	if len(s.reasons) == 0 {
		return "observed a change of the pod"
	}
	return strings.Join(s.reasons, ", ")
}
