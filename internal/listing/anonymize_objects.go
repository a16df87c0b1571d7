// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// object changes all names in an object that was trimmed.
func (n *substitutes) object(object runtime.Object) {
	switch o := object.(type) {
	case *corev1.Node:
		n.meta("node", &o.ObjectMeta)
		for i := range o.Spec.Taints {
			o.Spec.Taints[i].Value = n.value(o.Spec.Taints[i].Key, o.Spec.Taints[i].Value)
		}
	case *corev1.Pod:
		n.pod(o)
	case *corev1.Namespace:
		n.meta("namespace", &o.ObjectMeta)
	case *schedulingv1.PriorityClass:
		o.Name = n.priority(o.Name)
	case *nodev1.RuntimeClass:
		n.meta("runtime", &o.ObjectMeta)
		if o.Scheduling != nil {
			n.labels(o.Scheduling.NodeSelector)
			n.tolerations(o.Scheduling.Tolerations)
		}
	case *corev1.LimitRange:
		n.meta("limits", &o.ObjectMeta)
	case *corev1.ResourceQuota:
		n.quota(o)
	case *policyv1.PodDisruptionBudget:
		n.meta("budget", &o.ObjectMeta)
		n.selector(o.Spec.Selector)
		disrupted := make(map[string]metav1.Time, len(o.Status.DisruptedPods))
		for name, at := range o.Status.DisruptedPods {
			disrupted[n.of("pod", name)] = at
		}
		o.Status.DisruptedPods = disrupted
	case *corev1.Service:
		n.meta("service", &o.ObjectMeta)
		n.labels(o.Spec.Selector)
	case *corev1.ReplicationController:
		n.meta("owner", &o.ObjectMeta)
		n.labels(o.Spec.Selector)
	case *appsv1.ReplicaSet:
		n.meta("owner", &o.ObjectMeta)
		n.selector(o.Spec.Selector)
	case *appsv1.StatefulSet:
		n.meta("owner", &o.ObjectMeta)
		n.selector(o.Spec.Selector)
	default:
		n.storage(object)
	}
}

// storage changes names in what says where volumes can be used.
func (n *substitutes) storage(object runtime.Object) {
	switch o := object.(type) {
	case *corev1.PersistentVolumeClaim:
		name := n.claim(o.Namespace, o.Name)
		n.meta("claim", &o.ObjectMeta)
		o.Name, o.Spec.VolumeName = name, n.of("persistent", o.Spec.VolumeName)
		n.selector(o.Spec.Selector)
		n.set("class", o.Spec.StorageClassName)
		n.set("attributes", o.Spec.VolumeAttributesClassName)
	case *corev1.PersistentVolume:
		n.persistentVolume(o)
	case *storagev1.StorageClass:
		n.meta("class", &o.ObjectMeta)
		for _, term := range o.AllowedTopologies {
			for _, e := range term.MatchLabelExpressions {
				n.values(e.Key, e.Values)
			}
		}
	case *storagev1.CSINode:
		n.meta("node", &o.ObjectMeta)
	case *storagev1.VolumeAttachment:
		n.meta("attachment", &o.ObjectMeta)
		o.Spec.NodeName = n.of("node", o.Spec.NodeName)
		n.set("persistent", o.Spec.Source.PersistentVolumeName)
	case *storagev1.CSIStorageCapacity:
		n.meta("capacity", &o.ObjectMeta)
		o.StorageClassName = n.of("class", o.StorageClassName)
		n.selector(o.NodeTopology)
	}
}

func (n *substitutes) quota(q *corev1.ResourceQuota) {
	n.meta("quota", &q.ObjectMeta)
	if q.Spec.ScopeSelector == nil {
		return
	}
	for _, e := range q.Spec.ScopeSelector.MatchExpressions { // only priority classes have values
		for i := range e.Values {
			e.Values[i] = n.priority(e.Values[i])
		}
	}
}

// priority keeps the classes that every cluster has.
func (n *substitutes) priority(class string) string {
	if strings.HasPrefix(class, "system-") {
		return class
	}
	return n.of("priority", class)
}

func (n *substitutes) pod(p *corev1.Pod) {
	s := &p.Spec
	for i := range s.Volumes {
		n.podVolume(p, &s.Volumes[i])
	}
	n.meta("pod", &p.ObjectMeta)
	for _, containers := range [][]corev1.Container{s.InitContainers, s.Containers} {
		for i := range containers {
			n.container(&containers[i])
		}
	}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			statuses[i].Name = n.of("container", statuses[i].Name)
			n.resources(statuses[i].Resources)
		}
	}
	n.labels(s.NodeSelector)
	n.tolerations(s.Tolerations)
	n.affinity(s.Affinity)
	for i := range s.TopologySpreadConstraints {
		n.selector(s.TopologySpreadConstraints[i].LabelSelector)
	}
	s.NodeName, p.Status.NominatedNodeName = n.of("node", s.NodeName), n.of("node", p.Status.NominatedNodeName)
	s.PriorityClassName = n.priority(s.PriorityClassName)
	n.set("runtime", s.RuntimeClassName)
	n.resources(s.Resources)
	n.resources(p.Status.Resources)
	for i := range s.ResourceClaims {
		c := &s.ResourceClaims[i]
		c.Name = n.of("device", c.Name)
		n.set("device", c.ResourceClaimName)
		n.set("device", c.ResourceClaimTemplateName)
	}
	if s.SchedulingGroup != nil {
		n.set("group", s.SchedulingGroup.PodGroupName)
	}
	for i := range p.Status.Conditions {
		p.Status.Conditions[i].Message = ""
	}
}

func (n *substitutes) container(c *corev1.Container) {
	c.Name = n.of("container", c.Name)
	n.resources(&c.Resources)
	for i := range c.Ports {
		port := &c.Ports[i]
		port.Name = ""
		if port.HostIP != "0.0.0.0" && port.HostIP != "::" && port.HostIP != "127.0.0.1" {
			port.HostIP = n.of("address", port.HostIP)
		}
	}
}

func (n *substitutes) resources(r *corev1.ResourceRequirements) {
	if r == nil {
		return
	}
	for i := range r.Claims {
		r.Claims[i].Name, r.Claims[i].Request = n.of("device", r.Claims[i].Name), n.of("device", r.Claims[i].Request)
	}
}

func (n *substitutes) tolerations(list []corev1.Toleration) {
	for i := range list {
		list[i].Value = n.value(list[i].Key, list[i].Value)
	}
}

func (n *substitutes) affinity(a *corev1.Affinity) {
	if a == nil {
		return
	}
	if node := a.NodeAffinity; node != nil {
		if node.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			n.nodeTerms(node.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms)
		}
		for _, term := range node.PreferredDuringSchedulingIgnoredDuringExecution {
			n.nodeTerms([]corev1.NodeSelectorTerm{term.Preference})
		}
	}
	if pods := a.PodAffinity; pods != nil {
		n.podTerms(pods.RequiredDuringSchedulingIgnoredDuringExecution, pods.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if pods := a.PodAntiAffinity; pods != nil {
		n.podTerms(pods.RequiredDuringSchedulingIgnoredDuringExecution, pods.PreferredDuringSchedulingIgnoredDuringExecution)
	}
}

func (n *substitutes) podTerms(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
	change := func(t *corev1.PodAffinityTerm) {
		n.selector(t.LabelSelector)
		n.selector(t.NamespaceSelector)
		n.list("namespace", t.Namespaces)
	}
	for i := range required {
		change(&required[i])
	}
	for i := range preferred {
		change(&preferred[i].PodAffinityTerm)
	}
}

// podVolume changes a volume of a pod that has its own name yet.
func (n *substitutes) podVolume(pod *corev1.Pod, volume *corev1.Volume) {
	v := &volume.VolumeSource
	switch {
	case v.PersistentVolumeClaim != nil:
		v.PersistentVolumeClaim.ClaimName = n.claim(pod.Namespace, v.PersistentVolumeClaim.ClaimName)
	case v.Ephemeral != nil && n.collecting:
		n.generated[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name + "-" + volume.Name}] = [2]string{pod.Name, volume.Name}
	case v.ISCSI != nil:
		v.ISCSI.IQN = n.of("vol", v.ISCSI.IQN)
	case v.RBD != nil:
		v.RBD.RBDPool, v.RBD.RBDImage = n.of("vol", v.RBD.RBDPool), n.of("vol", v.RBD.RBDImage)
		n.list("vol", v.RBD.CephMonitors)
	case v.Cinder != nil:
		v.Cinder.VolumeID = n.of("vol", v.Cinder.VolumeID)
	default:
		n.disk(v.GCEPersistentDisk, v.AWSElasticBlockStore, v.AzureDisk, v.PortworxVolume)
	}
	volume.Name = n.of("volume", volume.Name)
}

// disk changes the name of a disk that pods and PersistentVolumes name alike. One of
// them is set at most.
func (n *substitutes) disk(gce *corev1.GCEPersistentDiskVolumeSource, ebs *corev1.AWSElasticBlockStoreVolumeSource,
	azure *corev1.AzureDiskVolumeSource, portworx *corev1.PortworxVolumeSource,
) {
	switch {
	case gce != nil:
		gce.PDName = n.of("vol", gce.PDName)
	case ebs != nil:
		ebs.VolumeID = n.ebs(ebs.VolumeID)
	case azure != nil:
		azure.DiskName, azure.DataDiskURI = n.of("vol", azure.DiskName), n.of("vol", azure.DataDiskURI)
	case portworx != nil:
		portworx.VolumeID = n.of("vol", portworx.VolumeID)
	}
}

// ebs returns what stands for a volume of EBS, which its driver names by the last
// part: "aws://zone/vol-1" is "vol-1".
func (n *substitutes) ebs(id string) string { return n.of("vol", id[strings.LastIndex(id, "/")+1:]) }

func (n *substitutes) persistentVolume(v *corev1.PersistentVolume) {
	n.meta("persistent", &v.ObjectMeta)
	s := &v.Spec
	s.StorageClassName = n.of("class", s.StorageClassName)
	n.set("attributes", s.VolumeAttributesClassName)
	if s.NodeAffinity != nil && s.NodeAffinity.Required != nil {
		n.nodeTerms(s.NodeAffinity.Required.NodeSelectorTerms)
	}
	if ref := s.ClaimRef; ref != nil {
		ref.Name, ref.Namespace, ref.UID = n.claim(ref.Namespace, ref.Name), n.of("namespace", ref.Namespace), n.uid(ref.UID)
	}
	switch {
	case s.CSI != nil:
		s.CSI.VolumeHandle = n.of("vol", s.CSI.VolumeHandle)
	case s.Cinder != nil:
		s.Cinder.VolumeID = n.of("vol", s.Cinder.VolumeID)
	default:
		n.disk(s.GCEPersistentDisk, s.AWSElasticBlockStore, s.AzureDisk, s.PortworxVolume)
	}
}
