// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/conditions"
	"github.com/glassplane/glassplane/internal/workload"
)

// Done is what came of a plan.
type Done struct {
	// Created is how many pods were created.
	Created int
	// Deleted are the pods that are being deleted now; Failed says that deleting
	// others failed.
	Deleted []*v1alpha1.SimPod
	Failed  bool
}

// Step is a status to write, and what comes after it.
type Step struct {
	// Status of the job. Changed says whether it differs from what was read or
	// written before.
	Status  v1alpha1.SimJobStatus
	Changed bool
	// Release are the pods that lose their tracking finalizer once the status is
	// written.
	Release []*v1alpha1.SimPod
	// Events to be told once the status is written.
	Events []Event
}

// Track notes the ends that are to be counted, and says whether the job is over,
// as trackJobStatusAndRemoveFinalizers in k8s.io/kubernetes/pkg/controller/job does
// up to its first write.
func (p *Pass) Track(done Done) Step {
	p.account(done)
	tracked := p.trackedUIDs()
	p.settle(tracked)
	release, fresh := p.note()
	if isIndexed(p.job) {
		p.status.CompletedIndexes = p.before.withAll(fresh).String()
		p.status.Succeeded = int32(p.before.withAll(fresh).total())
	}
	p.announce()
	return p.step(&p.job.Status, release)
}

// account adds what came of the plan to the numbers of pods, and completes the job
// or says that it is suspended.
func (p *Pass) account(done Done) {
	p.status.Active += int32(done.Created - len(done.Deleted))
	p.status.Terminating += int32(len(done.Deleted))
	for _, pod := range done.Deleted {
		if workload.Ready(pod) {
			p.status.Ready--
		}
	}
	switch {
	case p.verdict != nil:
		if done.Failed || !p.facts.Settled {
			// There may be pods that still run: the job is not over yet.
			p.verdict = nil
		}
	case p.completed():
		p.verdict = &verdict{true, v1alpha1.ReasonCompletionsReached, "Reached expected number of succeeded pods"}
	case p.managed:
		p.suspend()
	}
}

// completed says whether as many pods have succeeded as must and none runs.
func (p *Pass) completed() bool {
	if p.status.Active > 0 {
		return false
	}
	if p.job.Spec.Completions == nil {
		return p.succeeded > 0
	}
	return int(p.succeeded) >= completions(p.job)
}

// suspend notes that the job is suspended, or no longer is.
func (p *Pass) suspend() {
	if p.job.Spec.Suspend {
		if p.setCondition(v1alpha1.SimJobSuspended, metav1.ConditionTrue, v1alpha1.ReasonJobSuspended, "Job suspended") {
			p.tell(corev1.EventTypeNormal, "Suspended", "Job suspended")
			p.status.StartTime = nil
		}
		return
	}
	if meta.FindStatusCondition(p.status.Conditions, v1alpha1.SimJobSuspended) == nil {
		return
	}
	if p.setCondition(v1alpha1.SimJobSuspended, metav1.ConditionFalse, v1alpha1.ReasonJobResumed, "Job resumed") {
		p.tell(corev1.EventTypeNormal, "Resumed", "Job resumed")
		// activeDeadlineSeconds is the time that a job is active without a break.
		p.status.StartTime = &metav1.Time{Time: p.facts.Now}
	}
}

// trackedUIDs are the pods that have a tracking finalizer.
func (p *Pass) trackedUIDs() sets.Set[types.UID] {
	out := sets.New[types.UID]()
	for _, pod := range p.facts.Pods {
		if p.tracked(pod) {
			out.Insert(pod.UID)
		}
	}
	return out
}

// settle counts the ends that were noted and whose pods have no finalizer any
// more: cleanUncountedPodsWithoutFinalizers in
// k8s.io/kubernetes/pkg/controller/job.
func (p *Pass) settle(tracked sets.Set[types.UID]) {
	uncounted := p.status.UncountedTerminatedPods
	keep := func(noted []types.UID, counter *int32) []types.UID {
		left := slices.DeleteFunc(slices.Clone(noted), func(uid types.UID) bool { return !tracked.Has(uid) })
		*counter += int32(len(noted) - len(left))
		return left
	}
	uncounted.Succeeded = keep(uncounted.Succeeded, &p.status.Succeeded)
	uncounted.Failed = keep(uncounted.Failed, &p.status.Failed)
}

// note adds ends to those that are about to be counted, and returns the pods that
// may lose their finalizer then, and the indexes that have succeeded. An index
// needs no note: it counts once, whoever succeeded.
func (p *Pass) note() (release []*v1alpha1.SimPod, fresh []int) {
	uncounted := p.status.UncountedTerminatedPods
	noted := sets.New(uncounted.Succeeded...).Insert(uncounted.Failed...)
	for _, pod := range p.inOrder() {
		if !p.tracked(pod) || !p.mayRelease(pod) {
			continue
		}
		if len(fresh)+len(uncounted.Succeeded)+len(uncounted.Failed) >= MaxUncounted {
			p.full = true
			break
		}
		release = append(release, pod)
		switch {
		case noted.Has(pod.UID) || !p.valid(pod):
		case pod.Status.Phase == corev1.PodSucceeded && isIndexed(p.job):
			if !p.before.has(indexOf(pod)) {
				fresh = append(fresh, indexOf(pod))
			}
		case pod.Status.Phase == corev1.PodSucceeded:
			uncounted.Succeeded = append(uncounted.Succeeded, pod.UID)
		case p.countsAsFailed(pod):
			uncounted.Failed = append(uncounted.Failed, pod.UID)
		}
	}
	return release, fresh
}

// inOrder are the pods; those of an indexed job in the order of their indexes, so
// that indexes complete in order.
func (p *Pass) inOrder() []*v1alpha1.SimPod {
	if !isIndexed(p.job) {
		return p.facts.Pods
	}
	return slices.SortedStableFunc(slices.Values(p.facts.Pods), func(a, b *v1alpha1.SimPod) int { return indexOf(a) - indexOf(b) })
}

// mayRelease is canRemoveFinalizer in k8s.io/kubernetes/pkg/controller/job.
func (p *Pass) mayRelease(pod *v1alpha1.SimPod) bool {
	return p.job.DeletionTimestamp != nil || p.verdict != nil || pod.Status.Phase == corev1.PodSucceeded || failed(p.job, pod)
}

// countsAsFailed says whether the end of a pod that did not succeed counts. Once
// the job has failed, pods that it ended count too.
func (p *Pass) countsAsFailed(pod *v1alpha1.SimPod) bool {
	if !failed(p.job, pod) && (p.verdict == nil || p.verdict.success) {
		return false
	}
	counts, _ := judge(p.job.Spec.PodFailurePolicy, pod)
	return counts
}

// announce sets the condition that says what the job is about to become.
func (p *Pass) announce() {
	if p.verdict == nil {
		return
	}
	kind := v1alpha1.SimJobFailureTarget
	if p.verdict.success {
		kind = v1alpha1.SimJobSuccessCriteriaMet
	}
	p.setCondition(kind, metav1.ConditionTrue, p.verdict.reason, p.verdict.message)
}

// Settle counts the ends whose pods have lost their finalizer, and ends the job
// where all is counted and nothing runs.
func (p *Pass) Settle(released []*v1alpha1.SimPod) Step {
	written := *p.status.DeepCopy()
	tracked := p.trackedUIDs()
	for _, pod := range released {
		tracked.Delete(pod.UID)
	}
	p.settle(tracked)
	p.finish()
	return p.step(&written, nil)
}

// finish is enactJobFinished and recordJobFinished in
// k8s.io/kubernetes/pkg/controller/job.
func (p *Pass) finish() {
	uncounted := p.status.UncountedTerminatedPods
	waits := p.full || len(uncounted.Succeeded)+len(uncounted.Failed) > 0 || p.status.Terminating > 0
	if p.verdict == nil || waits {
		return
	}
	p.finished = true
	if !p.verdict.success {
		p.setCondition(v1alpha1.SimJobFailed, metav1.ConditionTrue, p.verdict.reason, p.verdict.message)
		p.tell(corev1.EventTypeWarning, p.verdict.reason, p.verdict.message)
		return
	}
	p.setCondition(v1alpha1.SimJobComplete, metav1.ConditionTrue, p.verdict.reason, p.verdict.message)
	p.status.CompletionTime = &metav1.Time{Time: p.facts.Now}
	if p.job.Spec.Completions != nil && int(p.status.Succeeded) > completions(p.job) {
		p.tell(corev1.EventTypeWarning, "TooManySucceededPods", "Too many succeeded pods running after completion count reached")
	}
	p.tell(corev1.EventTypeNormal, "Completed", "Job completed")
}

// step returns the status as it is to be written, compared with what is stored.
func (p *Pass) step(stored *v1alpha1.SimJobStatus, release []*v1alpha1.SimPod) Step {
	status := *p.status.DeepCopy()
	if u := status.UncountedTerminatedPods; len(u.Succeeded)+len(u.Failed) == 0 {
		status.UncountedTerminatedPods = nil
	}
	status.Summary, status.Progress = summary(p.job, &status), progress(p.job, &status)
	before := *stored.DeepCopy()
	if u := before.UncountedTerminatedPods; u != nil && len(u.Succeeded)+len(u.Failed) == 0 {
		before.UncountedTerminatedPods = nil
	}
	p.status.Summary, p.status.Progress = status.Summary, status.Progress
	events := p.events
	p.events = nil
	return Step{Status: status, Changed: !equality.Semantic.DeepEqual(status, before), Release: release, Events: events}
}

func (p *Pass) tell(kind, reason, message string) {
	p.events = append(p.events, Event{kind, reason, message})
}

// setCondition says whether that changed anything.
func (p *Pass) setCondition(kind string, status metav1.ConditionStatus, reason, message string) bool {
	if c := meta.FindStatusCondition(p.status.Conditions, kind); c != nil && c.Status == status && c.Reason == reason && c.Message == message {
		return false
	}
	conditions.Set(&p.status.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: message,
		ObservedGeneration: p.job.Generation, LastTransitionTime: metav1.Time{Time: p.facts.Now},
	})
	return true
}

// summary is the status that kubectl shows of a job: printJob in
// k8s.io/kubernetes/pkg/printers/internalversion.
func summary(job *v1alpha1.SimJob, status *v1alpha1.SimJobStatus) string {
	is := func(kind string) bool { return meta.IsStatusConditionTrue(status.Conditions, kind) }
	switch {
	case is(v1alpha1.SimJobComplete):
		return v1alpha1.SimJobComplete
	case is(v1alpha1.SimJobFailed):
		return v1alpha1.SimJobFailed
	case job.DeletionTimestamp != nil:
		return "Terminating"
	case is(v1alpha1.SimJobSuspended):
		return v1alpha1.SimJobSuspended
	case is(v1alpha1.SimJobFailureTarget):
		return v1alpha1.SimJobFailureTarget
	case is(v1alpha1.SimJobSuccessCriteriaMet):
		return v1alpha1.SimJobSuccessCriteriaMet
	}
	return "Running"
}

// progress is the completions that kubectl shows of a job.
func progress(job *v1alpha1.SimJob, status *v1alpha1.SimJobStatus) string {
	done := strconv.Itoa(int(status.Succeeded))
	switch {
	case job.Spec.Completions != nil:
		return done + "/" + strconv.Itoa(completions(job))
	case parallelism(job) > 1:
		return fmt.Sprintf("%s/1 of %d", done, parallelism(job))
	}
	return done + "/1"
}
