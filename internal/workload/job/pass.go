// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

const (
	// MaxUncounted bounds the ends that one pass counts, and so the length of
	// status.uncountedTerminatedPods: MaxUncountedPods in
	// k8s.io/kubernetes/pkg/controller/job.
	MaxUncounted = 500
	// MaxCreateDelete bounds the pods that one pass creates or deletes:
	// MaxPodCreateDeletePerSync there.
	MaxCreateDelete = 500
)

// Facts are what is known of a job when a pass begins. Nothing of it is changed.
type Facts struct {
	// Job is in the version that this controller wrote last, or a later one.
	Job *v1alpha1.SimJob
	// Pods are those that the job controls, as the cache has them.
	Pods []*v1alpha1.SimPod
	// Released are pods whose tracking finalizer this controller has removed, which
	// the cache may not show yet.
	Released sets.Set[types.UID]
	// Backoff is that of the last pass.
	Backoff Backoff
	// Settled says that the cache shows all pods that were created and deleted.
	Settled bool
	// Now is the time.
	Now time.Time
}

// Pass is what becomes of a job in one pass.
type Pass struct {
	facts  Facts
	job    *v1alpha1.SimJob
	status v1alpha1.SimJobStatus

	active []*v1alpha1.SimPod
	// succeeded and failed are all ends, those included that are not counted yet.
	succeeded, failed int32
	// before are the indexes that had succeeded, succeededIndexes those with the
	// ones that are not counted yet.
	before, succeededIndexes indexes
	// verdict is that the job is over; nil where it is not.
	verdict *verdict
	backoff Backoff
	wake    time.Time
	// managed says whether the plan could consider what is to run.
	managed bool
	// full says that there are more ends to count than one pass does.
	full     bool
	finished bool
	events   []Event
}

// verdict is that a job has succeeded or failed, with the reason of its conditions.
type verdict struct {
	success         bool
	reason, message string
}

// Event is to be told once the status is written.
type Event struct {
	Type, Reason, Message string
}

// Begin looks at the pods and decides whether the job is over, as the first half
// of syncJob in k8s.io/kubernetes/pkg/controller/job does.
func Begin(f Facts) *Pass {
	p := &Pass{facts: f, job: f.Job, status: *f.Job.Status.DeepCopy()}
	p.status.ObservedGeneration = f.Job.Generation
	if p.status.UncountedTerminatedPods == nil {
		p.status.UncountedTerminatedPods = &v1alpha1.UncountedTerminatedPods{}
	}
	p.count()
	newSucceeded, newFailed := p.ended()
	uncounted := p.status.UncountedTerminatedPods
	p.succeeded = p.status.Succeeded + int32(len(newSucceeded)+len(uncounted.Succeeded))
	p.failed = p.status.Failed + int32(p.counting(newFailed)+len(uncounted.Failed))
	p.backoff = f.Backoff.after(newSucceeded, newFailed)
	if p.status.StartTime == nil && !p.job.Spec.Suspend {
		p.status.StartTime = &metav1.Time{Time: f.Now}
	}
	p.judge()
	if isIndexed(p.job) {
		p.indexSuccesses()
	}
	return p
}

// count sets the numbers of the pods that have not ended.
func (p *Pass) count() {
	p.status.Active, p.status.Ready, p.status.Terminating = 0, 0, 0
	for _, pod := range p.facts.Pods {
		switch {
		case workload.Terminating(pod):
			p.status.Terminating++
		case workload.Active(pod):
			p.active = append(p.active, pod)
			p.status.Active++
			if workload.Ready(pod) {
				p.status.Ready++
			}
		}
	}
}

// ended returns the pods whose end neither the status nor an earlier pass has
// noted: getNewFinishedPods in k8s.io/kubernetes/pkg/controller/job.
func (p *Pass) ended() (succeeded, failures []*v1alpha1.SimPod) {
	noted := sets.New(p.status.UncountedTerminatedPods.Succeeded...).Insert(p.status.UncountedTerminatedPods.Failed...)
	for _, pod := range p.facts.Pods {
		switch {
		case !p.tracked(pod) || noted.Has(pod.UID) || !p.valid(pod):
		case pod.Status.Phase == corev1.PodSucceeded:
			succeeded = append(succeeded, pod)
		case failed(p.job, pod):
			failures = append(failures, pod)
		}
	}
	return succeeded, failures
}

// tracked says whether a pod has still its tracking finalizer, as far as is known.
func (p *Pass) tracked(pod *v1alpha1.SimPod) bool {
	return Tracked(pod) && !p.facts.Released.Has(pod.UID)
}

// valid says whether the end of a pod can count: that of an indexed job must have
// an index of the job.
func (p *Pass) valid(pod *v1alpha1.SimPod) bool {
	if !isIndexed(p.job) {
		return true
	}
	index := indexOf(pod)
	return index != unknownIndex && index < completions(p.job)
}

// counting returns how many failures count towards backoffLimit.
func (p *Pass) counting(failures []*v1alpha1.SimPod) int {
	n := 0
	for _, pod := range failures {
		if counts, _ := judge(p.job.Spec.PodFailurePolicy, pod); counts {
			n++
		}
	}
	return n
}

// judge decides whether the job is over but for its completions. What was decided
// before stays so.
func (p *Pass) judge() {
	for _, decided := range []string{v1alpha1.SimJobSuccessCriteriaMet, v1alpha1.SimJobFailureTarget} {
		if c := meta.FindStatusCondition(p.status.Conditions, decided); c != nil && c.Status == metav1.ConditionTrue {
			p.verdict = &verdict{decided == v1alpha1.SimJobSuccessCriteriaMet, c.Reason, c.Message}
			return
		}
	}
	if message := p.failsJob(); message != "" {
		p.verdict = &verdict{false, v1alpha1.ReasonPodFailurePolicy, message}
		return
	}
	if p.failed > backoffLimit(p.job) || restartedTooOften(p.job, p.facts.Pods) {
		p.verdict = &verdict{false, v1alpha1.ReasonBackoffLimitExceeded, "Job has reached the specified backoff limit"}
		return
	}
	if p.job.Spec.ActiveDeadlineSeconds == nil || p.job.Spec.Suspend {
		return
	}
	deadline := p.status.StartTime.Add(time.Duration(*p.job.Spec.ActiveDeadlineSeconds) * time.Second)
	if p.facts.Now.Before(deadline) {
		p.wakeAt(deadline)
		return
	}
	p.verdict = &verdict{false, v1alpha1.ReasonDeadlineExceeded, "Job was active longer than specified deadline"}
}

// failsJob says why a pod that failed ends the job; empty where none does.
func (p *Pass) failsJob() string {
	if p.job.Spec.PodFailurePolicy == nil {
		return ""
	}
	for _, pod := range p.facts.Pods {
		if !failed(p.job, pod) {
			continue
		}
		if _, message := judge(p.job.Spec.PodFailurePolicy, pod); message != "" {
			return message
		}
	}
	return ""
}

// indexSuccesses finds the indexes that have succeeded: calculateSucceededIndexes
// in k8s.io/kubernetes/pkg/controller/job. Upstream counts a pod twice that was
// deleted, noted as failed and then succeeded before it lost its finalizer.
func (p *Pass) indexSuccesses() {
	p.before = parseIndexes(p.status.CompletedIndexes, completions(p.job))
	hasFailed := sets.New(p.status.UncountedTerminatedPods.Failed...)
	var fresh []int
	for _, pod := range p.facts.Pods {
		if pod.Status.Phase == corev1.PodSucceeded && p.tracked(pod) && p.valid(pod) && !hasFailed.Has(pod.UID) {
			fresh = append(fresh, indexOf(pod))
		}
	}
	p.succeededIndexes = p.before.withAll(fresh)
	p.succeeded = int32(p.succeededIndexes.total())
}

func (p *Pass) wakeAt(t time.Time) {
	if !t.IsZero() && (p.wake.IsZero() || t.Before(p.wake)) {
		p.wake = t
	}
}

// Wake is when the job is to be looked at again, if nothing changes before; the
// zero time for never.
func (p *Pass) Wake() time.Time { return p.wake }

// Backoff is to be handed to the next pass, once the status of Track is written.
func (p *Pass) Backoff() Backoff { return p.backoff }

func isIndexed(job *v1alpha1.SimJob) bool {
	return job.Spec.CompletionMode == v1alpha1.IndexedCompletion
}

// completions is how many pods must succeed, 0 where that is not said.
func completions(job *v1alpha1.SimJob) int {
	if job.Spec.Completions == nil {
		return 0
	}
	return int(*job.Spec.Completions)
}

func parallelism(job *v1alpha1.SimJob) int {
	if job.Spec.Parallelism == nil {
		return 1
	}
	return int(*job.Spec.Parallelism)
}

// defaultBackoffLimit is that of batch/v1, which the schema has too.
const defaultBackoffLimit = 6

func backoffLimit(job *v1alpha1.SimJob) int32 {
	if job.Spec.BackoffLimit == nil {
		return defaultBackoffLimit
	}
	return *job.Spec.BackoffLimit
}
