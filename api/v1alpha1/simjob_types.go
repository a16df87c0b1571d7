// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// SimJob creates SimPods until a number of them have succeeded, as a batch/v1 Job
// does with Pods.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=sjob,categories=sim
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`,description="Running, Complete, Failed, Suspended or what it is about to become"
// +kubebuilder:printcolumn:name="Completions",type=string,JSONPath=`.status.progress`,description="SimPods that have succeeded, of those that must"
// +kubebuilder:printcolumn:name="Active",type=integer,JSONPath=`.status.active`,description="SimPods that have not ended"
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.failed`,description="SimPods that have failed"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() + (self.spec.completionMode == 'Indexed' && has(self.spec.completions) && self.spec.completions > 0 ? string(self.spec.completions - 1).size() + 1 : 0) <= 63",fieldPath=".metadata",reason=FieldValueInvalid,message="name must be no more than 63 characters, with a dash and the highest index where completionMode is Indexed: the SimPods have it as a label"
// +kubebuilder:validation:XValidation:rule="self.spec.completionMode == oldSelf.spec.completionMode",fieldPath=".spec.completionMode",message="completionMode is immutable: delete the SimJob and create it again"
// +kubebuilder:validation:XValidation:rule="has(self.spec.podFailurePolicy) == has(oldSelf.spec.podFailurePolicy) && (!has(self.spec.podFailurePolicy) || self.spec.podFailurePolicy == oldSelf.spec.podFailurePolicy)",fieldPath=".spec.podFailurePolicy",message="podFailurePolicy is immutable: delete the SimJob and create it again"
// +kubebuilder:validation:XValidation:rule="has(self.spec.completions) == has(oldSelf.spec.completions) && (!has(self.spec.completions) || self.spec.completions == oldSelf.spec.completions || self.spec.completionMode == 'Indexed' && self.spec.completions == self.spec.parallelism)",fieldPath=".spec.completions",message="completions is immutable, but where completionMode is Indexed and it stays equal to parallelism: delete the SimJob and create it again"
type SimJob struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says how many SimPods must succeed, and what becomes of those that fail.
	// +required
	Spec SimJobSpec `json:"spec,omitzero"`

	// status is what the controller last observed. Until it has, it counts no
	// SimPods, which is stored nowhere.
	// +optional
	// +kubebuilder:default={summary: Pending, active: 0, succeeded: 0, failed: 0}
	Status SimJobStatus `json:"status,omitzero"`
}

// SimJobList is a list of SimJobs.
//
// +kubebuilder:object:root=true
type SimJobList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimJob `json:"items"`
}

// SimJobSpec says how many SimPods must succeed, and what becomes of those that
// fail.
//
// +kubebuilder:validation:XValidation:rule="self.template.spec.restartPolicy in ['OnFailure', 'Never']",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be OnFailure or Never: a pod that is always restarted never ends"
// +kubebuilder:validation:XValidation:rule="self.completionMode != 'Indexed' || has(self.completions)",fieldPath=".completions",reason=FieldValueRequired,message="completions is required where completionMode is Indexed"
// +kubebuilder:validation:XValidation:rule="self.completionMode != 'Indexed' || self.parallelism <= 100000",fieldPath=".parallelism",reason=FieldValueInvalid,message="parallelism must be at most 100000 where completionMode is Indexed"
// +kubebuilder:validation:XValidation:rule="!has(self.podFailurePolicy) || !has(self.podReplacementPolicy) || self.podReplacementPolicy == 'Failed'",fieldPath=".podReplacementPolicy",reason=FieldValueInvalid,message="must be Failed where podFailurePolicy is set: how a pod fails is known when it has failed"
// +kubebuilder:validation:XValidation:rule="!has(self.podFailurePolicy) || self.template.spec.restartPolicy == 'Never'",fieldPath=".template.spec.restartPolicy",reason=FieldValueInvalid,message="must be Never where podFailurePolicy is set: set it so, or remove podFailurePolicy"
type SimJobSpec struct {
	// parallelism is how many SimPods may run at once. Defaults to 1.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=0
	Parallelism *int32 `json:"parallelism,omitempty"`

	// completions is how many SimPods must succeed. Where it is not set, the
	// success of one ends the SimJob: no further ones are created.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Completions *int32 `json:"completions,omitempty"`

	// completionMode says what completes the SimJob: NonIndexed where any SimPods
	// may succeed, Indexed where one of each index from 0 must. Defaults to
	// NonIndexed.
	// +optional
	// +kubebuilder:default=NonIndexed
	CompletionMode CompletionMode `json:"completionMode,omitempty"`

	// backoffLimit is how many failures are tolerated before the SimJob fails.
	// Defaults to 6.
	// +optional
	// +kubebuilder:default=6
	// +kubebuilder:validation:Minimum=0
	BackoffLimit *int32 `json:"backoffLimit,omitempty"`

	// podFailurePolicy says which failures count. By default all do.
	// +optional
	PodFailurePolicy *PodFailurePolicy `json:"podFailurePolicy,omitempty"`

	// podReplacementPolicy says when a SimPod is replaced: TerminatingOrFailed once
	// it is being deleted, which then counts as a failure, or Failed once it has
	// ended. Defaults to Failed where podFailurePolicy is set, else to
	// TerminatingOrFailed.
	// +optional
	PodReplacementPolicy PodReplacementPolicy `json:"podReplacementPolicy,omitempty"`

	// activeDeadlineSeconds is how long the SimJob may take from its start, in
	// seconds, before it fails. Not limited by default.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`

	// ttlSecondsAfterFinished is how long after its end the SimJob is deleted, in
	// seconds. Never by default.
	// +optional
	// +kubebuilder:validation:Minimum=0
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`

	// suspend deletes the SimPods that run and creates none until it is false
	// again. Defaults to false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// template of the SimPods.
	// +required
	Template SimPodTemplateSpec `json:"template,omitzero"`
}

// CompletionMode says what completes a SimJob.
//
// +kubebuilder:validation:Enum=NonIndexed;Indexed
type CompletionMode string

const (
	// NonIndexedCompletion counts successes.
	NonIndexedCompletion CompletionMode = "NonIndexed"
	// IndexedCompletion wants a success of each index.
	IndexedCompletion CompletionMode = "Indexed"
)

// PodReplacementPolicy says when a SimPod of a SimJob is replaced.
//
// +kubebuilder:validation:Enum=TerminatingOrFailed;Failed
type PodReplacementPolicy string

const (
	// ReplaceTerminatingOrFailed replaces a SimPod once it is being deleted.
	ReplaceTerminatingOrFailed PodReplacementPolicy = "TerminatingOrFailed"
	// ReplaceFailed replaces a SimPod once it has ended.
	ReplaceFailed PodReplacementPolicy = "Failed"
)

// PodFailurePolicy says which failures of pods count.
type PodFailurePolicy struct {
	// rules are looked at in their order; the first that matches decides. Where
	// none does, the failure counts.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	Rules []PodFailurePolicyRule `json:"rules"`
}

// PodFailurePolicyAction is what becomes of a failure.
//
// +kubebuilder:validation:Enum=FailJob;Ignore;Count
type PodFailurePolicyAction string

const (
	// FailJobAction ends the SimJob as failed.
	FailJobAction PodFailurePolicyAction = "FailJob"
	// IgnoreAction replaces the pod and does not count the failure.
	IgnoreAction PodFailurePolicyAction = "Ignore"
	// CountAction counts the failure towards backoffLimit.
	CountAction PodFailurePolicyAction = "Count"
)

// PodFailurePolicyRule says what becomes of failures that it matches.
//
// +kubebuilder:validation:XValidation:rule="has(self.onExitCodes) != (size(self.?onPodConditions.orValue([])) > 0)",message="a rule must have either onExitCodes or onPodConditions"
type PodFailurePolicyRule struct {
	// action is what becomes of the failure: FailJob, Ignore or Count.
	// +required
	Action PodFailurePolicyAction `json:"action,omitempty"`

	// onExitCodes matches a failure by the exit code of a container.
	// +optional
	OnExitCodes *OnExitCodes `json:"onExitCodes,omitempty"`

	// onPodConditions matches a failure where the pod has one of the conditions.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=20
	OnPodConditions []OnPodCondition `json:"onPodConditions,omitempty"`
}

// ExitCodesOperator compares an exit code with a list.
//
// +kubebuilder:validation:Enum=In;NotIn
type ExitCodesOperator string

const (
	// ExitCodeIn matches an exit code of the list.
	ExitCodeIn ExitCodesOperator = "In"
	// ExitCodeNotIn matches any other exit code but 0.
	ExitCodeNotIn ExitCodesOperator = "NotIn"
)

// OnExitCodes matches a failure by the exit code of a container.
//
// +kubebuilder:validation:XValidation:rule="self.operator != 'In' || !(0 in self.values)",fieldPath=".values",reason=FieldValueInvalid,message="values must not have 0 where operator is In: exit code 0 is no failure"
type OnExitCodes struct {
	// containerName is the container whose exit code counts. All by default.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	ContainerName string `json:"containerName,omitempty"`

	// operator is In or NotIn.
	// +required
	Operator ExitCodesOperator `json:"operator,omitempty"`

	// values are the exit codes.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=255
	Values []int32 `json:"values,omitempty"`
}

// OnPodCondition matches a pod that has a condition.
type OnPodCondition struct {
	// type of the condition, such as DisruptionTarget.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=316
	Type string `json:"type,omitempty"`

	// status of the condition. Defaults to True.
	// +optional
	// +kubebuilder:default="True"
	// +kubebuilder:validation:Enum=True;False;Unknown
	Status corev1.ConditionStatus `json:"status,omitempty"`
}

// SimJobStatus is what the controller last observed.
type SimJobStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// summary is the word that kubectl shows as the status of a job: Pending,
	// Running, Suspended, Complete, Failed, SuccessCriteriaMet or FailureTarget.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Summary string `json:"summary,omitempty"`

	// progress is how many SimPods have succeeded of those that must, such as 2/3.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Progress string `json:"progress,omitempty"`

	// startTime is when the SimJob was begun, or resumed after it was suspended.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the SimJob completed. One that failed has none.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// active is the number of SimPods that have not ended and are not being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Active int32 `json:"active"`

	// ready is how many of them are ready.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Ready int32 `json:"ready,omitempty"`

	// terminating is the number of SimPods that are being deleted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Terminating int32 `json:"terminating,omitempty"`

	// succeeded is the number of SimPods that have succeeded and were counted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Succeeded int32 `json:"succeeded"`

	// failed is the number of SimPods that have failed and were counted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Failed int32 `json:"failed"`

	// completedIndexes are the indexes that have succeeded, such as 0,2-5. Only
	// where completionMode is Indexed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=600000
	CompletedIndexes string `json:"completedIndexes,omitempty"`

	// uncountedTerminatedPods are SimPods that have ended and are about to be
	// counted: they still have the finalizer sim.glassplane.dev/job-tracking.
	// +optional
	UncountedTerminatedPods *UncountedTerminatedPods `json:"uncountedTerminatedPods,omitempty"`

	// conditions of the SimJob: Complete, Failed, Suspended, SuccessCriteriaMet,
	// FailureTarget.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// UncountedTerminatedPods are the UIDs of SimPods that have ended and are about to
// be counted.
type UncountedTerminatedPods struct {
	// succeeded are those that have succeeded.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2000
	Succeeded []types.UID `json:"succeeded,omitempty"`

	// failed are those that have failed.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2000
	Failed []types.UID `json:"failed,omitempty"`
}
