// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package simjob creates SimPods until as many have succeeded as a SimJob wants.
// What to do is decided by internal/workload/job; this package reads and writes.
package simjob

import (
	"context"
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/podcontrol"
	"github.com/glassplane/glassplane/internal/workload/job"
)

// defaultBatchPeriod is SyncJobBatchPeriod of k8s.io/kubernetes/pkg/controller/job.
const defaultBatchPeriod = time.Second

// Options of the controller.
type Options struct {
	// Clock tells the time. Defaults to the real one.
	Clock clock.PassiveClock
	// Events receives SuccessfulCreate, SuccessfulDelete, FailedCreate, FailedDelete,
	// Suspended, Resumed, Completed and why a job failed, as upstream. Required.
	Events events.EventRecorder
	// MaxConcurrentReconciles is the number of workers. Defaults to 5, the default
	// of kube-controller-manager's --concurrent-job-syncs.
	MaxConcurrentReconciles int
	// BatchPeriod is how long an event of a pod waits for others of the same job.
	// Defaults to 1 s, as upstream.
	BatchPeriod time.Duration
}

// Reconciler looks after one SimJob. It takes requests, not objects, because it
// must see that one is gone.
type Reconciler struct {
	client client.Client
	clock  clock.PassiveClock
	events events.EventRecorder
	pods   *podcontrol.Control
	memory *memory
}

// SetupWithManager adds the controller to the manager, whose cache must have the
// indexes of internal/index.
func SetupWithManager(mgr ctrl.Manager, o Options) error {
	if o.Events == nil {
		return errors.New("simjob: an event recorder is required")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.MaxConcurrentReconciles <= 0 {
		o.MaxConcurrentReconciles = 5
	}
	if o.BatchPeriod <= 0 {
		o.BatchPeriod = defaultBatchPeriod
	}
	pods := podcontrol.New(mgr, job.Kind, o.Events).Tracking(v1alpha1.FinalizerJobTracking)
	r := &Reconciler{client: mgr.GetClient(), clock: o.Clock, events: o.Events, pods: pods, memory: newMemory()}
	err := ctrl.NewControllerManagedBy(mgr).
		Named("simjob").
		For(&v1alpha1.SimJob{}).
		Watches(&v1alpha1.SimPod{}, controllerkit.Batched(r.pods.OnPod(adopters), o.BatchPeriod)).
		WithOptions(controllerkit.Options(o.MaxConcurrentReconciles)).
		Complete(r)
	if err != nil {
		return err
	}
	return setupStrays(mgr, pods, o)
}

// adopters is the job that an orphan says it is of.
func adopters(_ context.Context, pod client.Object) []reconcile.Request {
	name := pod.GetLabels()[batchv1.JobNameLabel]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: name}}}
}

// scope is what one pass knows.
type scope struct {
	controllerkit.Outcome
	job *v1alpha1.SimJob
	now time.Time
	// pods are those that are owned after adoption and release.
	pods []*v1alpha1.SimPod
	pass *job.Pass
}

// Reconcile brings a job on, or deletes one whose time after its end is over.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{job: &v1alpha1.SimJob{}, now: r.clock.Now()}
	if err := r.client.Get(ctx, req.NamespacedName, s.job); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	switch {
	case r.memory.behind(s.job):
		// Older than what this controller wrote: a newer version is on its way.
		s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
	case job.Finished(s.job):
		r.forget(req.NamespacedName)
		s.Add("deleting a job that is over", r.expire(ctx, s))
	default:
		r.sync(ctx, s)
	}
	return s.Result(r.clock.Now())
}

func (r *Reconciler) forget(key types.NamespacedName) {
	r.pods.Forget(key)
	r.memory.forget(key)
}

// sync runs one pass over a job that is not over: it creates or deletes pods, notes
// which have ended, takes their finalizers off and counts them.
func (r *Reconciler) sync(ctx context.Context, s *scope) {
	var err error
	if s.pods, err = r.pods.Claim(ctx, s.job, job.Selector(s.job)); err != nil {
		s.Add("claiming pods", err)
		return
	}
	if !r.begin(ctx, s) {
		return
	}
	done := r.manage(ctx, s, s.pass.Plan())
	first := s.pass.Track(done)
	if err := r.write(ctx, s, first); err != nil {
		s.Add("noting which pods have ended", err)
		return
	}
	r.memory.backedOff(s.job, s.pass.Backoff())
	released, err := r.pods.Untrack(ctx, first.Release)
	r.memory.released(s.job, released)
	s.Add("letting go of pods that have ended", err)
	s.Add("counting pods that have ended", r.write(ctx, s, s.pass.Settle(released)))
	s.WakeAt(s.pass.Wake())
}

// begin starts a pass. Pods that run without the tracking finalizer get it before.
func (r *Reconciler) begin(ctx context.Context, s *scope) bool {
	s.pass = job.Begin(r.facts(ctx, s))
	untracked := s.pass.Untracked()
	if len(untracked) == 0 {
		return true
	}
	tracked, err := r.pods.Track(ctx, untracked)
	r.memory.tracked(s.job, tracked)
	// The cache will show them with it, and bring the job back.
	s.Add("tracking pods", err)
	s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
	return false
}

func (r *Reconciler) facts(ctx context.Context, s *scope) job.Facts {
	settled := r.pods.Met(ctx, s.job, s.pods, s.now)
	if !settled {
		// The watch is likely to be back here before the delay is over.
		s.WakeAt(s.now.Add(podcontrol.RecheckDelay))
	}
	released, backoff := r.memory.of(s.job, s.pods)
	return job.Facts{Job: s.job, Pods: s.pods, Released: released, Backoff: backoff, Settled: settled, Now: s.now}
}

// write writes a status if it changed, and tells of it.
func (r *Reconciler) write(ctx context.Context, s *scope, step job.Step) error {
	if step.Changed {
		base := s.job.DeepCopy()
		s.job.Status = step.Status
		if err := controllerkit.PatchStatus(ctx, r.client, s.job, base); err != nil {
			return err
		}
		r.memory.wrote(s.job)
	}
	for _, e := range step.Events {
		r.events.Eventf(s.job, nil, e.Type, e.Reason, "Sync", "%s", e.Message)
	}
	return nil
}

// expire deletes a job that is over once its time is, with its pods before it.
func (r *Reconciler) expire(ctx context.Context, s *scope) error {
	at, expires := job.ExpiresAt(s.job)
	switch {
	case !expires:
		return nil
	case s.now.Before(at):
		s.WakeAt(at)
		return nil
	}
	// Only this version: a later one may say another time.
	err := r.client.Delete(ctx, s.job, client.PropagationPolicy("Foreground"),
		client.Preconditions{UID: &s.job.UID, ResourceVersion: &s.job.ResourceVersion})
	if err != nil {
		return fmt.Errorf("after ttlSecondsAfterFinished: %w", err)
	}
	return nil
}
