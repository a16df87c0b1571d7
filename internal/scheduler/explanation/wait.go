// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package explanation

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

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
		w.Plugins[i].Events = eventsOf(profile, w.Plugins[i].Plugin)
	}
}

func eventsOf(profile *framework.Profile, name string) []string {
	for _, plugin := range profile.Plugins() {
		x, ok := plugin.Plugin.(framework.EnqueueExtensions)
		if !ok || plugin.Name() != name {
			continue
		}
		out := sets.New[string]()
		for _, e := range x.EventsToRegister() {
			out.Insert(describe(e.Event))
		}
		return sets.List(out)
	}
	return nil
}

// objects say which objects an event is about.
var objects = map[framework.EventResource]string{
	framework.AssignedPod: "pod on a node", framework.UnscheduledPod: "pending pod", framework.TargetPod: "the pod itself",
	framework.Pod: "pod", framework.Node: "node", framework.Namespace: "namespace", framework.WildCard: "any object",
}

// actions say what happened to them, in the order in which they are named.
var actions = []struct {
	action framework.ActionType
	text   string
}{
	{framework.Add, "added"}, {framework.Delete, "deleted"},
	{framework.UpdateNodeAllocatable, "its allocatable changed"}, {framework.UpdateNodeLabel, "relabelled"},
	{framework.UpdateNodeTaint, "its taints changed"}, {framework.UpdateNodeCondition, "its conditions changed"},
	{framework.UpdatePodLabel, "relabelled"}, {framework.UpdatePodScaleDown, "its requests lowered"},
	{framework.UpdatePodToleration, "a toleration added"},
	{framework.UpdatePodSchedulingGatesEliminated, "its gates removed"}, {framework.UpdateOther, "changed"},
}

// describe says in words what an event is.
func describe(e framework.ClusterEvent) string {
	var what []string
	for _, a := range actions {
		if e.ActionType&a.action != 0 && !slices.Contains(what, a.text) {
			what = append(what, a.text)
		}
	}
	if e.ActionType&framework.Update == framework.Update {
		what = slices.DeleteFunc(what, func(text string) bool { return text != "added" && text != "deleted" })
		what = append(what, "changed")
	}
	text := strings.Join(what, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " or " + text[i+len(", "):]
	}
	return objects[e.Resource] + " " + text
}
