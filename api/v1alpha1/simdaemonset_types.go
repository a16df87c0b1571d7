// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SimDaemonSet keeps one SimPod on each SimNode that may have it, as an apps/v1
// DaemonSet does with Pods and Nodes.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=sds,categories=sim
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.status.desiredNumberScheduled`,description="Nodes that should have a SimPod"
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.currentNumberScheduled`,description="Nodes of them that have one"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.numberReady`,description="Nodes of them on which it is ready"
// +kubebuilder:printcolumn:name="Up-to-date",type=integer,JSONPath=`.status.updatedNumberScheduled`,description="Nodes of them that have one of the present template"
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.numberAvailable`,description="Nodes of them on which it has been ready for minReadySeconds"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:validation:XValidation:rule="self.spec.selector == oldSelf.spec.selector",fieldPath=".spec.selector",message="selector is immutable: delete the SimDaemonSet and create it again"
type SimDaemonSet struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the shape of the SimPods, and how they are replaced.
	// +required
	Spec SimDaemonSetSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// nodes, which is stored nowhere.
	// +optional
	// +kubebuilder:default={desiredNumberScheduled: 0, currentNumberScheduled: 0, numberReady: 0, updatedNumberScheduled: 0, numberAvailable: 0}
	Status SimDaemonSetStatus `json:"status,omitzero"`
}

// SimDaemonSetList is a list of SimDaemonSets.
//
// +kubebuilder:object:root=true
type SimDaemonSetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimDaemonSet `json:"items"`
}

// SimDaemonSetSpec is the shape of the SimPods, and how they are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.selector.?matchLabels.orValue({}).size() + self.selector.?matchExpressions.orValue([]).size() > 0",fieldPath=".selector",message="selector must not be empty: it would match every SimPod of the namespace"
// +kubebuilder:validation:XValidation:rule="!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, k in self.template.?metadata.?labels.orValue({}) && self.template.metadata.labels[k] == self.selector.matchLabels[k])",fieldPath=".template.metadata.labels",message="template.metadata.labels must match the selector: add the labels of selector.matchLabels"
// +kubebuilder:validation:XValidation:rule="self.template.spec.restartPolicy == 'Always'",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be Always: a pod that ended would be replaced for ever; SimPods that end are created by a SimJob"
// +kubebuilder:validation:XValidation:rule="!has(self.template.spec.activeDeadlineSeconds)",fieldPath=".template.spec.activeDeadlineSeconds",reason=FieldValueForbidden,message="activeDeadlineSeconds in a SimDaemonSet is not supported: a pod that failed would be replaced for ever"
type SimDaemonSetSpec struct {
	// selector matches the SimPods that are counted. It must match the labels of
	// the template and is immutable.
	// +required
	Selector LabelSelector `json:"selector,omitzero"`

	// template of the SimPods. A change replaces them as updateStrategy says.
	// +required
	Template SimPodTemplateSpec `json:"template,omitzero"`

	// updateStrategy says how the SimPods of the template before are replaced.
	// +optional
	// +kubebuilder:default={type: RollingUpdate}
	UpdateStrategy SimDaemonSetUpdateStrategy `json:"updateStrategy,omitzero"`

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
}

// SetUpdateStrategyType is when the pods of a template before are replaced.
//
// +kubebuilder:validation:Enum=RollingUpdate;OnDelete
type SetUpdateStrategyType string

const (
	// RollingUpdateSet replaces pods step by step.
	RollingUpdateSet SetUpdateStrategyType = "RollingUpdate"
	// OnDeleteSet replaces a pod once somebody has deleted it.
	OnDeleteSet SetUpdateStrategyType = "OnDelete"
)

// SimDaemonSetUpdateStrategy says how pods are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'RollingUpdate' || !has(self.rollingUpdate)",fieldPath=".rollingUpdate",reason=FieldValueForbidden,message="rollingUpdate may only be set where type is RollingUpdate: remove it"
type SimDaemonSetUpdateStrategy struct {
	// type is RollingUpdate or OnDelete. Defaults to RollingUpdate.
	// +optional
	// +kubebuilder:default=RollingUpdate
	Type SetUpdateStrategyType `json:"type,omitempty"`

	// rollingUpdate bounds each step. Only for the type RollingUpdate.
	// +optional
	RollingUpdate *RollingUpdateDaemonSet `json:"rollingUpdate,omitempty"`
}

// RollingUpdateDaemonSet bounds on how many nodes the pod may be missing, or there
// may be two.
//
// +kubebuilder:validation:XValidation:rule="(self.maxUnavailable in [dyn(0), dyn('0%')]) != (self.maxSurge in [dyn(0), dyn('0%')])",fieldPath=".maxUnavailable",reason=FieldValueInvalid,message="one of maxUnavailable and maxSurge must be 0, and the other must not: no pod could be replaced, or in two ways"
type RollingUpdateDaemonSet struct {
	// maxUnavailable is on how many nodes the pod may be missing while it is
	// replaced, as a number or a percentage of the nodes, rounded up. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number of at least 0, or a percentage from 0% to 100%, such as 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// maxSurge is on how many nodes a new pod may run beside the old one while that
	// is replaced, as a number or a percentage of the nodes, rounded up. Defaults
	// to 0.
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number of at least 0, or a percentage from 0% to 100%, such as 25%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
}

// SimDaemonSetStatus is what the controller last observed.
type SimDaemonSetStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// desiredNumberScheduled is the number of nodes that should have a SimPod.
	// +optional
	// +kubebuilder:validation:Minimum=0
	DesiredNumberScheduled int32 `json:"desiredNumberScheduled"`

	// currentNumberScheduled is how many of them have at least one.
	// +optional
	// +kubebuilder:validation:Minimum=0
	CurrentNumberScheduled int32 `json:"currentNumberScheduled"`

	// numberMisscheduled is the number of nodes that have a SimPod and should not.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NumberMisscheduled int32 `json:"numberMisscheduled,omitempty"`

	// numberReady is on how many of the nodes that should have one it is ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NumberReady int32 `json:"numberReady"`

	// updatedNumberScheduled is how many of them have one of the present template.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UpdatedNumberScheduled int32 `json:"updatedNumberScheduled"`

	// numberAvailable is on how many of them it has been ready for minReadySeconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NumberAvailable int32 `json:"numberAvailable"`

	// numberUnavailable is on how many of them it has not.
	// +optional
	// +kubebuilder:validation:Minimum=0
	NumberUnavailable int32 `json:"numberUnavailable,omitempty"`

	// collisionCount is how often the name of a ControllerRevision was taken by that
	// of another template: a part of the next name.
	// +optional
	// +kubebuilder:validation:Minimum=0
	CollisionCount *int32 `json:"collisionCount,omitempty"`

	// conditions of the SimDaemonSet: ReplicaFailure.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
