// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/queue"
)

// Results of an attempt, as label values.
const (
	resultScheduled     = "scheduled"
	resultUnschedulable = "unschedulable"
	resultError         = "error"
)

// metrics are the scheduler's. Labels take few values, never names of objects.
type metrics struct {
	attempts  *prometheus.CounterVec
	victims   prometheus.Counter
	endToEnd  prometheus.Histogram
	algorithm prometheus.Histogram
	sizes     *sizes
}

func newMetrics(q *queue.Queue, c *cache.Cache, decisions *Decisions, events *eventWriter) *metrics {
	return &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "glassplane_scheduler_attempts_total",
			Help: "Attempts to schedule a pod, by result: scheduled, unschedulable or error.",
		}, []string{"result"}),
		victims: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "glassplane_scheduler_preemption_victims_total",
			Help: "Pods that were deleted to make room for others.",
		}),
		endToEnd: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "glassplane_scheduler_pod_seconds",
			Help:    "Time from a pod's first entry into the queue to its bind.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 18),
		}),
		algorithm: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "glassplane_scheduler_decide_seconds",
			Help:    "Time to filter and score the nodes for one pod.",
			Buckets: prometheus.ExponentialBuckets(0.00002, 2, 16),
		}),
		sizes: &sizes{
			queue: q, cache: c, store: decisions, events: events,
			pending: prometheus.NewDesc("glassplane_scheduler_pending_pods",
				"Pods that wait, by place: active, backoff, unschedulable, gated or in_flight.", []string{"queue"}, nil),
			cached: prometheus.NewDesc("glassplane_scheduler_cache_size",
				"Objects in the scheduler's cache, by type: nodes, pods or assumed_pods.", []string{"type"}, nil),
			decisions: prometheus.NewDesc("glassplane_scheduler_decisions",
				"Decisions that are kept.", nil, nil),
			dropped: prometheus.NewDesc("glassplane_scheduler_dropped_total",
				"What was dropped because a buffer is bounded: events, decisions or queue_events.", []string{"what"}, nil),
		},
	}
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.attempts, m.victims, m.endToEnd, m.algorithm, m.sizes}
}

// register fails where another scheduler is registered; then nothing is.
func (m *metrics) register(registerer prometheus.Registerer) error {
	var errs []error
	for _, c := range m.collectors() {
		errs = append(errs, registerer.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		m.unregister(registerer)
		return err
	}
	return nil
}

func (m *metrics) unregister(registerer prometheus.Registerer) {
	for _, c := range m.collectors() {
		registerer.Unregister(c)
	}
}

// sizes reads the lengths of queues and stores when they are asked for.
type sizes struct {
	queue  *queue.Queue
	cache  *cache.Cache
	store  *Decisions
	events *eventWriter

	pending, cached, decisions, dropped *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (s *sizes) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.pending, s.cached, s.decisions, s.dropped} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (s *sizes) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value int, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	lengths, counts := s.queue.Lengths(), s.cache.Counts()
	gauge(s.pending, lengths.Active, "active")
	gauge(s.pending, lengths.Backoff, "backoff")
	gauge(s.pending, lengths.Unschedulable, "unschedulable")
	gauge(s.pending, lengths.Gated, "gated")
	gauge(s.pending, lengths.InFlight, "in_flight")
	gauge(s.cached, counts.Nodes, "nodes")
	gauge(s.cached, counts.Pods, "pods")
	gauge(s.cached, counts.AssumedPods, "assumed_pods")
	gauge(s.decisions, s.store.Len())
	counter := func(value float64, what string) {
		out <- prometheus.MustNewConstMetric(s.dropped, prometheus.CounterValue, value, what)
	}
	counter(float64(s.events.Dropped()), "events")
	counter(float64(s.store.Dropped()), "decisions")
	counter(float64(s.queue.DroppedEvents()), "queue_events")
}
