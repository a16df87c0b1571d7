// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/glassplane/glassplane/api/v1alpha1"
	controller "github.com/glassplane/glassplane/controllers/fault"
	"github.com/glassplane/glassplane/internal/fault"
	"github.com/glassplane/glassplane/internal/scheme"
)

// faultReport writes what became of the Faults that are meant for a component.
type faultReport struct {
	controller.Reporter
	component   v1alpha1.ComponentName
	opts        SupervisorOptions
	broadcaster events.EventBroadcaster
	// active are the Faults that were reported active.
	active map[types.UID]*v1alpha1.Fault
	// controllers are all that the component has, known once it was built.
	controllers []string
}

func newFaultReport(c client.StatusClient, config *rest.Config, component v1alpha1.ComponentName, opts SupervisorOptions) (*faultReport, error) {
	clientset, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating a client for events about Faults: %w", err)
	}
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: clientset.EventsV1()})
	return &faultReport{
		Reporter:  controller.Reporter{Client: c, Events: broadcaster.NewRecorder(scheme.New(), SupervisorName)},
		component: component, opts: opts, broadcaster: broadcaster, active: make(map[types.UID]*v1alpha1.Fault),
	}, nil
}

// run sends events until ctx ends.
func (r *faultReport) run(ctx context.Context) {
	if err := r.broadcaster.StartRecordingToSinkWithContext(ctx); err != nil {
		log.FromContext(ctx).Error(err, "Events about Faults are not recorded")
	}
	<-ctx.Done()
	r.broadcaster.Shutdown()
}

// stopping reports what is about to be stopped: that takes up to shutdownTimeout.
func (r *faultReport) stopping(ctx context.Context, faults []v1alpha1.Fault) {
	now := time.Now()
	for i := range faults {
		if f := &faults[i]; f.Spec.Type == v1alpha1.FaultStop && fault.HitsComponent(f, r.component) && !fault.Active(&f.Status) {
			found := r.find(f, nil)
			if len(found.Targets) == 0 {
				continue // there is nothing that it could stop
			}
			found.Done, found.Message = false, "stopping"
			_ = r.Report(ctx, f, found, now) // what comes of it is reported next
		}
	}
}

// all reports on the Faults of the component, which runs; nil where it is stopped.
// It returns when that is to be done again; zero for not before something changes.
func (r *faultReport) all(ctx context.Context, faults []v1alpha1.Fault, running *run) time.Time {
	if running != nil {
		r.controllers = running.Controllers
	}
	now := time.Now()
	var wake time.Time
	gone := r.active
	r.active = make(map[types.UID]*v1alpha1.Fault, len(gone))
	for i := range faults {
		f := &faults[i]
		if !fault.HitsComponent(f, r.component) {
			continue
		}
		if f.DeletionTimestamp == nil {
			delete(gone, f.UID)
		}
		found := r.find(f, running)
		if err := r.Report(ctx, f, found, now); err != nil && !apierrors.IsNotFound(err) {
			wake = earliest(wake, now.Add(retryInterval))
		}
		if f.DeletionTimestamp == nil && found.Done && fault.InEffect(f, now) {
			r.active[f.UID] = f
		}
		wake = earliest(wake, fault.Wake(f, now))
	}
	for _, f := range gone {
		r.Healed(f)
	}
	return wake
}

// find says what a Fault of the component hits.
func (r *faultReport) find(f *v1alpha1.Fault, running *run) fault.Finding {
	if name := f.Spec.Target.Controller; name != "" {
		return r.findController(name, running)
	}
	hit := fault.Finding{Targets: []string{string(r.component)}, Done: true}
	switch f.Spec.Type {
	case v1alpha1.FaultStop:
		hit.Message = string(r.component) + " is stopped"
		if running != nil { // until the next pass
			hit.Done, hit.Message = false, "stopping"
		}
	case v1alpha1.FaultWatchDelay:
		hit.Message = "what its watches deliver to " + string(r.component) + " is late"
	case v1alpha1.FaultLeaseDelay:
		hit.Message = "the Lease by which " + string(r.component) + " leads is renewed late"
		if !r.opts.LeaderElection {
			return fault.Finding{Reason: v1alpha1.ReasonNotPossible, Message: string(r.component) + " elects no leader, so it has no Lease: start it with --leader-elect"}
		}
	case v1alpha1.FaultWriteConflict:
		hit.Message = "writes of " + string(r.component) + " meet newer versions"
		if r.opts.Toucher == nil {
			return fault.Finding{Reason: v1alpha1.ReasonNotPossible, Message: string(r.component) + " has no identity under which objects could be touched before it writes them: only on a local control plane (glassplane up) it has"}
		}
	}
	return hit
}

func (r *faultReport) findController(name string, running *run) fault.Finding {
	switch {
	case r.controllers == nil:
		return fault.Finding{Reason: v1alpha1.ReasonPending, Message: "the controller manager is stopped by another Fault"}
	case !slices.Contains(r.controllers, name):
		return fault.Finding{Reason: v1alpha1.ReasonUnknownController, Message: fmt.Sprintf(
			"the controller manager has no controller %q: it must be of %s", name, strings.Join(r.controllers, ", "))}
	case running != nil && slices.Contains(running.Disabled, name):
		return fault.Finding{Reason: v1alpha1.ReasonNoTarget, Message: "controller " + name + " does not run, because --controllers leaves it out"}
	}
	return fault.Finding{Targets: []string{name}, Done: true, Message: "controller " + name + " is stopped"}
}
