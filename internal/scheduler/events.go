// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/binder"
)

// Bounds of writing events.
const (
	maxQueuedEvents  = 5000
	eventWriters     = 4
	maxEventNoteSize = 1024
)

// creator is the part of a client that writing events needs.
type creator interface {
	Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error
}

// eventWriter writes events.k8s.io events beside scheduling. Events are told to
// people and are never a source of truth: those that do not fit into the buffer
// or that the API server refuses are dropped and counted.
type eventWriter struct {
	client   creator
	clock    clock.PassiveClock
	instance string
	log      logr.Logger
	events   chan *eventsv1.Event
	sequence atomic.Uint64
	dropped  atomic.Uint64
}

func newEventWriter(c creator, clk clock.PassiveClock, instance string, log logr.Logger) *eventWriter {
	return &eventWriter{client: c, clock: clk, instance: instance, log: log, events: make(chan *eventsv1.Event, maxQueuedEvents)}
}

// Dropped counts the events that were not written.
func (w *eventWriter) Dropped() uint64 { return w.dropped.Load() }

// event tells of something that happened to a pod. It never blocks.
func (w *eventWriter) event(pod *corev1.Pod, eventType, reason, action, note string) {
	if len(note) > maxEventNoteSize {
		note = note[:maxEventNoteSize-3] + "..."
	}
	now := w.clock.Now()
	e := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace,
			Name:      fmt.Sprintf("%.200s.%x-%x", pod.Name, now.UnixNano(), w.sequence.Add(1)),
		},
		EventTime:           metav1.NewMicroTime(now),
		ReportingController: binder.FieldManager,
		ReportingInstance:   w.instance,
		Action:              action,
		Reason:              reason,
		Regarding: corev1.ObjectReference{
			APIVersion: simv1alpha1.GroupVersion.String(), Kind: "SimPod",
			Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
		},
		Note: note,
		Type: eventType,
	}
	select {
	case w.events <- e:
	default:
		w.dropped.Add(1)
	}
}

// run writes until ctx is done; what is left then is dropped.
func (w *eventWriter) run(ctx context.Context) {
	var writers sync.WaitGroup
	for range eventWriters {
		writers.Go(func() {
			for {
				select {
				case e := <-w.events:
					w.write(ctx, e)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	writers.Wait()
	w.dropped.Add(uint64(len(w.events)))
}

func (w *eventWriter) write(ctx context.Context, e *eventsv1.Event) {
	if err := w.client.Create(ctx, e); err != nil {
		w.dropped.Add(1)
		w.log.V(1).Info("Dropped an event", "namespace", e.Namespace, "regarding", e.Regarding.Name, "reason", e.Reason, "error", err.Error())
	}
}
