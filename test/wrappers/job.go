// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package wrappers

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	simv1alpha1 "github.com/glassplane/glassplane/api/v1alpha1"
)

// JobWrapper builds a SimJob.
type JobWrapper struct{ job simv1alpha1.SimJob }

// MakeJob starts a SimJob with that name, whose only container is called main. Its
// fields have the defaults of the schema.
func MakeJob(name string) *JobWrapper {
	w := &JobWrapper{}
	w.job.Namespace, w.job.Name = metav1.NamespaceDefault, name
	w.job.Spec = simv1alpha1.SimJobSpec{
		Parallelism: new(int32(1)), BackoffLimit: new(int32(6)), CompletionMode: simv1alpha1.NonIndexedCompletion,
		Template: simv1alpha1.SimPodTemplateSpec{Spec: simv1alpha1.SimPodSpec{
			RestartPolicy: corev1.RestartPolicyNever, Containers: []simv1alpha1.Container{{Name: "main", Image: "busybox"}},
		}},
	}
	return w
}

// Obj returns a copy of the job.
func (w *JobWrapper) Obj() *simv1alpha1.SimJob { return w.job.DeepCopy() }

// UID sets the UID, and the generation to 1, as the API server does.
func (w *JobWrapper) UID(uid string) *JobWrapper {
	w.job.UID, w.job.Generation = types.UID(uid), 1
	return w
}

// Parallelism sets how many pods may run at once.
func (w *JobWrapper) Parallelism(n int32) *JobWrapper {
	w.job.Spec.Parallelism = &n
	return w
}

// Completions sets how many pods must succeed.
func (w *JobWrapper) Completions(n int32) *JobWrapper {
	w.job.Spec.Completions = &n
	return w
}

// Indexed wants a success of each index.
func (w *JobWrapper) Indexed() *JobWrapper {
	w.job.Spec.CompletionMode = simv1alpha1.IndexedCompletion
	return w
}

// BackoffLimit sets how many failures are tolerated.
func (w *JobWrapper) BackoffLimit(n int32) *JobWrapper {
	w.job.Spec.BackoffLimit = &n
	return w
}

// RestartPolicy sets that of the pods.
func (w *JobWrapper) RestartPolicy(policy corev1.RestartPolicy) *JobWrapper {
	w.job.Spec.Template.Spec.RestartPolicy = policy
	return w
}

// Deadline sets activeDeadlineSeconds.
func (w *JobWrapper) Deadline(seconds int64) *JobWrapper {
	w.job.Spec.ActiveDeadlineSeconds = &seconds
	return w
}

// TTL sets ttlSecondsAfterFinished.
func (w *JobWrapper) TTL(seconds int32) *JobWrapper {
	w.job.Spec.TTLSecondsAfterFinished = &seconds
	return w
}

// Suspend suspends the job.
func (w *JobWrapper) Suspend() *JobWrapper {
	w.job.Spec.Suspend = true
	return w
}

// Replace sets podReplacementPolicy.
func (w *JobWrapper) Replace(policy simv1alpha1.PodReplacementPolicy) *JobWrapper {
	w.job.Spec.PodReplacementPolicy = policy
	return w
}

// Rule adds a rule to podFailurePolicy.
func (w *JobWrapper) Rule(rule simv1alpha1.PodFailurePolicyRule) *JobWrapper {
	if w.job.Spec.PodFailurePolicy == nil {
		w.job.Spec.PodFailurePolicy = &simv1alpha1.PodFailurePolicy{}
	}
	w.job.Spec.PodFailurePolicy.Rules = append(w.job.Spec.PodFailurePolicy.Rules, rule)
	return w
}

// Status sets the status.
func (w *JobWrapper) Status(status simv1alpha1.SimJobStatus) *JobWrapper {
	w.job.Status = status
	return w
}
