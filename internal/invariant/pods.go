// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package invariant

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// event is one change of a pod or of a node, in the order of all revisions.
type event struct {
	revision int64
	pod      *life[v1alpha1.SimPod]
	podNow   *v1alpha1.SimPod // nil where it is gone
	node     *life[v1alpha1.SimNode]
	nodeNow  *v1alpha1.SimNode
}

func events(pods []*life[v1alpha1.SimPod], nodes []*life[v1alpha1.SimNode]) []event {
	var all []event
	for _, pod := range pods {
		for _, v := range pod.versions {
			all = append(all, event{revision: v.revision, pod: pod, podNow: v.value})
		}
		if pod.removed > 0 {
			all = append(all, event{revision: pod.removed, pod: pod})
		}
	}
	for _, node := range nodes {
		for _, v := range node.versions {
			all = append(all, event{revision: v.revision, node: node, nodeNow: v.value})
		}
		if node.removed > 0 {
			all = append(all, event{revision: node.removed, node: node})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.revision, b.revision) })
	return all
}

// withinAllocatable replays all revisions and adds up what the pods of each node
// request. A bind that takes a node over what it can give is wrong; a node that is
// made smaller under its pods is not the scheduler's doing.
func withinAllocatable(pods []*life[v1alpha1.SimPod], nodes []*life[v1alpha1.SimNode]) Result {
	v := verdict{Result: Result{Says: "No node is ever over its allocatable"}}
	current := map[string]*v1alpha1.SimNode{}
	on := map[string]map[*life[v1alpha1.SimPod]]*v1alpha1.SimPod{}
	where := map[*life[v1alpha1.SimPod]]string{}
	revisions := events(pods, nodes)
	for _, e := range revisions {
		if e.node != nil {
			current[e.node.object.Name] = e.nodeNow
			continue
		}
		before := where[e.pod]
		node := placeOf(e.podNow)
		where[e.pod] = node
		if node == "" {
			delete(on[before], e.pod)
			continue
		}
		if on[node] == nil {
			on[node] = map[*life[v1alpha1.SimPod]]*v1alpha1.SimPod{}
		}
		on[node][e.pod] = e.podNow
		if node == before || current[node] == nil {
			continue
		}
		if name, wants, has, over := overcommitted(on[node], current[node]); over {
			v.broken(e.pod.at(e.revision), "at revision %d the pods of %s request %s of %s, and it has %s", e.revision, node, wants.String(), name, has.String())
		}
	}
	return v.result("%d nodes at %d revisions", len(nodes), len(revisions))
}

// placeOf is the node whose resources a pod takes: none once it has ended.
func placeOf(pod *v1alpha1.SimPod) string {
	if pod == nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return ""
	}
	return pod.Spec.NodeName
}

func overcommitted(pods map[*life[v1alpha1.SimPod]]*v1alpha1.SimPod, node *v1alpha1.SimNode) (corev1.ResourceName, resource.Quantity, resource.Quantity, bool) {
	wanted := corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(int64(len(pods)), resource.DecimalSI)}
	for _, pod := range pods {
		for name, q := range resourcehelper.PodRequests(pod.ToPod(), resourcehelper.PodResourcesOptions{}) {
			sum := wanted[name]
			sum.Add(q)
			wanted[name] = sum
		}
	}
	for name, q := range wanted {
		has, ok := node.Status.Allocatable[name]
		if (ok || name != corev1.ResourcePods) && q.Cmp(has) > 0 {
			return name, q, has, true
		}
	}
	return "", resource.Quantity{}, resource.Quantity{}, false
}

// endsAsSpecified looks at each pod that is still there at the end, when everything
// is healed.
func endsAsSpecified(pods []*life[v1alpha1.SimPod], nodes []*life[v1alpha1.SimNode]) Result {
	v := verdict{Result: Result{Says: "Every pod ends where its spec says"}}
	there := 0
	for _, pod := range pods {
		if pod.removed > 0 || len(pod.versions) == 0 {
			continue
		}
		there++
		last := pod.versions[len(pod.versions)-1]
		if problem := problemOf(pod, nodes); problem != "" {
			v.broken(pod.at(last.revision), "%s %s", pod.object, problem)
		}
	}
	return v.result("%d pods that are there at the end, %d that were there before", there, len(pods)-there)
}

// problemOf says why a pod is not where its spec says; empty where it is.
func problemOf(pod *life[v1alpha1.SimPod], nodes []*life[v1alpha1.SimNode]) string {
	p := pod.last()
	switch {
	case p.DeletionTimestamp != nil:
		if foreign := foreignFinalizers(p); foreign == "" {
			return "is marked for deletion and still there, though nobody else's finalizer holds it"
		}
		return ""
	case p.Spec.NodeName == "":
		return waitingProblem(p)
	}
	node := nodeAtBind(pod, nodes)
	if node == nil {
		return "is bound to " + p.Spec.NodeName + ", which does not exist"
	}
	if ok, err := nodeaffinity.GetRequiredNodeAffinity(p.ToPod()).Match(node.ToNode()); err == nil && !ok {
		return "is bound to " + p.Spec.NodeName + ", which its node selector or affinity does not allow"
	}
	return phaseProblem(p)
}

func foreignFinalizers(p *v1alpha1.SimPod) string {
	var foreign []string
	for _, name := range p.Finalizers {
		if !strings.HasPrefix(name, v1alpha1.GroupName+"/") {
			foreign = append(foreign, name)
		}
	}
	return strings.Join(foreign, ", ")
}

// waitingProblem: a pod may wait for ever, but somebody has to have said why.
func waitingProblem(p *v1alpha1.SimPod) string {
	scheduled := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.SimPodScheduled)
	if p.Spec.SchedulerName != v1alpha1.DefaultSchedulerName || len(p.Spec.SchedulingGates) > 0 || scheduled != nil && scheduled.Status == metav1.ConditionFalse {
		return ""
	}
	return "is not bound, and no scheduler has said why"
}

// phaseProblem: a bound pod runs, unless its containers end by themselves, somebody
// has evicted it, or it starts only after a while.
func phaseProblem(p *v1alpha1.SimPod) string {
	simulation := p.Spec.Simulation
	ends := simulation != nil && simulation.RunDuration != nil || p.Spec.ActiveDeadlineSeconds != nil
	evicted := meta.IsStatusConditionTrue(p.Status.Conditions, string(corev1.DisruptionTarget))
	slow := simulation != nil && simulation.StartDelay != nil || len(p.Spec.InitContainers) > 0
	switch p.Status.Phase {
	case corev1.PodRunning:
		return ""
	case corev1.PodSucceeded, corev1.PodFailed:
		if ends || evicted {
			return ""
		}
		return "is " + string(p.Status.Phase) + ", though nothing in its spec ends it"
	}
	if slow {
		return ""
	}
	return "is bound to " + p.Spec.NodeName + ", and no kubelet has said that it runs"
}

// nodeAtBind is the node as it was when the pod was bound; nil where there was none.
func nodeAtBind(pod *life[v1alpha1.SimPod], nodes []*life[v1alpha1.SimNode]) *v1alpha1.SimNode {
	bound := int64(0)
	for _, v := range pod.versions {
		if v.value.Spec.NodeName != "" {
			bound = v.revision
			break
		}
	}
	var found *v1alpha1.SimNode
	for _, node := range nodes {
		if node.object.Name != pod.last().Spec.NodeName || node.removed > 0 && node.removed < bound {
			continue
		}
		for _, v := range node.versions {
			if v.revision <= bound || found == nil {
				found = v.value
			}
		}
	}
	return found
}
