// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package daemonset plans what a controller does to keep a pod on each node: which
// nodes should have one, which pods are too many or of a template before, and what
// the status says. It is pure; the rules are those of
// k8s.io/kubernetes/pkg/controller/daemon.
package daemonset

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// BurstReplicas is the most pods that one pass creates, and the most that it
// deletes, as in k8s.io/kubernetes/pkg/controller/daemon.
const BurstReplicas = 250

// Facts are what a plan depends on.
type Facts struct {
	Set *v1alpha1.SimDaemonSet
	// Nodes are all there are.
	Nodes []*v1alpha1.SimNode
	// Pods are those that the set owns, those that have ended or are being deleted too.
	Pods []*v1alpha1.SimPod
	// Hash names the revision of the present template.
	Hash string
	// Backoff says for how long a failed pod of a node is not to be deleted yet, so
	// that a pod that fails for ever does not keep the cluster busy; nil for never.
	Backoff func(node string) time.Duration
	Now     time.Time
}

// Plan is what to do.
type Plan struct {
	// Create are the nodes to create a pod for.
	Create []string
	// Delete are the pods to delete.
	Delete []*v1alpha1.SimPod
	// Failed and Succeeded are those of them that have ended: another one follows.
	Failed, Succeeded []*v1alpha1.SimPod
	// Wake is when to plan again although nothing happened; zero for never.
	Wake time.Time
}

// NewPlan compares nodes and pods. Pods of a template before are replaced only
// where nothing else is to be done: updateDaemonSet upstream.
func NewPlan(f Facts) Plan {
	if f.Set.DeletionTimestamp != nil {
		return Plan{}
	}
	v := newView(f)
	plan := v.manage()
	if len(plan.Create) == 0 && len(plan.Delete) == 0 && f.Set.Spec.UpdateStrategy.Type != v1alpha1.OnDeleteSet {
		update := v.update()
		plan.Create, plan.Delete = update.Create, update.Delete
	}
	plan.Create = plan.Create[:min(len(plan.Create), BurstReplicas)]
	plan.Delete = plan.Delete[:min(len(plan.Delete), BurstReplicas)]
	return plan
}

// view is the facts in the order in which they are asked for.
type view struct {
	Facts
	nodes []nodeView
	// others are the pods of nodes that do not exist.
	others []*v1alpha1.SimPod
}

// nodeView is a node with the pods of the set that are on it or made for it, the
// oldest first. Those that have ended and are being deleted are not among them:
// nothing is left to do for them.
type nodeView struct {
	name      string
	run, stay bool
	pods      []*v1alpha1.SimPod
}

func newView(f Facts) view {
	v := view{Facts: f}
	byNode := make(map[string][]*v1alpha1.SimPod)
	for _, pod := range f.Pods {
		if target := Target(pod); target != "" && (pod.DeletionTimestamp == nil || !workload.Ended(pod)) {
			byNode[target] = append(byNode[target], pod)
		}
	}
	placement := NewPlacement(&f.Set.Spec.Template)
	for _, node := range f.Nodes {
		n := nodeView{name: node.Name, pods: byNode[node.Name]}
		n.run, n.stay = placement.On(node)
		oldestFirst(n.pods)
		v.nodes = append(v.nodes, n)
		delete(byNode, node.Name)
	}
	for _, pods := range byNode {
		v.others = append(v.others, pods...)
	}
	oldestFirst(v.others)
	slices.SortFunc(v.nodes, func(a, b nodeView) int { return cmp.Compare(a.name, b.name) })
	return v
}

// oldestFirst sorts pods that are on their node before those that wait, and the
// older first: podByCreationTimestampAndPhase upstream.
func oldestFirst(pods []*v1alpha1.SimPod) {
	slices.SortFunc(pods, func(a, b *v1alpha1.SimPod) int {
		return cmp.Or(
			cmp.Compare(waits(a), waits(b)),
			a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
			cmp.Compare(a.Name, b.Name),
		)
	})
}

func waits(pod *v1alpha1.SimPod) int {
	if pod.Spec.NodeName == "" {
		return 1
	}
	return 0
}

// manage makes sure that each node that should have a pod has one, and no other
// node has: podsShouldBeOnNode upstream, for all nodes.
func (v view) manage() Plan {
	var plan Plan
	for _, node := range v.nodes {
		switch {
		case node.run && len(node.pods) == 0:
			plan.Create = append(plan.Create, node.name)
		case node.stay:
			v.keep(node, &plan)
		default:
			plan.Delete = append(plan.Delete, undeleted(node.pods)...)
		}
	}
	for _, pod := range v.others {
		// A pod that was on a node that is gone is removed by the garbage collector of
		// pods; one that was only made for it waits for ever.
		if pod.Spec.NodeName == "" && pod.DeletionTimestamp == nil {
			plan.Delete = append(plan.Delete, pod)
		}
	}
	return plan
}

// keep deletes the pods of a node that have ended, and those that are too many.
func (v view) keep(node nodeView, plan *Plan) {
	var running []*v1alpha1.SimPod
	for _, pod := range undeleted(node.pods) {
		switch pod.Status.Phase {
		case corev1.PodFailed:
			if delay := v.backoff(node.name); delay > 0 {
				plan.Wake = sooner(plan.Wake, v.Now.Add(delay))
				continue
			}
			plan.Failed = append(plan.Failed, pod)
			plan.Delete = append(plan.Delete, pod)
		case corev1.PodSucceeded:
			plan.Succeeded = append(plan.Succeeded, pod)
			plan.Delete = append(plan.Delete, pod)
		default:
			running = append(running, pod)
		}
	}
	switch {
	case !v.surges() && len(running) > 1:
		plan.Delete = append(plan.Delete, running[1:]...)
	case v.surges() && len(running) == 0 && node.run:
		// The last one is being deleted, and need not be waited for.
		plan.Create = append(plan.Create, node.name)
	case v.surges() && len(running) > 1:
		plan.Delete = append(plan.Delete, v.pruned(running)...)
	}
}

// pruned are the pods that are too many on a node while there may be two: one of
// the present template, until it is available, beside one that is ready.
func (v view) pruned(running []*v1alpha1.SimPod) (out []*v1alpha1.SimPod) {
	var oldest, oldestBefore *v1alpha1.SimPod
	for _, pod := range running {
		switch {
		case v.updated(pod) && oldest == nil:
			oldest = pod
		case !v.updated(pod) && oldestBefore == nil:
			oldestBefore = pod
		default:
			out = append(out, pod)
		}
	}
	if oldest != nil && oldestBefore != nil && (!workload.Ready(oldestBefore) || v.available(oldest)) {
		out = append(out, oldestBefore)
	}
	return out
}

func (v view) backoff(node string) time.Duration {
	if v.Backoff == nil {
		return 0
	}
	return v.Backoff(node)
}

func (v view) updated(pod *v1alpha1.SimPod) bool {
	return pod.Labels[appsv1.ControllerRevisionHashLabelKey] == v.Hash
}

func (v view) available(pod *v1alpha1.SimPod) bool {
	return workload.Available(pod, v.Set.Spec.MinReadySeconds, v.Now)
}

func undeleted(pods []*v1alpha1.SimPod) []*v1alpha1.SimPod {
	return slices.DeleteFunc(slices.Clone(pods), func(pod *v1alpha1.SimPod) bool { return pod.DeletionTimestamp != nil })
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
