// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// shownPlaces are the places in the order in which they are shown.
var shownPlaces = []string{evidence.QueueActive, evidence.QueueBackoff, evidence.QueueUnschedulable, evidence.QueueGated}

// State says how many pods wait where, and what the first of each place wait for,
// evidence.MaxWaiting of them at most. Where there are more, each place has its
// share.
func (q *Queue) State() evidence.Queue {
	lengths, first := q.Lengths(), q.first(evidence.MaxWaiting)
	state := evidence.Queue{
		At: q.clock.Now(), Active: lengths.Active, Backoff: lengths.Backoff,
		Unschedulable: lengths.Unschedulable, Gated: lengths.Gated, InFlight: lengths.InFlight,
	}
	for _, place := range shownPlaces {
		for i := range first[place] {
			state.Waiting = append(state.Waiting, q.waiting(&first[place][i], place, i+1))
		}
	}
	return state
}

// first returns copies of the first items of each place, up to limit in all.
func (q *Queue) first(limit int) map[string][]item {
	q.mu.Lock()
	defer q.mu.Unlock()
	best := map[string][]*item{evidence.QueueActive: q.active.best(limit), evidence.QueueBackoff: q.backoff.best(limit)}
	for _, it := range q.errorBackoff.best(limit) {
		best[evidence.QueueBackoff] = insert(best[evidence.QueueBackoff], it, q.backoff.less, limit)
	}
	if q.unschedulable > 0 {
		for _, it := range q.items {
			switch {
			case it.place != inUnschedulable:
			case it.pod.GatingPlugin != "":
				best[evidence.QueueGated] = insert(best[evidence.QueueGated], it, waitsLonger, limit)
			default:
				best[evidence.QueueUnschedulable] = insert(best[evidence.QueueUnschedulable], it, waitsLonger, limit)
			}
		}
	}
	out := make(map[string][]item, len(best))
	for n, place := range shownPlaces {
		// What a place does not need of its share is left to those after it.
		items := best[place]
		items = items[:min(len(items), share(best, shownPlaces[n:], limit))]
		limit -= len(items)
		for _, it := range items {
			copied := *it
			copied.pod = clone(it.pod)
			out[place] = append(out[place], copied)
		}
	}
	return out
}

// best returns the first items in their order, up to limit, and looks at hardly
// more than these: after each of them only its children can be next.
func (h *itemHeap) best(limit int) (best []*item) {
	var next []*item
	if first := h.first(); first != nil {
		next = append(next, first)
	}
	for len(best) < limit && len(next) > 0 {
		it := next[0]
		best, next = append(best, it), next[1:]
		for child := 2*it.index + 1; child <= 2*it.index+2 && child < len(h.items); child++ {
			next = insert(next, h.items[child], h.less, limit)
		}
	}
	return best
}

// share is how many items the first of some places may have: no fewer than its
// equal part, and all that the others leave.
func share(items map[string][]*item, places []string, limit int) int {
	others := 0
	for _, place := range places[1:] {
		others += min(len(items[place]), limit/len(places))
	}
	return limit - others
}

// insert puts an item into the first ones of its place, of which there are up to
// limit, in their order.
func insert(first []*item, it *item, less func(a, b *item) bool, limit int) []*item {
	if len(first) == limit {
		if !less(it, first[limit-1]) {
			return first
		}
		first = first[:limit-1]
	}
	at, _ := slices.BinarySearchFunc(first, it, func(a, b *item) int {
		if less(b, a) {
			return 1
		}
		return -1
	})
	return slices.Insert(first, at, it)
}

func waitsLonger(a, b *item) bool {
	if !a.since.Equal(b.since) {
		return a.since.Before(b.since)
	}
	return a.pod.Pod.UID < b.pod.Pod.UID
}

// waiting says what an item waits for.
func (q *Queue) waiting(it *item, place string, number int) evidence.Waiting {
	pod := it.pod.Pod
	w := evidence.Waiting{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Queue: place, Place: number, Since: it.since,
		Attempts: it.pod.Attempts, Priority: it.pod.Priority, NominatedNode: pod.Status.NominatedNodeName,
	}
	if plugins := it.pod.UnschedulablePlugins.Union(it.pod.PendingPlugins); len(plugins) > 0 {
		w.Plugins = sets.List(plugins)
	}
	switch place {
	case evidence.QueueActive:
		w.For = "its turn"
	case evidence.QueueBackoff:
		w.For, w.BackoffEnds = "the end of its backoff", new(it.backoffEnds)
		if it.place == inErrorBackoff {
			w.For += " after an error"
		}
		w.TriedBy = new(it.backoffEnds.Add(flushBackoffInterval))
	case evidence.QueueUnschedulable:
		w.For = "a change: " + q.changes(it.pod, w.Plugins)
		w.TriedBy = new(it.pod.Timestamp.Add(MaxInUnschedulable + FlushInterval + time.Second))
	default:
		w.For = it.pod.GatingMessage
	}
	return w
}

// changes says which changes can help a pod that plugins have rejected.
func (q *Queue) changes(pod *framework.QueuedPodInfo, plugins []string) string {
	profile := q.profiles[pod.Pod.Spec.SchedulerName]
	events := sets.New[string]()
	for _, plugin := range plugins {
		known := EventsOf(profile, plugin)
		if len(known) == 0 {
			return fmt.Sprintf("anything, because %s does not say", plugin)
		}
		events.Insert(known...)
	}
	return strings.Join(sets.List(events), "; ")
}
