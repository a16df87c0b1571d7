// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// deadlineMessage is that of activeDeadlineHandler in k8s.io/kubernetes/pkg/kubelet.
const deadlineMessage = "Pod was active on the node longer than the specified deadline"

// ReleaseReason is the reason of the transition that removes the finalizer.
const ReleaseReason = "containers stopped, finalizer removed"

// ForceReason is the reason of the transition that removes the finalizer of a pod
// that is deleted by force, without asking its kubelet.
const ForceReason = "deleted by force, finalizer removed without the kubelet"

// PodFacts is what the kubelet knows of a pod's surroundings.
type PodFacts struct {
	// Silent says that the node's kubelet does nothing, because the node has not
	// booted or is taken for dead. Its next change brings its pods back.
	Silent bool
	// HostIP is the address of the node. Like PodIP it is looked at only when the
	// pod is accepted.
	HostIP string
	// PodIP is the address that the pod gets; see PodIP. A pod that is made anew
	// after a reboot gets another one, see LostRuns.
	PodIP string
	// BootedAt is when the node has rebooted last; zero where it never has.
	BootedAt time.Time
	// Connected is when the kubelet began to hear of its pods again, after it was
	// cut off or taken for dead: what was asked of it before reached it then. Zero
	// where it always did.
	Connected time.Time
	// Kept is what the kubelet has to report of the time in which it was cut off;
	// nil where there is nothing.
	Kept *v1alpha1.SimPodStatus
	// Delay is how late the kubelet does what it has to do with the pod, and DueSince
	// is Result.Due of the last result; zero where it said none.
	Delay    time.Duration
	DueSince time.Time
	// StartFailure is why the pod's containers do not start; empty where they do.
	StartFailure v1alpha1.StartFailureReason
}

// Result is what the kubelet does next with a pod.
type Result struct {
	// Status is the status to report. Its times are exact; the API keeps whole
	// seconds of them, see Exact.
	Status v1alpha1.SimPodStatus
	// Changed says whether Status differs from the pod's, so has to be written.
	Changed bool
	// Reason says in one line what changed. Empty where nothing did.
	Reason string
	// Hold says that the pod has to get the kubelet's finalizer, before anything
	// else is written: it was bound without.
	Hold bool
	// Release says that the containers have stopped, so that the kubelet's
	// finalizer may go. Status, if changed, is to be written before.
	Release bool
	// Kills are the containers that are told to stop. A stop that takes its time
	// is in each result until it is over.
	Kills []Kill
	// Wake is when Next has something new to say if the pod does not change
	// before; always later than now. Zero where there is no such time.
	Wake time.Time
	// Due is since when a slow kubelet has something to do that it has not got to
	// yet; zero where there is nothing. It is to be handed to Next again.
	Due time.Time
}

// Kill says that the kubelet tells a container to stop, in the words of the
// event that killContainer in k8s.io/kubernetes/pkg/kubelet/kuberuntime leaves.
type Kill struct {
	// Container is the container's name, StartedAt when the run began that ends.
	Container string
	StartedAt time.Time
	// Message of the event.
	Message string
}

// Next returns what the kubelet does with a pod that is bound to its node. It
// has no memory: everything that it needs is in the pod, so that calling it
// again at the same time with the status that it returned changes nothing.
//
// Containers exit when their time is over, even where Next is called late; what
// the kubelet itself does, such as starting a container, happens at now. Changes
// that are due together are one status.
//
// The pod is not changed, and the result shares no memory with it.
func Next(pod *v1alpha1.SimPod, facts PodFacts, now time.Time) Result {
	s := &sync{
		pod: pod, now: now, status: *pod.Status.DeepCopy(),
		bootedAt: facts.BootedAt, connected: facts.Connected, startFailure: facts.StartFailure,
	}
	if facts.Silent {
		return Result{Status: s.status}
	}
	if facts.Kept != nil && !terminal(pod.Status.Phase) {
		s.status = resume(pod.Status, facts.Kept)
	}
	return s.late(s.next(facts), facts)
}

func (s *sync) next(facts PodFacts) Result {
	pod := s.pod
	if terminal(s.status.Phase) {
		// As in kubelet, no pod leaves a terminal phase.
		return s.result(pod.DeletionTimestamp != nil)
	}
	if StartGated(pod) {
		return s.result(false)
	}
	s.accept(facts)
	s.reboot(facts)
	stopped := s.stop()
	s.run()
	s.endSidecars()
	if pod.DeletionTimestamp == nil {
		s.report()
		return s.result(false)
	}
	// What was told to stop may also have ended by itself.
	stopped = stopped || !s.anyRunning()
	if stopped {
		s.terminate()
	}
	s.report()
	return s.deleted(stopped)
}

// StartGated says whether a start gate keeps the kubelet from accepting the pod,
// see v1alpha1.AnnotationStartGate.
func StartGated(pod *v1alpha1.SimPod) bool {
	_, gated := pod.Annotations[v1alpha1.AnnotationStartGate]
	return gated && pod.Status.StartTime == nil && pod.DeletionTimestamp == nil
}

// sync is one pass over one pod.
type sync struct {
	pod    *v1alpha1.SimPod
	now    time.Time
	status v1alpha1.SimPodStatus
	// stopping is set once no container is started or restarted any more.
	stopping bool
	// failed is set once activeDeadlineSeconds has ended the pod.
	failed bool
	// ended is set once nothing of a deleted pod runs any more.
	ended   bool
	kills   []Kill
	reasons []string
	wake    time.Time
	// what the facts say
	bootedAt, connected time.Time
	startFailure        v1alpha1.StartFailureReason
}

func terminal(phase corev1.PodPhase) bool {
	return phase == corev1.PodSucceeded || phase == corev1.PodFailed
}

// because notes why the status changes.
func (s *sync) because(reason string) {
	for _, r := range s.reasons {
		if r == reason {
			return
		}
	}
	s.reasons = append(s.reasons, reason)
}

// due says whether t has come, and where not, that the kubelet has to wake then.
func (s *sync) due(t time.Time) bool {
	if !s.now.Before(t) {
		return true
	}
	if s.wake.IsZero() || t.Before(s.wake) {
		s.wake = t
	}
	return false
}

// accept takes the pod on, as kubelet's HandlePodAdditions and the first
// generateAPIPodStatus do.
func (s *sync) accept(facts PodFacts) {
	if s.status.StartTime == nil {
		s.status.StartTime = &metav1.Time{Time: s.now}
		s.status.HostIP = facts.HostIP
		s.status.PodIP = facts.PodIP
		s.status.NominatedNodeName = ""
		s.because("pod accepted by the node")
	}
	waiting := v1alpha1.ReasonContainerCreating
	if len(s.pod.Spec.InitContainers) > 0 {
		waiting = v1alpha1.ReasonPodInitializing
	}
	s.status.InitContainerStatuses = alignStatuses(s.pod.Spec.InitContainers, s.status.InitContainerStatuses, waiting)
	s.status.ContainerStatuses = alignStatuses(s.pod.Spec.Containers, s.status.ContainerStatuses, waiting)
}

// alignStatuses returns one status per container, in the containers' order: the
// one there is, else one that waits. The image is that of the last run, so it
// is the spec's only for a container that has not run yet.
func alignStatuses(containers []v1alpha1.Container, have []v1alpha1.ContainerStatus, waiting string) []v1alpha1.ContainerStatus {
	out := make([]v1alpha1.ContainerStatus, len(containers))
	for i, c := range containers {
		out[i] = v1alpha1.ContainerStatus{State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: waiting},
		}}
		for _, h := range have {
			if h.Name == c.Name {
				out[i] = h
			}
		}
		out[i].Name = c.Name
		if out[i].State.Waiting != nil && out[i].LastState.Terminated == nil {
			out[i].Image = c.Image
		}
	}
	return out
}

// run moves every container on to where it is at now.
func (s *sync) run() {
	if !s.due(s.startAt()) {
		return
	}
	if !s.initialize() {
		return
	}
	for i := range s.status.ContainerStatuses {
		s.runMain(&s.status.ContainerStatuses[i])
	}
}

func (s *sync) startAt() time.Time {
	return s.status.StartTime.Add(s.length(s.simulation().StartDelay, "start", "", 0))
}

// initialize moves the init containers on, one after the other, and says whether
// the containers may start: every init container has completed and every sidecar
// has started. Once a container has started, a sidecar that restarts keeps
// nothing waiting. It mirrors computeInitContainerActions in
// k8s.io/kubernetes/pkg/kubelet/kuberuntime.
func (s *sync) initialize() bool {
	started := s.anyMainStarted()
	for i := range s.status.InitContainerStatuses {
		c := &s.status.InitContainerStatuses[i]
		if s.isSidecar(c.Name) {
			s.runSidecar(c)
			if c.State.Running == nil && !started {
				return false
			}
			continue
		}
		if !s.runInit(c) {
			return false
		}
	}
	return true
}

// runInit moves an init container on and says whether it has completed.
func (s *sync) runInit(c *v1alpha1.ContainerStatus) bool {
	s.advance(c)
	c.Ready = c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
	return c.Ready
}

// runMain moves a container on and decides whether it is ready.
func (s *sync) runMain(c *v1alpha1.ContainerStatus) {
	s.advance(c)
	c.Ready = c.State.Running != nil && !s.stopping && s.due(s.readyAt(c))
	if c.Ready && !readyIn(s.pod.Status.ContainerStatuses, c.Name) {
		s.because("containers ready")
	}
}

// advance starts, ends, restarts and replaces a container as far as the time
// allows. A run that takes no time ends in the pass that starts it; as only the
// first restart is immediate, this comes to an end.
func (s *sync) advance(c *v1alpha1.ContainerStatus) {
	s.startOrRestart(c)
	for s.exitIfOver(c) || s.replace(c) {
		s.startOrRestart(c)
	}
}

func (s *sync) exitIfOver(c *v1alpha1.ContainerStatus) bool {
	end, ends := s.runEnd(c)
	if !ends || !s.due(end) {
		return false
	}
	s.exit(c, end, s.exitCode(c))
	return true
}

// runEnd returns when a running container ends by itself, if it does.
func (s *sync) runEnd(c *v1alpha1.ContainerStatus) (time.Time, bool) {
	duration := s.simulation().RunDuration
	if c.State.Running != nil && s.crashes(c) {
		return s.now, true
	}
	if c.State.Running == nil || s.isSidecar(c.Name) || (duration == nil && !s.isInit(c.Name)) {
		return time.Time{}, false
	}
	return c.State.Running.StartedAt.Add(s.length(duration, "run", c.Name, c.RestartCount)), true
}

func (s *sync) readyAt(c *v1alpha1.ContainerStatus) time.Time {
	delay := s.length(s.simulation().ReadinessDelay, "ready", c.Name, c.RestartCount)
	return c.State.Running.StartedAt.Add(delay)
}

func readyIn(statuses []v1alpha1.ContainerStatus, name string) bool {
	for i := range statuses {
		if statuses[i].Name == name {
			return statuses[i].Ready
		}
	}
	return false
}

func (s *sync) exit(c *v1alpha1.ContainerStatus, at time.Time, code int32) {
	reason := v1alpha1.ReasonCompleted
	if code != 0 {
		reason = v1alpha1.ReasonError
	}
	c.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode:   code,
		Reason:     reason,
		StartedAt:  c.State.Running.StartedAt,
		FinishedAt: metav1.Time{Time: at},
	}}
	if code == 0 {
		s.because("container completed")
	} else {
		s.because("container failed")
	}
}

// result compares what was computed with what the pod has.
func (s *sync) result(release bool) Result {
	r := Result{Status: s.status, Release: release, Kills: s.kills, Wake: s.wake}
	r.Hold = s.pod.DeletionTimestamp == nil && !slices.Contains(s.pod.Finalizers, v1alpha1.FinalizerKubelet)
	r.Changed = !equality.Semantic.DeepEqual(s.status, s.pod.Status)
	if r.Changed {
		r.Reason = s.reason()
	}
	if release || terminal(s.status.Phase) {
		r.Wake = time.Time{}
	}
	return r
}
