// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"slices"
	"time"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

// ComponentEffect is what is broken of a component. The zero value is nothing.
type ComponentEffect struct {
	// Stopped says that the component does not run.
	Stopped bool
	// Without are the controllers that it runs without, in alphabetical order.
	Without []string
	// WatchDelay is how late the events of its watches arrive.
	WatchDelay time.Duration
	// LeaseDelay is how late it renews its leader-election Lease.
	LeaseDelay time.Duration
	// Conflicts are the faults that make its writes meet newer versions.
	Conflicts []Conflict
	// Until is when one of the faults ends by itself; zero where none does.
	Until time.Time
}

// Conflict is a share of a component's writes, in percent, that a seed draws.
type Conflict struct {
	Percent int32
	Seed    int64
}

// OnComponent returns what is broken of a component at a time. Of several delays
// the longest counts.
func OnComponent(faults []v1alpha1.Fault, component v1alpha1.ComponentName, now time.Time) ComponentEffect {
	var effect ComponentEffect
	var h horizon
	for i := range faults {
		f := &faults[i]
		if !HitsComponent(f, component) || !h.take(f, now) {
			continue
		}
		switch f.Spec.Type {
		case v1alpha1.FaultStop:
			if controller := f.Spec.Target.Controller; controller != "" {
				effect.Without = append(effect.Without, controller)
			} else {
				effect.Stopped = true
			}
		case v1alpha1.FaultWatchDelay:
			effect.WatchDelay = max(effect.WatchDelay, delayOf(f))
		case v1alpha1.FaultLeaseDelay:
			effect.LeaseDelay = max(effect.LeaseDelay, delayOf(f))
		case v1alpha1.FaultWriteConflict:
			effect.Conflicts = append(effect.Conflicts, Conflict{Percent: percentOf(f), Seed: seedOf(f)})
		}
	}
	slices.Sort(effect.Without)
	effect.Without = slices.Compact(effect.Without)
	effect.Until = h.until
	return effect
}

// HitsComponent says whether a fault is meant for the component or for one of its
// controllers, in effect or not.
func HitsComponent(f *v1alpha1.Fault, component v1alpha1.ComponentName) bool {
	if f.Spec.Target.Controller != "" {
		return component == v1alpha1.ComponentControllerManager
	}
	return f.Spec.Target.Component == component
}
