// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SimNode is a simulated node: it sends real heartbeats and accepts simulated
// pods up to its capacity.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=sn,categories=sim
// +kubebuilder:selectablefield:JSONPath=`.spec.unschedulable`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`,description="Ready, NotReady or Unknown, and whether the node is cordoned"
// +kubebuilder:printcolumn:name="Zone",type=string,JSONPath=`.metadata.labels.topology\.kubernetes\.io/zone`,description="Zone of the node, from its label topology.kubernetes.io/zone"
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.podCount`,description="Pods on the node, refreshed with a heartbeat"
// +kubebuilder:printcolumn:name="CPU",type=string,JSONPath=`.status.allocatable.cpu`,description="CPU that pods can have, in cores"
// +kubebuilder:printcolumn:name="Memory",type=string,JSONPath=`.status.allocatable.memory`,description="Memory that pods can have, in bytes"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.nodeInfo.kubeletVersion`,priority=1,description="Version of the simulated kubelet"
// +kubebuilder:printcolumn:name="Internal-IP",type=string,JSONPath=`.status.addresses[?(@.type=="InternalIP")].address`,priority=1,description="Simulated address of the node"
// +kubebuilder:printcolumn:name="CPU Requests",type=string,JSONPath=`.status.allocated.cpu`,priority=1,description="CPU that the node's pods request, refreshed with a heartbeat"
// +kubebuilder:printcolumn:name="Memory Requests",type=string,JSONPath=`.status.allocated.memory`,priority=1,description="Memory that the node's pods request, refreshed with a heartbeat"
type SimNode struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what the node has and how it behaves.
	// +required
	Spec SimNodeSpec `json:"spec,omitzero"`

	// status is what the simulated kubelet and the node lifecycle controller
	// last reported. Until they have, it says that the node's state is unknown,
	// which is stored nowhere.
	// +optional
	// +kubebuilder:default={summary: Unknown, podCount: 0}
	Status SimNodeStatus `json:"status,omitzero"`
}

// SimNodeList is a list of SimNodes.
//
// +kubebuilder:object:root=true
type SimNodeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimNode `json:"items"`
}

// SimNodeSpec is what a simulated node has and how it behaves.
//
// +kubebuilder:validation:XValidation:rule="size(self.capacity) > 0",fieldPath=".capacity",message="capacity must name at least one resource, such as cpu"
// +kubebuilder:validation:XValidation:rule="!has(self.reserved) || self.reserved.all(r, r in self.capacity)",fieldPath=".reserved",message="reserved must only name resources of capacity"
type SimNodeSpec struct {
	// capacity is all that the node has, such as cpu, memory, pods and extended
	// resources: cpu in cores, memory in bytes. Where pods is not set it is 110.
	// +required
	Capacity ResourceList `json:"capacity,omitempty"`

	// reserved is the part of capacity that pods cannot have. None by default.
	// +optional
	Reserved ResourceList `json:"reserved,omitempty"`

	// taints keep pods that do not tolerate them off the node.
	// +optional
	// +listType=map
	// +listMapKey=key
	// +listMapKey=effect
	// +kubebuilder:validation:MaxItems=64
	Taints []corev1.Taint `json:"taints,omitempty"`

	// unschedulable keeps new pods off the node. Defaults to false.
	// +optional
	// +kubebuilder:default=false
	Unschedulable bool `json:"unschedulable,omitempty"`

	// images that the node already has, which a scheduler may prefer. None by default.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Images []ContainerImage `json:"images,omitempty"`

	// simulation says how the node behaves.
	// +optional
	Simulation *NodeSimulation `json:"simulation,omitempty"`
}

// ContainerImage is an image that a node has.
type ContainerImage struct {
	// names by which the image is known, such as nginx:1.29.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Names []string `json:"names,omitempty"`

	// sizeBytes is the size of the image, in bytes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	SizeBytes int64 `json:"sizeBytes,omitempty"`
}

// NodeSimulation says how a SimNode behaves.
type NodeSimulation struct {
	// heartbeatInterval is how often the node renews its Lease, such as 1m30s; at
	// least 1s. Defaults to 10s, as a kubelet does.
	// +optional
	// +kubebuilder:default="10s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="heartbeatInterval must be at least 1s"
	HeartbeatInterval *metav1.Duration `json:"heartbeatInterval,omitempty"`

	// bootDelay is the time from the node's creation until it is ready, such as 30s.
	// Defaults to 0s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="bootDelay must not be negative"
	BootDelay *metav1.Duration `json:"bootDelay,omitempty"`
}

// SimNodeStatus is what the simulated kubelet and the node lifecycle
// controller last reported.
type SimNodeStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary is the word that kubectl shows as the status of a node: Ready,
	// NotReady or Unknown, with SchedulingDisabled for a cordoned one.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`

	// capacity is what the node has.
	// +optional
	Capacity ResourceList `json:"capacity,omitempty"`

	// allocatable is what pods can have: capacity less reserved, at least 0.
	// +optional
	Allocatable ResourceList `json:"allocatable,omitempty"`

	// allocated is the sum of the requests of the node's pods. It is refreshed
	// with a heartbeat, so it can lag by one heartbeatInterval.
	// +optional
	Allocated ResourceList `json:"allocated,omitempty"`

	// podCount is the number of pods on the node, refreshed with a heartbeat.
	// +optional
	// +kubebuilder:validation:Minimum=0
	PodCount int32 `json:"podCount"`

	// conditions of the node: Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// addresses of the node.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Addresses []corev1.NodeAddress `json:"addresses,omitempty"`

	// nodeInfo says what the node claims to run.
	// +optional
	NodeInfo *SimNodeInfo `json:"nodeInfo,omitempty"`
}

// SimNodeInfo is the part of a core/v1 NodeSystemInfo that a simulated node has.
type SimNodeInfo struct {
	// kubeletVersion is the version of the simulated kubelet.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	KubeletVersion string `json:"kubeletVersion,omitempty"`
	// operatingSystem of the node: linux.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	OperatingSystem string `json:"operatingSystem,omitempty"`
	// architecture of the node, such as amd64.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Architecture string `json:"architecture,omitempty"`
	// bootID is another one after each reboot.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	BootID string `json:"bootID,omitempty"`
	// bootedAt is when the node has rebooted last, which can be in the next second:
	// what ran on it before has ended. Absent where it never has rebooted.
	// +optional
	BootedAt *metav1.Time `json:"bootedAt,omitempty"`
}
