// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"slices"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Kind of the workload.
const Kind = "SimJob"

// maxNamePrefix is how long the beginning of a name may be that the API server
// completes: MaxGeneratedNameLength of k8s.io/apiserver/pkg/storage/names.
const maxNamePrefix = 58

// Selector returns the selector of a job's pods. As that which the API server
// makes for a batch/v1 Job, it is for this job and no other of its name.
func Selector(job *v1alpha1.SimJob) labels.Selector {
	return labels.SelectorFromSet(labels.Set{batchv1.ControllerUidLabel: string(job.UID)})
}

// Tracked says whether the end of a pod is still to be counted.
func Tracked(pod *v1alpha1.SimPod) bool {
	return slices.Contains(pod.Finalizers, v1alpha1.FinalizerJobTracking)
}

// Finished says whether a job is over, and so is left alone: IsJobFinished of
// k8s.io/kubernetes/pkg/controller/job/util.
func Finished(job *v1alpha1.SimJob) bool {
	return finishedBy(job) != nil
}

// NewPods returns the pods that a plan creates.
func NewPods(job *v1alpha1.SimJob, plan Plan) []*v1alpha1.SimPod {
	pods := make([]*v1alpha1.SimPod, 0, plan.Create)
	for i := range plan.Create {
		pod := newPod(job)
		if isIndexed(job) {
			setIndex(job, pod, plan.Indexes[i])
		}
		pods = append(pods, pod)
	}
	return pods
}

func newPod(job *v1alpha1.SimJob) *v1alpha1.SimPod {
	pod := workload.NewPod(job, Kind, &job.Spec.Template)
	pod.Finalizers = []string{v1alpha1.FinalizerJobTracking}
	pod.Labels[batchv1.ControllerUidLabel] = string(job.UID)
	pod.Labels[batchv1.JobNameLabel] = job.Name
	return pod
}

// setIndex gives a pod its completion index, as label, annotation and part of its
// name: podGenerateNameWithIndex in k8s.io/kubernetes/pkg/controller/job.
func setIndex(job *v1alpha1.SimJob, pod *v1alpha1.SimPod, index int) {
	text := strconv.Itoa(index)
	pod.Labels[batchv1.JobCompletionIndexAnnotation] = text
	if pod.Annotations == nil {
		pod.Annotations = make(map[string]string, 1)
	}
	pod.Annotations[batchv1.JobCompletionIndexAnnotation] = text
	end := "-" + text + "-"
	pod.GenerateName = job.Name[:min(len(job.Name), maxNamePrefix-len(end))] + end
}
