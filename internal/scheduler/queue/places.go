// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"container/heap"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// enter puts an item that is nowhere into a place. On the way to the active
// queue or a backoff the PreEnqueue plugins are asked: a gated pod goes to the
// unschedulable ones, and a copy of its entry is returned.
func (q *Queue) enter(it *item, to place) (gated *framework.QueuedPodInfo) {
	if to != inUnschedulable {
		if plugin, s := q.profiles[it.pod.Pod.Spec.SchedulerName].RunPreEnqueue(it.pod.Pod); !s.IsSuccess() {
			it.pod.GatingPlugin, it.pod.GatingMessage = plugin, s.Message()
			it.pod.UnschedulablePlugins = sets.New(plugin)
			to, gated = inUnschedulable, clone(it.pod)
		} else {
			it.pod.GatingPlugin, it.pod.GatingMessage = "", ""
		}
	}
	it.place, it.since = to, q.clock.Now()
	q.items[it.pod.UID()] = it
	if to == inUnschedulable {
		q.unschedulable++
		if it.pod.GatingPlugin != "" {
			q.gated++
		}
		return gated
	}
	heap.Push(q.heapOf(to), it)
	q.ready.Signal()
	return nil
}

// leave takes an item out of its place.
func (q *Queue) leave(it *item) {
	delete(q.items, it.pod.UID())
	if it.place != inUnschedulable {
		heap.Remove(q.heapOf(it.place), it.index)
		return
	}
	q.unschedulable--
	if it.pod.GatingPlugin != "" {
		q.gated--
	}
}

// move makes an unschedulable item active, or has it wait for its backoff first.
func (q *Queue) move(it *item, s strategy) (gated *framework.QueuedPodInfo) {
	q.leave(it)
	return q.enter(it, q.placeFor(it, s))
}

// placeFor is where an item goes that is worth trying again.
func (q *Queue) placeFor(it *item, s strategy) place {
	count, to := it.pod.UnschedulableCount, inBackoff
	if it.pod.ConsecutiveErrorsCount > 0 {
		count, to = it.pod.ConsecutiveErrorsCount, inErrorBackoff
	}
	it.backoffEnds = it.pod.Timestamp.Add(backoffDuration(count))
	if s == immediately || !it.backoffEnds.After(q.clock.Now()) {
		return inActive
	}
	return to
}

// fix restores the order after the item's pod changed.
func (q *Queue) fix(it *item) { heap.Fix(q.heapOf(it.place), it.index) }

func (q *Queue) heapOf(p place) *itemHeap {
	switch p {
	case inActive:
		return q.active
	case inBackoff:
		return q.backoff
	}
	return q.errorBackoff
}

// backoffDuration doubles with each failed attempt. It mirrors
// calculateBackoffDuration of kube-scheduler.
func backoffDuration(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	if shift := failures - 1; InitialBackoff <= MaxBackoff>>shift {
		return InitialBackoff << shift
	}
	return MaxBackoff
}

// clone lets callers read an entry without the queue's lock.
func clone(pod *framework.QueuedPodInfo) *framework.QueuedPodInfo { return new(*pod) }

// itemHeap is a heap of items.
type itemHeap struct {
	items []*item
	less  func(a, b *item) bool
}

func (h *itemHeap) first() *item {
	if len(h.items) == 0 {
		return nil
	}
	return h.items[0]
}

func (h *itemHeap) Len() int           { return len(h.items) }
func (h *itemHeap) Less(i, j int) bool { return h.less(h.items[i], h.items[j]) }
func (h *itemHeap) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].index, h.items[j].index = i, j
}

func (h *itemHeap) Push(x any) {
	it := x.(*item)
	it.index = len(h.items)
	h.items = append(h.items, it)
}

func (h *itemHeap) Pop() any {
	last := len(h.items) - 1
	it := h.items[last]
	h.items[last] = nil // lets the item be collected
	h.items = h.items[:last]
	return it
}
