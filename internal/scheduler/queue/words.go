// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// EventsOf says in words what a plugin waits for, such as "node added"; nil where
// the profile has no such plugin, or it does not say.
func EventsOf(profile *framework.Profile, name string) []string {
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
