// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// failed says whether a pod counts as failed. One that is being deleted does,
// unless it is to be replaced only once it has ended: isPodFailed in
// k8s.io/kubernetes/pkg/controller/job.
func failed(job *v1alpha1.SimJob, pod *v1alpha1.SimPod) bool {
	switch {
	case pod.Status.Phase == corev1.PodFailed:
		return true
	case replacesOnlyFailed(job):
		return false
	}
	return workload.Terminating(pod)
}

// replacesOnlyFailed says whether a pod that is being deleted is replaced only
// once it has ended. As upstream, that is the default where how a pod failed matters.
func replacesOnlyFailed(job *v1alpha1.SimJob) bool {
	if job.Spec.PodReplacementPolicy == "" {
		return job.Spec.PodFailurePolicy != nil
	}
	return job.Spec.PodReplacementPolicy == v1alpha1.ReplaceFailed
}

// judge says what a job's policy makes of the failure of a pod: whether it counts,
// and in a message why it fails the job; empty where it does not. It is
// matchPodFailurePolicy in k8s.io/kubernetes/pkg/controller/job.
func judge(policy *v1alpha1.PodFailurePolicy, pod *v1alpha1.SimPod) (counts bool, failsJob string) {
	if policy == nil {
		return true, ""
	}
	for i := range policy.Rules {
		rule := &policy.Rules[i]
		what, matches := matchRule(rule, pod)
		switch {
		case !matches:
		case rule.Action == v1alpha1.FailJobAction:
			return true, fmt.Sprintf("%s matching %s rule at index %d", what, rule.Action, i)
		default:
			return rule.Action != v1alpha1.IgnoreAction, ""
		}
	}
	return true, ""
}

// matchRule says whether a rule matches a failed pod, and by what, in upstream's words.
func matchRule(rule *v1alpha1.PodFailurePolicyRule, pod *v1alpha1.SimPod) (what string, ok bool) {
	if rule.OnExitCodes != nil {
		for _, list := range [][]v1alpha1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
			for i := range list {
				if c := &list[i]; matchExitCode(rule.OnExitCodes, c) {
					return fmt.Sprintf("Container %s for pod %s/%s failed with exit code %d", c.Name, pod.Namespace, pod.Name, c.State.Terminated.ExitCode), true
				}
			}
		}
		return "", false
	}
	for _, condition := range pod.Status.Conditions {
		for _, pattern := range rule.OnPodConditions {
			if condition.Type == pattern.Type && corev1.ConditionStatus(condition.Status) == pattern.Status {
				return fmt.Sprintf("Pod %s/%s has condition %s", pod.Namespace, pod.Name, condition.Type), true
			}
		}
	}
	return "", false
}

func matchExitCode(rule *v1alpha1.OnExitCodes, c *v1alpha1.ContainerStatus) bool {
	end := c.State.Terminated
	if end == nil || end.ExitCode == 0 || (rule.ContainerName != "" && rule.ContainerName != c.Name) {
		return false
	}
	return slices.Contains(rule.Values, end.ExitCode) == (rule.Operator == v1alpha1.ExitCodeIn)
}

// restartedTooOften says whether the containers that still run were restarted as
// often as pods may fail: pastBackoffLimitOnFailure in
// k8s.io/kubernetes/pkg/controller/job.
func restartedTooOften(job *v1alpha1.SimJob, pods []*v1alpha1.SimPod) bool {
	if job.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyOnFailure {
		return false
	}
	var restarts int32
	for _, pod := range pods {
		if workload.Ended(pod) {
			continue
		}
		for _, list := range [][]v1alpha1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
			for i := range list {
				restarts += list[i].RestartCount
			}
		}
	}
	return restarts > 0 && restarts >= backoffLimit(job)
}
