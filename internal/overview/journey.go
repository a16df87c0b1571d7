// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"strconv"
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/handling"
)

// journey is a pod's way from create to Running.
type journey struct {
	subject Subject
	// durations of the hops that are known.
	durations [hops]time.Duration
	known     [hops]bool
	// facts are those that the other hops are still to be worked out from; nil once
	// all are known.
	facts *facts
}

// creation is a request that created a pod.
type creation struct {
	auditID            string
	received, answered time.Time
	// spans that came of it, as long as the write to etcd is not known.
	spans []*evidence.Spans
	// stored is how long the write took; 0 where it is not known.
	stored time.Duration
	// of is the pod's journey; nil where it is not known.
	of *journey
}

// facts are what the traces say of a pod.
type facts struct {
	creation *creation
	// arrivals say of the first revisions when there was evidence that they are stored.
	arrivals []arrival
	// created is the first revision; 0 where it is not known.
	created int64
	// observedAt is when the scheduler's watch delivered the first revision.
	observedAt time.Time
	// bound is the revision that the bind made, seenAt when the controller manager
	// saw it, and ranAt when Running was stored.
	bound         int64
	seenAt, ranAt time.Time
}

// arrival is the earliest evidence of a revision.
type arrival struct {
	revision int64
	at       time.Time
}

// Bounds of what is kept of one pod or request.
const (
	maxArrivals = 6
	maxSpans    = 4
)

func (j *journey) set(h hop, d time.Duration) {
	// Evidence of one thing may be older than that of what came before it, where it
	// came by another way: no time passed then that could be measured.
	j.known[h], j.durations[h] = true, max(0, d)
}

// arrived notes that a revision was stored at a time at the latest.
func (f *facts) arrived(revision int64, at time.Time) {
	if revision == 0 || at.IsZero() {
		return
	}
	for i := range f.arrivals {
		if a := &f.arrivals[i]; a.revision == revision {
			if at.Before(a.at) {
				a.at = at
			}
			return
		}
	}
	if len(f.arrivals) < maxArrivals {
		f.arrivals = append(f.arrivals, arrival{revision, at})
	}
}

func (f *facts) arrivalOf(revision int64) (at time.Time, ok bool) {
	for _, a := range f.arrivals {
		if a.revision == revision && revision != 0 {
			return a.at, true
		}
	}
	return time.Time{}, false
}

// decided takes what the scheduler says of an attempt.
func (j *journey) decided(d *evidence.Decision) {
	f := j.facts
	if f == nil {
		return
	}
	if f.observedAt.IsZero() && d.Attempt == 1 && f.created != 0 && d.Pod.ResourceVersion == strconv.FormatInt(f.created, 10) {
		f.observedAt = d.ObservedAt
	}
	if d.Bind == nil || d.Bind.Error != "" {
		return
	}
	j.set(hopQueue, d.PoppedAt.Sub(d.QueuedAt))
	j.set(hopDecide, d.DecidedAt.Sub(d.PoppedAt))
	j.set(hopBind, d.Bind.AnsweredAt.Sub(d.Bind.SentAt))
	f.bound = revision(d.Bind.ResourceVersion)
	f.arrived(f.bound, d.Bind.AnsweredAt)
}

// transitioned takes what the simulated kubelet says of a write.
func (j *journey) transitioned(t *evidence.Transition) {
	f := j.facts
	if f == nil || t.Error != "" {
		return
	}
	if f.seenAt.IsZero() || t.ObservedAt.Before(f.seenAt) {
		f.seenAt = t.ObservedAt
	}
	if t.To == PhaseRunning && f.ranAt.IsZero() {
		f.ranAt = t.WrittenAt
	}
}

// settle works out what can be told by now.
func (j *journey) settle() {
	f := j.facts
	if f == nil {
		return
	}
	if stored, ok := f.arrivalOf(f.created); ok && !f.observedAt.IsZero() {
		j.set(hopWatch, f.observedAt.Sub(stored))
	}
	if !f.ranAt.IsZero() && !f.seenAt.IsZero() {
		j.set(hopStart, f.ranAt.Sub(f.seenAt))
	}
	if bound, ok := f.arrivalOf(f.bound); ok && !f.seenAt.IsZero() {
		j.set(hopSee, f.seenAt.Sub(bound))
	}
	if c := f.creation; c != nil {
		j.set(hopAdmission, c.answered.Sub(c.received))
		if c.stored > 0 {
			j.set(hopEtcd, c.stored)
		}
		if !f.ranAt.IsZero() {
			j.set(hopTotal, f.ranAt.Sub(c.received))
		}
	}
	for _, known := range j.known {
		if !known {
			return
		}
	}
	j.facts = nil
}

// traced takes spans of the request, which may come in several parts.
func (c *creation) traced(s *evidence.Spans) {
	if c.stored > 0 || len(c.spans) == maxSpans {
		return
	}
	c.spans = append(c.spans, s)
	write := handling.Of(c.received, c.spans).Write()
	if write == nil || write.SentAt.IsZero() || write.ReturnedAt.IsZero() {
		return
	}
	c.stored, c.spans = write.ReturnedAt.Sub(write.SentAt), nil
}

// revision is a resourceVersion as a number; 0 for none.
func revision(version string) int64 {
	n, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
