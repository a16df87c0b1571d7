// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// inFlightEvent is kept for the attempts that were under way when it happened.
type inFlightEvent struct {
	event          framework.ClusterEvent
	oldObj, newObj any
}

// hint is an event that a plugin waits for.
type hint struct {
	plugin string
	event  framework.ClusterEvent
	fn     framework.QueueingHintFn
}

// hintsOf collects what the plugins of a profile wait for. A plugin that can
// reject pods and does not say waits for everything.
func hintsOf(profile *framework.Profile) []hint {
	var out []hint
	for _, plugin := range profile.Plugins() {
		x, ok := plugin.Plugin.(framework.EnqueueExtensions)
		if !ok && !canReject(plugin.Plugin) {
			continue
		}
		if !ok {
			out = append(out, hint{plugin: plugin.Name(), event: framework.ClusterEvent{Resource: framework.WildCard, ActionType: framework.All}})
			continue
		}
		for _, e := range x.EventsToRegister() {
			out = append(out, hint{plugin: plugin.Name(), event: e.Event, fn: e.QueueingHintFn})
		}
	}
	return out
}

func canReject(plugin framework.Plugin) bool {
	switch plugin.(type) {
	case framework.PreEnqueuePlugin, framework.PreFilterPlugin, framework.FilterPlugin:
		return true
	}
	return false
}

// strategy is how soon a pod should be tried again; more is sooner.
type strategy int

const (
	skip strategy = iota
	afterBackoff
	immediately
)

// worth asks the plugins that rejected the pod whether the event can help it, and
// names one that says so. It mirrors isPodWorthRequeuing of kube-scheduler.
func (q *Queue) worth(pod *framework.QueuedPodInfo, event framework.ClusterEvent, oldObj, newObj any) (best strategy, plugin string) {
	if len(pod.UnschedulablePlugins)+len(pod.PendingPlugins) == 0 {
		return afterBackoff, ""
	}
	for _, h := range q.hints[pod.Pod.Spec.SchedulerName] {
		pending := pod.PendingPlugins.Has(h.plugin)
		if !pending && !pod.UnschedulablePlugins.Has(h.plugin) || !h.event.Matches(event) {
			continue
		}
		if h.fn != nil {
			// An error counts as Queue, so that no pod is forgotten.
			if hint, err := h.fn(pod.Pod, oldObj, newObj); err == nil && hint == framework.QueueSkip {
				continue
			}
		}
		if pending {
			return immediately, h.plugin
		}
		if best == skip {
			best, plugin = afterBackoff, h.plugin
		}
	}
	return best, plugin
}

// wake describes the event that made a pod worth trying again.
func (q *Queue) wake(event framework.ClusterEvent, oldObj, newObj any, plugin string) *evidence.Wake {
	obj := newObj
	if obj == nil {
		obj = oldObj
	}
	w := &evidence.Wake{Event: event.String(), Plugin: plugin, At: q.clock.Now()}
	if named, ok := obj.(metav1.Object); ok {
		w.Object = strings.TrimPrefix(named.GetNamespace()+"/"+named.GetName(), "/")
	}
	return w
}

// ofInterest is true where some plugin waits for the event.
func (q *Queue) ofInterest(event framework.ClusterEvent) bool {
	for _, hints := range q.hints {
		for _, h := range hints {
			if h.event.Matches(event) {
				return true
			}
		}
	}
	return false
}

// PodChanges says what a pod's update changed that plugins may wait for. It
// mirrors PodSchedulingPropertiesChange of kube-scheduler.
func PodChanges(before, after *corev1.Pod, resource framework.EventResource) []framework.ClusterEvent {
	var out []framework.ClusterEvent
	add := func(action framework.ActionType) {
		out = append(out, framework.ClusterEvent{Resource: resource, ActionType: action})
	}
	if !maps.Equal(before.Labels, after.Labels) {
		add(framework.UpdatePodLabel)
	}
	if scaledDown(before, after) {
		add(framework.UpdatePodScaleDown)
	}
	if len(before.Spec.Tolerations) != len(after.Spec.Tolerations) {
		add(framework.UpdatePodToleration)
	}
	if len(before.Spec.SchedulingGates) > 0 && len(after.Spec.SchedulingGates) == 0 {
		add(framework.UpdatePodSchedulingGatesEliminated)
	}
	if len(out) == 0 {
		add(framework.UpdateOther)
	}
	return out
}

func scaledDown(before, after *corev1.Pod) bool {
	if equality.Semantic.DeepEqual(before.Spec.Containers, after.Spec.Containers) &&
		equality.Semantic.DeepEqual(before.Spec.InitContainers, after.Spec.InitContainers) {
		return false
	}
	now := resourcehelper.PodRequests(after, resourcehelper.PodResourcesOptions{})
	for name, was := range resourcehelper.PodRequests(before, resourcehelper.PodResourcesOptions{}) {
		if is, ok := now[name]; !ok || was.Cmp(is) > 0 {
			return true
		}
	}
	return false
}

// NodeChanges says what a node's update changed that plugins may wait for. It
// mirrors NodeSchedulingPropertiesChange of kube-scheduler.
func NodeChanges(before, after *corev1.Node) []framework.ClusterEvent {
	var out []framework.ClusterEvent
	add := func(action framework.ActionType) {
		out = append(out, framework.ClusterEvent{Resource: framework.Node, ActionType: action})
	}
	if !equality.Semantic.DeepEqual(before.Status.Allocatable, after.Status.Allocatable) {
		add(framework.UpdateNodeAllocatable)
	}
	if !maps.Equal(before.Labels, after.Labels) {
		add(framework.UpdateNodeLabel)
	}
	if before.Spec.Unschedulable && !after.Spec.Unschedulable ||
		!equality.Semantic.DeepEqual(before.Spec.Taints, after.Spec.Taints) {
		add(framework.UpdateNodeTaint)
	}
	return out
}
