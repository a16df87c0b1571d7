// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/kubelet"
)

// Each write is one merge patch with the resourceVersion that it is based on: a
// stale cache then costs a refused request, but never writes a change twice.

// observation is the version of the pod that a pass started from.
type observation struct {
	version string
	at      time.Time
}

// hold adds the finalizer to a pod that was bound without it.
func (r *Reconciler) hold(ctx context.Context, pod *v1alpha1.SimPod, seen observation) error {
	base := pod.DeepCopy()
	controllerutil.AddFinalizer(pod, v1alpha1.FinalizerKubelet)
	return r.write(pod, seen, string(base.Status.Phase), "finalizer added", func() error {
		return controllerkit.Patch(ctx, r.client, pod, base)
	})
}

func (r *Reconciler) writeStatus(ctx context.Context, pod *v1alpha1.SimPod, seen observation, next kubelet.Result) error {
	base := pod.DeepCopy()
	pod.Status = *next.Status.DeepCopy()
	err := r.write(pod, seen, string(base.Status.Phase), next.Reason, func() error {
		return controllerkit.PatchStatus(ctx, r.client, pod, base)
	})
	if err != nil {
		return err
	}
	if next.Wake.IsZero() {
		r.memory.wrote(pod.UID, nil)
	} else {
		r.memory.wrote(pod.UID, &next.Status)
	}
	return nil
}

func (r *Reconciler) release(ctx context.Context, pod *v1alpha1.SimPod, seen observation) error {
	base := pod.DeepCopy()
	if !controllerutil.RemoveFinalizer(pod, v1alpha1.FinalizerKubelet) {
		return nil
	}
	return r.write(pod, seen, string(base.Status.Phase), kubelet.ReleaseReason, func() error {
		return controllerkit.Patch(ctx, r.client, pod, base)
	})
}

// write sends one request and records it, whatever comes of it.
func (r *Reconciler) write(pod *v1alpha1.SimPod, seen observation, from, reason string, send func() error) error {
	t := evidence.Transition{
		Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName,
		ObservedAt: seen.at, ObservedResourceVersion: seen.version,
		From: from, To: string(pod.Status.Phase), Reason: reason,
	}
	before := pod.ResourceVersion
	err := send()
	t.WrittenAt = r.clock.Now()
	switch {
	case err != nil:
		t.Error = err.Error()
	case pod.ResourceVersion == before:
		// The write that takes the last finalizer off removes the object. It is
		// answered with the version before, which another write made.
	default:
		t.ResourceVersion = pod.ResourceVersion
		r.memory.wroteVersion(pod)
	}
	r.recorder.Record(t)
	return err
}
