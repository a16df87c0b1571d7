// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package substrate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// aftermath is how long after a disruption an end is still put down to it:
	// longer than any request waits.
	aftermath = time.Minute
	// reviveDelay is how long a process that has ended waits to be started again; it
	// doubles each time, up to maxReviveDelay. A kubelet does the same, from 10 s to 5 min.
	reviveDelay    = time.Second
	maxReviveDelay = 10 * time.Second
)

// isDisturbed reports whether something is disrupted, or was until just now.
func (l *Local) isDisturbed() bool {
	l.disruptions.mu.Lock()
	defer l.disruptions.mu.Unlock()
	return len(l.disruptions.inForce) > 0 || time.Since(l.disruptions.lastEnd) < aftermath
}

// processExited is called when a process ends that was not told to. Where that
// may come from a disruption of another one, it is started again, as a kubelet
// does on a real control plane; else the control plane has failed.
func (l *Local) processExited(c *component) {
	err := fmt.Errorf("%s ended unexpectedly; the end of its log:%s", c.name, c.log.tail())
	if l.isDisturbed() && l.reviveLater(c) {
		l.logger().Info("ended while the control plane is disrupted, and is started again", "process", c.name, "reason", err.Error())
		return
	}
	l.opts.Log.Error(err, "a process of the control plane has ended", "process", c.name)
	l.finish(err)
}

// reviveLater starts the process again until it runs, and reports whether that is
// still of use.
func (l *Local) reviveLater(c *component) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished {
		return false
	}
	l.running.Go(func() { l.revive(c) })
	return true
}

func (l *Local) revive(c *component) {
	c.reviving.Store(true)
	defer c.reviving.Store(false)
	for delay := reviveDelay; ; delay = min(2*delay, maxReviveDelay) {
		pause(l.background, delay)
		if c.current() != StateExited || l.background.Err() != nil {
			return // Somebody else has started it, or nobody needs it.
		}
		if l.startLogged(l.background, c) == nil {
			return
		}
	}
}

// reviveAll starts at once what has ended while something was disrupted, and
// returns when it runs. Where it fails, it is tried again later.
func (l *Local) reviveAll(ctx context.Context) error {
	var errs []error
	for _, c := range l.snapshot() {
		if c.reviving.Load() && c.current() == StateExited {
			errs = append(errs, l.startLogged(ctx, c))
		}
	}
	return errors.Join(errs...)
}
