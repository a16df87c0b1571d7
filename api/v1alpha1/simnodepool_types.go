// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SimNodePool keeps a number of equal SimNodes in existence, spread over zones, as
// the node pools of clouds and the MachineDeployments of Cluster API do.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:scope=Cluster,shortName=snp,categories=sim
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.spec.replicas`,description="Desired number of SimNodes"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.replicas`,description="SimNodes that are not being deleted"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="SimNodes that are ready"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Zones",type=string,JSONPath=`.spec.zones`,priority=1,description="Zones over which the SimNodes are spread"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",fieldPath=".metadata",reason=FieldValueInvalid,message="name must be no more than 63 characters: the SimNodes have it as a label"
type SimNodePool struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the desired number and shape of the SimNodes.
	// +required
	Spec SimNodePoolSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// SimNodes, which is stored nowhere.
	// +optional
	// +kubebuilder:default={replicas: 0, readyReplicas: 0}
	Status SimNodePoolStatus `json:"status,omitzero"`
}

// SimNodePoolList is a list of SimNodePools.
//
// +kubebuilder:object:root=true
type SimNodePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimNodePool `json:"items"`
}

// SimNodePoolSpec is the desired number and shape of the SimNodes.
type SimNodePoolSpec struct {
	// replicas is the desired number of SimNodes. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Replicas *int32 `json:"replicas,omitempty"`

	// zones over which the SimNodes are spread evenly: each gets one as its label
	// topology.kubernetes.io/zone. None by default.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$`
	Zones []string `json:"zones,omitempty"`

	// template of the SimNodes, whose label sim.glassplane.dev/node-pool is the name
	// of the pool. A change affects only SimNodes created after it.
	// +required
	Template SimNodeTemplateSpec `json:"template,omitzero"`
}

// SimNodeTemplateSpec is what SimNodes are made of.
type SimNodeTemplateSpec struct {
	// metadata holds the labels and annotations of the SimNodes.
	// +optional
	Metadata TemplateMeta `json:"metadata,omitzero"`

	// spec of the SimNodes.
	// +required
	Spec SimNodeSpec `json:"spec,omitzero"`
}

// SimNodePoolStatus is what the controller last observed.
type SimNodePoolStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of SimNodes of the pool that are not being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// readyReplicas is how many of them are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// selector is the selector of the pool's SimNodes, in the form that the scale
	// subresource serves.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Selector string `json:"selector,omitempty"`

	// conditions of the SimNodePool: ReplicaFailure.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
