// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"time"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/queue"
)

// Wait says where a pending pod waits since its last attempt, and what wakes it.
type Wait struct {
	evidence.Requeued
	// Plugins are those that rejected the pod: an event wakes it only where one of
	// them waits for it, and its hint says that it can help this pod.
	Plugins []PluginWait `json:"plugins,omitempty"`
	// TriedFrom and TriedBy are when the pod is tried again at the latest, whatever
	// happens: unless the scheduler is restarted, or has more important pods to try.
	TriedFrom time.Time `json:"triedFrom"`
	TriedBy   time.Time `json:"triedBy"`
}

// PluginWait is what a plugin waits for.
type PluginWait struct {
	Plugin string `json:"plugin"`
	// Events such as "node added"; nil where it is not known.
	Events []string `json:"events,omitempty"`
}

// newWait reads what the scheduler said where it put the pod.
func newWait(d evidence.Decision) *Wait {
	if d.Requeued == nil {
		return nil
	}
	w := &Wait{Requeued: *d.Requeued}
	for _, plugin := range d.RejectedBy {
		w.Plugins = append(w.Plugins, PluginWait{Plugin: plugin})
	}
	switch {
	case w.BackoffEnds != nil:
		w.TriedFrom, w.TriedBy = *w.BackoffEnds, w.BackoffEnds.Add(time.Second)
	case w.Waits():
		w.TriedFrom = w.At.Add(queue.MaxInUnschedulable)
		w.TriedBy = w.TriedFrom.Add(queue.FlushInterval)
	default:
		w.TriedFrom, w.TriedBy = w.At, w.At
	}
	return w
}

// Waits is true where the pod waits for an event, and not only for its turn.
func (w *Wait) Waits() bool { return w.Queue == "unschedulable" }

// NotWoken is true at a time at which it is certain that nothing has woken the
// pod since it began to wait: a pod that was woken is tried within its backoff.
func (w *Wait) NotWoken(since, now time.Time) bool {
	return w.Waits() && now.Sub(since) > queue.MaxBackoff+time.Second && now.Before(w.TriedFrom)
}

// Describe says of each plugin what it waits for, as the profile has it.
func (w *Wait) Describe(profile *framework.Profile) {
	if w == nil {
		return
	}
	for i := range w.Plugins {
		w.Plugins[i].Events = queue.EventsOf(profile, w.Plugins[i].Plugin)
	}
}
