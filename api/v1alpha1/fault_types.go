// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault breaks a part of the cluster for real, from its creation until it is
// deleted or its duration is over. It has no finalizer: once it is gone nothing
// is broken by it, whoever was down meanwhile.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=flt,categories=sim
// +kubebuilder:selectablefield:JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`,description="What is broken"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`,description="Pending, Active, NoTarget or Ended"
// +kubebuilder:printcolumn:name="Hits",type=integer,JSONPath=`.status.targetCount`,description="Number of components, controllers, nodes or pods that it hits"
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.startedAt`,description="Time since it took effect"
// +kubebuilder:printcolumn:name="Duration",type=string,JSONPath=`.spec.duration`,description="How long it lasts; until it is deleted where empty"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="Targets",type=string,JSONPath=`.status.targets`,priority=1,description="What it hits; not more than the first 16 names"
// +kubebuilder:printcolumn:name="Ends",type=string,JSONPath=`.status.endsAt`,priority=1,description="When it ends by itself"
type Fault struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is what is broken, and for how long.
	// +required
	Spec FaultSpec `json:"spec,omitzero"`

	// status is what was broken. Until the component that the fault is meant for
	// has reported, it says that the fault is pending, which is stored nowhere.
	// +optional
	// +kubebuilder:default={summary: Pending, targetCount: 0}
	Status FaultStatus `json:"status,omitzero"`
}

// FaultList is a list of Faults.
//
// +kubebuilder:object:root=true
type FaultList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Fault `json:"items"`
}

// FaultType is a kind of fault.
//
// +kubebuilder:validation:Enum=Stop;NodeCrash;NodePartition;NodeSlow;StartFailure;LeaseDelay;WatchDelay;WriteConflict
type FaultType string

// Kinds of faults.
const (
	// FaultStop stops a component, or one controller of the controller manager: its
	// watches are closed and its leader-election Lease is released. On healing it
	// starts afresh.
	FaultStop FaultType = "Stop"
	// FaultNodeCrash switches nodes off: no heartbeat, and nothing of them or their
	// pods is reported. On healing they reboot: what ran on them has ended.
	FaultNodeCrash FaultType = "NodeCrash"
	// FaultNodePartition cuts nodes off from the API server: pods run on, but
	// nothing is reported and nothing new arrives until it heals.
	FaultNodePartition FaultType = "NodePartition"
	// FaultNodeSlow makes kubelets do everything that they do with their pods delay late.
	FaultNodeSlow FaultType = "NodeSlow"
	// FaultStartFailure makes a share of the pods fail to start.
	FaultStartFailure FaultType = "StartFailure"
	// FaultLeaseDelay makes Leases be renewed delay late: the heartbeats of nodes, or
	// the leader-election Lease of a component.
	FaultLeaseDelay FaultType = "LeaseDelay"
	// FaultWatchDelay makes the events of a component's watches arrive delay late.
	FaultWatchDelay FaultType = "WatchDelay"
	// FaultWriteConflict makes a share of a component's writes meet a newer version
	// of the object, so that the API server refuses them with 409 Conflict.
	FaultWriteConflict FaultType = "WriteConflict"
)

// FaultSpec is what is broken, and for how long.
//
// +kubebuilder:validation:XValidation:rule="self.type == oldSelf.type && self.target == oldSelf.target",reason=FieldValueForbidden,message="type and target are immutable: delete the Fault and create another one"
// +kubebuilder:validation:XValidation:rule="self.type != 'Stop' || has(self.target.component) || has(self.target.controller)",fieldPath=".target",message="a Stop needs target.component or target.controller: what is to be stopped"
// +kubebuilder:validation:XValidation:rule="!(self.type in ['NodeCrash', 'NodePartition', 'NodeSlow']) || has(self.target.nodes)",fieldPath=".target",message="this type needs target.nodes: which nodes it hits, by names or by selector"
// +kubebuilder:validation:XValidation:rule="self.type != 'StartFailure' || has(self.target.pods)",fieldPath=".target",message="a StartFailure needs target.pods: whose starts fail; {} for all pods"
// +kubebuilder:validation:XValidation:rule="self.type != 'LeaseDelay' || has(self.target.component) || has(self.target.nodes)",fieldPath=".target",message="a LeaseDelay needs target.nodes or target.component: whose Lease is renewed late"
// +kubebuilder:validation:XValidation:rule="!(self.type in ['WatchDelay', 'WriteConflict']) || has(self.target.component)",fieldPath=".target",message="this type needs target.component: scheduler, controller-manager or observer"
// +kubebuilder:validation:XValidation:rule="has(self.delay) == (self.type in ['NodeSlow', 'LeaseDelay', 'WatchDelay'])",fieldPath=".delay",message="delay, such as 5s, is needed by NodeSlow, LeaseDelay and WatchDelay, and no other type has one"
// +kubebuilder:validation:XValidation:rule="has(self.reason) == (self.type == 'StartFailure')",fieldPath=".reason",message="reason, ImagePullBackOff or CrashLoopBackOff, is needed by StartFailure, and no other type has one"
// +kubebuilder:validation:XValidation:rule="!has(self.percent) || self.type in ['StartFailure', 'WriteConflict']",fieldPath=".percent",message="only StartFailure and WriteConflict hit a percentage of their targets: leave percent out"
// +kubebuilder:validation:XValidation:rule="!has(self.seed) || self.type in ['StartFailure', 'WriteConflict']",fieldPath=".seed",message="only StartFailure and WriteConflict draw: leave seed out"
type FaultSpec struct {
	// type is what is broken: Stop, NodeCrash, NodePartition, NodeSlow, StartFailure,
	// LeaseDelay, WatchDelay or WriteConflict. It is immutable.
	// +required
	Type FaultType `json:"type,omitempty"`

	// target is what the fault hits. It is immutable.
	// +required
	Target FaultTarget `json:"target,omitzero"`

	// duration after which the fault ends by itself, such as 1m30s, counted from the
	// creation of the Fault, of which the API server keeps whole seconds. By default it
	// lasts until the Fault is deleted.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="duration must be at least 1s"
	Duration *metav1.Duration `json:"duration,omitempty"`

	// delay of NodeSlow, LeaseDelay and WatchDelay, such as 5s; at most 1h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('1h')",message="delay must be more than 0s and at most 1h"
	Delay *metav1.Duration `json:"delay,omitempty"`

	// reason for which starts fail, of StartFailure: ImagePullBackOff, or
	// CrashLoopBackOff, where each container exits as soon as it has started.
	// +optional
	Reason StartFailureReason `json:"reason,omitempty"`

	// percent of the pods (StartFailure) or of the writes (WriteConflict) that are
	// hit. Defaults to 100.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Percent int32 `json:"percent,omitempty"`

	// seed of the draw that percent makes: with the same seed the same pods are hit.
	// Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Seed *int64 `json:"seed,omitempty"`
}

// StartFailureReason is why pods do not start.
//
// +kubebuilder:validation:Enum=ImagePullBackOff;CrashLoopBackOff
type StartFailureReason string

// Reasons of a StartFailure.
const (
	// StartFailureImagePull makes each pull of an image fail.
	StartFailureImagePull StartFailureReason = "ImagePullBackOff"
	// StartFailureCrashLoop makes each container exit as soon as it has started.
	StartFailureCrashLoop StartFailureReason = "CrashLoopBackOff"
)

// ComponentName names a component of Glassplane, as the flag --components does.
//
// +kubebuilder:validation:Enum=scheduler;controller-manager;observer
type ComponentName string

// Components of Glassplane.
const (
	ComponentScheduler         ComponentName = "scheduler"
	ComponentControllerManager ComponentName = "controller-manager"
	ComponentObserver          ComponentName = "observer"
)

// FaultTarget is what a fault hits: exactly one of its fields is set.
//
// +kubebuilder:validation:ExactlyOneOf=component;controller;nodes;pods
type FaultTarget struct {
	// component is scheduler, controller-manager or observer.
	// +optional
	Component ComponentName `json:"component,omitempty"`

	// controller is one of the controller manager's, such as simpod, as the flag
	// --controllers names it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Label().validate(self).hasValue()",message="controller must be a lower-case name, such as simpod"
	Controller string `json:"controller,omitempty"`

	// nodes are SimNodes, by names or by selector.
	// +optional
	Nodes *FaultNodes `json:"nodes,omitempty"`

	// pods are SimPods that start while the fault lasts. {} is all of them.
	// +optional
	Pods *FaultPods `json:"pods,omitempty"`
}

// FaultNodes are SimNodes, by names or by selector: exactly one is set.
//
// +kubebuilder:validation:ExactlyOneOf=names;selector
type FaultNodes struct {
	// names of SimNodes. Those that do not exist yet are hit as soon as they do.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Names []string `json:"names,omitempty"`

	// selector matches the labels of SimNodes. {} matches all of them.
	// +optional
	Selector *LabelSelector `json:"selector,omitempty"`
}

// FaultPods are the SimPods that have all that is asked for.
type FaultPods struct {
	// namespaces of the pods. Defaults to all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Namespaces []string `json:"namespaces,omitempty"`

	// selector matches the labels of the pods. By default all match.
	// +optional
	Selector *LabelSelector `json:"selector,omitempty"`
}

// MaxFaultTargets is how many names of targets a Fault's status has at most.
const MaxFaultTargets = 16

// FaultStatus is what was broken.
type FaultStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary is one word: Pending, Active, NoTarget or Ended.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Summary string `json:"summary,omitempty"`

	// startedAt is when the fault took effect.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`

	// endsAt is when the fault ends by itself, or has; absent where it lasts until
	// the Fault is deleted.
	// +optional
	EndsAt *metav1.Time `json:"endsAt,omitempty"`

	// targetCount is how many components, controllers, nodes or pods are hit, or
	// were when the fault ended.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TargetCount int32 `json:"targetCount"`

	// targets are their names, in alphabetical order; not more than the first 16.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Targets []string `json:"targets,omitempty"`

	// conditions of the Fault: Active.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}
