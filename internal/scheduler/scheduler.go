// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scheduler binds simulated pods to simulated nodes. The loop is
// pop → snapshot → decide → assume → bind, as in
// k8s.io/kubernetes/pkg/scheduler/schedule_one.go; each attempt leaves a Decision.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/scheduler/binder"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/plugins"
	"github.com/glassplane/glassplane/internal/scheduler/priority"
	"github.com/glassplane/glassplane/internal/scheduler/queue"
)

const (
	// writers is how many binds and status writes are sent at once, so that the
	// API server's latency does not limit throughput.
	writers = 32
	// writeTimeout bounds one of them.
	writeTimeout = 30 * time.Second
	// defaultDecisionNodes is how many nodes a decision shows where nothing else is said.
	defaultDecisionNodes = 50
)

// Options are what a scheduler depends on.
type Options struct {
	// Client writes pods and events. Its scheme must have the API's kinds and
	// events.k8s.io/v1. Reads may come from the cache.
	Client client.Client
	// Cache has the informers for SimPods, SimNodes, SimReplicaSets, SimStatefulSets, namespaces,
	// services, PriorityClasses and PodDisruptionBudgets. The caller starts it, and
	// configures it to strip managedFields.
	Cache ctrlcache.Informers
	// Profiles are the configurations by schedulerName; none means the default
	// plugins for DefaultSchedulerName.
	Profiles []*framework.Profile
	// Clock is the real one where nil.
	Clock clock.WithTicker
	// Seed of the choices among equal nodes.
	Seed int64
	// Instance names this process in events; FieldManager where empty.
	Instance string
	// Registerer takes the metrics while the scheduler runs; nil for none.
	Registerer prometheus.Registerer
	// Log may be the zero value.
	Log logr.Logger
	// Decisions keeps what was decided; with nil the scheduler makes a store with
	// DefaultDecisionLimits.
	Decisions *Decisions
	// DecisionNodes is how many nodes' verdicts a decision holds; 0 means 50.
	DecisionNodes int
}

// Decisions keeps the last decisions of a scheduler.
type Decisions = feed.Store[*evidence.Decision]

// DefaultDecisionLimits keep the last 20,000 decisions, or 64 MiB of them, and
// the last 20 for each pod.
var DefaultDecisionLimits = feed.Limits{Items: 20_000, Bytes: 64 << 20, PerPod: 20}

// Scheduler is a Runnable for a controller-runtime manager. It runs once; to
// start again, make a new one.
type Scheduler struct {
	client        client.Client
	informers     ctrlcache.Informers
	profiles      map[string]*framework.Profile
	clock         clock.WithTicker
	registerer    prometheus.Registerer
	log           logr.Logger
	decisionNodes int

	queue     *queue.Queue
	cache     *cache.Cache
	binder    *binder.Binder
	events    *eventWriter
	decisions *Decisions
	metrics   *metrics
	nominator *nominator

	// These belong to the goroutine of the loop.
	snapshot  *cache.Snapshot
	workspace decide.Workspace
	next      int
	seeds     *rand.Rand

	slots   chan struct{}
	writing sync.WaitGroup
	// held are the pods whose condition has to say why they are not tried.
	held workqueue.TypedInterface[heldPod]

	priorities priority.Resolver
	// pods orders changes of pods and of PriorityClasses.
	pods sync.Mutex
	// unresolved are the waiting pods whose PriorityClass does not exist.
	unresolved map[types.UID]*simv1alpha1.SimPod
}

var (
	_ manager.Runnable               = (*Scheduler)(nil)
	_ manager.LeaderElectionRunnable = (*Scheduler)(nil)
)

// New returns a scheduler. It fails where a dependency is missing or profiles
// contradict each other.
func New(o Options) (*Scheduler, error) {
	if o.Client == nil || o.Cache == nil {
		return nil, errors.New("the scheduler needs a client and a cache")
	}
	profiles, err := byName(o.Profiles)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Instance == "" {
		o.Instance = binder.FieldManager
	}
	if o.DecisionNodes == 0 {
		o.DecisionNodes = defaultDecisionNodes
	}
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	if o.Decisions == nil {
		o.Decisions = feed.NewStore[*evidence.Decision](DefaultDecisionLimits)
	}
	s := &Scheduler{
		client: o.Client, informers: o.Cache, profiles: profiles, clock: o.Clock,
		registerer: o.Registerer, log: o.Log, decisionNodes: o.DecisionNodes,
		queue: queue.New(o.Clock, profiles), cache: cache.New(), binder: binder.New(o.Client),
		events:    newEventWriter(o.Client, o.Clock, o.Instance, o.Log),
		decisions: o.Decisions, nominator: newNominator(),
		snapshot: cache.NewSnapshot(), seeds: rand.New(rand.NewPCG(uint64(o.Seed), 0)),
		slots: make(chan struct{}, writers),
		held:  workqueue.NewTyped[heldPod](), unresolved: make(map[types.UID]*simv1alpha1.SimPod),
	}
	s.metrics = newMetrics(s.queue, s.cache, s.decisions, s.events)
	return s, nil
}

func byName(profiles []*framework.Profile) (map[string]*framework.Profile, error) {
	if len(profiles) == 0 {
		profile, err := plugins.DefaultProfile(simv1alpha1.DefaultSchedulerName)
		if err != nil {
			return nil, err
		}
		profiles = []*framework.Profile{profile}
	}
	out := make(map[string]*framework.Profile, len(profiles))
	for _, p := range profiles {
		if _, taken := out[p.SchedulerName]; taken {
			return nil, fmt.Errorf("two profiles have the schedulerName %q", p.SchedulerName)
		}
		if a, b := p.QueueSort().Name(), profiles[0].QueueSort().Name(); a != b {
			return nil, fmt.Errorf("profiles must sort the queue alike, not by %s and %s", a, b)
		}
		out[p.SchedulerName] = p
	}
	return out, nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: of several
// schedulers with one name, one schedules.
func (s *Scheduler) NeedLeaderElection() bool { return true }

// Decisions returns what was decided. It is also the handler that serves it,
// before Start and after it too.
func (s *Scheduler) Decisions() *Decisions { return s.decisions }

// Start schedules until ctx is done, and returns once every write under way has
// been answered. It fails where the informers cannot be read.
func (s *Scheduler) Start(ctx context.Context) error {
	if s.registerer != nil {
		if err := s.metrics.register(s.registerer); err != nil {
			return fmt.Errorf("registering the scheduler's metrics: %w", err)
		}
		defer s.metrics.unregister(s.registerer)
	}
	stopWatching, err := s.watch(ctx)
	switch {
	case ctx.Err() != nil: // stopped before everything was known
		if err == nil {
			stopWatching()
		}
		return nil
	case err != nil:
		return err
	}
	s.log.Info("Scheduling", "profiles", len(s.profiles))

	var background sync.WaitGroup
	background.Go(func() { s.queue.Run(ctx) })
	background.Go(func() { s.events.run(ctx) })
	background.Go(func() { s.writeHeld(ctx) })
	for s.scheduleOne(ctx) {
	}
	stopWatching()
	s.held.ShutDown()
	s.writing.Wait()
	background.Wait()
	return nil
}

// scheduleOne runs one attempt. It returns false when ctx is done.
func (s *Scheduler) scheduleOne(ctx context.Context) bool {
	// 1. Pop the next pod.
	pod, err := s.queue.Pop(ctx)
	if err != nil {
		return false
	}
	if s.cache.IsAssumed(pod.UID()) { // a late update of a pod that was placed
		s.queue.Done(pod.UID())
		return true
	}
	d := &evidence.Decision{
		Pod: pod.Reference(), Attempt: pod.Attempts, Profile: pod.Pod.Spec.SchedulerName, WokenBy: pod.WokenBy,
		ObservedAt: pod.ObservedAt, QueuedAt: pod.QueuedAt, PoppedAt: s.clock.Now(),
		Seed: s.seeds.Int64(),
	}

	// 2. Bring the snapshot to the present.
	s.cache.UpdateSnapshot(s.snapshot)

	// 3. Decide.
	result := decide.Decide(decide.Input{
		Snapshot: s.snapshot, Pod: pod.PodInfo, Profile: s.profiles[pod.Pod.Spec.SchedulerName],
		Seed: d.Seed, StartIndex: s.next, Nominated: s.nominator.byNode(), Workspace: &s.workspace,
	})
	s.next = result.NextStartIndex
	d.DecidedAt = s.clock.Now()
	result.Fill(d, s.decisionNodes)
	s.metrics.algorithm.Observe(d.DecidedAt.Sub(d.PoppedAt).Seconds())

	// 4. Assume that the bind or the preemption will succeed, so that the next
	// attempt counts the pod.
	status := result.Status
	if status.IsSuccess() {
		status = framework.AsStatus(s.cache.AssumePod(pod.PodInfo, result.Node))
	}
	nominated := s.nominate(pod.PodInfo, result)

	// 5. Bind, or say why not, beside the next attempt.
	outcome := attemptOutcome{
		pod: pod, decision: d, status: status, room: result.PostFilter, nominatedNode: nominated,
		rejection: queue.Rejection{
			UnschedulablePlugins: result.UnschedulablePlugins, PendingPlugins: result.PendingPlugins,
		},
	}
	return s.write(ctx, func(ctx context.Context) {
		if status.IsSuccess() {
			s.bind(ctx, outcome)
		} else {
			s.fail(ctx, outcome)
		}
	}, outcome)
}

// nominate has the pod wait for the node where room is made for it, or not wait
// any more where that would not help. It returns what the pod's status is to say
// of it; nil where nothing new.
func (s *Scheduler) nominate(pod *framework.PodInfo, result *decide.Result) *string {
	switch {
	case result.PostFilter != nil:
		s.nominator.add(pod, result.PostFilter.NominatedNode)
		return &result.PostFilter.NominatedNode
	case result.NominationEnds:
		s.nominator.remove(pod.Pod.UID)
		return new("")
	}
	return nil
}

// attemptOutcome is what an attempt came to.
type attemptOutcome struct {
	pod       *framework.QueuedPodInfo
	decision  *evidence.Decision
	status    *framework.Status
	rejection queue.Rejection
	// room is how room can be made for the pod; nil where it cannot, or needs not.
	room *framework.PostFilterResult
	// nominatedNode is what the pod's status is to say; nil where nothing new.
	nominatedNode *string
	// conflict is true where the API server refused the bind because the pod had changed.
	conflict bool
}

// write runs fn in one of a bounded number of goroutines and waits for a free
// one. It returns false when ctx is done. A write that has begun is finished.
func (s *Scheduler) write(ctx context.Context, fn func(context.Context), outcome attemptOutcome) bool {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		s.queue.Done(outcome.pod.UID())
		return false
	}
	s.writing.Go(func() {
		defer func() { <-s.slots }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		fn(ctx)
	})
	return true
}

// bind writes the assignment of an assumed pod.
func (s *Scheduler) bind(ctx context.Context, o attemptOutcome) {
	pod, node := o.pod.Pod, o.decision.Node
	bind := &evidence.BindOutcome{SentAt: s.clock.Now()}
	version, err := s.binder.Bind(ctx, pod, node)
	bind.AnsweredAt, bind.ResourceVersion = s.clock.Now(), version
	o.decision.Bind = bind
	if err != nil {
		bind.Error = err.Error()
		s.unassume(pod, node)
		o.status, o.rejection = framework.AsStatus(err), queue.Rejection{Error: true}
		if o.conflict = apierrors.IsConflict(err); !o.conflict {
			s.nominator.remove(pod.UID)
			o.nominatedNode = new("")
		}
		s.fail(ctx, o)
		return
	}
	s.nominator.remove(pod.UID)
	s.queue.Done(pod.UID)
	s.metrics.attempts.WithLabelValues(resultScheduled).Inc()
	s.metrics.endToEnd.Observe(bind.AnsweredAt.Sub(o.pod.QueuedAt).Seconds())
	s.decisions.Record(o.decision)
	s.events.event(pod, corev1.EventTypeNormal, "Scheduled", "Binding",
		fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, node))
}

// unassume gives back what an assumed pod took, which may help others.
func (s *Scheduler) unassume(pod *corev1.Pod, node string) {
	if err := s.cache.ForgetPod(pod.UID); err != nil {
		// The watch was faster: the pod was bound after all, or is gone.
		s.log.V(1).Info("Nothing to forget", "reason", err.Error())
		return
	}
	assumed := *pod
	assumed.Spec.NodeName = node
	s.move(framework.AssignedPod, framework.Delete, &assumed, nil)
}

// fail says on the pod why it was not scheduled, where that changes anything,
// and gives it back to the queue. In this order the queue has the version that
// the write made, so that the next bind does not conflict with it.
func (s *Scheduler) fail(ctx context.Context, o attemptOutcome) {
	pod := o.pod.Pod
	reason, result := simv1alpha1.ReasonSchedulerError, resultError
	if o.status.IsRejected() {
		reason, result = simv1alpha1.ReasonUnschedulable, resultUnschedulable
	} else {
		o.rejection = queue.Rejection{Error: true}
		s.log.Info("Attempt failed, trying again", "namespace", pod.Namespace, "pod", pod.Name, "error", o.status.Message())
	}
	s.metrics.attempts.WithLabelValues(result).Inc()
	if o.decision.Message == "" {
		o.decision.Message = o.status.Message()
	}
	// A conflict means that the pod has changed and says nothing of the pod: with
	// its new version it is tried again.
	if !o.conflict {
		says := &notScheduled{reason: reason, message: o.decision.Message, nominatedNode: o.nominatedNode}
		waits := s.setNotScheduled(ctx, pod, func(*simv1alpha1.SimPod) *notScheduled { return says })
		if o.room != nil && !s.preempt(ctx, o, waits) {
			o.rejection = queue.Rejection{Error: true}
		}
	}
	if o.decision.Requeued = s.queue.Requeue(o.pod, o.rejection); o.decision.Requeued == nil { // deleted or bound meanwhile
		s.endNomination(pod)
	}
	s.decisions.Record(o.decision)
}

// preempt makes room for the pod, unless it is gone by now or its nomination
// could not be written: then nothing may be deleted for it. It is false where
// the pod must be tried again, because no victim's going may wake it.
func (s *Scheduler) preempt(ctx context.Context, o attemptOutcome, waits bool) bool {
	pod := o.pod.Pod
	if !waits || !s.queue.Has(pod.UID) {
		s.endNomination(pod)
		return false
	}
	if err := s.makeRoom(ctx, o.pod.PodInfo, o.room); err != nil {
		s.log.Error(err, "Preemption failed in part, trying again", "namespace", pod.Namespace, "pod", pod.Name)
		return false
	}
	return true
}
