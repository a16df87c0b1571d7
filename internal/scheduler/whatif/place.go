// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/internal/scheduler/decide"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Place decides about pods one after the other, beginning with the snapshot of
// the first one: each as if those before it were on the nodes that they got. It
// returns the node of each, empty where it fits nowhere, and the cluster with all
// of them. No pod is preempted.
func Place(cases []Case) (nodes []string, after framework.Snapshot) {
	nodes = make([]string, len(cases))
	var workspace decide.Workspace
	for i, c := range cases {
		if i == 0 {
			after = c.Snapshot
		}
		if _, status := c.Profile.RunPreEnqueue(c.Pod); !status.IsSuccess() {
			continue
		}
		result := decide.Decide(decide.Input{
			Snapshot: after, Pod: framework.NewPodInfo(c.Pod), Profile: withoutPreemption(c.Profile), Nominated: c.Nominated, Workspace: &workspace,
		})
		if result.Status.IsSuccess() {
			nodes[i] = result.Node
			after = withPod(after, c.Pod, result.Node)
		}
	}
	return nodes, after
}

// withPod returns the snapshot with the pod on the node.
func withPod(base framework.Snapshot, pod *corev1.Pod, node string) framework.Snapshot {
	placed := *pod
	placed.Spec.NodeName = node
	info := base.Get(node).Clone()
	info.AddPod(framework.NewPodInfo(&placed))
	return withNode(base, info)
}

// Free places the cases with a change made, and returns the node of each. A change
// of a node is made once; one of the pod to those that are like the pod that it is
// for.
func Free(cases []Case, change Change, like func(i int) bool) []string {
	changed := make([]Case, len(cases))
	copy(changed, cases)
	for i := range changed {
		switch {
		case change.Object != objectPod && i == 0:
			changed[i] = change.Apply(changed[i])
		case change.Object == objectPod && like(i):
			changed[i] = change.Apply(changed[i])
		}
	}
	nodes, _ := Place(changed)
	return nodes
}
