// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Names that several components and clients share.
const (
	// SystemNamespace is where the components run and keep their leader-election Leases.
	SystemNamespace = "glassplane-system"

	// NodeLeaseNamespace holds one coordination.k8s.io Lease per SimNode, its
	// heartbeat. It is not kube-node-lease, so that a simulated node can never
	// renew the Lease of a real node with the same name.
	NodeLeaseNamespace = "simnode-lease"

	// FinalizerKubelet is added to a SimPod together with spec.nodeName and
	// removed by the simulated kubelet once the pod's containers have stopped.
	// It stands for the graceful deletion that the API server offers to core
	// Pods only.
	FinalizerKubelet = "sim.glassplane.dev/kubelet"

	// AnnotationStartGate keeps the simulated kubelet from accepting a SimPod for
	// as long as the pod has it, as spec.schedulingGates keep the scheduler from
	// binding one. Its value says who holds the pod. It has no effect on a pod that
	// was accepted before, or that is being deleted. Kubernetes has nothing like
	// it: there, a kubelet starts whatever is bound to its node.
	AnnotationStartGate = "sim.glassplane.dev/start-gate"

	// LabelWorkload is the label of an apps/v1 ControllerRevision that belongs to a
	// simulated workload: its kind, such as SimDaemonSet. It tells them from those of
	// real workloads, which have the same labels otherwise.
	LabelWorkload = "sim.glassplane.dev/workload"

	// FinalizerJobTracking is added to the SimPods of a SimJob when they are created,
	// and removed by its controller once their end is counted. So no end is lost,
	// whoever deletes a pod. It is batch.kubernetes.io/job-tracking of batch/v1.
	FinalizerJobTracking = "sim.glassplane.dev/job-tracking"

	// LabelNodePool is the label that the SimNodes of a SimNodePool have; its value
	// is the pool's name.
	LabelNodePool = "sim.glassplane.dev/node-pool"

	// DefaultSchedulerName is the schedulerName of a SimPod that names none.
	DefaultSchedulerName = "glassplane-scheduler"

	// DefaultTerminationGracePeriodSeconds is core/v1's default, in seconds.
	DefaultTerminationGracePeriodSeconds int64 = 30
)

// Condition types of a SimPod. They are those of a core/v1 Pod.
const (
	// SimPodScheduled is True once the pod is bound to a node. It is False with
	// reason Unschedulable or SchedulingGated while it is not.
	SimPodScheduled = "PodScheduled"
	// SimPodInitialized is True once every init container has completed.
	SimPodInitialized = "Initialized"
	// SimPodContainersReady is True while every container is ready.
	SimPodContainersReady = "ContainersReady"
	// SimPodReady is True while the pod would receive traffic.
	SimPodReady = "Ready"
	// SimPodDisruptionTarget is True once a controller has decided to delete the
	// pod: by preemption, by a taint, by a drain, or because its node is gone.
	SimPodDisruptionTarget = "DisruptionTarget"
)

// Reasons of a SimPod's conditions.
const (
	// ReasonUnschedulable surfaces when no node passed every filter of the scheduler.
	ReasonUnschedulable = "Unschedulable"
	// ReasonSchedulingGated surfaces while spec.schedulingGates is not empty.
	ReasonSchedulingGated = "SchedulingGated"
	// ReasonSchedulerError surfaces when scheduling failed for a reason that is
	// not the pod's, such as a bind that the API server refused.
	ReasonSchedulerError = "SchedulerError"
	// ReasonScheduled surfaces once the pod is bound to a node.
	ReasonScheduled = "Scheduled"
	// ReasonContainersReady surfaces while every container is ready.
	ReasonContainersReady = "ContainersReady"
	// ReasonContainersInitialized surfaces once every init container has completed.
	ReasonContainersInitialized = "ContainersInitialized"
	// ReasonContainersNotReady surfaces while at least one container is not ready.
	ReasonContainersNotReady = "ContainersNotReady"
	// ReasonContainersNotInitialized surfaces while an init container has not completed.
	ReasonContainersNotInitialized = "ContainersNotInitialized"
	// ReasonPodCompleted surfaces when every container has ended successfully.
	ReasonPodCompleted = "PodCompleted"
	// ReasonPodFailed surfaces when the pod's phase is Failed.
	ReasonPodFailed = "PodFailed"
	// ReasonPreemptionByScheduler surfaces on a victim of preemption.
	ReasonPreemptionByScheduler = "PreemptionByScheduler"
	// ReasonDeletionByTaintManager surfaces on a pod that a NoExecute taint evicts.
	ReasonDeletionByTaintManager = "DeletionByTaintManager"
	// ReasonEvictionByEvictionAPI surfaces on a pod that a drain evicts. The words are
	// those of the eviction subresource, which simulated pods do not have.
	ReasonEvictionByEvictionAPI = "EvictionByEvictionAPI"
	// ReasonDeletionByPodGC surfaces on a pod whose node no longer exists.
	ReasonDeletionByPodGC = "DeletionByPodGC"
)

// Reasons of a container's waiting and terminated states, as a kubelet gives them.
const (
	// ReasonPodInitializing surfaces while init containers still have to run.
	ReasonPodInitializing = "PodInitializing"
	// ReasonContainerCreating surfaces during simulation.startDelay.
	ReasonContainerCreating = "ContainerCreating"
	// ReasonCrashLoopBackOff surfaces while a restart waits for its back-off.
	ReasonCrashLoopBackOff = "CrashLoopBackOff"
	// ReasonCompleted surfaces when a container ended with exit code 0.
	ReasonCompleted = "Completed"
	// ReasonError surfaces when a container ended with any other exit code.
	ReasonError = "Error"
	// ReasonContainerStatusUnknown surfaces when a pod ended before its container
	// had started.
	ReasonContainerStatusUnknown = "ContainerStatusUnknown"
	// ReasonUnknown surfaces when nobody saw the container end, because its node was
	// switched off.
	ReasonUnknown = "Unknown"
	// ReasonErrImagePull surfaces when the container's image could not be pulled.
	ReasonErrImagePull = "ErrImagePull"
	// ReasonImagePullBackOff surfaces while another try to pull it waits.
	ReasonImagePullBackOff = "ImagePullBackOff"
	// ReasonDeadlineExceeded surfaces when activeDeadlineSeconds ended the pod.
	ReasonDeadlineExceeded = "DeadlineExceeded"
)

// Condition types of a SimNode. They are those of a core/v1 Node that a
// simulated node can have.
const (
	// SimNodeReady is True while the node sends heartbeats, False while it boots,
	// and Unknown once its Lease went stale.
	SimNodeReady = "Ready"
)

// Reasons of a SimNode's conditions, as kubelet and node lifecycle controller give them.
const (
	// ReasonNodeBooting surfaces during simulation.bootDelay.
	ReasonNodeBooting = "NodeBooting"
	// ReasonKubeletReady surfaces once the simulated kubelet accepts pods.
	ReasonKubeletReady = "KubeletReady"
	// ReasonNodeStatusUnknown surfaces when the node's Lease was not renewed
	// within the grace period.
	ReasonNodeStatusUnknown = "NodeStatusUnknown"
)

// Condition types and reasons of a SimReplicaSet, and of every workload that makes
// pods or nodes.
const (
	// SimReplicaSetReplicaFailure is True while creating or deleting a pod fails.
	SimReplicaSetReplicaFailure = "ReplicaFailure"
	// ReasonFailedCreate surfaces when the API server refused to create a pod.
	ReasonFailedCreate = "FailedCreate"
	// ReasonFailedDelete surfaces when the API server refused to delete a pod.
	ReasonFailedDelete = "FailedDelete"
)

// Condition types and reasons of a SimDeployment. They are those of an apps/v1
// Deployment.
const (
	// SimDeploymentAvailable is True while at least as many pods are available as
	// the strategy demands.
	SimDeploymentAvailable = "Available"
	// SimDeploymentProgressing is True while a rollout makes progress and once it is
	// complete, False once it has made none for progressDeadlineSeconds, Unknown
	// while it is paused.
	SimDeploymentProgressing = "Progressing"
	// SimDeploymentReplicaFailure is True while a SimReplicaSet cannot create or
	// delete a pod; the reasons are those of the SimReplicaSet.
	SimDeploymentReplicaFailure = "ReplicaFailure"

	// ReasonMinimumReplicasAvailable surfaces while enough pods are available.
	ReasonMinimumReplicasAvailable = "MinimumReplicasAvailable"
	// ReasonMinimumReplicasUnavailable surfaces while fewer are.
	ReasonMinimumReplicasUnavailable = "MinimumReplicasUnavailable"

	// ReasonNewReplicaSetCreated surfaces when a new template got its SimReplicaSet.
	ReasonNewReplicaSetCreated = "NewReplicaSetCreated"
	// ReasonFoundNewReplicaSet surfaces when a SimReplicaSet of the template existed.
	ReasonFoundNewReplicaSet = "FoundNewReplicaSet"
	// ReasonReplicaSetCreateError surfaces when the API server refused to create the
	// SimReplicaSet.
	ReasonReplicaSetCreateError = "ReplicaSetCreateError"
	// ReasonReplicaSetUpdated surfaces while pods are being replaced.
	ReasonReplicaSetUpdated = "ReplicaSetUpdated"
	// ReasonNewReplicaSetAvailable surfaces once all pods are of the present
	// template and available.
	ReasonNewReplicaSetAvailable = "NewReplicaSetAvailable"
	// ReasonProgressDeadlineExceeded surfaces when a rollout made no progress for
	// progressDeadlineSeconds.
	ReasonProgressDeadlineExceeded = "ProgressDeadlineExceeded"
	// ReasonDeploymentPaused surfaces while the rollout is paused.
	ReasonDeploymentPaused = "DeploymentPaused"
	// ReasonDeploymentResumed surfaces when a rollout was resumed and has made no
	// progress since.
	ReasonDeploymentResumed = "DeploymentResumed"
)

// Condition types of a SimJob. They are those of a batch/v1 Job.
const (
	// SimJobComplete is True once the job has succeeded and none of its pods runs
	// any more.
	SimJobComplete = "Complete"
	// SimJobFailed is True once the job has failed and none of its pods runs any more.
	SimJobFailed = "Failed"
	// SimJobSuspended is True while the job is suspended.
	SimJobSuspended = "Suspended"
	// SimJobSuccessCriteriaMet is True once the job has succeeded, before the pods
	// that are left have ended.
	SimJobSuccessCriteriaMet = "SuccessCriteriaMet"
	// SimJobFailureTarget is True once the job has failed, before the pods that are
	// left have ended.
	SimJobFailureTarget = "FailureTarget"
)

// Reasons of a SimJob's conditions. They are those of a batch/v1 Job.
const (
	// ReasonCompletionsReached surfaces when as many pods have succeeded as must.
	ReasonCompletionsReached = "CompletionsReached"
	// ReasonBackoffLimitExceeded surfaces when more pods have failed than may.
	ReasonBackoffLimitExceeded = "BackoffLimitExceeded"
	// ReasonPodFailurePolicy surfaces when a pod failed in a way that fails the job.
	ReasonPodFailurePolicy = "PodFailurePolicy"
	// ReasonJobSuspended surfaces while the job is suspended.
	ReasonJobSuspended = "JobSuspended"
	// ReasonJobResumed surfaces once the job was suspended and is no longer.
	ReasonJobResumed = "JobResumed"
	// A job that took longer than its activeDeadlineSeconds has ReasonDeadlineExceeded.
)

// Condition types of a SimNodePool. Its reasons are ReasonFailedCreate and
// ReasonFailedDelete.
const (
	// SimNodePoolReplicaFailure is True while creating or deleting a node fails.
	SimNodePoolReplicaFailure = "ReplicaFailure"
)

// Condition types and reasons of a Walkthrough.
const (
	// WalkthroughComplete is True once the request has come to its end: the pod
	// runs, has ended or was deleted, or the request was refused. It is False
	// while the pod waits for a node.
	WalkthroughComplete = "Complete"
	// ReasonRequestFinished surfaces when the last step of the request is recorded.
	ReasonRequestFinished = "RequestFinished"
	// ReasonRequestInProgress surfaces while steps are still to come.
	ReasonRequestInProgress = "RequestInProgress"
	// ReasonSubjectNotFound surfaces while nothing is recorded of the subject.
	ReasonSubjectNotFound = "SubjectNotFound"
	// ReasonSubjectConflict surfaces when an object that this Walkthrough does
	// not own already has the name that its template would get.
	ReasonSubjectConflict = "SubjectConflict"
	// ReasonSubjectRejected surfaces when the API server refused to create the
	// object of the template.
	ReasonSubjectRejected = "SubjectRejected"
)

// Condition types and reasons of a Fault.
const (
	// FaultActive is True while the fault breaks something.
	FaultActive = "Active"
	// ReasonInEffect surfaces while the fault hits all that it is meant for.
	ReasonInEffect = "InEffect"
	// ReasonPending surfaces while what is to be broken is not yet, such as a component
	// that stops.
	ReasonPending = "Pending"
	// ReasonNoTarget surfaces while nothing exists that the fault could hit.
	ReasonNoTarget = "NoTarget"
	// ReasonUnknownController surfaces when the controller manager has no controller
	// of that name.
	ReasonUnknownController = "UnknownController"
	// ReasonNotPossible surfaces when the component cannot have this fault, such as a
	// LeaseDelay of one that elects no leader.
	ReasonNotPossible = "NotPossible"
	// ReasonDurationElapsed surfaces once the fault's duration is over.
	ReasonDurationElapsed = "DurationElapsed"
)

// FaultAccount is the ServiceAccount that touches objects for a WriteConflict.
const FaultAccount = "glassplane-fault"

// AnnotationTouched is what a WriteConflict changes of an object just before a
// component writes it: it says when.
const AnnotationTouched = "sim.glassplane.dev/touched"

// AnnotationCrashed marks a SimNode that a Fault, whose name it has, has switched
// off. It stays until the node has rebooted, so that the reboot takes place also
// where the Fault was deleted while nobody looked.
const AnnotationCrashed = "sim.glassplane.dev/crashed-by"
