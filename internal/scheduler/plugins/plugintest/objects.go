// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package plugintest

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Pod builds a pod.
type Pod struct{ pod corev1.Pod }

// MakePod starts a pod of the namespace default with one container.
func MakePod(name string) *Pod {
	p := &Pod{}
	p.pod.Name, p.pod.Namespace, p.pod.UID = name, "default", types.UID("default/"+name)
	p.pod.Spec.Containers = []corev1.Container{{Name: "c", Image: "nginx"}}
	return p
}

// Obj returns the pod.
func (p *Pod) Obj() *corev1.Pod { return p.pod.DeepCopy() }

// Namespace sets the namespace.
func (p *Pod) Namespace(name string) *Pod {
	p.pod.Namespace, p.pod.UID = name, types.UID(name+"/"+p.pod.Name)
	return p
}

// Label adds labels, given as keys and values in turn.
func (p *Pod) Label(pairs ...string) *Pod {
	p.pod.Labels = addPairs(p.pod.Labels, pairs)
	return p
}

// On sets the node.
func (p *Pod) On(node string) *Pod {
	p.pod.Spec.NodeName = node
	return p
}

// Nominated sets the nominated node.
func (p *Pod) Nominated(node string) *Pod {
	p.pod.Status.NominatedNodeName = node
	return p
}

// Priority sets the priority.
func (p *Pod) Priority(priority int32) *Pod {
	p.pod.Spec.Priority = &priority
	return p
}

// Started sets the start time, in seconds after the epoch.
func (p *Pod) Started(seconds int64) *Pod {
	p.pod.Status.StartTime = &metav1.Time{Time: time.Unix(seconds, 0)}
	return p
}

// Terminating marks the pod as being deleted; with preempted, by the scheduler.
func (p *Pod) Terminating(preempted bool) *Pod {
	p.pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	if preempted {
		p.pod.Status.Conditions = append(p.pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: corev1.PodReasonPreemptionByScheduler,
		})
	}
	return p
}

// Req sets the requests of the first container, given as names and quantities in turn.
func (p *Pod) Req(pairs ...string) *Pod {
	p.pod.Spec.Containers[0].Resources.Requests = quantities(pairs)
	return p
}

// HostPort adds a host port to the first container.
func (p *Pod) HostPort(ip string, protocol corev1.Protocol, port int32) *Pod {
	c := &p.pod.Spec.Containers[0]
	c.Ports = append(c.Ports, corev1.ContainerPort{HostIP: ip, Protocol: protocol, HostPort: port, ContainerPort: port})
	return p
}

// Image sets the images of the containers.
func (p *Pod) Image(images ...string) *Pod {
	p.pod.Spec.Containers = nil
	for _, image := range images {
		p.pod.Spec.Containers = append(p.pod.Spec.Containers, corev1.Container{Image: image})
	}
	return p
}

// NodeSelector requires node labels, given as keys and values in turn.
func (p *Pod) NodeSelector(pairs ...string) *Pod {
	p.pod.Spec.NodeSelector = addPairs(p.pod.Spec.NodeSelector, pairs)
	return p
}

// Spread adds a topology spread constraint.
func (p *Pod) Spread(c corev1.TopologySpreadConstraint) *Pod {
	p.pod.Spec.TopologySpreadConstraints = append(p.pod.Spec.TopologySpreadConstraints, c)
	return p
}

// Affinity adds required terms of affinity to pods.
func (p *Pod) Affinity(terms ...corev1.PodAffinityTerm) *Pod {
	a := p.podAffinity()
	a.RequiredDuringSchedulingIgnoredDuringExecution = append(a.RequiredDuringSchedulingIgnoredDuringExecution, terms...)
	return p
}

// AntiAffinity adds required terms of anti-affinity to pods.
func (p *Pod) AntiAffinity(terms ...corev1.PodAffinityTerm) *Pod {
	a := p.podAntiAffinity()
	a.RequiredDuringSchedulingIgnoredDuringExecution = append(a.RequiredDuringSchedulingIgnoredDuringExecution, terms...)
	return p
}

// PreferAffinity adds a preferred term of affinity to pods.
func (p *Pod) PreferAffinity(weight int32, term corev1.PodAffinityTerm) *Pod {
	a := p.podAffinity()
	a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.WeightedPodAffinityTerm{Weight: weight, PodAffinityTerm: term})
	return p
}

// PreferAntiAffinity adds a preferred term of anti-affinity to pods.
func (p *Pod) PreferAntiAffinity(weight int32, term corev1.PodAffinityTerm) *Pod {
	a := p.podAntiAffinity()
	a.PreferredDuringSchedulingIgnoredDuringExecution = append(a.PreferredDuringSchedulingIgnoredDuringExecution,
		corev1.WeightedPodAffinityTerm{Weight: weight, PodAffinityTerm: term})
	return p
}

func (p *Pod) affinity() *corev1.Affinity {
	if p.pod.Spec.Affinity == nil {
		p.pod.Spec.Affinity = &corev1.Affinity{}
	}
	return p.pod.Spec.Affinity
}

func (p *Pod) podAffinity() *corev1.PodAffinity {
	a := p.affinity()
	if a.PodAffinity == nil {
		a.PodAffinity = &corev1.PodAffinity{}
	}
	return a.PodAffinity
}

func (p *Pod) podAntiAffinity() *corev1.PodAntiAffinity {
	a := p.affinity()
	if a.PodAntiAffinity == nil {
		a.PodAntiAffinity = &corev1.PodAntiAffinity{}
	}
	return a.PodAntiAffinity
}

// Match returns a selector of labels, given as keys and values in turn.
func Match(pairs ...string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: addPairs(nil, pairs)}
}

// Term returns a term of affinity: pods with the labels, given as keys and
// values in turn, per value of the topology key.
func Term(topologyKey string, pairs ...string) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: topologyKey, LabelSelector: Match(pairs...)}
}

// Node builds a node.
type Node struct{ node corev1.Node }

// MakeNode starts a node with the label kubernetes.io/hostname and room for 110 pods.
func MakeNode(name string) *Node {
	n := &Node{}
	n.node.Name = name
	n.node.Labels = map[string]string{corev1.LabelHostname: name}
	n.node.Status.Allocatable = quantities([]string{"pods", "110"})
	return n
}

// Obj returns the node.
func (n *Node) Obj() *corev1.Node { return n.node.DeepCopy() }

// Label adds labels, given as keys and values in turn.
func (n *Node) Label(pairs ...string) *Node {
	n.node.Labels = addPairs(n.node.Labels, pairs)
	return n
}

// Unlabel removes a label.
func (n *Node) Unlabel(key string) *Node {
	delete(n.node.Labels, key)
	return n
}

// Zone sets the label topology.kubernetes.io/zone.
func (n *Node) Zone(zone string) *Node { return n.Label(corev1.LabelTopologyZone, zone) }

// Taint adds a taint.
func (n *Node) Taint(key string, effect corev1.TaintEffect) *Node {
	n.node.Spec.Taints = append(n.node.Spec.Taints, corev1.Taint{Key: key, Effect: effect})
	return n
}

// Allocatable adds what can be allocated, given as names and quantities in turn.
func (n *Node) Allocatable(pairs ...string) *Node {
	for name, quantity := range quantities(pairs) {
		n.node.Status.Allocatable[name] = quantity
	}
	return n
}

// Image adds an image of a size in bytes.
func (n *Node) Image(size int64, names ...string) *Node {
	n.node.Status.Images = append(n.node.Status.Images, corev1.ContainerImage{Names: names, SizeBytes: size})
	return n
}

func addPairs(to map[string]string, pairs []string) map[string]string {
	if to == nil {
		to = make(map[string]string, len(pairs)/2)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		to[pairs[i]] = pairs[i+1]
	}
	return to
}

func quantities(pairs []string) corev1.ResourceList {
	out := make(corev1.ResourceList, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return out
}
