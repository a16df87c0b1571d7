// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package statefulset

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// update deletes pods of a template before, the highest number first and none below
// the partition, so that no more than maxUnavailable are missing: fill creates them
// again. It is updateStatefulSetAfterInvariantEstablished upstream.
func (v view) update(plan *Plan) {
	partition, bound := v.bounds()
	missing := 0
	for _, pod := range v.replicas {
		if v.unavailable(pod) {
			missing++
		}
	}
	room := bound - missing
	for i := len(v.replicas) - 1; i >= partition; i-- {
		pod := v.replicas[i]
		if !v.outdated(pod) || slices.Contains(plan.Delete, pod) {
			continue
		}
		switch {
		case !v.ordered() && !v.available(pod):
			// It is missing already, so that replacing it takes nothing away. With
			// OrderedReady nothing is replaced while one is missing.
			plan.Delete = append(plan.Delete, pod)
		case room > 0:
			plan.Delete = append(plan.Delete, pod)
			room--
		}
	}
}

// outdated says whether a pod is there that is of a template before.
func (v view) outdated(pod *v1alpha1.SimPod) bool {
	return pod != nil && pod.DeletionTimestamp == nil && RevisionOf(pod) != v.Update.Name
}

// bounds are the place of the first pod to replace, and how many may be missing:
// getStatefulSetMaxUnavailable upstream, which rounds down but never to 0.
func (v view) bounds() (partition, unavailable int) {
	rolling := v.Set.Spec.UpdateStrategy.RollingUpdate
	if rolling == nil {
		return 0, 1
	}
	bound, err := intstr.GetScaledValueFromIntOrPercent(
		intstr.ValueOrDefault(rolling.MaxUnavailable, intstr.FromInt32(1)), len(v.replicas), false)
	if err != nil {
		bound = 1 // the schema lets nothing through that cannot be read
	}
	return int(rolling.Partition), max(bound, 1)
}

// complete says whether all pods that are wanted are of the present template and
// ready, and there are no others: completeUpdate upstream. The present template is
// the current one then.
func complete(set *v1alpha1.SimStatefulSet, status *v1alpha1.SimStatefulSetStatus) bool {
	want := int32(Replicas(set))
	return status.UpdatedReplicas == want && status.ReadyReplicas == want && status.Replicas == want
}
