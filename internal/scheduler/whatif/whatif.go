// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package whatif asks the scheduler's decision about things that are not so: a
// pod that does not exist, or a pod or a node with something changed. It is
// pure: whoever has a cluster lists its objects first.
package whatif

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Case is a pod, and the cluster in which a node is to be found for it.
type Case struct {
	// Snapshot of the cluster; it is only read.
	Snapshot framework.Snapshot
	// Nominated holds the pods that wait for a node to be freed for them, by node.
	Nominated map[string][]*framework.PodInfo
	// Profile says which plugins run.
	Profile *framework.Profile
	// Pod that has no node; it is only read.
	Pod *corev1.Pod
	// Tolerations are those that the pod's spec has; those of Pod include what the
	// API server would add.
	Tolerations []corev1.Toleration
	// Simulated is true where pod and nodes are simulated ones.
	Simulated bool
	// Owner has the pod's template; nil where it is not known, or there is none.
	Owner *Controller
}

// Predict returns what the scheduler would decide, with what each filter says
// of each node, also after another one has objected. All nodes are looked at,
// where the scheduler stops once it has found enough. now is the time of the
// decision, and seed picks one of several best nodes.
//
// A pod that may not be tried yet, because of its scheduling gates, gets no
// node: PreFilter says so, and Nodes say where it would fit without them.
func (c Case) Predict(now time.Time, seed int64) evidence.Decision {
	pod := framework.NewPodInfo(c.Pod)
	d := evidence.Decision{
		Pod: pod.Reference(), Attempt: 1, Profile: c.Profile.SchedulerName,
		ObservedAt: now, QueuedAt: now, PoppedAt: now, DecidedAt: now, Seed: seed,
	}
	decide.Decide(decide.Input{
		Snapshot: c.Snapshot, Pod: pod, Profile: allNodes(c.Profile), Seed: seed, Nominated: c.Nominated, AllVerdicts: true,
	}).Fill(&d, 0)
	if plugin, s := c.Profile.RunPreEnqueue(c.Pod); !s.IsSuccess() {
		d.PreFilter = &evidence.PluginVerdict{Plugin: plugin, Code: s.Code().String(), Reasons: s.Reasons()}
		d.Node, d.NominatedNode, d.Victims, d.Message = "", "", nil, s.Message()
	}
	return d
}

// allNodes returns the profile without a limit to the nodes that are looked at.
func allNodes(profile *framework.Profile) *framework.Profile {
	all := *profile
	all.PercentageOfNodesToScore = 100
	return &all
}

// withoutPreemption returns the profile without the plugins that make room:
// whether a pod fits does not depend on them, and they cost most.
func withoutPreemption(profile *framework.Profile) *framework.Profile {
	var kept []framework.WeightedPlugin
	for _, p := range profile.Plugins() {
		if !onlyMakesRoom(p.Plugin) {
			kept = append(kept, p)
		}
	}
	// A part of a valid profile that has its QueueSort is valid.
	without, err := framework.NewProfile(profile.SchedulerName, 100, kept...)
	if err != nil {
		return allNodes(profile)
	}
	return without
}

func onlyMakesRoom(p framework.Plugin) bool {
	if _, ok := p.(framework.PostFilterPlugin); !ok {
		return false
	}
	switch p.(type) {
	case framework.PreEnqueuePlugin, framework.QueueSortPlugin, framework.PreFilterPlugin,
		framework.FilterPlugin, framework.PreScorePlugin, framework.ScorePlugin:
		return false
	}
	return true
}

// Objections are the verdicts of a node's filters that speak against it.
func Objections(n evidence.NodeVerdict) []evidence.PluginVerdict {
	var out []evidence.PluginVerdict
	for _, v := range n.Filters {
		if v.Code != framework.Success.String() && v.Code != framework.Skip.String() {
			out = append(out, v)
		}
	}
	return out
}
