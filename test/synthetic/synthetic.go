// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package synthetic is a source of evidence that makes it up, for tests and
// demonstrations of what shows a large cluster: it needs no API server.
package synthetic

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/record"
	"github.com/glassplane/glassplane/internal/record/watch"
)

// Options say how large the cluster is.
type Options struct {
	// Nodes and Pods that there are from the start.
	Nodes, Pods int
	// Rate is how many pods are created each second. As many go, so that there are
	// always about as many.
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

// tick is how often pods are created, and their state changes.
const tick = 50 * time.Millisecond

// Source is the made-up cluster.
type Source struct {
	options  Options
	random   *rand.Rand
	journal  record.Appender
	follower watch.Follower

	nodes []string
	// pods that run, oldest first.
	pods []*unstructured.Unstructured
	// under way are the pods that are not there yet, oldest first.
	underway []*unstructured.Unstructured
	made     int
}

// New returns how to make the source, for observer.Options.Sources.
func New(options Options) func(record.Appender, watch.Follower) observer.Source {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	return func(journal record.Appender, follower watch.Follower) observer.Source {
		return &Source{
			options: options, random: rand.New(rand.NewPCG(options.Seed, 0)), journal: journal, follower: follower,
		}
	}
}

// State implements observer.Source.
func (*Source) State() evidence.SourceState {
	return evidence.SourceState{Source: evidence.SourceWatch, Available: true, Reason: "all of it is made up"}
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
		for due += s.options.Rate * tick.Seconds(); due >= 1; due-- {
			s.step()
		}
	}
}

// fill makes the nodes and the pods that are there from the start.
func (s *Source) fill() {
	now := s.options.Clock.Now()
	for n := range s.options.Nodes {
		node := newNode(s.random, n, now)
		s.nodes = append(s.nodes, node.GetName())
		s.follower.Observed(simNodes, node, true)
	}
	for range s.options.Pods {
		pod := s.newPod()
		pod = with(pod, s.somePhase(now))
		s.pods = append(s.pods, pod)
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

// somePhase is that of one of the pods that are there from the start: most run.
func (s *Source) somePhase(now time.Time) func(object) {
	n := s.random.IntN(1000)
	onNode := bound(s.someNode())
	then := func(changes ...func(object)) func(object) {
		return func(o object) {
			for _, change := range changes {
				change(o)
			}
		}
	}
	switch {
	case n < 5:
		return unschedulable
	case n < 8:
		return gated
	case n < 20:
		return then(onNode, running, terminating(now))
	case n < 40:
		return then(onNode, notReady)
	case n < 50:
		return then(onNode, ended("Failed"))
	case n < 80:
		return then(onNode, ended("Succeeded"))
	case n < 90:
		return onNode
	}
	return then(onNode, running)
}

// underWay is how many pods are created and do not run yet, so that each takes
// about a second at 100 pods per second.
const underWay = 100

// step creates a pod, takes one that is under way a step on, and one away.
func (s *Source) step() {
	pod := s.newPod()
	s.observe(pod)
	s.underway = append(s.underway, pod)
	if len(s.underway) < underWay {
		return
	}
	pod = with(s.underway[0], bound(s.someNode()))
	s.underway = s.underway[1:]
	s.observe(pod)
	if last := len(s.pods); last > 0 {
		previous := s.pods[last-1]
		s.pods[last-1] = with(previous, running)
		s.observe(s.pods[last-1])
	}
	s.pods = append(s.pods, pod)
	if len(s.pods) > s.options.Pods {
		gone := s.pods[0]
		s.pods = s.pods[1:]
		s.observe(with(gone, terminating(s.options.Clock.Now())))
		s.follower.Gone(simPods, gone.GetUID())
	}
}

func (s *Source) observe(pod *unstructured.Unstructured) { s.follower.Observed(simPods, pod, false) }

// NewObserver returns an observer of a made-up cluster.
func NewObserver(options Options) (*observer.Observer, error) {
	o, err := observer.New(observer.Options{
		Clock: options.Clock, Sources: []func(record.Appender, watch.Follower) observer.Source{New(options)},
	})
	if err != nil {
		return nil, fmt.Errorf("make an observer: %w", err)
	}
	return o, nil
}
