// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// SimDeployment replaces the SimPods of one template by those of another, step by
// step, as an apps/v1 Deployment does with Pods: each template has a SimReplicaSet.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=sdeploy,categories=sim
// +kubebuilder:printcolumn:name="Desired",type=integer,JSONPath=`.spec.replicas`,description="Desired number of SimPods"
// +kubebuilder:printcolumn:name="Ready",type=integer,JSONPath=`.status.readyReplicas`,description="SimPods that are ready"
// +kubebuilder:printcolumn:name="Up-to-date",type=integer,JSONPath=`.status.updatedReplicas`,description="SimPods of the present template"
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.availableReplicas`,description="SimPods that have been ready for minReadySeconds"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Selector",type=string,JSONPath=`.status.selector`,priority=1,description="Labels of the SimPods that are counted"
// +kubebuilder:validation:XValidation:rule="self.spec.selector == oldSelf.spec.selector",fieldPath=".spec.selector",message="selector is immutable: delete the SimDeployment and create it again"
type SimDeployment struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the desired number and shape of the SimPods, and how they are replaced.
	// +required
	Spec SimDeploymentSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// SimPods, which is stored nowhere.
	// +optional
	// +kubebuilder:default={replicas: 0, readyReplicas: 0, updatedReplicas: 0, availableReplicas: 0}
	Status SimDeploymentStatus `json:"status,omitzero"`
}

// SimDeploymentList is a list of SimDeployments.
//
// +kubebuilder:object:root=true
type SimDeploymentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimDeployment `json:"items"`
}

// SimDeploymentSpec is the desired number and shape of the SimPods, and how they
// are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.selector.?matchLabels.orValue({}).size() + self.selector.?matchExpressions.orValue([]).size() > 0",fieldPath=".selector",message="selector must not be empty: it would match every SimPod of the namespace"
// +kubebuilder:validation:XValidation:rule="!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, k in self.template.?metadata.?labels.orValue({}) && self.template.metadata.labels[k] == self.selector.matchLabels[k])",fieldPath=".template.metadata.labels",message="template.metadata.labels must match the selector: add the labels of selector.matchLabels"
// +kubebuilder:validation:XValidation:rule="self.template.spec.restartPolicy == 'Always'",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be Always: a pod that ended would be replaced for ever; SimPods that end are created by a SimJob"
// +kubebuilder:validation:XValidation:rule="!has(self.template.spec.activeDeadlineSeconds)",fieldPath=".template.spec.activeDeadlineSeconds",reason=FieldValueForbidden,message="activeDeadlineSeconds in a SimDeployment is not supported: a pod that failed would be replaced for ever"
// +kubebuilder:validation:XValidation:rule="self.progressDeadlineSeconds > self.?minReadySeconds.orValue(0)",fieldPath=".progressDeadlineSeconds",reason=FieldValueInvalid,message="progressDeadlineSeconds must be greater than minReadySeconds"
// +kubebuilder:validation:XValidation:rule="self.selector.?matchLabels.orValue({}).size() < 16",fieldPath=".selector.matchLabels",reason=FieldValueInvalid,message="must have at most 15 labels: each SimReplicaSet adds pod-template-hash"
// +kubebuilder:validation:XValidation:rule="self.template.?metadata.?labels.orValue({}).size() < 32",fieldPath=".template.metadata.labels",reason=FieldValueInvalid,message="must have at most 31 labels: each SimReplicaSet adds pod-template-hash"
type SimDeploymentSpec struct {
	// replicas is the desired number of SimPods. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// selector matches the SimPods that are counted. It must match the labels of
	// the template and is immutable.
	// +required
	Selector LabelSelector `json:"selector,omitzero"`

	// template of the SimPods. A change replaces them as strategy says.
	// +required
	Template SimPodTemplateSpec `json:"template,omitzero"`

	// strategy says how the SimPods of the template before are replaced.
	// +optional
	// +kubebuilder:default={type: RollingUpdate}
	Strategy SimDeploymentStrategy `json:"strategy,omitzero"`

	// minReadySeconds is how long a SimPod must be ready to count as available,
	// in seconds. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReadySeconds int32 `json:"minReadySeconds,omitempty"`

	// revisionHistoryLimit is how many SimReplicaSets of templates before are kept
	// for a rollback. Defaults to 10.
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=0
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`

	// paused holds a rollout: a changed template replaces nothing until it is
	// resumed. Defaults to false.
	// +optional
	Paused bool `json:"paused,omitempty"`

	// progressDeadlineSeconds is how long a rollout may make no progress before it
	// is reported as failed, in seconds. It goes on all the same. Defaults to 600.
	// +optional
	// +kubebuilder:default=600
	// +kubebuilder:validation:Minimum=1
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
}

// SimDeploymentStrategyType is a way to replace pods.
//
// +kubebuilder:validation:Enum=RollingUpdate;Recreate
type SimDeploymentStrategyType string

const (
	// RollingUpdateStrategy replaces pods step by step.
	RollingUpdateStrategy SimDeploymentStrategyType = "RollingUpdate"
	// RecreateStrategy deletes all pods before it creates new ones.
	RecreateStrategy SimDeploymentStrategyType = "Recreate"
)

// SimDeploymentStrategy says how pods are replaced.
//
// +kubebuilder:validation:XValidation:rule="self.type == 'RollingUpdate' || !has(self.rollingUpdate)",fieldPath=".rollingUpdate",reason=FieldValueForbidden,message="rollingUpdate may only be set where type is RollingUpdate: remove it"
type SimDeploymentStrategy struct {
	// type is RollingUpdate or Recreate. Defaults to RollingUpdate.
	// +optional
	// +kubebuilder:default=RollingUpdate
	Type SimDeploymentStrategyType `json:"type,omitempty"`

	// rollingUpdate bounds each step. Only for the type RollingUpdate.
	// +optional
	RollingUpdate *RollingUpdate `json:"rollingUpdate,omitempty"`
}

// RollingUpdate bounds how many pods more or less than desired there may be.
//
// +kubebuilder:validation:XValidation:rule="!(self.maxUnavailable in [dyn(0), dyn('0%')] && self.maxSurge in [dyn(0), dyn('0%')])",fieldPath=".maxUnavailable",reason=FieldValueInvalid,message="maxUnavailable and maxSurge must not both be 0: no pod could be replaced"
type RollingUpdate struct {
	// maxUnavailable is how many of the desired pods may be missing, as a number
	// or a percentage of replicas, rounded down. Defaults to 25%.
	// +optional
	// +kubebuilder:default="25%"
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number of at least 0, or a percentage from 0% to 100%, such as 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// maxSurge is how many pods more than desired there may be, as a number or a
	// percentage of replicas, rounded up. Defaults to 25%.
	// +optional
	// +kubebuilder:default="25%"
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 : self.matches('^[0-9]{1,4}%$')",message="must be a number of at least 0, or a percentage, such as 25%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
}

// SimDeploymentStatus is what the controller last observed.
type SimDeploymentStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// replicas is the number of SimPods that have not ended and are not being
	// deleted, of all templates.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas int32 `json:"replicas"`

	// updatedReplicas is how many of them are of the present template.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UpdatedReplicas int32 `json:"updatedReplicas"`

	// readyReplicas is how many of them are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ReadyReplicas int32 `json:"readyReplicas"`

	// availableReplicas is how many of them have been ready for minReadySeconds.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AvailableReplicas int32 `json:"availableReplicas"`

	// unavailableReplicas is how many SimPods are missing until all desired ones
	// are available.
	// +optional
	// +kubebuilder:validation:Minimum=0
	UnavailableReplicas int32 `json:"unavailableReplicas,omitempty"`

	// terminatingReplicas is the number of SimPods that are being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TerminatingReplicas int32 `json:"terminatingReplicas,omitempty"`

	// collisionCount is how often the name of a SimReplicaSet was taken by that of
	// another template: a part of the next name.
	// +optional
	// +kubebuilder:validation:Minimum=0
	CollisionCount *int32 `json:"collisionCount,omitempty"`

	// lastProgressTime is when the rollout last made progress, or was resumed.
	// +optional
	LastProgressTime *metav1.Time `json:"lastProgressTime,omitempty"`

	// selector is the selector in the form that the scale subresource serves.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Selector string `json:"selector,omitempty"`

	// conditions of the SimDeployment: Available, Progressing, ReplicaFailure.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
