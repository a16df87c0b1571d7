// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/labels"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheduler/priority"
)

// Objects are what a decision depends on, as they were listed. Simulated nodes
// and pods are in them as what they stand for: SimNode.ToNode and SimPod.ToPod.
type Objects struct {
	// Simulated is true where nodes and pods are simulated ones. Commands name them
	// so, and the status of disruption budgets, which nobody writes for them, is
	// computed.
	Simulated       bool
	Nodes           []*corev1.Node
	Pods            []*corev1.Pod
	Namespaces      []corev1.Namespace
	PriorityClasses []schedulingv1.PriorityClass
	Services        []corev1.Service
	// Owners are the sets that control pods, real or simulated.
	Owners            []cache.Owner
	DisruptionBudgets []policyv1.PodDisruptionBudget
	// Volumes, and what says where they can be used.
	framework.StorageObjects
}

var (
	_ framework.DefaultSelectorSnapshot  = (*Cluster)(nil)
	_ framework.DisruptionBudgetSnapshot = (*Cluster)(nil)
	_ framework.StorageSnapshot          = (*Cluster)(nil)
)

// Cluster is a snapshot of listed objects.
type Cluster struct {
	*cache.Snapshot
	simulated bool
	classes   priority.Classes
	nominated map[string][]*framework.PodInfo
	// budgets are those of a real cluster, with the status that they have there.
	budgets []*policyv1.PodDisruptionBudget
	storage *framework.Storage
}

// NewCluster returns the snapshot that a scheduler would have that has watched
// the objects: pods that have ended or that are not on a node take no room. The
// objects must not be changed afterwards.
func NewCluster(o Objects) *Cluster {
	c := &Cluster{Snapshot: cache.NewSnapshot(), simulated: o.Simulated, nominated: map[string][]*framework.PodInfo{}}
	c.storage = framework.NewStorage(o.StorageObjects)
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
	for _, owner := range o.Owners {
		all.SetOwner(owner)
	}
	for i := range o.DisruptionBudgets {
		if o.Simulated {
			all.SetBudget(&o.DisruptionBudgets[i])
		} else {
			c.budgets = append(c.budgets, &o.DisruptionBudgets[i])
		}
	}
	for _, node := range o.Nodes {
		all.SetNode(node)
	}
	for _, pod := range o.Pods {
		c.add(all, pod)
	}
	all.UpdateSnapshot(c.Snapshot)
	return c
}

// add adds a pod to the node that it is on or that is being freed for it.
func (c *Cluster) add(all *cache.Cache, pod *corev1.Pod) {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	nominated := pod.Status.NominatedNodeName
	waits := pod.Spec.NodeName == "" && nominated != "" && pod.DeletionTimestamp == nil
	if pod.Spec.NodeName == "" && !waits {
		return
	}
	// A pod on a node counts, whether or not its class is known.
	resolved, _ := c.Pod(pod)
	if info := framework.NewPodInfo(resolved); waits {
		c.nominated[nominated] = append(c.nominated[nominated], info)
	} else {
		all.SetPod(info)
	}
}

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot. The status of
// those of a real cluster is what the disruption controller wrote.
func (c *Cluster) DisruptionBudgets() []*policyv1.PodDisruptionBudget {
	if c.simulated {
		return c.Snapshot.DisruptionBudgets()
	}
	return c.budgets
}

// Storage implements framework.StorageSnapshot.
func (c *Cluster) Storage() *framework.Storage { return c.storage }

// Case returns what to ask about a pod in this cluster. It fails with a
// *priority.UnknownClassError where the PriorityClass of the pod does not exist.
func (c *Cluster) Case(pod *corev1.Pod, profile *framework.Profile) (Case, error) {
	resolved, err := c.Pod(pod)
	return Case{
		Snapshot: c, Nominated: c.nominated, Profile: profile, Pod: resolved,
		Tolerations: pod.Spec.Tolerations, Simulated: c.simulated,
	}, err
}

// SimCase is Case for a simulated pod: the tolerations that its spec has are
// fewer than those that it counts with.
func (c *Cluster) SimCase(pod *simv1alpha1.SimPod, profile *framework.Profile) (Case, error) {
	what, err := c.Case(pod.ToPod(), profile)
	what.Tolerations = pod.Spec.Tolerations
	return what, err
}

// Pod returns the pod with the priority of its PriorityClass. It fails with a
// *priority.UnknownClassError where that does not exist; the pod then has its own
// priority, or 0. The pod itself is not changed.
func (c *Cluster) Pod(pod *corev1.Pod) (*corev1.Pod, error) {
	if pod.Spec.Priority != nil {
		return pod, nil
	}
	out := *pod
	err := c.classes.Resolve(&out)
	return &out, err
}

// changedNodes is a snapshot in which nodes are replaced, added or removed.
type changedNodes struct {
	framework.Snapshot
	base framework.Snapshot
}

var (
	_ framework.DefaultSelectorSnapshot  = changedNodes{}
	_ framework.DisruptionBudgetSnapshot = changedNodes{}
	_ framework.StorageSnapshot          = changedNodes{}
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
	return withNodes(base, nodes)
}

// withoutNode returns the snapshot without the node of that name.
func withoutNode(base framework.Snapshot, name string) framework.Snapshot {
	return withNodes(base, slices.DeleteFunc(slices.Clone(base.List()), func(n *framework.NodeInfo) bool { return n.Node().Name == name }))
}

// withNodes returns the snapshot with other nodes. What is changed many times is
// still only one step away from what was listed.
func withNodes(base framework.Snapshot, nodes []*framework.NodeInfo) framework.Snapshot {
	if changed, ok := base.(changedNodes); ok {
		base = changed.base
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

// Storage implements framework.StorageSnapshot.
func (c changedNodes) Storage() *framework.Storage { return framework.StorageOf(c.base) }
