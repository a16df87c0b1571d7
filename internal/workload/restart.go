// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// How much later pods that have ended are replaced: the numbers are those of a
// kubelet's restart back-off.
const (
	initialRestartDelay = 10 * time.Second
	maxRestartDelay     = 5 * time.Minute
	// stableAfter is how long a pod must have run to be replaced at once.
	stableAfter = 10 * time.Minute
)

// RestartAt returns when pods that have ended may be replaced; the zero time for
// at once. Upstream replaces them at once for ever, and a set whose pods end as
// soon as they run fills etcd. Here each full number of replicas that has ended
// doubles the delay after the last end. A pod counts as long as it is stored, but
// not where it ran for a while or is being deleted: that is not its own end.
func RestartAt(owned []*v1alpha1.SimPod, replicas int) time.Time {
	var last time.Time
	count := 0
	for _, pod := range owned {
		if !Ended(pod) || pod.DeletionTimestamp != nil {
			continue
		}
		at := endedAt(pod)
		if at.Sub(pod.CreationTimestamp.Time) > stableAfter {
			continue
		}
		count++
		if at.After(last) {
			last = at
		}
	}
	rounds := count / max(replicas, 1)
	if rounds == 0 {
		return time.Time{}
	}
	return last.Add(min(initialRestartDelay<<min(rounds-1, 8), maxRestartDelay))
}

// endedAt returns when the last container of a pod ended; where that is not
// known, when the pod was created.
func endedAt(pod *v1alpha1.SimPod) time.Time {
	at := pod.CreationTimestamp.Time
	for _, list := range [][]v1alpha1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			if end := list[i].State.Terminated; end != nil && end.FinishedAt.After(at) {
				at = end.FinishedAt.Time
			}
		}
	}
	return at
}
