// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/scheduler/explanation"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// Reasons for which a drain leaves pods where they are.
const (
	ofDaemonSet = "of a DaemonSet, which a drain leaves"
	isStatic    = "static, which only the node's kubelet ends"
	isGoing     = "being deleted already"
)

// DrainNodes cordons the nodes, as kubectl drain does, takes their pods away and
// places these one after the other on the rest, the most important first. At most
// limit of them are decided about. It fails where a node does not exist.
func DrainNodes(o whatif.Objects, names []string, profileOf ProfileOf, limit int) (Drain, []explanation.NotEvaluated, error) {
	if err := known(o.Nodes, names); err != nil {
		return Drain{}, nil, err
	}
	out := Drain{Nodes: names}
	var rest, evicted []*corev1.Pod
	for _, pod := range o.Pods {
		switch why := leaves(pod); {
		case !slices.Contains(names, pod.Spec.NodeName):
			rest = append(rest, pod)
		case why != "":
			rest = append(rest, pod)
			out.Left = addUndecided(out.Left, why, pod)
		default:
			evicted = append(evicted, pod)
			if metav1.GetControllerOfNoCopy(pod) == nil {
				out.Unmanaged = append(out.Unmanaged, nameOf(pod))
			}
		}
	}
	out.Pods = len(evicted)
	out.Budgets = inTheWay(o.DisruptionBudgets, evicted)
	o.Pods, o.Nodes = rest, cordoned(o.Nodes, names)
	m := &moving{cluster: whatif.NewCluster(o), profileOf: profileOf}
	cases, undecided := m.cases(evicted)
	out.NotDecided = undecided
	for _, c := range cases[min(limit, len(cases)):] {
		out.NotDecided = addUndecided(out.NotDecided, fmt.Sprintf("the limit is %d: the most important pods are decided about first", limit), c.Pod)
	}
	out.place(m.cluster, cases[:min(limit, len(cases))], evicted)
	return out, m.missing, nil
}

// place places the pods, and groups those that get no node.
func (d *Drain) place(cluster *whatif.Cluster, cases []whatif.Case, evicted []*corev1.Pod) {
	from := map[string]string{}
	for _, pod := range evicted {
		from[nameOf(pod)] = pod.Spec.NodeName
	}
	placer := whatif.NewPlacer(cluster)
	// Why is asked for the first pod of a set that is refused, and stands for the others.
	why := map[types.UID]Refusal{}
	for _, c := range cases {
		name, node := nameOf(c.Pod), placer.Place(c)
		switch {
		case node == "":
			d.refuse(c, placer, why)
		case slices.Contains(d.Nodes, node):
			d.Back = append(d.Back, name)
		default:
			d.Placed++
			d.Moves = append(d.Moves, Move{Pod: name, From: from[name], To: node})
		}
	}
	slices.SortStableFunc(d.Causes, func(a, b Cause) int { return cmp.Compare(len(b.Pods), len(a.Pods)) })
}

func (d *Drain) refuse(c whatif.Case, placer whatif.Placer, why map[types.UID]Refusal) {
	set := c.Pod.UID
	if owner := metav1.GetControllerOfNoCopy(c.Pod); owner != nil {
		set = owner.UID
	}
	refusal, asked := why[set]
	if !asked {
		refusal = refusalOf(c, placer)
		why[set] = refusal
	}
	i := slices.IndexFunc(d.Causes, func(o Cause) bool { return o.Message == refusal.Message })
	if i < 0 {
		d.Causes = append(d.Causes, Cause{Refusal: refusal})
		i = len(d.Causes) - 1
	}
	d.Causes[i].Pods = append(d.Causes[i].Pods, nameOf(c.Pod))
}

// moving asks about pods that have to leave their nodes.
type moving struct {
	cluster   *whatif.Cluster
	profileOf ProfileOf
	missing   []explanation.NotEvaluated
}

// cases are what to ask about the pods, the most important first, and the pods
// about which nothing can be.
func (m *moving) cases(pods []*corev1.Pod) (cases []whatif.Case, undecided []explanation.Undecided) {
	for _, pod := range pods {
		c, err := m.caseOf(pod)
		if err != nil {
			undecided = addUndecided(undecided, err.Error(), pod)
			continue
		}
		cases = append(cases, c)
	}
	slices.SortStableFunc(cases, func(a, b whatif.Case) int {
		return cmp.Or(cmp.Compare(priorityOf(b.Pod), priorityOf(a.Pod)),
			a.Pod.CreationTimestamp.Compare(b.Pod.CreationTimestamp.Time), cmp.Compare(nameOf(a.Pod), nameOf(b.Pod)))
	})
	return cases, undecided
}

// caseOf asks about a pod as the one that its controller makes in its place.
func (m *moving) caseOf(pod *corev1.Pod) (whatif.Case, error) {
	again := *pod
	again.Spec.NodeName, again.Status = "", corev1.PodStatus{Phase: corev1.PodPending}
	profile, missing, err := m.profileOf(&again)
	if err != nil {
		return whatif.Case{}, err
	}
	for _, one := range missing {
		if !slices.Contains(m.missing, one) {
			m.missing = append(m.missing, one)
		}
	}
	return m.cluster.Case(&again, profile)
}

// leaves says why a drain leaves a pod where it is, as the filters of
// k8s.io/kubectl/pkg/drain do; empty where it does not.
func leaves(pod *corev1.Pod) string {
	owner := metav1.GetControllerOfNoCopy(pod)
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case mirror, owner != nil && owner.Kind == "Node":
		return isStatic
	case owner != nil && owner.Kind == "DaemonSet":
		return ofDaemonSet
	case pod.DeletionTimestamp != nil:
		return isGoing
	}
	return ""
}

// cordoned returns the nodes, with copies of those that are named that take no new
// pods.
func cordoned(nodes []*corev1.Node, names []string) []*corev1.Node {
	out := slices.Clone(nodes)
	for i, node := range out {
		if !slices.Contains(names, node.Name) || node.Spec.Unschedulable {
			continue
		}
		c := *node
		c.Spec.Unschedulable = true
		c.Spec.Taints = append(slices.Clone(c.Spec.Taints), corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
		out[i] = &c
	}
	return out
}

// known fails where a node does not exist.
func known(nodes []*corev1.Node, names []string) error {
	all := make([]string, len(nodes))
	for i, node := range nodes {
		all[i] = node.Name
	}
	for _, name := range names {
		if slices.Contains(all, name) {
			continue
		}
		if near := nearest(name, all); len(near) > 0 {
			return fmt.Errorf("node %q does not exist: do you mean %s?", name, strings.Join(near, " or "))
		}
		return fmt.Errorf("node %q does not exist: there are %d others", name, len(all))
	}
	return nil
}

func priorityOf(pod *corev1.Pod) int32 {
	if pod.Spec.Priority == nil {
		return 0
	}
	return *pod.Spec.Priority
}

func nameOf(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

func addUndecided(list []explanation.Undecided, why string, pod *corev1.Pod) []explanation.Undecided {
	i := slices.IndexFunc(list, func(u explanation.Undecided) bool { return u.Why == why })
	if i < 0 {
		list = append(list, explanation.Undecided{Why: why})
		i = len(list) - 1
	}
	list[i].Pods = append(list[i].Pods, nameOf(pod))
	return list
}
