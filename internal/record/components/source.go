// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package components records what components say of their own work: the
// scheduler what it decided, the simulated kubelet what it wrote. Each serves it
// as a feed on its own authenticated endpoint.
package components

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/record"
)

// Source follows the feed of one component and appends what it reads to the
// journal. What was lost before it was read is counted as a gap.
type Source[T any] struct {
	*feed.Poller[T]
	sink *sink[T]
}

// NewDecisions returns a source of the scheduler's decisions.
func NewDecisions(options feed.Options, clock clock.WithTicker, journal record.Appender) *Source[*evidence.Decision] {
	return newSource(evidence.SourceDecision, options, clock, journal, decisionEntry)
}

// NewTransitions returns a source of the simulated kubelet's transitions.
func NewTransitions(options feed.Options, clock clock.WithTicker, journal record.Appender) *Source[evidence.Transition] {
	return newSource(evidence.SourceTransition, options, clock, journal, transitionEntry)
}

func newSource[T any](
	source evidence.Source, options feed.Options, clock clock.WithTicker, journal record.Appender, entry func(T) evidence.Entry,
) *Source[T] {
	s := &sink[T]{
		entry: entry, journal: journal, state: record.NewState(source),
		gaps: prometheus.NewDesc("glassplane_poll_gaps_total",
			"Times at which an endpoint had dropped items, or was restarted, before they were read.",
			nil, prometheus.Labels{"source": string(source)}),
	}
	return &Source[T]{Poller: feed.NewPoller[T](options, clock, s), sink: s}
}

// State says whether the endpoint can be read.
func (s *Source[T]) State() evidence.SourceState { return s.sink.state.Get() }

// Describe implements prometheus.Collector.
func (s *Source[T]) Describe(descs chan<- *prometheus.Desc) { descs <- s.sink.gaps }

// Collect implements prometheus.Collector.
func (s *Source[T]) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(s.sink.gaps, prometheus.CounterValue, float64(s.sink.state.Gaps()))
}

// sink appends to the journal what a poller reads.
type sink[T any] struct {
	entry   func(T) evidence.Entry
	journal record.Appender
	state   *record.State
	gaps    *prometheus.Desc
}

// Deliver implements feed.Sink.
func (s *sink[T]) Deliver(items []T) {
	for _, item := range items {
		s.journal.Append(s.entry(item))
	}
}

// Lost implements feed.Sink.
func (s *sink[T]) Lost(what string) { s.state.Gap(what) }

// Polled implements feed.Sink.
func (s *sink[T]) Polled(err error) {
	if err != nil {
		s.state.Unavailable(err.Error())
		return
	}
	s.state.Available()
}

// decisionEntry is about the version of the pod that was decided on.
func decisionEntry(decision *evidence.Decision) evidence.Entry {
	pod := decision.About()
	return evidence.Entry{
		Source: evidence.SourceDecision, Time: decision.DecidedAt,
		Object: simPod(pod), Revision: revision(pod.ResourceVersion),
		Decision: decision,
	}
}

// transitionEntry is about the version of the pod that was written or, where
// the write failed, the one that it started from.
func transitionEntry(transition evidence.Transition) evidence.Entry {
	version := transition.ResourceVersion
	if version == "" {
		version = transition.ObservedResourceVersion
	}
	return evidence.Entry{
		Source: evidence.SourceTransition, Time: transition.WrittenAt,
		Object: simPod(transition.About()), Revision: revision(version),
		Transition: &transition,
	}
}

func simPod(pod evidence.PodReference) evidence.Object {
	return evidence.Object{
		Group: v1alpha1.GroupName, Resource: "simpods", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
	}
}

// revision is 0 for a resourceVersion that is not a number.
func revision(resourceVersion string) int64 {
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return revision
}
