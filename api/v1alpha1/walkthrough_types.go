// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Walkthrough follows one request through the control plane and keeps the
// steps that it took, each with the evidence that the components left.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=wt,categories=sim
// +kubebuilder:printcolumn:name="Subject",type=string,JSONPath=`.status.subject.name`,description="Object that is followed"
// +kubebuilder:printcolumn:name="Outcome",type=string,JSONPath=`.status.outcome`,description="What became of the request so far"
// +kubebuilder:printcolumn:name="Complete",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].status`,description="Whether the request has come to its end"
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Complete")].reason`,priority=1,description="Why it has, or has not"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
type Walkthrough struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec names the request that is followed.
	// +required
	Spec WalkthroughSpec `json:"spec,omitzero"`

	// status is what the observer has recorded so far.
	// +optional
	Status WalkthroughStatus `json:"status,omitzero"`
}

// WalkthroughList is a list of Walkthroughs.
//
// +kubebuilder:object:root=true
type WalkthroughList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Walkthrough `json:"items"`
}

// WalkthroughSpec names the request that is followed: the creation of the
// object that the template describes, or of one that exists.
//
// +kubebuilder:validation:ExactlyOneOf=template;subjectRef
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec is immutable: delete the Walkthrough and create it again"
type WalkthroughSpec struct {
	// template of a SimPod that is created, with the name of the Walkthrough,
	// to be followed. It is deleted together with the Walkthrough.
	// +optional
	Template *SimPodTemplateSpec `json:"template,omitzero"`

	// subjectRef names an object in the same namespace.
	// +optional
	SubjectRef *SubjectReference `json:"subjectRef,omitzero"`
}

// SubjectReference names the object whose creation is followed.
type SubjectReference struct {
	// kind of the object: SimPod.
	// +optional
	// +kubebuilder:default=SimPod
	// +kubebuilder:validation:Enum=SimPod
	Kind string `json:"kind,omitempty"`

	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// uid of the object. By default it is the last one recorded with the name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=36
	UID string `json:"uid,omitempty"`
}

// WalkthroughStatus is what the observer has recorded so far. It is bounded;
// the whole record is served by the observer.
type WalkthroughStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// subject is the object that is followed.
	// +optional
	Subject *SubjectReference `json:"subject,omitzero"`

	// outcome is what became of the request so far, such as Running,
	// Unschedulable, Rejected or Deleted.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Outcome string `json:"outcome,omitempty"`

	// steps that the request took, in the order in which they happened.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Steps []WalkthroughStep `json:"steps,omitempty"`

	// tracker has a row per moment: the request's state and what etcd held.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tracker []TrackerMoment `json:"tracker,omitempty"`

	// keyMoments explain what the order of the steps proves.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	KeyMoments []KeyMoment `json:"keyMoments,omitempty"`

	// sources of the evidence, and why one is missing.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Sources []EvidenceSource `json:"sources,omitempty"`

	// conditions of the Walkthrough: Complete.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// WalkthroughStep is one step of a request through the control plane.
type WalkthroughStep struct {
	// step is the number of the step, from 1 to 8.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=8
	Step int32 `json:"step,omitempty"`

	// component that acted.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Component string `json:"component,omitempty"`

	// action that it took.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Action string `json:"action,omitempty"`

	// input that it acted on.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Input string `json:"input,omitempty"`

	// effect of the action: its output, and what it changed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Effect string `json:"effect,omitempty"`

	// time at which the step was completed, by the clock of the evidence.
	// Absent where no evidence has it.
	// +optional
	Time *metav1.MicroTime `json:"time,omitempty"`

	// evidence that the components left. Without any, effect says why.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Evidence is one trace that a component left behind, reduced to what proves a
// step. A field that its source does not offer is absent.
type Evidence struct {
	// source of the evidence: audit, watch, etcd, decision, transition, client or span.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Source string `json:"source,omitempty"`

	// summary says in one line what the evidence shows.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`

	// time at which it happened, by the clock of the source.
	// +optional
	Time *metav1.MicroTime `json:"time,omitempty"`

	// auditID of the request in the API server's audit log.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	AuditID string `json:"auditID,omitempty"`

	// stage of the audit event, such as RequestReceived.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Stage string `json:"stage,omitempty"`

	// user who made the request.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	User string `json:"user,omitempty"`

	// groups of the user.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	Groups []string `json:"groups,omitempty"`

	// userAgent of the client.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	UserAgent string `json:"userAgent,omitempty"`

	// verb of the request.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Verb string `json:"verb,omitempty"`

	// uri of the request.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri,omitempty"`

	// code of the HTTP response.
	// +optional
	// +kubebuilder:validation:Minimum=100
	// +kubebuilder:validation:Maximum=599
	Code int32 `json:"code,omitempty"`

	// key in etcd.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Key string `json:"key,omitempty"`

	// createRevision of the key in etcd.
	// +optional
	// +kubebuilder:validation:Minimum=1
	CreateRevision int64 `json:"createRevision,omitempty"`

	// modRevision of the key in etcd, which is the object's resourceVersion.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ModRevision int64 `json:"modRevision,omitempty"`

	// bytes is the size of the value in etcd, in bytes.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Bytes int64 `json:"bytes,omitempty"`

	// lag is the time from the write until a watcher saw it, such as 1.5ms.
	// +optional
	Lag *metav1.Duration `json:"lag,omitempty"`

	// details are further facts, such as the authorization decision, the verdict
	// of each scheduler plugin, or the fields that a revision changed.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=1024
	Details []string `json:"details,omitempty"`
}

// TrackerMoment is what was true at one moment of the request.
type TrackerMoment struct {
	// moment of the request: Start, AfterStep2, AfterStep4, AfterStep6 or Final.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Moment string `json:"moment,omitempty"`

	// requestState is the state that the request has reached.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	RequestState string `json:"requestState,omitempty"`

	// clusterState is what etcd held of the object.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	ClusterState string `json:"clusterState,omitempty"`

	// revision of etcd at which clusterState was read. Absent where
	// nothing is stored.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Revision int64 `json:"revision,omitempty"`
}

// KeyMoment explains what the order of the steps proves.
type KeyMoment struct {
	// title asks or names what is explained.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Title string `json:"title,omitempty"`

	// explanation in a few sentences, with the revisions and times of this run.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Explanation string `json:"explanation,omitempty"`
}

// EvidenceSource is one kind of trace, and whether it could be had.
type EvidenceSource struct {
	// name of the source: audit, watch, etcd, decision, transition, client or span.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Name string `json:"name,omitempty"`

	// available says whether the source could be read.
	// +optional
	Available bool `json:"available"`

	// reason why it is not available.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`

	// entries is how many traces of this request it has.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Entries int32 `json:"entries,omitempty"`
}
