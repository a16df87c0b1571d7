// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package listing

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/glassplane/glassplane/internal/scheduler/cache"
	"github.com/glassplane/glassplane/internal/scheduler/whatif"
)

// kind is a kind of object that a decision about real pods depends on.
type kind struct {
	group, version, resource, kind string
	namespaced                     bool
	// required is true where there is no answer without the list.
	required bool
	// affects is the part of an answer that depends on the list, and effect what of
	// it may be wrong where the list is missing.
	affects whatif.Part
	effect  string
	// fieldSelector leaves out objects that no decision looks at.
	fieldSelector string
	// read decodes an object, and returns what is kept of it, and what adds that to
	// the listing.
	read func(decode func(into any) error) (kept runtime.Object, add func(), err error)
}

// path is the URL of the list; of all namespaces where the namespace is empty.
func (k kind) path(namespace string) []string {
	path := []string{"/apis", k.group, k.version}
	if k.group == "" {
		path = []string{"/api", k.version}
	}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	return append(path, k.resource)
}

func (k kind) apiVersion() string {
	if k.group == "" {
		return k.version
	}
	return k.group + "/" + k.version
}

// Pods that have ended take no room. It is the selector with which kube-scheduler
// lists pods (NewInformerFactory of k8s.io/kubernetes/pkg/scheduler).
const notEnded = "status.phase!=Succeeded,status.phase!=Failed"

const (
	admitting = "what admission would add to a manifest's pod, or refuse of it, is not known"
	spreading = "the default spreading of pods that belong together, which only prefers nodes, is not counted"
	volumes   = "on which nodes the volumes of a pod can be used is not known"
)

// kinds are all kinds, whose objects go into the listing.
func kinds(l *whatif.Listing) []kind {
	o := &l.Objects
	list := []kind{
		{version: "v1", resource: "nodes", kind: "Node", required: true, effect: "there is nothing to decide about",
			read: each(trimNode, func(n *corev1.Node) { o.Nodes = append(o.Nodes, n) })},
		{version: "v1", resource: "pods", kind: "Pod", namespaced: true, required: true, fieldSelector: notEnded,
			effect: "room, ports and volumes that pods of other namespaces have, and whom these repel, are not seen: a node may be taken for free that is not",
			read: each(trimPod, func(p *corev1.Pod) {
				if p = withUID(p); p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
					l.Ended = append(l.Ended, p)
				} else {
					o.Pods = append(o.Pods, p)
				}
			})},
		{version: "v1", resource: "namespaces", kind: "Namespace", effect: "affinity to pods of namespaces with certain labels selects none",
			read: each(trimNamespace, addTo(&o.Namespaces))},
		{group: "scheduling.k8s.io", version: "v1", resource: "priorityclasses", kind: "PriorityClass",
			affects: whatif.Manifests, effect: "a manifest counts with priority 0, and its class is not checked",
			read: each(trimPriorityClass, addTo(&o.PriorityClasses))},
		{group: "node.k8s.io", version: "v1", resource: "runtimeclasses", kind: "RuntimeClass", affects: whatif.Manifests, effect: admitting,
			read: each(trimRuntimeClass, addTo(&l.RuntimeClasses))},
		{version: "v1", resource: "limitranges", kind: "LimitRange", namespaced: true, affects: whatif.Manifests, effect: admitting,
			read: each(trimLimitRange, addTo(&l.LimitRanges))},
		{version: "v1", resource: "resourcequotas", kind: "ResourceQuota", namespaced: true, affects: whatif.Manifests, effect: admitting,
			read: each(trimResourceQuota, addTo(&l.ResourceQuotas))},
		{group: "policy", version: "v1", resource: "poddisruptionbudgets", kind: "PodDisruptionBudget", namespaced: true,
			affects: whatif.Preemption, effect: "preemption takes no budget into account, and may choose other victims",
			read: each(trimBudget, addTo(&o.DisruptionBudgets))},
		{version: "v1", resource: "services", kind: "Service", namespaced: true, affects: whatif.Scores, effect: spreading,
			read: each(trimService, addTo(&o.Services))},
		{version: "v1", resource: "replicationcontrollers", kind: "ReplicationController", namespaced: true, affects: whatif.Scores, effect: spreading,
			read: each(trimReplicationController, func(c *corev1.ReplicationController) {
				addOwner(l, "ReplicationController", c, c.Spec.Replicas, &metav1.LabelSelector{MatchLabels: c.Spec.Selector})
			})},
		{group: "apps", version: "v1", resource: "replicasets", kind: "ReplicaSet", namespaced: true, affects: whatif.Scores, effect: spreading,
			read: each(trimReplicaSet, func(s *appsv1.ReplicaSet) { addOwner(l, "ReplicaSet", s, s.Spec.Replicas, s.Spec.Selector) })},
		{group: "apps", version: "v1", resource: "statefulsets", kind: "StatefulSet", namespaced: true, affects: whatif.Scores, effect: spreading,
			read: each(trimStatefulSet, func(s *appsv1.StatefulSet) { addOwner(l, "StatefulSet", s, s.Spec.Replicas, s.Spec.Selector) })},
	}
	return append(list, volumeKinds(o)...)
}

// volumeKinds are those that say where volumes can be used.
func volumeKinds(o *whatif.Objects) []kind {
	return []kind{
		{version: "v1", resource: "persistentvolumeclaims", kind: "PersistentVolumeClaim", namespaced: true, affects: whatif.Volumes, effect: volumes,
			read: each(trimClaim, addTo(&o.PersistentVolumeClaims))},
		{version: "v1", resource: "persistentvolumes", kind: "PersistentVolume", affects: whatif.Volumes, effect: volumes,
			read: each(trimVolume, addTo(&o.PersistentVolumes))},
		{group: "storage.k8s.io", version: "v1", resource: "storageclasses", kind: "StorageClass", affects: whatif.Volumes, effect: volumes,
			read: each(trimStorageClass, addTo(&o.StorageClasses))},
		{group: "storage.k8s.io", version: "v1", resource: "csinodes", kind: "CSINode", affects: whatif.Volumes, effect: "how many volumes a node can have is not known",
			read: each(trimCSINode, addTo(&o.CSINodes))},
		{group: "storage.k8s.io", version: "v1", resource: "csidrivers", kind: "CSIDriver", affects: whatif.Volumes, effect: "whether a driver tells its capacity is not known",
			read: each(trimCSIDriver, addTo(&o.CSIDrivers))},
		{group: "storage.k8s.io", version: "v1", resource: "volumeattachments", kind: "VolumeAttachment",
			affects: whatif.Volumes, effect: "how many volumes a node has already is known of its pods only",
			read: each(trimAttachment, addTo(&o.VolumeAttachments))},
		{group: "storage.k8s.io", version: "v1", resource: "csistoragecapacities", kind: "CSIStorageCapacity", namespaced: true,
			affects: whatif.Volumes, effect: "whether there is storage for a new volume near a node is not known",
			read: each(trimCapacity, addTo(&o.CSIStorageCapacities))},
	}
}

// each returns a function that decodes an object into a new T and trims it. What
// is left is returned, and what keeps it in the listing.
func each[T any, P interface {
	*T
	runtime.Object
}](trim func(P) P, keep func(P)) func(decode func(into any) error) (runtime.Object, func(), error) {
	return func(decode func(any) error) (runtime.Object, func(), error) {
		object := P(new(T))
		if err := decode(object); err != nil {
			return nil, nil, err
		}
		object = trim(object)
		return object, func() { keep(object) }, nil
	}
}

// addTo returns a function that adds an object to a list.
func addTo[T any](list *[]T) func(*T) {
	return func(object *T) { *list = append(*list, *object) }
}

// addOwner adds a set that controls pods. A selector that cannot be read selects
// nothing, as in kube-scheduler.
func addOwner(l *whatif.Listing, kind string, set metav1.Object, replicas *int32, selector *metav1.LabelSelector) {
	owner := cache.Owner{UID: set.GetUID(), Namespace: set.GetNamespace(), Replicas: 1}
	if replicas != nil {
		owner.Replicas = *replicas
	}
	if parsed, err := metav1.LabelSelectorAsSelector(selector); err == nil {
		owner.Selector = parsed
	}
	l.Objects.Owners = append(l.Objects.Owners, owner)
	l.Controllers = append(l.Controllers, whatif.Controller{
		UID: set.GetUID(), Kind: kind, Namespace: set.GetNamespace(), Name: set.GetName(), Replicas: owner.Replicas,
		Owner: metav1.GetControllerOf(set),
	})
}
