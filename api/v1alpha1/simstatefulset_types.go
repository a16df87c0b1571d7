// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SimStatefulSet keeps a number of SimPods with fixed names in existence, as an
// apps/v1 StatefulSet does with Pods: web-0, web-1 and so on, one after the other.
// It has no volumes and no service.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=ssts,categories=sim
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.spec.replicas`,description="Desired number of SimPods"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="SimPods that are ready"
// +kubebuilder:printcolumn:name="Up-to-date",type=integer,JSONPath=`.status.updatedReplicas`,description="SimPods of the present template"
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.availableReplicas`,description="SimPods that have been ready for minReadySeconds"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.status.selector`,priority=1,description="Labels of the SimPods that are counted"
// +kubebuilder:validation:XValidation:rule="self.spec.selector == oldSelf.spec.selector",fieldPath=".spec.selector",message="selector is immutable: delete the SimStatefulSet and create it again"
// +kubebuilder:validation:XValidation:rule="self.spec.podManagementPolicy == oldSelf.spec.podManagementPolicy",fieldPath=".spec.podManagementPolicy",message="podManagementPolicy is immutable: delete the SimStatefulSet and create it again"
type SimStatefulSet struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the desired number and shape of the SimPods, and how they are replaced.
	// +required
	Spec SimStatefulSetSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// SimPods, which is stored nowhere.
	// +optional
	// +kubebuilder:default={replicas: 0, readyReplicas: 0, updatedReplicas: 0, availableReplicas: 0}
	Status SimStatefulSetStatus `json:"status,omitzero"`
}

// SimStatefulSetList is a list of SimStatefulSets.
//
// +kubebuilder:object:root=true
type SimStatefulSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimStatefulSet `json:"items"`
}

// SimStatefulSetSpec is the desired number and shape of the SimPods, and how they
// are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.selector.?matchLabels.orValue({}).size() + self.selector.?matchExpressions.orValue([]).size() > 0",fieldPath=".selector",message="selector must not be empty: it would match every SimPod of the namespace"
// +kubebuilder:validation:XValidation:rule="!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, k in self.template.?metadata.?labels.orValue({}) && self.template.metadata.labels[k] == self.selector.matchLabels[k])",fieldPath=".template.metadata.labels",message="template.metadata.labels must match the selector: add the labels of selector.matchLabels"
// +kubebuilder:validation:XValidation:rule="self.template.spec.restartPolicy == 'Always'",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be Always: a pod that ended would be replaced for ever; SimPods that end are created by a SimJob"
// +kubebuilder:validation:XValidation:rule="!has(self.template.spec.activeDeadlineSeconds)",fieldPath=".template.spec.activeDeadlineSeconds",reason=FieldValueForbidden,message="activeDeadlineSeconds in a SimStatefulSet is not supported: a pod that failed would be replaced for ever"
type SimStatefulSetSpec struct {
	// replicas is the desired number of SimPods. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// selector matches the SimPods that are counted. It must match the labels of
	// the template and is immutable.
	// +required
	Selector LabelSelector `json:"selector,omitzero"`

	// template of the SimPods. A change replaces them as updateStrategy says.
	// +required
	Template SimPodTemplateSpec `json:"template,omitzero"`

	// podManagementPolicy says whether SimPods are created, deleted and replaced one
	// after the other (OrderedReady) or all at once (Parallel). Defaults to
	// OrderedReady.
	// +optional
	// +kubebuilder:default=OrderedReady
	PodManagementPolicy PodManagementPolicyType `json:"podManagementPolicy,omitempty"`

	// updateStrategy says how the SimPods of the template before are replaced.
	// +optional
	// +kubebuilder:default={type: RollingUpdate}
	UpdateStrategy SimStatefulSetUpdateStrategy `json:"updateStrategy,omitzero"`

	// minReadySeconds is how long a SimPod must be ready to count as available,
	// in seconds. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReadySeconds int32 `json:"minReadySeconds,omitempty"`

	// revisionHistoryLimit is how many templates before are kept for a rollback, as
	// apps/v1 ControllerRevisions. Defaults to 10.
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=0
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`

	// ordinals says how the SimPods are numbered. From 0 by default.
	// +optional
	Ordinals *SimStatefulSetOrdinals `json:"ordinals,omitempty"`
}

// PodManagementPolicyType is the order in which pods are made and ended.
//
// +kubebuilder:validation:Enum=OrderedReady;Parallel
type PodManagementPolicyType string

const (
	// OrderedReadyPodManagement waits for each pod before it goes on with the next.
	OrderedReadyPodManagement PodManagementPolicyType = "OrderedReady"
	// ParallelPodManagement waits for none.
	ParallelPodManagement PodManagementPolicyType = "Parallel"
)

// SimStatefulSetOrdinals says how pods are numbered.
type SimStatefulSetOrdinals struct {
	// start is the number of the first pod. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Start int32 `json:"start,omitempty"`
}

// SimStatefulSetUpdateStrategy says how pods are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'RollingUpdate' || !has(self.rollingUpdate)",fieldPath=".rollingUpdate",reason=FieldValueForbidden,message="rollingUpdate may only be set where type is RollingUpdate: remove it"
type SimStatefulSetUpdateStrategy struct {
	// type is RollingUpdate or OnDelete. Defaults to RollingUpdate.
	// +optional
	// +kubebuilder:default=RollingUpdate
	Type SetUpdateStrategyType `json:"type,omitempty"`

	// rollingUpdate bounds each step. Only for the type RollingUpdate.
	// +optional
	RollingUpdate *RollingUpdateStatefulSet `json:"rollingUpdate,omitempty"`
}

// RollingUpdateStatefulSet bounds which pods are replaced, and how many at once.
type RollingUpdateStatefulSet struct {
	// partition is the number of the first SimPod that is replaced, counted from
	// ordinals.start: those below stay as they are. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Partition int32 `json:"partition,omitempty"`

	// maxUnavailable is how many SimPods may be missing while they are replaced, as a
	// number or a percentage of replicas, rounded down but to at least 1. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 1 : self.matches('^(100|[1-9][0-9]?)%$')",message="must be a number of at least 1, or a percentage from 1% to 100%, such as 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// SimStatefulSetStatus is what the controller last observed.
type SimStatefulSetStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of SimPods that exist.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// readyReplicas is how many of them are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// currentReplicas is how many of them are of currentRevision.
	// +optional
	// +kubebuilder:validation:Minimum=0
	CurrentReplicas int32 `json:"currentReplicas,omitempty"`

	// updatedReplicas is how many of them are of updateRevision.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UpdatedReplicas int32 `json:"updatedReplicas"`

	// availableReplicas is how many of them have been ready for minReadySeconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AvailableReplicas int32 `json:"availableReplicas"`

	// currentRevision is the ControllerRevision of the template that SimPods below
	// the partition, and those not replaced yet, are of.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	CurrentRevision string `json:"currentRevision,omitempty"`

	// updateRevision is the ControllerRevision of the present template.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	UpdateRevision string `json:"updateRevision,omitempty"`

	// collisionCount is how often the name of a ControllerRevision was taken by that
	// of another template: a part of the next name.
	// +optional
	// +kubebuilder:validation:Minimum=0
	CollisionCount *int32 `json:"collisionCount,omitempty"`

	// selector is the selector in the form that the scale subresource serves.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Selector string `json:"selector,omitempty"`

	// conditions of the SimStatefulSet: ReplicaFailure.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
