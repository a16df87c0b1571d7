// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/labels"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/priority"
)

// Objects are what a decision depends on, as they were listed.
type Objects struct {
	Nodes             []simv1alpha1.SimNode
	Pods              []simv1alpha1.SimPod
	Namespaces        []corev1.Namespace
	PriorityClasses   []schedulingv1.PriorityClass
	Services          []corev1.Service
	ReplicaSets       []simv1alpha1.SimReplicaSet
	StatefulSets      []simv1alpha1.SimStatefulSet
	DisruptionBudgets []policyv1.PodDisruptionBudget
}

var (
	_ framework.DefaultSelectorSnapshot  = (*Cluster)(nil)
	_ framework.DisruptionBudgetSnapshot = (*Cluster)(nil)
)

// Cluster is a snapshot of listed objects.
type Cluster struct {
	*cache.Snapshot
	classes   priority.Classes
	nominated map[string][]*framework.PodInfo
}

// NewCluster returns the snapshot that a scheduler would have that has watched
// the objects: pods that have ended or that are not on a node take no room. The
// objects must not be changed afterwards.
func NewCluster(o Objects) *Cluster {
	c := &Cluster{Snapshot: cache.NewSnapshot(), nominated: map[string][]*framework.PodInfo{}}
	all := cache.New()
	for i := range o.PriorityClasses {
		c.classes.Set(&o.PriorityClasses[i])
	}
	for i := range o.Namespaces {
		all.SetNamespace(o.Namespaces[i].Name, labels.Set(o.Namespaces[i].Labels))
	}
	for i := range o.Services {
		all.SetService(o.Services[i].Namespace, o.Services[i].Name, labels.Set(o.Services[i].Spec.Selector))
	}
	for i := range o.ReplicaSets {
		set := &o.ReplicaSets[i]
		all.SetOwner(cache.OwnerOf(set, set.Spec.Replicas, set.Spec.Selector))
	}
	for i := range o.StatefulSets {
		set := &o.StatefulSets[i]
		all.SetOwner(cache.OwnerOf(set, set.Spec.Replicas, set.Spec.Selector))
	}
	for i := range o.DisruptionBudgets {
		all.SetBudget(&o.DisruptionBudgets[i])
	}
	for i := range o.Nodes {
		all.SetNode(o.Nodes[i].ToNode())
	}
	for i := range o.Pods {
		c.add(all, &o.Pods[i])
	}
	all.UpdateSnapshot(c.Snapshot)
	return c
}

// add adds a pod to the node that it is on or that is being freed for it.
func (c *Cluster) add(all *cache.Cache, pod *simv1alpha1.SimPod) {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	nominated := pod.Status.NominatedNodeName
	waits := pod.Spec.NodeName == "" && nominated != "" && pod.DeletionTimestamp == nil
	if pod.Spec.NodeName == "" && !waits {
		return
	}
	// A pod on a node counts, whether or not its class is known.
	converted, _ := c.Pod(pod)
	if info := framework.NewPodInfo(converted); waits {
		c.nominated[nominated] = append(c.nominated[nominated], info)
	} else {
		all.SetPod(info)
	}
}

// Case returns what to ask about a pod in this cluster. It fails with a
// *priority.UnknownClassError where the PriorityClass of the pod does not exist.
func (c *Cluster) Case(pod *simv1alpha1.SimPod, profile *framework.Profile) (Case, error) {
	converted, err := c.Pod(pod)
	return Case{
		Snapshot: c, Nominated: c.nominated, Profile: profile, Pod: converted, Tolerations: pod.Spec.Tolerations,
	}, err
}

// Pod converts a pod, and gives it the priority of its PriorityClass. It fails
// with a *priority.UnknownClassError where that does not exist; the pod then has
// its own priority, or 0.
func (c *Cluster) Pod(pod *simv1alpha1.SimPod) (*corev1.Pod, error) {
	out := pod.ToPod()
	err := c.classes.Resolve(out)
	return out, err
}

// changedNodes is a snapshot in which nodes are replaced or added.
type changedNodes struct {
	framework.Snapshot
	base framework.Snapshot
}

var (
	_ framework.DefaultSelectorSnapshot  = changedNodes{}
	_ framework.DisruptionBudgetSnapshot = changedNodes{}
)

// withNode returns the snapshot with the node in place of the one of its name,
// or added where there is none.
func withNode(base framework.Snapshot, node *framework.NodeInfo) framework.Snapshot {
	old := base.List()
	nodes := make([]*framework.NodeInfo, 0, len(old)+1)
	replaced := false
	for _, n := range old {
		if n.Node().Name == node.Node().Name {
			n, replaced = node, true
		}
		nodes = append(nodes, n)
	}
	if !replaced {
		nodes = append(nodes, node)
	}
	return changedNodes{Snapshot: cache.StaticSnapshot(nodes, nil), base: base}
}

// NamespaceLabels implements framework.Snapshot.
func (c changedNodes) NamespaceLabels(namespace string) labels.Set {
	return c.base.NamespaceLabels(namespace)
}

// DefaultSelector implements framework.DefaultSelectorSnapshot.
func (c changedNodes) DefaultSelector(pod *corev1.Pod) labels.Selector {
	return framework.DefaultSelector(c.base, pod)
}

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot.
func (c changedNodes) DisruptionBudgets() []*policyv1.PodDisruptionBudget {
	return framework.DisruptionBudgets(c.base)
}
