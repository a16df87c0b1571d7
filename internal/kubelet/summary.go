// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// SummaryTerminating is the summary of a pod that is being deleted and has not
// ended.
const SummaryTerminating = "Terminating"

// Summarize sets summary, ready and restarts of a status from the rest of it and
// the pod, as printPod in k8s.io/kubernetes/pkg/printers/internalversion computes
// the columns READY, STATUS and RESTARTS of kubectl get pods. kubectl computes
// them whenever it prints, so that Terminating shows with the deletion itself;
// here it shows with the first status that is written after it.
func Summarize(pod *v1alpha1.SimPod, status *v1alpha1.SimPodStatus) {
	s := summary{pod: pod, status: status, total: len(pod.Spec.Containers), word: phaseWord(status)}
	initializing := s.init()
	if !initializing || meta.IsStatusConditionTrue(status.Conditions, v1alpha1.SimPodInitialized) {
		s.restarts = s.sidecarRestarts
		s.main()
	}
	if pod.DeletionTimestamp != nil && !terminal(status.Phase) {
		s.word = SummaryTerminating
	}
	status.Summary = s.word
	status.Ready = fmt.Sprintf("%d/%d", s.ready, s.total)
	status.Restarts = s.restarts
}

// phaseWord is the phase, or what tells more than the phase.
func phaseWord(status *v1alpha1.SimPodStatus) string {
	scheduled := meta.FindStatusCondition(status.Conditions, v1alpha1.SimPodScheduled)
	switch {
	case scheduled != nil && scheduled.Reason == v1alpha1.ReasonSchedulingGated:
		return v1alpha1.ReasonSchedulingGated
	case status.Reason != "":
		return status.Reason
	case status.Phase == "":
		return string(corev1.PodPending)
	}
	return string(status.Phase)
}

// summary is what is known of the columns so far.
type summary struct {
	pod    *v1alpha1.SimPod
	status *v1alpha1.SimPodStatus
	// ready and total count containers and sidecars.
	ready, total int
	// restarts counts all init containers, sidecarRestarts sidecars only.
	restarts, sidecarRestarts int32
	word                      string
}

// init looks at the init containers up to the first that has not done its part,
// and says whether there is one.
func (s *summary) init() bool {
	for i := range s.pod.Spec.InitContainers {
		if isSidecar(&s.pod.Spec.InitContainers[i]) {
			s.total++
		}
	}
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		sidecar := isSidecar(named(s.pod.Spec.InitContainers, c.Name))
		s.restarts += c.RestartCount
		if sidecar {
			s.sidecarRestarts += c.RestartCount
		}
		ended, waiting := c.State.Terminated, c.State.Waiting
		switch {
		case ended != nil && ended.ExitCode == 0:
			continue
		case sidecar && c.State.Running != nil:
			if c.Ready {
				s.ready++
			}
			continue
		case ended != nil:
			s.word = "Init:" + endWord(ended)
		case waiting != nil && waiting.Reason != "" && waiting.Reason != v1alpha1.ReasonPodInitializing:
			s.word = "Init:" + waiting.Reason
		default:
			s.word = fmt.Sprintf("Init:%d/%d", i, len(s.pod.Spec.InitContainers))
		}
		return true
	}
	return false
}

func (s *summary) main() {
	running, failure := false, ""
	for _, c := range slices.Backward(s.status.ContainerStatuses) {
		s.restarts += c.RestartCount
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			s.word = c.State.Waiting.Reason
		case c.State.Terminated != nil:
			s.word = endWord(c.State.Terminated)
			if c.State.Terminated.ExitCode != 0 {
				failure = s.word
			}
		case c.Ready && c.State.Running != nil:
			running = true
			s.ready++
		}
	}
	if s.word != v1alpha1.ReasonCompleted {
		return
	}
	switch {
	case running && meta.IsStatusConditionTrue(s.status.Conditions, v1alpha1.SimPodReady):
		s.word = string(corev1.PodRunning)
	case failure != "":
		s.word = failure
	case running:
		s.word = "NotReady"
	}
}

// endWord is the reason of a container's end, or its exit code.
func endWord(ended *corev1.ContainerStateTerminated) string {
	if ended.Reason != "" {
		return ended.Reason
	}
	return fmt.Sprintf("ExitCode:%d", ended.ExitCode)
}
