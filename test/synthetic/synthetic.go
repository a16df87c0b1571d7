// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package synthetic is a source of evidence that makes it up, for tests and
// demonstrations of what shows a large cluster: it needs no API server.
package synthetic

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/watch"
)

// Options say how large the cluster is.
type Options struct {
	// Nodes and Pods that there are from the start. Nothing is recorded of how these
	// came to be.
	Nodes, Pods int
	// Rate is how many pods are created each second, with all that is recorded of
	// that. As many go, so that there are always about as many.
	Rate float64
	// Seed of what is random.
	Seed uint64
	// Clock is the real one by default.
	Clock clock.WithTicker
}

var (
	simPods  = v1alpha1.Resource("simpods")
	simNodes = v1alpha1.Resource("simnodes")
)

// tick is how often pods go a step on.
const tick = 25 * time.Millisecond

// Source is the made-up cluster.
type Source struct {
	options  Options
	journal  record.Appender
	follower watch.Follower

	mu     sync.Mutex
	random *rand.Rand
	nodes  []string
	// pods have a node, oldest first; waiting and starting are on their way, and
	// unschedulable and gated wait for ever.
	pods, unschedulable, gated []*unstructured.Unstructured
	waiting, starting          []*way
	made, requests             int
	revision                   int64
	revisions                  map[types.UID]revisions
}

// recordable are the sources of evidence whose traces are made up.
var recordable = []evidence.Source{evidence.SourceAudit, evidence.SourceEtcd, evidence.SourceDecision, evidence.SourceTransition}

// New returns how to make the source, for observer.Options.Sources.
func New(options Options) []func(record.Appender, watch.Follower) observer.Source {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	sources := []func(record.Appender, watch.Follower) observer.Source{
		func(journal record.Appender, follower watch.Follower) observer.Source {
			return &Source{
				options: options, random: rand.New(rand.NewPCG(options.Seed, 0)), journal: journal, follower: follower,
				revision: 1000, revisions: map[types.UID]revisions{},
			}
		},
	}
	for _, source := range recordable {
		sources = append(sources, func(record.Appender, watch.Follower) observer.Source { return available(source) })
	}
	return sources
}

// available says of a source that it can be read.
type available evidence.Source

// Run implements observer.Source.
func (available) Run(context.Context) error { return nil }

// State implements observer.Source.
func (a available) State() evidence.SourceState {
	return evidence.SourceState{Source: evidence.Source(a), Available: true}
}

// State implements observer.Source.
func (*Source) State() evidence.SourceState { return available(evidence.SourceWatch).State() }

// StateOf says that there are simulated pods and nodes only.
func (s *Source) StateOf(resource schema.GroupResource) evidence.SourceState {
	state := s.State()
	if resource != simPods && resource != simNodes {
		state.Available, state.Reason = false, fmt.Sprintf("watch %s: this cluster is made up and has none", resource)
	}
	return state
}

// Read returns what waits in the scheduler's queue.
func (s *Source) Read(context.Context) (evidence.Queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue(), nil
}

// Run makes the cluster, and then changes until the context ends.
func (s *Source) Run(ctx context.Context) error {
	s.fill()
	ticker := s.options.Clock.NewTicker(tick)
	defer ticker.Stop()
	for due := 0.0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
		due += s.options.Rate * tick.Seconds()
		s.mu.Lock()
		for ; due >= 1; due-- {
			s.create()
		}
		s.goOn()
		s.mu.Unlock()
	}
}

// fill makes the nodes and the pods that are there from the start.
func (s *Source) fill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock.Now()
	for n := range s.options.Nodes {
		node := newNode(s.random, n, now)
		s.nodes = append(s.nodes, node.GetName())
		s.follower.Observed(simNodes, node, true)
	}
	for range s.options.Pods {
		pod := s.newPod()
		s.place(pod, now)
		s.follower.Observed(simPods, pod, true)
	}
}

func (s *Source) newPod() *unstructured.Unstructured {
	s.made++
	return newPod(s.random, s.made, s.options.Clock.Now())
}

func (s *Source) someNode() string {
	if len(s.nodes) == 0 {
		return "node-0000"
	}
	return s.nodes[s.random.IntN(len(s.nodes))]
}

// some is a time about as long as another: a tenth of the times take several times
// as long.
func (s *Source) some(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.5 + s.random.ExpFloat64()))
}

// place gives a pod of the start its phase: most run.
func (s *Source) place(pod *unstructured.Unstructured, now time.Time) {
	n := s.random.IntN(1000)
	switch {
	case n < 5:
		unschedulable(pod.Object)
		s.unschedulable = append(s.unschedulable, pod)
		return
	case n < 8:
		gated(pod.Object)
		s.gated = append(s.gated, pod)
		return
	}
	s.pods = append(s.pods, pod)
	bound(s.someNode())(pod.Object)
	switch {
	case n < 20:
		running(pod.Object)
		terminating(now)(pod.Object)
	case n < 40:
		notReady(pod.Object)
	case n < 50:
		ended("Failed")(pod.Object)
	case n < 80:
		ended("Succeeded")(pod.Object)
	case n < 90: // starting
	default:
		running(pod.Object)
	}
}

// create makes a pod that waits for a node, and takes the oldest one away.
func (s *Source) create() {
	pod, now := s.newPod(), s.options.Clock.Now()
	s.wrote(pod, request{
		client: user, verb: "create", code: http.StatusCreated, body: pod.Object, received: now.Add(-s.some(4 * time.Millisecond)), answered: now,
	}, "ADDED")
	s.observe(pod)
	w := &way{pod: pod, observedAt: now.Add(s.some(time.Millisecond))}
	w.due = w.observedAt.Add(s.some(30 * time.Millisecond))
	s.waiting = append(s.waiting, w)
	if len(s.pods) > 0 && s.made > s.options.Pods {
		s.remove(s.pods[0], now)
		s.pods = s.pods[1:]
	}
}

func (s *Source) remove(gone *unstructured.Unstructured, now time.Time) {
	if s.revisions[gone.GetUID()].created > 0 {
		s.wrote(gone.DeepCopy(), request{
			client: user, verb: "delete", code: http.StatusOK, received: now.Add(-s.some(3 * time.Millisecond)), answered: now,
		}, "DELETED")
	}
	s.follower.Gone(simPods, gone.GetUID())
}

// goOn takes each pod that is due a step on.
func (s *Source) goOn() {
	now := s.options.Clock.Now()
	var waiting, starting []*way
	for _, w := range s.waiting {
		if w.due.After(now) {
			waiting = append(waiting, w)
			continue
		}
		s.bind(w, now)
		starting = append(starting, w)
	}
	for _, w := range s.starting {
		if w.due.After(now) {
			starting = append(starting, w)
			continue
		}
		s.start(w, now)
	}
	s.waiting, s.starting = waiting, starting
}

func (s *Source) bind(w *way, now time.Time) {
	before := w.pod.GetResourceVersion()
	w.node = s.someNode()
	w.pod = with(w.pod, bound(w.node))
	r := request{
		client: scheduler, verb: "patch", code: http.StatusOK, received: now.Add(-s.some(3 * time.Millisecond)), answered: now,
		body: object{"metadata": object{"resourceVersion": before}, "spec": object{"nodeName": w.node}},
	}
	if s.random.IntN(50) == 0 { // somebody else was faster, and it is tried again
		refused := r
		refused.code = http.StatusConflict
		s.audited(objectOf(w.pod), w.pod, refused)
	}
	s.wrote(w.pod, r, "MODIFIED")
	s.decided(w.pod, before, w, r)
	s.observe(w.pod)
	w.seenAt = now.Add(s.some(time.Millisecond))
	w.due = w.seenAt.Add(s.some(300 * time.Millisecond))
}

func (s *Source) start(w *way, now time.Time) {
	before := w.pod.GetResourceVersion()
	w.pod = with(w.pod, running)
	r := request{
		client: controller, verb: "patch", subresource: "status", code: http.StatusOK,
		received: now.Add(-s.some(3 * time.Millisecond)), answered: now,
		body: object{"metadata": object{"resourceVersion": before}, "status": w.pod.Object["status"]},
	}
	s.wrote(w.pod, r, "MODIFIED")
	s.transitioned(w.pod, before, w, r)
	s.observe(w.pod)
	s.pods = append(s.pods, w.pod)
}

func (s *Source) observe(pod *unstructured.Unstructured) { s.follower.Observed(simPods, pod, false) }

// NewObserver returns an observer of a made-up cluster.
func NewObserver(options Options) (*observer.Observer, error) {
	o, err := observer.New(observer.Options{Clock: options.Clock, Sources: New(options)})
	if err != nil {
		return nil, fmt.Errorf("make an observer: %w", err)
	}
	return o, nil
}
