// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// report computes everything in the status that follows from the containers.
func (s *sync) report() {
	s.status.Phase = s.phase()
	if s.failed && !s.anyRunning() {
		// As kubelet's status manager, the phase waits until the containers have stopped.
		s.status.Phase = corev1.PodFailed
		s.status.Reason = v1alpha1.ReasonDeadlineExceeded
		s.status.Message = deadlineMessage
		s.because("active deadline exceeded")
	}
	s.setConditions()
	s.status.ObservedGeneration = s.pod.Generation
	Summarize(s.pod, &s.status)
}

// phase mirrors getPhase in k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go, for
// pods without sidecars.
func (s *sync) phase() corev1.PodPhase {
	pendingInit, failedInit := s.countInit()
	if failedInit > 0 {
		return corev1.PodFailed
	}
	var running, waiting, stopped, final, succeeded int
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
// many have failed for good.
func (s *sync) countInit() (pending, failed int) {
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		ended := c.State.Terminated
		switch {
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
	for _, c := range s.status.InitContainerStatuses {
		if !c.Ready {
			incomplete = append(incomplete, c.Name)
		}
	}
	switch {
	case s.status.Phase == corev1.PodSucceeded:
		s.setCondition(v1alpha1.SimPodInitialized, true, v1alpha1.ReasonPodCompleted, "")
	case len(incomplete) > 0:
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
	for _, c := range s.status.ContainerStatuses {
		if !c.Ready {
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

// Summarize sets summary, ready and restarts of a status from the rest of it,
// as printPod in k8s.io/kubernetes/pkg/printers/internalversion computes the
// columns of kubectl get pods. What kubectl derives from the deletion timestamp
// (Terminating) is not part of it: a status is not written for it. Restarts
// counts those of init containers too.
func Summarize(pod *v1alpha1.SimPod, status *v1alpha1.SimPodStatus) {
	ready := 0
	status.Restarts = 0
	for _, c := range slices.Concat(status.InitContainerStatuses, status.ContainerStatuses) {
		status.Restarts += c.RestartCount
	}
	summary := string(status.Phase)
	if summary == "" {
		summary = string(corev1.PodPending)
	}
	if status.Reason != "" {
		summary = status.Reason
	}
	scheduled := meta.FindStatusCondition(status.Conditions, v1alpha1.SimPodScheduled)
	if scheduled != nil && scheduled.Reason == v1alpha1.ReasonSchedulingGated {
		summary = v1alpha1.ReasonSchedulingGated
	}
	initializing, initSummary := summarizeInit(pod, status)
	if initializing {
		summary = initSummary
	}
	if !initializing || meta.IsStatusConditionTrue(status.Conditions, v1alpha1.SimPodInitialized) {
		summary, ready = summarizeMain(status, summary)
	}
	status.Summary = summary
	status.Ready = fmt.Sprintf("%d/%d", ready, len(pod.Spec.Containers))
}

func summarizeInit(pod *v1alpha1.SimPod, status *v1alpha1.SimPodStatus) (bool, string) {
	for i, c := range status.InitContainerStatuses {
		ended, waiting := c.State.Terminated, c.State.Waiting
		switch {
		case ended != nil && ended.ExitCode == 0:
			continue
		case ended != nil && ended.Reason != "":
			return true, "Init:" + ended.Reason
		case ended != nil:
			return true, fmt.Sprintf("Init:ExitCode:%d", ended.ExitCode)
		case waiting != nil && waiting.Reason != "" && waiting.Reason != v1alpha1.ReasonPodInitializing:
			return true, "Init:" + waiting.Reason
		}
		return true, fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
	}
	return false, ""
}

func summarizeMain(status *v1alpha1.SimPodStatus, summary string) (string, int) {
	ready, failure := 0, ""
	for _, c := range slices.Backward(status.ContainerStatuses) {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			summary = c.State.Waiting.Reason
		case c.State.Terminated != nil:
			summary = c.State.Terminated.Reason
			if summary == "" {
				summary = fmt.Sprintf("ExitCode:%d", c.State.Terminated.ExitCode)
			}
			if c.State.Terminated.ExitCode != 0 {
				failure = summary
			}
		case c.Ready && c.State.Running != nil:
			ready++
		}
	}
	if summary == v1alpha1.ReasonCompleted {
		switch {
		case ready > 0 && meta.IsStatusConditionTrue(status.Conditions, v1alpha1.SimPodReady):
			summary = string(corev1.PodRunning)
		case failure != "":
			summary = failure
		case ready > 0:
			summary = "NotReady"
		}
	}
	return summary, ready
}
