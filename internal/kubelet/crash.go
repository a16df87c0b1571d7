// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"hash/fnv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// A node that is switched off comes back as a machine after a power cut does. Its
// kubelet reports another boot ID (MachineInfo in
// k8s.io/kubernetes/pkg/kubelet/nodestatus), and the container runtime says of
// every container that ran that it has ended, with exit code 255 and the reason
// Unknown (loadContainer in github.com/containerd/containerd/v2/internal/cri/server).
// The kubelet then makes each pod anew that may be restarted: init containers run
// again, containers are restarted without a back-off, which it keeps in memory, and
// the pod has another address (computePodActions with createPodSandbox in
// k8s.io/kubernetes/pkg/kubelet/kuberuntime).

// exitUnknown is the exit code of a run whose end nobody saw.
const exitUnknown = 255

// Crashed says whether a node was switched off and has not rebooted yet.
func Crashed(node *v1alpha1.SimNode) bool {
	_, marked := node.Annotations[v1alpha1.AnnotationCrashed]
	return marked
}

// Silent says whether the kubelet of a node does nothing: see Operational and Crashed.
func Silent(node *v1alpha1.SimNode) bool { return !Operational(node) || Crashed(node) }

// BootedAt returns when the node has rebooted last; the zero time where it never has.
func BootedAt(node *v1alpha1.SimNode) time.Time {
	if node.Status.NodeInfo == nil || node.Status.NodeInfo.BootedAt == nil {
		return time.Time{}
	}
	return node.Status.NodeInfo.BootedAt.Time
}

// rebootAt returns when a node that is switched on now has booted. It is a whole
// second, as the API keeps it, and later than now, so that whatever ran before the
// crash has started before it, and what is started afterwards has not.
func rebootAt(node *v1alpha1.SimNode, now time.Time) time.Time {
	return now.Add(bootDelay(node)).Truncate(time.Second).Add(time.Second)
}

// bootID returns an ID that is another one for each boot of each node.
func bootID(node *v1alpha1.SimNode, bootedAt time.Time) string {
	h := fnv.New64a()
	h.Write([]byte(string(node.UID) + "\x00" + bootedAt.UTC().Format(time.RFC3339)))
	a := mix(h.Sum64())
	b := mix(a + 1)
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0xfff, b&0xffffffffffff)
}

// LostRuns says whether something of the pod ran when its node was switched off,
// so that it is made anew and needs another address.
func LostRuns(pod *v1alpha1.SimPod, bootedAt time.Time) bool {
	if terminal(pod.Status.Phase) {
		return false
	}
	for c := range containers(&pod.Status) {
		if lost(c, bootedAt) {
			return true
		}
	}
	return false
}

func lost(c *v1alpha1.ContainerStatus, bootedAt time.Time) bool {
	return c.State.Running != nil && c.State.Running.StartedAt.Time.Before(bootedAt)
}

// reboot ends what ran when the node was switched off, and lets the init
// containers run again if the pod goes on.
func (s *sync) reboot(facts PodFacts) {
	if !LostRuns(s.pod, facts.BootedAt) {
		return
	}
	s.because("node rebooted")
	for c := range containers(&s.status) {
		if lost(c, facts.BootedAt) {
			c.Ready = false
			c.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: exitUnknown, Reason: v1alpha1.ReasonUnknown,
				StartedAt: c.State.Running.StartedAt, FinishedAt: metav1.Time{Time: facts.BootedAt},
			}}
		}
	}
	if s.pod.Spec.RestartPolicy == corev1.RestartPolicyNever || s.pod.DeletionTimestamp != nil {
		return
	}
	if facts.PodIP != "" {
		s.status.PodIP = facts.PodIP
	}
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		if ended := c.State.Terminated; ended != nil && !s.isSidecar(c.Name) {
			c.Ready = false
			c.LastState = corev1.ContainerState{Terminated: ended}
			c.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: v1alpha1.ReasonPodInitializing}}
		}
	}
}

// forgotten says whether the back-off of a container dates from before the node's
// last boot, which the kubelet does not remember.
func (s *sync) forgotten(ended *corev1.ContainerStateTerminated) bool {
	return !s.bootedAt.IsZero() && !ended.FinishedAt.After(s.bootedAt)
}
