// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package whatif

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

// Objects are what a decision depends on, as they were listed.
type Objects struct {
	Nodes             []simv1alpha1.SimNode
	Pods              []simv1alpha1.SimPod
	Namespaces        []corev1.Namespace
	PriorityClasses   []schedulingv1.PriorityClass
	Services          []corev1.Service
	ReplicaSets       []simv1alpha1.SimReplicaSet
	DisruptionBudgets []policyv1.PodDisruptionBudget
}

var (
	_ framework.DefaultSelectorSnapshot  = (*Cluster)(nil)
	_ framework.DisruptionBudgetSnapshot = (*Cluster)(nil)
)

// Cluster is a snapshot of listed objects.
type Cluster struct {
	*cache.Snapshot
	objects   Objects
	nominated map[string][]*framework.PodInfo
	budgets   []*policyv1.PodDisruptionBudget
}

// NewCluster returns the snapshot that a scheduler would have that has watched
// the objects: pods that have ended or that are not on a node take no room. The
// objects must not be changed afterwards.
func NewCluster(o Objects) *Cluster {
	c := &Cluster{Snapshot: cache.NewSnapshot(), objects: o, nominated: map[string][]*framework.PodInfo{}}
	all := cache.New()
	for i := range o.Namespaces {
		all.SetNamespace(o.Namespaces[i].Name, labels.Set(o.Namespaces[i].Labels))
	}
	for i := range o.Nodes {
		all.SetNode(o.Nodes[i].ToNode())
	}
	for i := range o.Pods {
		switch pod := &o.Pods[i]; {
		case pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		case pod.Spec.NodeName != "":
			all.SetPod(framework.NewPodInfo(c.Pod(pod)))
		case pod.Status.NominatedNodeName != "" && pod.DeletionTimestamp == nil:
			node := pod.Status.NominatedNodeName
			c.nominated[node] = append(c.nominated[node], framework.NewPodInfo(c.Pod(pod)))
		}
	}
	all.UpdateSnapshot(c.Snapshot)
	for i := range o.DisruptionBudgets {
		c.budgets = append(c.budgets, &o.DisruptionBudgets[i])
	}
	return c
}

// Case returns what to ask about a pod in this cluster.
func (c *Cluster) Case(pod *simv1alpha1.SimPod, profile *framework.Profile) Case {
	return Case{Snapshot: c, Nominated: c.nominated, Profile: profile, Pod: c.Pod(pod)}
}

// Pod converts a pod, and gives it the priority of its PriorityClass where it
// has none itself. It mirrors the admission plugin Priority
// (k8s.io/kubernetes/plugin/pkg/admission/priority).
func (c *Cluster) Pod(pod *simv1alpha1.SimPod) *corev1.Pod {
	out := pod.ToPod()
	if class := c.priorityClass(out.Spec.PriorityClassName); class != nil {
		if out.Spec.Priority == nil {
			out.Spec.Priority = &class.Value
		}
		if out.Spec.PreemptionPolicy == nil {
			out.Spec.PreemptionPolicy = class.PreemptionPolicy
		}
	}
	return out
}

// priorityClass returns the class of that name; for no name the global default,
// of several the one with the lowest value. Nil where there is none.
func (c *Cluster) priorityClass(name string) *schedulingv1.PriorityClass {
	var found *schedulingv1.PriorityClass
	for i := range c.objects.PriorityClasses {
		class := &c.objects.PriorityClasses[i]
		switch {
		case name != "" && class.Name == name:
			return class
		case name == "" && class.GlobalDefault && (found == nil || class.Value < found.Value):
			found = class
		}
	}
	return found
}

// DefaultSelector implements framework.DefaultSelectorSnapshot.
func (c *Cluster) DefaultSelector(pod *corev1.Pod) labels.Selector {
	var services []labels.Set
	for i := range c.objects.Services {
		if s := &c.objects.Services[i]; s.Namespace == pod.Namespace {
			services = append(services, s.Spec.Selector)
		}
	}
	return framework.MergeDefaultSelector(pod, services, c.ownerSelector(pod))
}

// ownerSelector returns the selector of the SimReplicaSet that controls the
// pod; nil where none does.
func (c *Cluster) ownerSelector(pod *corev1.Pod) labels.Selector {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "SimReplicaSet" {
		return nil
	}
	for i := range c.objects.ReplicaSets {
		set := &c.objects.ReplicaSets[i]
		if set.Namespace != pod.Namespace || set.UID != owner.UID {
			continue
		}
		selector, err := metav1.LabelSelectorAsSelector(toLabelSelector(set.Spec.Selector))
		if err != nil { // as DefaultSelector of kube-scheduler: such an owner adds nothing
			return nil
		}
		return selector
	}
	return nil
}

func toLabelSelector(s simv1alpha1.LabelSelector) *metav1.LabelSelector {
	matchLabels := make(map[string]string, len(s.MatchLabels))
	for key, value := range s.MatchLabels {
		matchLabels[key] = string(value)
	}
	return &metav1.LabelSelector{MatchLabels: matchLabels, MatchExpressions: s.MatchExpressions}
}

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot.
func (c *Cluster) DisruptionBudgets() []*policyv1.PodDisruptionBudget { return c.budgets }

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
