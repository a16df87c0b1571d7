// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SimReplicaSet keeps a number of SimPods in existence, as an apps/v1
// ReplicaSet does with Pods.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=srs,categories=sim
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.spec.replicas`,description="Desired number of SimPods"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.replicas`,description="SimPods that have not ended and are not being deleted"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="SimPods that are ready"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.status.selector`,priority=1,description="Labels of the SimPods that are counted"
// +kubebuilder:validation:XValidation:rule="self.spec.selector == oldSelf.spec.selector",fieldPath=".spec.selector",message="selector is immutable: delete the SimReplicaSet and create it again"
type SimReplicaSet struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the desired number and shape of the SimPods.
	// +required
	Spec SimReplicaSetSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// SimPods, which is stored nowhere.
	// +optional
	// +kubebuilder:default={replicas: 0, readyReplicas: 0}
	Status SimReplicaSetStatus `json:"status,omitzero"`
}

// SimReplicaSetList is a list of SimReplicaSets.
//
// +kubebuilder:object:root=true
type SimReplicaSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimReplicaSet `json:"items"`
}

// SimReplicaSetSpec is the desired number and shape of the SimPods.
//
// +kubebuilder:validation:XValidation:rule="self.selector.?matchLabels.orValue({}).size() + self.selector.?matchExpressions.orValue([]).size() > 0",fieldPath=".selector",message="selector must not be empty: it would match every SimPod of the namespace"
// +kubebuilder:validation:XValidation:rule="!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, k in self.template.?metadata.?labels.orValue({}) && self.template.metadata.labels[k] == self.selector.matchLabels[k])",fieldPath=".template.metadata.labels",message="template.metadata.labels must match the selector: add the labels of selector.matchLabels"
// +kubebuilder:validation:XValidation:rule="self.template.spec.restartPolicy == 'Always'",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be Always: a pod that ended would be replaced for ever; SimPods that end are created without a SimReplicaSet"
// +kubebuilder:validation:XValidation:rule="!has(self.template.spec.activeDeadlineSeconds)",fieldPath=".template.spec.activeDeadlineSeconds",reason=FieldValueForbidden,message="activeDeadlineSeconds in a SimReplicaSet is not supported: a pod that failed would be replaced for ever"
type SimReplicaSetSpec struct {
	// replicas is the desired number of SimPods. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// minReadySeconds is how long a SimPod must be ready to count as available,
	// in seconds. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReadySeconds int32 `json:"minReadySeconds,omitempty"`

	// selector matches the SimPods that are counted. It must match the labels of
	// the template and is immutable.
	// +required
	Selector LabelSelector `json:"selector,omitzero"`

	// template of the SimPods. A change affects only SimPods created after it.
	// +required
	Template SimPodTemplateSpec `json:"template,omitzero"`
}

// LabelSelector is a metav1.LabelSelector of bounded size, which the rules of
// the schema need.
type LabelSelector struct {
	// matchLabels are labels that an object must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	MatchLabels map[string]LabelValue `json:"matchLabels,omitempty"`

	// matchExpressions are requirements that an object's labels must meet.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	MatchExpressions []metav1.LabelSelectorRequirement `json:"matchExpressions,omitempty"`
}

// LabelValue is the value of a label: at most 63 letters, digits, '-', '_' and '.'.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$`
type LabelValue string

// SimReplicaSetStatus is what the controller last observed.
type SimReplicaSetStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of SimPods that have not ended and are not being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// fullyLabeledReplicas is how many of them have all labels of the template.
	// +optional
	// +kubebuilder:validation:Minimum=0
	FullyLabeledReplicas int32 `json:"fullyLabeledReplicas,omitempty"`

	// readyReplicas is how many of them are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// availableReplicas is how many of them have been ready for minReadySeconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AvailableReplicas int32 `json:"availableReplicas,omitempty"`

	// terminatingReplicas is the number of SimPods that are being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TerminatingReplicas int32 `json:"terminatingReplicas,omitempty"`

	// selector is the selector in the form that the scale subresource serves.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Selector string `json:"selector,omitempty"`

	// conditions of the SimReplicaSet: ReplicaFailure.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
