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
	if len(cases) == 0 {
		return nodes, nil
	}
	p := NewPlacer(cases[0].Snapshot)
	for i, c := range cases {
		nodes[i] = p.Place(c)
	}
	return nodes, p.Snapshot()
}

// Placer puts pods on nodes, one after the other. A copy of it goes on from the
// same state on its own.
type Placer struct {
	snapshot  framework.Snapshot
	workspace *decide.Workspace
}

// NewPlacer begins with a cluster, which is only read.
func NewPlacer(snapshot framework.Snapshot) Placer {
	return Placer{snapshot: snapshot, workspace: &decide.Workspace{}}
}

// Snapshot is the cluster with all that was placed.
func (p *Placer) Snapshot() framework.Snapshot { return p.snapshot }

// Place decides about the pod of a case in the cluster as it is by now, whatever
// the case's own, and puts it on the node that it returns: empty where it fits
// nowhere. No pod is preempted.
func (p *Placer) Place(c Case) (node string) {
	if _, status := c.Profile.RunPreEnqueue(c.Pod); !status.IsSuccess() {
		return ""
	}
	result := decide.Decide(decide.Input{
		Snapshot: p.snapshot, Pod: framework.NewPodInfo(c.Pod), Profile: withoutPreemption(c.Profile), Nominated: c.Nominated, Workspace: p.workspace,
	})
	if !result.Status.IsSuccess() {
		return ""
	}
	p.snapshot = withPod(p.snapshot, c.Pod, result.Node)
	return result.Node
}

// RemoveNode takes a node away, with the pods on it.
func (p *Placer) RemoveNode(name string) { p.snapshot = withoutNode(p.snapshot, name) }

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
