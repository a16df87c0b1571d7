// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/disruption"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
)

var _ framework.DisruptionBudgetSnapshot = (*Snapshot)(nil)

// budgets counts the pods of PodDisruptionBudgets. For Pods the disruption
// controller does that and writes the status; it does not look at other
// resources, so that for simulated pods the status is computed here.
type budgets struct {
	byNamespace map[string][]*budget
	// generation grows with each change.
	generation int64
}

// budget is a PodDisruptionBudget and the pods on nodes that it selects.
type budget struct {
	spec     *policyv1.PodDisruptionBudget
	selector labels.Selector
	pods     int32
	healthy  int32
	// owners counts the pods of each controller.
	owners map[types.UID]int
	// computed has the status; nil where it must be computed again.
	computed *policyv1.PodDisruptionBudget
}

// SetBudget adds or updates a PodDisruptionBudget. Its status is ignored. One
// that selects nothing, or cannot be read, is forgotten.
func (c *Cache) SetBudget(pdb *policyv1.PodDisruptionBudget) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budgets.remove(pdb.Namespace, pdb.Name)
	selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	if err != nil || selector.Empty() {
		return
	}
	b := &budget{spec: pdb, selector: selector, owners: make(map[types.UID]int)}
	for _, state := range c.pods {
		b.count(state.info.Pod, 1)
	}
	c.budgets.add(b)
}

// RemoveBudget forgets a PodDisruptionBudget.
func (c *Cache) RemoveBudget(namespace, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.budgets.remove(namespace, name)
}

func (b *budgets) add(added *budget) {
	b.generation++
	namespace := added.spec.Namespace
	b.byNamespace[namespace] = append(b.byNamespace[namespace], added)
}

func (b *budgets) remove(namespace, name string) {
	b.generation++
	b.byNamespace[namespace] = slices.DeleteFunc(b.byNamespace[namespace], func(x *budget) bool { return x.spec.Name == name })
	if len(b.byNamespace[namespace]) == 0 {
		delete(b.byNamespace, namespace)
	}
}

// count adds or, with sign -1, subtracts a pod that is on a node.
func (b *budgets) count(pod *corev1.Pod, sign int32) {
	for _, x := range b.byNamespace[pod.Namespace] {
		if x.count(pod, sign) {
			b.generation++
		}
	}
}

func (b *budgets) ownerChanged(namespace string) {
	for _, x := range b.byNamespace[namespace] {
		x.computed = nil
		b.generation++
	}
}

// count is true where the budget selects the pod.
func (b *budget) count(pod *corev1.Pod, sign int32) bool {
	if pod.Namespace != b.spec.Namespace || !b.selector.Matches(labels.Set(pod.Labels)) {
		return false
	}
	b.computed = nil
	b.pods += sign
	if healthy(pod) {
		b.healthy += sign
	}
	if owner := metav1.GetControllerOfNoCopy(pod); owner != nil {
		if b.owners[owner.UID] += int(sign); b.owners[owner.UID] <= 0 {
			delete(b.owners, owner.UID)
		}
	}
	return true
}

// healthy mirrors countHealthyPods of the disruption controller.
func healthy(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// object returns the PodDisruptionBudget with its status.
func (b *budget) object(owners map[types.UID]*Owner) *policyv1.PodDisruptionBudget {
	if b.computed != nil {
		return b.computed
	}
	count := disruption.Count{Pods: b.pods, Healthy: b.healthy}
	for uid := range b.owners {
		if o := owners[uid]; o != nil {
			count.Scale += o.Replicas
		}
	}
	b.computed = &policyv1.PodDisruptionBudget{ObjectMeta: b.spec.ObjectMeta, Spec: b.spec.Spec, Status: disruption.Status(&b.spec.Spec, count)}
	return b.computed
}

// list returns all budgets with their status, by namespace and name.
func (b *budgets) list(owners map[types.UID]*Owner) []*policyv1.PodDisruptionBudget {
	var out []*policyv1.PodDisruptionBudget
	for _, namespace := range b.byNamespace {
		for _, x := range namespace {
			out = append(out, x.object(owners))
		}
	}
	slices.SortFunc(out, func(a, b *policyv1.PodDisruptionBudget) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// DisruptionBudgets implements framework.DisruptionBudgetSnapshot. The status is
// that of the simulated pods.
func (s *Snapshot) DisruptionBudgets() []*policyv1.PodDisruptionBudget { return s.budgets }
