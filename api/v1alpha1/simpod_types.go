// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SimPod is a simulated pod: a real API object that a real control plane
// stores, a scheduler binds and a kubelet reports on, without any container
// being run.
// ---
// Rules about one value are here; those that compare values with each other, look
// into core/v1's types or parse quantities are the admission policies
// simpod-containers, simpod-placement, simpod-resources and simpod-update.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=sp,categories=sim
// +kubebuilder:selectablefield:JSONPath=`.spec.nodeName`
// +kubebuilder:selectablefield:JSONPath=`.spec.restartPolicy`
// +kubebuilder:selectablefield:JSONPath=`.spec.schedulerName`
// +kubebuilder:selectablefield:JSONPath=`.status.nominatedNodeName`
// +kubebuilder:selectablefield:JSONPath=`.status.phase`
// +kubebuilder:selectablefield:JSONPath=`.status.podIP`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.ready`,description="Containers that are ready, of all containers"
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.summary`,description="What kubectl shows as the status of a pod"
// +kubebuilder:printcolumn:name="Restarts",type=integer,JSONPath=`.status.restarts`,description="How often containers were restarted"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`,description="Time since the object was created"
// +kubebuilder:printcolumn:name="IP",type=string,JSONPath=`.status.podIP`,priority=1,description="Simulated address of the pod"
// +kubebuilder:printcolumn:name="Node",type=string,JSONPath=`.spec.nodeName`,priority=1,description="Node that the pod is bound to"
// +kubebuilder:printcolumn:name="Nominated Node",type=string,JSONPath=`.status.nominatedNodeName`,priority=1,description="Node on which pods were preempted for this pod"
// +kubebuilder:printcolumn:name="Priority",type=integer,JSONPath=`.spec.priority`,priority=1,description="Priority of the pod, once the scheduler has resolved it"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.spec.nodeName) || (has(self.spec.nodeName) && self.spec.nodeName == oldSelf.spec.nodeName)",fieldPath=".spec.nodeName",message="nodeName is immutable once it is set: delete the SimPod and create it again to move it to another node"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.spec.priority) || (has(self.spec.priority) && self.spec.priority == oldSelf.spec.priority)",fieldPath=".spec.priority",message="priority is immutable once it is set: delete the SimPod and create it again"
// +kubebuilder:validation:XValidation:rule="has(self.spec.priorityClassName) == has(oldSelf.spec.priorityClassName) && (!has(self.spec.priorityClassName) || self.spec.priorityClassName == oldSelf.spec.priorityClassName)",fieldPath=".spec.priorityClassName",message="priorityClassName is immutable: delete the SimPod and create it again"
// +kubebuilder:validation:XValidation:rule="self.spec.preemptionPolicy == oldSelf.spec.preemptionPolicy || !has(oldSelf.spec.priority) && has(self.spec.priority)",fieldPath=".spec.preemptionPolicy",message="preemptionPolicy is immutable, but for who stores the priority: delete the SimPod and create it again"
// +kubebuilder:validation:XValidation:rule="self.spec.schedulerName == oldSelf.spec.schedulerName",fieldPath=".spec.schedulerName",message="schedulerName is immutable: delete the SimPod and create it again"
// +kubebuilder:validation:XValidation:rule="self.spec.restartPolicy == oldSelf.spec.restartPolicy",fieldPath=".spec.restartPolicy",message="restartPolicy is immutable: delete the SimPod and create it again"
// +kubebuilder:validation:XValidation:rule="self.spec.terminationGracePeriodSeconds == oldSelf.spec.terminationGracePeriodSeconds || oldSelf.spec.terminationGracePeriodSeconds < 0 && self.spec.terminationGracePeriodSeconds == 1",fieldPath=".spec.terminationGracePeriodSeconds",message="terminationGracePeriodSeconds is immutable: delete the SimPod with --grace-period to have it stop sooner"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.spec.activeDeadlineSeconds) || has(self.spec.activeDeadlineSeconds) && self.spec.activeDeadlineSeconds <= oldSelf.spec.activeDeadlineSeconds",fieldPath=".spec.activeDeadlineSeconds",message="activeDeadlineSeconds may be set or made smaller, but neither made greater nor removed"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.nodeName) || !has(self.spec.schedulingGates) || size(self.spec.schedulingGates) == 0",fieldPath=".spec.nodeName",reason=FieldValueForbidden,message="nodeName cannot be set until all schedulingGates have been cleared: remove one of the two"
type SimPod struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard metadata of every object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the desired behaviour of the pod. It is immutable, but for what a
	// core/v1 Pod allows too: nodeName and priority are set once, schedulingGates
	// are removed, tolerations are added or last longer or shorter, images change,
	// activeDeadlineSeconds shrinks. While there are schedulingGates, nodeSelector
	// may gain entries, and nodeAffinity may be set or narrowed.
	// +required
	Spec SimPodSpec `json:"spec,omitzero"`

	// status is what the scheduler and the simulated kubelet last reported. Until
	// one of them has, it says that the pod is pending, which is stored nowhere,
	// and that of one container none is ready, also where there are more.
	// +optional
	// +kubebuilder:default={phase: Pending, summary: Pending, ready: "0/1", restarts: 0}
	Status SimPodStatus `json:"status,omitzero"`
}

// SimPodList is a list of SimPods.
//
// +kubebuilder:object:root=true
type SimPodList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SimPod `json:"items"`
}

// SimPodSpec is the part of a core/v1 PodSpec that has an effect on a
// simulated pod, and how the simulation behaves.
type SimPodSpec struct {
	// initContainers start one after the other before the containers do: each
	// when the one before it has completed or, where that has the restartPolicy
	// Always (a sidecar), has started.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	InitContainers []Container `json:"initContainers,omitempty"`

	// containers of the pod. There must be at least one.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:XValidation:rule="!has(self.restartPolicy)",fieldPath=".restartPolicy",reason=FieldValueForbidden,message="may not be set for containers other than init containers"
	Containers []Container `json:"containers,omitempty"`

	// nodeName is the node that the pod is bound to. Leave it empty: a scheduler
	// sets it, and only who may create simpods/binding may set it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	NodeName string `json:"nodeName,omitempty"`

	// nodeSelector must match a node's labels for the pod to be scheduled on it.
	// +optional
	// +mapType=atomic
	// +kubebuilder:validation:MaxProperties=1024
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// affinity holds the pod's scheduling constraints towards nodes and pods.
	// None by default.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// tolerations let the pod onto nodes with matching taints. A pod that does
	// not tolerate node.kubernetes.io/not-ready or unreachable is treated as
	// tolerating it for 300 seconds, which is what the API server adds to pods.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// topologySpreadConstraints say how the pods that match should be spread
	// over the domains of a topology.
	// +optional
	// +listType=map
	// +listMapKey=topologyKey
	// +listMapKey=whenUnsatisfiable
	// +kubebuilder:validation:MaxItems=1024
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName names the scheduling.k8s.io PriorityClass of the pod. A
	// pod whose class does not exist waits until it does; its condition
	// PodScheduled says so.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$`
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// priority of the pod: the higher, the earlier it is scheduled. Leave it
	// empty: it is the value of the PriorityClass, else of the global default
	// PriorityClass, else 0. The scheduler stores it when it has read the pod.
	// +optional
	Priority *int32 `json:"priority,omitempty"`

	// preemptionPolicy says whether the pod may preempt pods of lower priority.
	// Never on the pod or on its PriorityClass wins, and is stored together with
	// priority. Defaults to PreemptLowerPriority.
	// +optional
	// +kubebuilder:default=PreemptLowerPriority
	// +kubebuilder:validation:Enum=PreemptLowerPriority;Never
	PreemptionPolicy *corev1.PreemptionPolicy `json:"preemptionPolicy,omitempty"`

	// schedulerName is the scheduler that binds the pod.
	// Defaults to glassplane-scheduler.
	// +optional
	// +kubebuilder:default=glassplane-scheduler
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	SchedulerName string `json:"schedulerName,omitempty"`

	// schedulingGates keep the pod from being scheduled until all are removed.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=1024
	SchedulingGates []corev1.PodSchedulingGate `json:"schedulingGates,omitempty"`

	// resources that all containers of the pod request, and may use at most,
	// together: cpu, memory and huge pages only. What is requested here is what
	// the scheduler reserves, in place of the sum of the containers. None by
	// default.
	// +optional
	Resources *ResourceRequirements `json:"resources,omitempty"`

	// overhead is what running the pod costs beside its containers. None by default.
	// +optional
	Overhead ResourceList `json:"overhead,omitempty"`

	// restartPolicy says when containers are restarted. Defaults to Always.
	// +optional
	// +kubebuilder:default=Always
	// +kubebuilder:validation:Enum=Always;OnFailure;Never
	RestartPolicy corev1.RestartPolicy `json:"restartPolicy,omitempty"`

	// terminationGracePeriodSeconds is how long the containers have to stop,
	// in seconds. Less than 0 means 1, as for a core/v1 Pod. Defaults to 30.
	// +optional
	// +kubebuilder:default=30
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`

	// activeDeadlineSeconds is how long the pod may be active on its node before
	// it fails with reason DeadlineExceeded, in seconds. No limit by default.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483647
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`

	// simulation says how the containers behave. By default they start at once,
	// are ready at once and run until the pod is deleted.
	// +optional
	Simulation *PodSimulation `json:"simulation,omitempty"`
}

// Container is the part of a core/v1 Container that has an effect on a
// simulated pod.
type Container struct {
	// name of the container, unique in its pod.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// image of the container. It is not pulled; a scheduler may prefer nodes
	// that have it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^\S([\s\S]*\S)?$`
	Image string `json:"image,omitempty"`

	// resources that the container requests and may use at most.
	// +optional
	Resources ResourceRequirements `json:"resources,omitzero"`

	// restartPolicy of an init container: Always makes it a sidecar, which runs
	// beside the containers until they have ended and is restarted whenever it
	// exits. It may not be set for other containers. By default an init container
	// runs once, to its end.
	// +optional
	// +kubebuilder:validation:Enum=Always
	RestartPolicy *corev1.ContainerRestartPolicy `json:"restartPolicy,omitempty"`

	// ports that the container serves. Only hostPort has an effect: two pods
	// with the same one do not fit on the same node.
	// ---
	// core/v1's list is a map of containerPort and protocol to server-side apply,
	// but may hold the same two twice, under two names. A CRD's may not.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1024
	Ports []ContainerPort `json:"ports,omitempty"`
}

// ResourceRequirements are the compute resources of a container or of a pod.
type ResourceRequirements struct {
	// limits is the most that may be used: cpu in cores, such as 500m, memory in
	// bytes, such as 1Gi. No limit by default.
	// +optional
	Limits ResourceList `json:"limits,omitempty"`

	// requests is what the scheduler reserves, in the units of limits. A resource
	// that has a limit but no request is requested as much as its limit; of a
	// pod's cpu and memory, as much as its containers request, if any of them does.
	// +optional
	Requests ResourceList `json:"requests,omitempty"`
}

// ResourceList is an amount of each of several resources.
//
// +kubebuilder:validation:MaxProperties=64
// +kubebuilder:validation:XValidation:rule="self.all(r, type(self[r]) == int ? self[r] >= 0 : !self[r].startsWith('-'))",message="quantities must not be negative"
type ResourceList map[corev1.ResourceName]resource.Quantity

// ContainerPort is a port that a container serves.
type ContainerPort struct {
	// name of the port: lower-case letters, digits and single '-' between them,
	// and at least one letter.
	// +optional
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:Pattern=`^(([0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*)?$`
	Name string `json:"name,omitempty"`

	// containerPort is the port inside of the pod.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	ContainerPort int32 `json:"containerPort,omitempty"`

	// hostPort is the port of the node that is taken; 0 is none, the default.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HostPort int32 `json:"hostPort,omitempty"`

	// hostIP is the address of the node that the hostPort is taken on.
	// Defaults to all of them.
	// +optional
	// +kubebuilder:validation:MaxLength=45
	HostIP string `json:"hostIP,omitempty"`

	// protocol of the port. Defaults to TCP.
	// +optional
	// +kubebuilder:default=TCP
	// +kubebuilder:validation:Enum=TCP;UDP;SCTP
	Protocol corev1.Protocol `json:"protocol,omitempty"`
}

// PodSimulation says how the containers of a SimPod behave. Every random choice
// is drawn from a seed and the pod's name, so that a run repeats.
//
// +kubebuilder:validation:XValidation:rule="!has(self.failureProbabilityPercent) || self.failureProbabilityPercent == 0 || has(self.runDuration)",message="failureProbabilityPercent needs a runDuration: a container that runs forever cannot fail"
// +kubebuilder:validation:XValidation:rule="!has(self.exitCode) || self.exitCode == 0 || has(self.runDuration)",message="exitCode needs a runDuration: a container that runs forever does not exit"
type PodSimulation struct {
	// startDelay is the time from the bind to the start of the containers,
	// as image pulls and volume mounts would take. Defaults to 0s.
	// +optional
	StartDelay *SimulatedDuration `json:"startDelay,omitempty"`

	// runDuration is how long each container runs before it exits. By default
	// it runs until the pod is deleted. Init containers always exit; where it
	// is not set they do so at once.
	// +optional
	RunDuration *SimulatedDuration `json:"runDuration,omitempty"`

	// readinessDelay is the time from a container's start until it is ready.
	// Defaults to 0s.
	// +optional
	ReadinessDelay *SimulatedDuration `json:"readinessDelay,omitempty"`

	// shutdownDuration is how long containers take to stop when the pod is
	// deleted; they are killed at the end of the grace period. Defaults to 0s.
	// +optional
	ShutdownDuration *SimulatedDuration `json:"shutdownDuration,omitempty"`

	// exitCode of a container whose runDuration is over. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=255
	ExitCode int32 `json:"exitCode,omitempty"`

	// failureProbabilityPercent is how likely it is, in percent, that a run of a
	// container ends with exit code 1 in place of exitCode. Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	FailureProbabilityPercent int32 `json:"failureProbabilityPercent,omitempty"`

	// seed of the random choices. Defaults to 0.
	// +optional
	Seed int64 `json:"seed,omitempty"`
}

// SimulatedDuration is a length of time with an optional random part.
type SimulatedDuration struct {
	// duration is the shortest time, such as 500ms, 2s or 1m30s.
	// +required
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="duration must not be negative"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	Duration metav1.Duration `json:"duration"`

	// jitterPercent is the largest random addition, in percent of duration.
	// Defaults to 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	JitterPercent int32 `json:"jitterPercent,omitempty"`
}

// SimPodStatus is what the scheduler and the simulated kubelet last reported.
// The scheduler writes the PodScheduled condition and nominatedNodeName until
// the pod is bound, the simulated kubelet writes the rest.
type SimPodStatus struct {
	// observedGeneration is the metadata.generation that this status reflects.
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// phase of the pod: Pending, Running, Succeeded or Failed.
	// +optional
	// +kubebuilder:validation:Enum=Pending;Running;Succeeded;Failed
	Phase corev1.PodPhase `json:"phase,omitempty"`

	// summary is the word that kubectl shows as the status of a pod: the phase,
	// or the reason why a container waits or has ended.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Summary string `json:"summary,omitempty"`

	// ready is the number of ready containers, of all containers, such as 1/1.
	// Sidecars are counted, too.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	Ready string `json:"ready,omitempty"`

	// restarts is what kubectl shows as the restarts of a pod: those of the
	// containers and sidecars, while the pod initializes those of its init
	// containers.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Restarts int32 `json:"restarts"`

	// reason is a short word for why the pod is in this phase, such as
	// DeadlineExceeded.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`

	// message tells people why the pod is in this phase.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32768
	Message string `json:"message,omitempty"`

	// conditions of the pod: PodScheduled, Initialized, ContainersReady, Ready
	// and DisruptionTarget, as for a core/v1 Pod.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// nominatedNodeName is the node on which pods were preempted for this pod.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	NominatedNodeName string `json:"nominatedNodeName,omitempty"`

	// hostIP is the address of the node that the pod is bound to.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=45
	HostIP string `json:"hostIP,omitempty"`

	// podIP is the simulated address of the pod.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=45
	PodIP string `json:"podIP,omitempty"`

	// startTime is when the simulated kubelet accepted the pod.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// initContainerStatuses has one entry per init container.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	InitContainerStatuses []ContainerStatus `json:"initContainerStatuses,omitempty"`

	// containerStatuses has one entry per container.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	ContainerStatuses []ContainerStatus `json:"containerStatuses,omitempty"`
}

// ContainerStatus is the part of a core/v1 ContainerStatus that a simulated
// container has.
type ContainerStatus struct {
	// name of the container.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// image of the container.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Image string `json:"image,omitempty"`

	// ready says whether the container would pass its readiness probe.
	// +optional
	Ready bool `json:"ready"`

	// restartCount is how often the container was restarted.
	// +optional
	// +kubebuilder:validation:Minimum=0
	RestartCount int32 `json:"restartCount"`

	// state of the container now: waiting, running or terminated.
	// +optional
	State corev1.ContainerState `json:"state,omitzero"`

	// lastState is how the run before this one ended.
	// +optional
	LastState corev1.ContainerState `json:"lastState,omitzero"`
}

// SimPodTemplateSpec describes the SimPods that a controller creates.
type SimPodTemplateSpec struct {
	// metadata of the SimPods: their labels and annotations.
	// +optional
	Metadata TemplateMeta `json:"metadata,omitzero"`

	// spec of the SimPods.
	// +required
	Spec SimPodSpec `json:"spec,omitzero"`
}

// TemplateMeta is the part of the metadata that a template may set.
type TemplateMeta struct {
	// labels of the objects that are created.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	Labels map[string]LabelValue `json:"labels,omitempty"`

	// annotations of the objects that are created.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	Annotations map[string]string `json:"annotations,omitempty"`
}
