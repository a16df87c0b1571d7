// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package queue holds the pods that wait for a node. It mirrors
// k8s.io/kubernetes/pkg/scheduler/backend/queue.
package queue

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Times, as in kube-scheduler.
const (
	// InitialBackoff is how long a pod waits after its first failed attempt.
	InitialBackoff = time.Second
	// MaxBackoff is the longest that a pod waits; the wait doubles until then.
	MaxBackoff = 10 * time.Second
	// MaxInUnschedulable is how long a pod waits for an event before it is tried anyway.
	MaxInUnschedulable = 5 * time.Minute

	// FlushInterval is how often the pods are looked for that have waited so long.
	FlushInterval = 30 * time.Second

	flushBackoffInterval = time.Second
)

// maxInFlightEvents bounds the events that are kept for the attempts under way.
// Beyond it the oldest are dropped, and the pods that may have missed one are
// tried again as if it concerned them.
const maxInFlightEvents = 10_000

// The places of a waiting pod:
//
//	active         ready to be tried, by the profile's QueueSort plugin
//	backoff        could be tried, but failed not long ago
//	unschedulable  waits for an event that one of its rejecting plugins waits for,
//	               or for its gates
//	in flight      popped, and not done yet; events that arrive meanwhile are kept
type place int

const (
	inActive place = iota
	inBackoff
	inErrorBackoff
	inUnschedulable
)

// item is a waiting pod and where it is.
type item struct {
	pod   *framework.QueuedPodInfo
	place place
	// index in the heap of the place.
	index int
	// since is when the pod entered the place.
	since time.Time
	// backoffEnds is when the pod may leave the backoff.
	backoffEnds time.Time
}

// attempt is a pod in flight.
type attempt struct {
	// latest version of the pod; nil where it did not change.
	latest     *framework.PodInfo
	observedAt time.Time
	// deleted while in flight: it must not come back.
	deleted bool
	// firstEvent is the sequence number of the first event after the pop.
	firstEvent int64
}

// Queue is safe for use by several goroutines.
type Queue struct {
	clock    clock.WithTicker
	profiles map[string]*framework.Profile
	hints    map[string][]hint

	mu            sync.Mutex
	ready         *sync.Cond
	items         map[types.UID]*item
	active        *itemHeap
	backoff       *itemHeap
	errorBackoff  *itemHeap
	unschedulable int
	gated         int

	inFlight map[types.UID]*attempt
	events   []inFlightEvent
	// firstEvent is the sequence number of events[0].
	firstEvent    int64
	droppedEvents int64
}

// Lengths are the numbers of pods in each place.
type Lengths struct{ Active, Backoff, Unschedulable, Gated, InFlight int }

// New returns an empty queue for the pods of the given profiles, by
// schedulerName. The profiles must all sort the same; the first found is used.
func New(c clock.WithTicker, profiles map[string]*framework.Profile) *Queue {
	q := &Queue{
		clock: c, profiles: profiles, hints: make(map[string][]hint, len(profiles)),
		items: make(map[types.UID]*item), inFlight: make(map[types.UID]*attempt),
	}
	q.ready = sync.NewCond(&q.mu)
	var sort framework.QueueSortPlugin
	for name, profile := range profiles {
		q.hints[name] = hintsOf(profile)
		sort = profile.QueueSort()
	}
	q.active = &itemHeap{less: func(a, b *item) bool { return sort.Less(a.pod, b.pod) }}
	// Pods whose backoff ends in the same second leave by priority.
	byEnd := func(a, b *item) bool {
		endA, endB := a.backoffEnds.Truncate(time.Second), b.backoffEnds.Truncate(time.Second)
		if !endA.Equal(endB) {
			return endA.Before(endB)
		}
		return sort.Less(a.pod, b.pod)
	}
	q.backoff, q.errorBackoff = &itemHeap{less: byEnd}, &itemHeap{less: byEnd}
	return q
}

// Lengths returns how many pods are in each place.
func (q *Queue) Lengths() Lengths {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Lengths{
		Active: q.active.Len(), Backoff: q.backoff.Len() + q.errorBackoff.Len(),
		Unschedulable: q.unschedulable - q.gated, Gated: q.gated, InFlight: len(q.inFlight),
	}
}

// DroppedEvents counts the events that could not be kept for attempts under way.
func (q *Queue) DroppedEvents() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.droppedEvents
}

// Set adds a pod without a node, or replaces its older version; observedAt is
// when the watch delivered it. It returns a copy of the pod's entry where a
// plugin keeps the pod from being tried, else nil.
func (q *Queue) Set(pod *framework.PodInfo, observedAt time.Time) (gated *framework.QueuedPodInfo) {
	q.mu.Lock()
	defer q.mu.Unlock()
	uid := pod.Pod.UID
	if q.refresh(pod, observedAt) {
		return nil
	}
	it, ok := q.items[uid]
	if !ok {
		now := q.clock.Now()
		it = &item{pod: &framework.QueuedPodInfo{PodInfo: pod, ObservedAt: observedAt, Timestamp: now, QueuedAt: now}}
		return q.enter(it, inActive)
	}
	old := it.pod.Pod
	if isOlder(pod, it.pod.PodInfo) {
		return nil
	}
	it.pod.PodInfo, it.pod.ObservedAt = pod, observedAt
	if it.place != inUnschedulable {
		q.fix(it)
		return nil
	}
	for _, event := range PodChanges(old, pod.Pod, framework.TargetPod) {
		if s, plugin := q.worth(it.pod, event, old, pod.Pod); s != skip {
			it.pod.WokenBy = q.wake(event, old, pod.Pod, plugin)
			return q.move(it, s)
		}
	}
	if it.pod.GatingPlugin == "" {
		return nil
	}
	_, status := q.profiles[pod.Pod.Spec.SchedulerName].RunPreEnqueue(pod.Pod)
	it.pod.GatingMessage = status.Message() // its gates may be others now
	return clone(it.pod)
}

// Refresh replaces the older version of a pod in flight, as the answer to a write
// brings it; other pods are ignored: the watch brings theirs.
func (q *Queue) Refresh(pod *framework.PodInfo, observedAt time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refresh(pod, observedAt)
}

// refresh is true where the pod is in flight. Watch and answers race, so that
// an older version may come after a newer one.
func (q *Queue) refresh(pod *framework.PodInfo, observedAt time.Time) bool {
	a, ok := q.inFlight[pod.Pod.UID]
	if ok && (a.latest == nil || !isOlder(pod, a.latest)) {
		a.latest, a.observedAt = pod, observedAt
	}
	return ok
}

// isOlder compares resourceVersions; those that cannot be compared count as newer.
func isOlder(a, b *framework.PodInfo) bool {
	order, err := resourceversion.CompareResourceVersion(a.Pod.ResourceVersion, b.Pod.ResourceVersion)
	return err == nil && order < 0
}

// Delete removes a pod that was deleted, has ended, or was bound by someone.
func (q *Queue) Delete(uid types.UID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if a, ok := q.inFlight[uid]; ok {
		a.deleted = true
	}
	if it, ok := q.items[uid]; ok {
		q.leave(it)
	}
}

// Has is true where the queue has the pod, also in flight.
func (q *Queue) Has(uid types.UID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, waiting := q.items[uid]
	a, flying := q.inFlight[uid]
	return waiting || flying && !a.deleted
}

// InFlight is true while the pod is popped and neither done nor requeued.
func (q *Queue) InFlight(uid types.UID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, ok := q.inFlight[uid]
	return ok
}

// Pop waits for a pod that can be tried and takes it. Every pod that is popped
// must be given back by Done or Requeue. It fails when ctx is done. As in
// kube-scheduler (SchedulerPopFromBackoffQ), a pod in backoff is taken where
// otherwise nothing could be done, unless it failed by an error.
func (q *Queue) Pop(ctx context.Context) (*framework.QueuedPodInfo, error) {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.ready.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		it := q.active.first()
		if it == nil {
			it = q.backoff.first()
		}
		if it == nil {
			q.ready.Wait()
			continue
		}
		q.leave(it)
		it.pod.Attempts++
		if it.pod.InitialAttemptTimestamp.IsZero() {
			it.pod.InitialAttemptTimestamp = q.clock.Now()
		}
		q.inFlight[it.pod.UID()] = &attempt{firstEvent: q.firstEvent + int64(len(q.events))}
		return it.pod, nil
	}
}

// Done ends the attempt of a pod that does not come back.
func (q *Queue) Done(uid types.UID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done(uid)
}

func (q *Queue) done(uid types.UID) {
	delete(q.inFlight, uid)
	oldest := q.firstEvent + int64(len(q.events))
	for _, a := range q.inFlight {
		oldest = min(oldest, a.firstEvent)
	}
	if n := oldest - q.firstEvent; n > 0 {
		q.events, q.firstEvent = q.events[n:], oldest
	}
	if len(q.events) == 0 {
		q.events = nil
	}
}

// Rejection says why an attempt failed.
type Rejection struct {
	// UnschedulablePlugins and PendingPlugins are the plugins that rejected the
	// pod. Where there is none the attempt failed by an error.
	UnschedulablePlugins, PendingPlugins sets.Set[string]
	// Error is true where the attempt failed for a reason that is not the pod's.
	Error bool
}

// Requeue ends the attempt of a pod that failed and puts it where it has to
// wait. It returns where that is; nil where the pod was deleted or bound
// meanwhile. The entry belongs to the queue again. It mirrors
// AddUnschedulablePodIfNotPresent of kube-scheduler.
func (q *Queue) Requeue(pod *framework.QueuedPodInfo, r Rejection) *evidence.Requeued {
	q.mu.Lock()
	defer q.mu.Unlock()
	uid := pod.UID()
	a, ok := q.inFlight[uid]
	if !ok {
		return nil
	}
	events, missed := q.eventsSince(a)
	q.done(uid)
	if a.deleted {
		return nil
	}
	old := pod.Pod
	if a.latest != nil && isOlder(a.latest, pod.PodInfo) {
		a.latest = nil
	}
	if a.latest != nil {
		pod.PodInfo, pod.ObservedAt = a.latest, a.observedAt
	}
	pod.Timestamp = q.clock.Now()
	pod.UnschedulablePlugins, pod.PendingPlugins = r.UnschedulablePlugins, r.PendingPlugins
	if r.Error {
		pod.ConsecutiveErrorsCount++
	} else {
		pod.ConsecutiveErrorsCount = 0
		pod.UnschedulableCount++
	}
	strategy := skip
	pod.WokenBy = nil
	if r.Error || missed {
		strategy, pod.WokenBy = afterBackoff, &evidence.Wake{Event: evidence.EventBackoffComplete, At: q.clock.Now()}
	}
	if a.latest != nil {
		for _, event := range PodChanges(old, a.latest.Pod, framework.TargetPod) {
			events = append(events, inFlightEvent{event: event, oldObj: old, newObj: a.latest.Pod})
		}
	}
	for _, e := range events {
		if s, plugin := q.worth(pod, e.event, e.oldObj, e.newObj); s > strategy {
			strategy, pod.WokenBy = s, q.wake(e.event, e.oldObj, e.newObj, plugin)
		}
	}
	it := &item{pod: pod}
	if strategy == skip {
		q.enter(it, inUnschedulable)
	} else {
		q.enter(it, q.placeFor(it, strategy))
	}
	return q.requeued(it)
}

func (q *Queue) requeued(it *item) *evidence.Requeued {
	out := &evidence.Requeued{At: q.clock.Now()}
	switch it.place {
	case inActive:
		out.Queue = evidence.QueueActive
	case inUnschedulable:
		out.Queue = evidence.QueueUnschedulable
	default:
		out.Queue, out.BackoffEnds = evidence.QueueBackoff, new(it.backoffEnds)
	}
	return out
}

// eventsSince returns what happened since the pod was popped; missed is true
// where some of it was dropped.
func (q *Queue) eventsSince(a *attempt) (events []inFlightEvent, missed bool) {
	from := a.firstEvent - q.firstEvent
	if from < 0 {
		return append(events, q.events...), true
	}
	return append(events, q.events[from:]...), false
}

// Move tells the queue of a change in the cluster. Pods that it could help
// become active, after their backoff. oldObj and newObj are *corev1.Pod,
// *corev1.Node or *corev1.Namespace.
func (q *Queue) Move(event framework.ClusterEvent, oldObj, newObj any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.inFlight) > 0 && q.ofInterest(event) {
		if len(q.events) >= maxInFlightEvents {
			q.events = q.events[1:]
			q.firstEvent++
			q.droppedEvents++
		}
		q.events = append(q.events, inFlightEvent{event, oldObj, newObj})
	}
	if q.unschedulable == 0 || !q.ofInterest(event) {
		return
	}
	for _, it := range q.items {
		if it.place != inUnschedulable {
			continue
		}
		if s, plugin := q.worth(it.pod, event, oldObj, newObj); s != skip {
			it.pod.WokenBy = q.wake(event, oldObj, newObj, plugin)
			q.move(it, s)
		}
	}
}

// Run moves pods whose backoff has ended or that have waited too long, until
// ctx is done.
func (q *Queue) Run(ctx context.Context) {
	backoff := q.clock.NewTicker(flushBackoffInterval)
	defer backoff.Stop()
	unschedulable := q.clock.NewTicker(FlushInterval)
	defer unschedulable.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-backoff.C():
			q.FlushBackoff()
		case <-unschedulable.C():
			q.FlushUnschedulable()
		}
	}
}

// FlushBackoff makes the pods active whose backoff has ended.
func (q *Queue) FlushBackoff() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	for _, h := range []*itemHeap{q.backoff, q.errorBackoff} {
		for it := h.first(); it != nil && !it.backoffEnds.After(now); it = h.first() {
			q.leave(it)
			q.enter(it, inActive)
		}
	}
}

// FlushUnschedulable tries the pods again that have waited longer than
// MaxInUnschedulable: the event that would have helped may have been missed.
func (q *Queue) FlushUnschedulable() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.clock.Now()
	for _, it := range q.items {
		if it.place == inUnschedulable && it.pod.GatingPlugin == "" && now.Sub(it.pod.Timestamp) > MaxInUnschedulable {
			it.pod.WokenBy = &evidence.Wake{Event: evidence.EventUnschedulableTimeout, At: now}
			q.move(it, afterBackoff)
		}
	}
}
