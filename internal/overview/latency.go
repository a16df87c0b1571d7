// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/assemble"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/followed"
)

const (
	// DefaultMaxJourneys is about how many pods a journal has all traces of: older
	// ones could not be shown as examples.
	DefaultMaxJourneys = 20_000
	// answerSlack is how much the evidence of a new pod may be off the time of the
	// request that made it, where the request does not have its UID.
	answerSlack = 2 * time.Second
	created     = 201
)

// Latencies follow pods from create to Running. They are told of each trace as it
// is recorded, in whatever order. They are safe for use by several goroutines.
type Latencies struct {
	limit int

	mu       sync.Mutex
	journeys map[types.UID]*journey
	// order is that in which the journeys began, oldest first.
	order     []types.UID
	forgotten int
	// byName has the last journey of each name, and unnamed the last creation of a
	// name that no journey is known of.
	byName  map[evidence.Object]*journey
	unnamed map[evidence.Object]*creation
	// creations are those of the last requests, by audit ID, and recent these IDs in
	// their order.
	creations map[string]*creation
	recent    []recentCreation
}

type recentCreation struct {
	auditID string
	name    evidence.Object
}

// NewLatencies returns those of no pods. A limit of 0 is the default.
func NewLatencies(limit int) *Latencies {
	return &Latencies{
		limit: cmp.Or(limit, DefaultMaxJourneys), journeys: map[types.UID]*journey{},
		byName: map[evidence.Object]*journey{}, unnamed: map[evidence.Object]*creation{}, creations: map[string]*creation{},
	}
}

// Recorded takes a trace.
func (l *Latencies) Recorded(entry *evidence.Entry) {
	if entry.Spans == nil && followed.Of(entry.Object).Role != followed.Pod {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case entry.Audit != nil:
		l.answered(entry)
	case entry.Spans != nil:
		if c := l.creations[entry.Spans.AuditID]; c != nil {
			c.traced(entry.Spans)
			l.settle(c.of)
		}
	case entry.Etcd != nil && !entry.Etcd.Read && !entry.Etcd.Deleted:
		l.stored(entry, entry.Time, entry.Etcd.Version == 1)
	case entry.Watch != nil && !entry.Watch.Initial:
		l.stored(entry, entry.Watch.ArrivedAt, entry.Watch.Type == "ADDED")
	case entry.Decision != nil:
		if j := l.journeys[entry.Object.UID]; j != nil {
			j.decided(entry.Decision)
			l.settle(j)
		}
	case entry.Transition != nil:
		if j := l.journeys[entry.Object.UID]; j != nil {
			j.transitioned(entry.Transition)
			l.settle(j)
		}
	}
}

func (l *Latencies) settle(j *journey) {
	if j != nil {
		j.settle()
	}
}

// Ran is told that a pod was seen to run. Of a SimPod its transition tells it
// better.
func (l *Latencies) Ran(uid types.UID, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if j := l.journeys[uid]; j != nil && j.facts != nil && j.facts.ranAt.IsZero() {
		j.facts.ranAt = at
		j.settle()
	}
}

// answered takes the answer to a request that created or bound a pod.
func (l *Latencies) answered(entry *evidence.Entry) {
	a := entry.Audit
	if a.Stage != "ResponseComplete" || a.Code != created || assemble.IsDryRun(a) {
		return
	}
	switch {
	case a.Subresource == "binding": // of a Pod, whose scheduler serves no decisions
		if j := l.byName[named(entry.Object)]; j != nil {
			j.set(hopBind, a.StageAt.Sub(a.ReceivedAt))
		}
		return
	case a.Subresource != "":
		return
	}
	c := &creation{auditID: a.AuditID, received: a.ReceivedAt, answered: a.StageAt}
	l.remember(c, named(entry.Object))
	if entry.Object.UID != "" {
		l.join(c, l.begin(entry.Object))
	} else if j := l.byName[named(entry.Object)]; j != nil && l.mayHaveMade(c, j) {
		l.join(c, j)
	} else {
		l.unnamed[named(entry.Object)] = c
	}
}

// remember bounds the creations by the number of journeys.
func (l *Latencies) remember(c *creation, name evidence.Object) {
	l.creations[c.auditID] = c
	l.recent = append(l.recent, recentCreation{c.auditID, name})
	if len(l.recent) <= l.limit {
		return
	}
	oldest := l.recent[0]
	l.recent = l.recent[1:]
	if l.unnamed[oldest.name] == l.creations[oldest.auditID] {
		delete(l.unnamed, oldest.name)
	}
	delete(l.creations, oldest.auditID)
}

func (l *Latencies) join(c *creation, j *journey) {
	c.of = j
	if j.facts != nil {
		j.facts.creation = c
		if j.facts.created != 0 {
			j.facts.arrived(j.facts.created, c.answered)
		}
	}
	j.settle()
}

// mayHaveMade says whether a request can have made a pod of its name.
func (l *Latencies) mayHaveMade(c *creation, j *journey) bool {
	if j.facts == nil || j.facts.creation != nil {
		return false
	}
	stored, ok := j.facts.arrivalOf(j.facts.created)
	return ok && !stored.Before(c.received) && stored.Before(c.answered.Add(answerSlack))
}

// stored takes the evidence of a revision. Only of a pod that is new is it known
// when it was stored.
func (l *Latencies) stored(entry *evidence.Entry, at time.Time, isNew bool) {
	j := l.journeys[entry.Object.UID]
	if j == nil && isNew {
		j = l.begin(entry.Object)
	}
	if j == nil || j.facts == nil {
		return
	}
	f := j.facts
	f.arrived(entry.Revision, at)
	if isNew && f.created == 0 {
		f.created = entry.Revision
		if c := f.creation; c != nil {
			f.arrived(f.created, c.answered)
		} else if c := l.unnamed[named(entry.Object)]; c != nil && l.mayHaveMade(c, j) {
			delete(l.unnamed, named(entry.Object))
			l.join(c, j)
		}
	}
	j.settle()
}

// begin returns the journey of a pod, a new one where it has none.
func (l *Latencies) begin(object evidence.Object) *journey {
	if j := l.journeys[object.UID]; j != nil {
		return j
	}
	for len(l.order) >= l.limit {
		l.forget(l.order[0])
		l.order = l.order[1:]
	}
	j := &journey{facts: &facts{}, subject: Subject{
		Resource: object.Resource, Namespace: object.Namespace, Name: object.Name, UID: string(object.UID),
	}}
	l.journeys[object.UID], l.byName[named(object)] = j, j
	l.order = append(l.order, object.UID)
	return j
}

func (l *Latencies) forget(uid types.UID) {
	j := l.journeys[uid]
	delete(l.journeys, uid)
	l.forgotten++
	if l.byName[j.name()] == j {
		delete(l.byName, j.name())
	}
}

// name is the key of the journey's pod in byName.
func (j *journey) name() evidence.Object {
	return evidence.Object{Resource: j.subject.Resource, Namespace: j.subject.Namespace, Name: j.subject.Name}
}

// named is the key of an object's name. The resources of pods differ by name.
func named(object evidence.Object) evidence.Object {
	return evidence.Object{Resource: object.Resource, Namespace: object.Namespace, Name: object.Name}
}

// measured is how long the hop of a pod took, by the pod's number in the order of
// beginning.
type measured struct {
	time.Duration
	pod int
}

// Latency sums up all pods. Percentiles are exact: each is the time of one of the
// pods, that of the nearest rank.
func (l *Latencies) Latency() Latency {
	latency := Latency{Hops: slices.Clone(definitions[:])}
	var all [hops][]measured
	l.mu.Lock()
	latency.Pods, latency.Forgotten = len(l.order), l.forgotten
	pods := make([]Subject, len(l.order))
	for n, uid := range l.order {
		j := l.journeys[uid]
		pods[n] = j.subject
		for h := range all {
			if j.known[h] {
				all[h] = append(all[h], measured{j.durations[h], n})
			}
		}
	}
	l.mu.Unlock()
	for h := range all {
		latency.Hops[h].summarize(all[h], pods)
	}
	return latency
}

// summarize sets the numbers of a hop.
func (h *Hop) summarize(all []measured, pods []Subject) {
	h.Count, h.Buckets = len(all), []Bucket{}
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b measured) int {
		return cmp.Or(cmp.Compare(a.Duration, b.Duration), cmp.Compare(a.pod, b.pod))
	})
	rank := func(share float64) time.Duration {
		return all[max(0, int(math.Ceil(share*float64(len(all))))-1)].Duration
	}
	h.P50, h.P90, h.P99, h.Max = rank(0.50), rank(0.90), rank(0.99), all[len(all)-1].Duration
	for len(all) > 0 {
		b := bucketOf(all[0].Duration)
		n, _ := slices.BinarySearchFunc(all, b.High, func(m measured, high time.Duration) int { return cmp.Compare(m.Duration, high) })
		// The newest pod is the one of which most is still recorded.
		newest := slices.MaxFunc(all[:n], func(a, b measured) int { return cmp.Compare(a.pod, b.pod) })
		b.Count, b.Example = n, pods[newest.pod]
		h.Buckets, all = append(h.Buckets, b), all[n:]
	}
}

// bucketsPerDecade make a bucket end at 1.26 times of where it begins.
const bucketsPerDecade = 10

// shortest is where the first bucket ends: no clock that is compared here is
// better.
const shortest = time.Microsecond

// bucketOf returns the bucket that a time falls into. Its limits are the powers of
// ten, in bucketsPerDecade equal steps on a logarithmic scale.
func bucketOf(d time.Duration) Bucket {
	if d < shortest {
		return Bucket{High: shortest}
	}
	n := int(math.Floor(math.Log10(float64(d)) * bucketsPerDecade))
	// The logarithm may be off by one at a limit.
	for d < limitOf(n) {
		n--
	}
	for d >= limitOf(n+1) {
		n++
	}
	return Bucket{Low: limitOf(n), High: limitOf(n + 1)}
}

func limitOf(n int) time.Duration {
	return time.Duration(math.Round(math.Pow(10, float64(n)/bucketsPerDecade)))
}
