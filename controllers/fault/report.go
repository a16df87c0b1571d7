// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/controllerkit"
	"github.com/glassplane/glassplane/internal/fault"
)

// Reporter writes what became of Faults: their status, and an event when one
// begins and when it ends.
type Reporter struct {
	Client client.StatusClient
	Events events.EventRecorder
}

// Report writes the status of a fault if it changed.
func (r Reporter) Report(ctx context.Context, f *v1alpha1.Fault, found fault.Finding, now time.Time) error {
	status, changed := fault.Status(f, found, now)
	if !changed {
		return nil
	}
	changedFault := f.DeepCopy()
	changedFault.Status = status
	if err := controllerkit.PatchStatus(ctx, r.Client, changedFault, f); err != nil {
		return err
	}
	message := status.Conditions[0].Message
	switch was, is := fault.Active(&f.Status), fault.Active(&status); {
	case is && !was:
		r.Events.Eventf(f, nil, corev1.EventTypeWarning, "FaultBegan", "Breaking", "%s: %s", f.Spec.Type, message)
	case was && !is:
		r.Events.Eventf(f, nil, corev1.EventTypeNormal, "FaultEnded", "Healing", "%s: %s", f.Spec.Type, message)
	}
	return nil
}

// Healed leaves an event about a fault that was deleted while it was active.
func (r Reporter) Healed(f *v1alpha1.Fault) {
	r.Events.Eventf(f, nil, corev1.EventTypeNormal, "FaultEnded", "Healing", "%s: healed, because the Fault was deleted", f.Spec.Type)
}
