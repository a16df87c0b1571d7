// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package observer

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/watch"
)

// Nodes are watched beside what is recorded: their heartbeats would fill the
// journal, and nobody asks for them.
var nodeResources = []schema.GroupVersionResource{
	v1alpha1.GroupVersion.WithResource("simnodes"),
	corev1.SchemeGroupVersion.WithResource("nodes"),
}

var (
	simNodes = v1alpha1.Resource("simnodes")
	simPods  = v1alpha1.Resource("simpods")
	nodes    = corev1.Resource("nodes")
	pods     = corev1.Resource("pods")
)

// Overview keeps what is known of all objects together. It is told of each entry
// on its way to the journal, and of each object that the watches deliver. It is
// safe for use by several goroutines.
type Overview struct {
	clock   clock.PassiveClock
	sources func() []evidence.SourceState
	// partOf says whether a resource is watched.
	partOf func(schema.GroupResource) evidence.SourceState

	counter overview.Counter
	// queue is nil where the scheduler is not asked.
	queue *queueReader

	latencies *overview.Latencies
	// latency is the last one that was worked out.
	latency struct {
		sync.Mutex
		overview.Latency
	}

	mu      sync.Mutex
	cluster *overview.Cluster
}

// latencyInterval is how long a latency stands that was worked out.
const latencyInterval = time.Second

var _ watch.Follower = (*Overview)(nil)

func newOverview(clock clock.PassiveClock) *Overview {
	return &Overview{
		clock: clock, latencies: overview.NewLatencies(0), cluster: overview.NewCluster(string(uuid.NewUUID()), overview.Limits{}),
		sources: func() []evidence.SourceState { return nil },
		partOf: func(r schema.GroupResource) evidence.SourceState {
			return evidence.SourceState{Source: evidence.SourceWatch, Reason: fmt.Sprintf("%s are not watched", r)}
		},
	}
}

// listening tells the overview of each entry before the journal has it.
type listening struct {
	*record.Journal
	overview *Overview
}

// Append implements record.Appender.
func (l listening) Append(entry evidence.Entry) uint64 {
	l.overview.recorded(&entry)
	return l.Journal.Append(entry)
}

// recorded takes an entry. It is called for each of them and must be fast.
func (o *Overview) recorded(entry *evidence.Entry) {
	o.latencies.Recorded(entry)
	if entry.Audit != nil {
		at := entry.Audit.StageAt
		if now := o.clock.Now(); at.After(now) { // another machine's clock
			at = now
		}
		o.counter.Request(entry.Audit, at)
	}
}

// Observed implements watch.Follower.
func (o *Overview) Observed(resource schema.GroupResource, object *unstructured.Unstructured, listed bool) {
	if !listed {
		o.counter.WatchEvent(o.clock.Now())
	}
	switch resource {
	case simPods, pods:
		pod := overview.PodOf(object, resource == pods)
		if pod.Real && !listed && (pod.Phase == overview.PhaseRunning || pod.Phase == overview.PhaseNotReady) {
			o.latencies.Ran(pod.UID, o.clock.Now())
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.cluster.SetPod(pod)
	case simNodes, nodes:
		node := overview.NodeOf(object, resource == nodes)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.cluster.SetNode(object.GetUID(), node)
	}
}

// Gone implements watch.Follower.
func (o *Overview) Gone(resource schema.GroupResource, uid types.UID) {
	o.counter.WatchEvent(o.clock.Now())
	o.mu.Lock()
	defer o.mu.Unlock()
	switch resource {
	case simPods, pods:
		o.cluster.DeletePod(uid)
	case simNodes, nodes:
		o.cluster.DeleteNode(uid)
	}
}

// Snapshot returns the cluster as it is now.
func (o *Overview) Snapshot(ctx context.Context) overview.Snapshot {
	queues := o.queues(ctx)
	o.mu.Lock()
	snapshot := o.cluster.Snapshot()
	o.mu.Unlock()
	now := o.clock.Now()
	snapshot.CollectedAt, snapshot.Queues, snapshot.Rates = metav1.NewMicroTime(now), queues, o.rates()
	snapshot.Unavailable = o.unavailable()
	return snapshot
}

// Delta returns what changed since a sequence number of an epoch; ok is false
// where that needs a snapshot.
func (o *Overview) Delta(ctx context.Context, epoch string, from uint64) (delta overview.Delta, ok bool) {
	queues := o.queues(ctx)
	o.mu.Lock()
	delta, ok = o.cluster.Delta(epoch, from)
	o.mu.Unlock()
	if !ok {
		return overview.Delta{}, false
	}
	delta.CollectedAt, delta.Queues, delta.Rates = metav1.NewMicroTime(o.clock.Now()), queues, o.rates()
	delta.Unavailable = o.unavailable()
	return delta, true
}

// Pods returns up to limit pods that match a filter.
func (o *Overview) Pods(filter overview.Filter, limit int) overview.Matches {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cluster.Select(filter, limit)
}

// Latency returns where the time of the recorded pods went.
func (o *Overview) Latency() overview.Latency {
	o.latency.Lock()
	defer o.latency.Unlock()
	now := o.clock.Now()
	if o.latency.CollectedAt.IsZero() || now.Sub(o.latency.CollectedAt.Time) >= latencyInterval {
		o.latency.Latency = o.latencies.Latency()
		o.latency.CollectedAt = metav1.NewMicroTime(now)
		o.explainMissing(o.latency.Hops)
	}
	return o.latency.Latency
}

// explainMissing says why no pod has a hop.
func (o *Overview) explainMissing(hops []overview.Hop) {
	for _, state := range o.sources() {
		for i := range hops {
			switch h := &hops[i]; {
			case h.Source != state.Source:
			case !state.Available:
				h.Unavailable = state.Reason
			case h.Count == 0:
				h.Unavailable = "no recorded pod has got so far, or not as this observer could see it"
			}
		}
	}
}

func (o *Overview) queues(ctx context.Context) overview.Queues {
	if o.queue == nil {
		return overview.Queues{Reason: "the scheduler's endpoint is not configured"}
	}
	return o.queue.get(ctx)
}

// rates are those of requests, where the audit log is read.
func (o *Overview) rates() overview.Rates {
	rates := o.counter.Rates(o.clock.Now())
	for _, state := range o.sources() {
		if state.Source == evidence.SourceAudit && !state.Available {
			rates.Available, rates.Reason = false, state.Reason
		}
	}
	return rates
}

// unavailable says which objects are not known, and why.
func (o *Overview) unavailable() []string {
	var missing []string
	for _, resource := range []schema.GroupResource{simNodes, nodes, simPods, pods} {
		if state := o.partOf(resource); !state.Available {
			missing = append(missing, state.Reason)
		}
	}
	return missing
}
