// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"context"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// effects are what Faults have broken of a pod's surroundings.
type effects struct {
	node fault.NodeEffect
	pod  fault.PodEffect
	// until is when one of the faults ends by itself; zero where none does.
	until time.Time
}

func (r *Reconciler) broken(ctx context.Context, pod *v1alpha1.SimPod, node *v1alpha1.SimNode, now time.Time) (effects, error) {
	faults, err := controllerkit.Faults(ctx, r.client)
	if err != nil || len(faults) == 0 {
		return effects{}, err
	}
	// Starts that fail are tried again at a pace of their own, whatever the fault does.
	out := effects{node: fault.OnNode(faults, node, now), pod: fault.OnPod(faults, pod, now)}
	out.until = out.node.Until
	return out, nil
}

// runCutOff runs a pod on whose kubelet is cut off from the API server: it knows
// the pod as it was then, and keeps what it has to report. A pod that it has not
// accepted by then it has never heard of. It returns when to look again.
func (r *Reconciler) runCutOff(pod *v1alpha1.SimPod, broken effects, now time.Time) time.Time {
	if pod.Status.StartTime == nil {
		return time.Time{}
	}
	known, kept := r.memory.cutOff(pod)
	if known == nil { // there is no room to remember it: it stands still until the kubelet is back
		return time.Time{}
	}
	facts := kubelet.PodFacts{Kept: kept, Delay: broken.node.Delay, DueSince: r.memory.owed(pod.UID), StartFailure: broken.pod.StartFailure}
	next := kubelet.Next(known, facts, now)
	r.memory.owe(pod.UID, next.Due)
	if next.Due.IsZero() {
		r.memory.keep(pod.UID, &next.Status)
	}
	return next.Wake
}
