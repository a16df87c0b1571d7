// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package statefulset

import (
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/workload"
)

// Kind is that of the workload.
const Kind = "SimStatefulSet"

// PodName is the name of the pod with that ordinal.
func PodName(set *v1alpha1.SimStatefulSet, ordinal int) string {
	return set.Name + "-" + strconv.Itoa(ordinal)
}

// Ordinal returns the number that a pod has in a set, and whether its name is that
// of a pod of the set at all: isMemberOf upstream, but a number with a leading zero
// is none, so that no two pods have the same.
func Ordinal(set *v1alpha1.SimStatefulSet, pod *v1alpha1.SimPod) (int, bool) {
	number, ok := strings.CutPrefix(pod.Name, set.Name+"-")
	if !ok {
		return 0, false
	}
	ordinal, err := strconv.ParseInt(number, 10, 32)
	if err != nil || ordinal < 0 || PodName(set, int(ordinal)) != pod.Name {
		return 0, false
	}
	return int(ordinal), true
}

// Member returns a filter that passes pods whose names are those of pods of the set.
func Member(set *v1alpha1.SimStatefulSet) func(*v1alpha1.SimPod) bool {
	return func(pod *v1alpha1.SimPod) bool {
		_, ok := Ordinal(set, pod)
		return ok
	}
}

// RevisionOf names the ControllerRevision of the template that a pod was made of.
func RevisionOf(pod *v1alpha1.SimPod) string { return pod.Labels[appsv1.StatefulSetRevisionLabel] }

// newPod is newStatefulSetPod of k8s.io/kubernetes/pkg/controller/statefulset: there
// are no volumes, and a simulated pod has no host name.
func newPod(set *v1alpha1.SimStatefulSet, revision Revision, ordinal int) *v1alpha1.SimPod {
	pod := workload.NewPod(set, Kind, revision.Template)
	pod.GenerateName, pod.Name = "", PodName(set, ordinal)
	identify(pod, ordinal)
	pod.Labels[appsv1.StatefulSetRevisionLabel] = revision.Name
	return pod
}

// Identified returns a copy of a pod of the set that has the labels that name it.
func Identified(set *v1alpha1.SimStatefulSet, pod *v1alpha1.SimPod) *v1alpha1.SimPod {
	out := pod.DeepCopy()
	if ordinal, ok := Ordinal(set, pod); ok {
		identify(out, ordinal)
	}
	return out
}

// identified is identityMatches upstream, for a pod that has the right name.
func identified(pod *v1alpha1.SimPod) bool {
	return pod.Labels[appsv1.StatefulSetPodNameLabel] == pod.Name
}

// identify is updateIdentity upstream.
func identify(pod *v1alpha1.SimPod, ordinal int) {
	if pod.Labels == nil {
		pod.Labels = make(map[string]string)
	}
	pod.Labels[appsv1.StatefulSetPodNameLabel] = pod.Name
	pod.Labels[appsv1.PodIndexLabel] = strconv.Itoa(ordinal)
}
