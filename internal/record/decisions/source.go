// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package decisions records what the scheduler decided and what the simulated
// kubelet did, as each serves it on its own authenticated endpoint.
package decisions

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

const (
	// minInterval is the pause between polls while there is something to read,
	// maxInterval the longest one when there is not.
	minInterval = 100 * time.Millisecond
	maxInterval = time.Second
	// requestTimeout bounds one request, resolveTimeout finding where to send it.
	requestTimeout = 5 * time.Second
	resolveTimeout = 2 * time.Second
	// resolveInterval is how long it is believed that a component which answers is
	// still the one to ask.
	resolveInterval = 10 * time.Second
	// pageSize is how many items are asked for at once.
	pageSize = 500
	// maxPages bounds the requests of one poll.
	maxPages = 100
	// maxResponseBytes bounds one response.
	maxResponseBytes = 64 << 20
	// restartedGap describes what is lost when a component starts to count anew.
	restartedGap = "the component was restarted; what it had not served before is lost"
)

// Page is the answer of an endpoint to GET ?since=&limit=: the items whose
// sequence number is at least since, oldest first.
type Page[T any] struct {
	// Next is the since of the request that goes on after this page.
	Next  uint64 `json:"next"`
	Items []T    `json:"items"`
}

// Resolver finds out where a component serves now.
type Resolver interface {
	// Resolve reads it anew. The error says why it is not known.
	Resolve(ctx context.Context) (Endpoint, error)
}

// Options say how to read from a component.
type Options struct {
	// Resolver finds the component's endpoint.
	Resolver Resolver
	// Path of the items there, such as /decisions.
	Path string
	// TokenFile holds the bearer token that proves who asks. It is read again when
	// it changes.
	TokenFile string
}

// Source polls the endpoint of one component: often while there is something to
// read, seldom while there is not. It asks for what is new since the last poll;
// where the component was restarted, was followed by another replica or has
// dropped items in between, that is counted as a gap.
type Source[T any] struct {
	client  *client
	entry   func(T) evidence.Entry
	clock   clock.WithTicker
	journal record.Appender
	state   *record.State
	gaps    *prometheus.Desc

	// mu is held during a poll; it guards what follows, and the client.
	mu   sync.Mutex
	next uint64
}

// NewDecisions returns a source of the scheduler's decisions.
func NewDecisions(options Options, clock clock.WithTicker, journal record.Appender) *Source[framework.Decision] {
	return newSource(evidence.SourceDecision, options, clock, journal, decisionEntry)
}

// NewTransitions returns a source of the simulated kubelet's transitions.
func NewTransitions(options Options, clock clock.WithTicker, journal record.Appender) *Source[kubelet.Transition] {
	return newSource(evidence.SourceTransition, options, clock, journal, transitionEntry)
}

func newSource[T any](
	source evidence.Source, options Options, clock clock.WithTicker, journal record.Appender, entry func(T) evidence.Entry,
) *Source[T] {
	return &Source[T]{
		client: newClient(options, clock), entry: entry, clock: clock, journal: journal, state: record.NewState(source),
		gaps: prometheus.NewDesc("glassplane_poll_gaps_total",
			"Times at which an endpoint had dropped items, or was restarted, before they were read.",
			nil, prometheus.Labels{"source": string(source)}),
	}
}

// decisionEntry is about the version of the pod that was decided on.
func decisionEntry(decision framework.Decision) evidence.Entry {
	pod := decision.Pod
	return evidence.Entry{
		Source:   evidence.SourceDecision,
		Time:     decision.DecidedAt,
		Object:   simPod(evidence.Object{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}),
		Revision: revision(pod.ResourceVersion),
		Decision: &decision,
	}
}

// transitionEntry is about the version of the pod that was written or, where
// the write failed, the one that it started from.
func transitionEntry(transition kubelet.Transition) evidence.Entry {
	version := transition.ResourceVersion
	if version == "" {
		version = transition.ObservedResourceVersion
	}
	return evidence.Entry{
		Source:     evidence.SourceTransition,
		Time:       transition.WrittenAt,
		Object:     simPod(evidence.Object{Namespace: transition.Namespace, Name: transition.Name, UID: transition.UID}),
		Revision:   revision(version),
		Transition: &transition,
	}
}

func simPod(object evidence.Object) evidence.Object {
	object.Group, object.Resource = v1alpha1.GroupName, "simpods"
	return object
}

// revision is 0 for a resourceVersion that is not a number.
func revision(resourceVersion string) int64 {
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		return 0
	}
	return revision
}

// Run polls until the context ends.
func (s *Source[T]) Run(ctx context.Context) error {
	interval := minInterval
	for {
		if n, err := s.poll(ctx); n > 0 && err == nil {
			interval = minInterval
		} else {
			interval = min(interval*3/2, maxInterval)
		}
		timer := s.clock.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// Sync polls now.
func (s *Source[T]) Sync(ctx context.Context) error {
	_, err := s.poll(ctx)
	return err
}

// State says whether the endpoint can be read.
func (s *Source[T]) State() evidence.SourceState { return s.state.Get() }

// Describe implements prometheus.Collector.
func (s *Source[T]) Describe(descs chan<- *prometheus.Desc) { descs <- s.gaps }

// Collect implements prometheus.Collector.
func (s *Source[T]) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(s.gaps, prometheus.CounterValue, float64(s.state.Gaps()))
}

// poll reads until there is nothing new and returns how many items were read.
func (s *Source[T]) poll(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for range maxPages {
		page, err := s.get(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.state.Unavailable(err.Error())
			}
			return total, err
		}
		s.state.Available()
		restarted := s.checkGap(page)
		for _, item := range page.Items {
			s.journal.Append(s.entry(item))
		}
		total += len(page.Items)
		if !restarted && (len(page.Items) == 0 || page.Next == s.next) {
			return total, nil
		}
		s.next = page.Next
		if restarted {
			s.startAnew()
		}
	}
	return total, nil
}

// startAnew reads the component from its start, and finds out first whether
// another replica serves now.
func (s *Source[T]) startAnew() {
	s.next = 0
	s.client.forget()
}

// get asks for the next page of the component that serves now. Another one than
// before counts its items anew.
func (s *Source[T]) get(ctx context.Context) (*Page[T], error) {
	changed, err := s.client.resolve(ctx)
	if err != nil {
		return nil, err
	}
	if changed && s.next > 0 {
		s.state.Gap(restartedGap)
		s.next = 0
	}
	body, err := s.client.get(ctx, url.Values{
		"since": {strconv.FormatUint(s.next, 10)}, "limit": {strconv.Itoa(pageSize)},
	})
	if err != nil {
		return nil, err
	}
	page := &Page[T]{}
	if err := json.Unmarshal(body, page); err != nil {
		return nil, fmt.Errorf("parse the answer of %s: %w", s.client.url(), err)
	}
	return page, nil
}

// checkGap notes what was lost between the previous page and this one. It
// returns true where the endpoint has started to count anew, so that it has to
// be read from its start. What was dropped before the first poll is no gap: it
// happened before the observer was started.
func (s *Source[T]) checkGap(page *Page[T]) (restarted bool) {
	if page.Next < s.next {
		s.state.Gap(restartedGap)
		page.Items = nil
		return true
	}
	// Without a loss there are as many items as numbers.
	if lost := int64(page.Next-s.next) - int64(len(page.Items)); s.next > 0 && lost > 0 {
		s.state.Gap(fmt.Sprintf("%d items were dropped before they were read", lost))
	}
	return false
}
