// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/drain"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/version"
)

// drainTimeout is how long a drain may take unless a file says otherwise.
const drainTimeout = 30 * time.Second

// maxTold bounds what is kept of what a drain says.
const maxTold = 100

// drain cordons a node of the experiment, and empties it in the background as glassplane
// drain --ignore-daemonsets does. It drains no other node: a run that is killed would
// leave that cordoned.
func (r *run) drain(ctx context.Context, s *experiment.Step) error {
	config := rest.CopyConfig(r.plane.Config)
	config.UserAgent, config.QPS = version.UserAgent(Name), -1
	cluster, err := client.New(config, client.Options{Scheme: scheme.New(), FieldOwner: Name})
	if err != nil {
		return fmt.Errorf("making a client to drain node %s: %w", s.Drain.Node, err)
	}
	node := &v1alpha1.SimNode{}
	if err := cluster.Get(ctx, client.ObjectKey{Name: s.Drain.Node}, node); err != nil {
		return fmt.Errorf("finding the node to drain: %w", err)
	}
	if node.Labels[r.marker] != r.of.Name {
		return fmt.Errorf("node %s is not the experiment's: drain one that setup or apply makes", node.Name)
	}
	options := drain.Options{Force: s.Drain.Force, IgnoreDaemonSets: true, GracePeriod: -1}
	drainer := drain.New(cluster, clock.RealClock{}, options, &drainReport{run: r, step: s.Name})
	if _, err := drainer.Cordon(ctx, node, true); err != nil {
		return fmt.Errorf("cordoning node %s: %w", node.Name, err)
	}
	timeout := drainTimeout
	if s.Drain.Timeout != nil {
		timeout = s.Drain.Timeout.Duration
	}
	r.changeDrain(s.Name, func(*experiment.DrainSeen) {})
	r.pending.Go(func() {
		ctx, cancel := context.WithTimeoutCause(r.background, timeout, fmt.Errorf("the node was not empty after %s", timeout))
		defer cancel()
		err := drainer.Drain(ctx, node.Name)
		r.changeDrain(s.Name, func(seen *experiment.DrainSeen) {
			seen.Ended = true
			if err != nil {
				seen.Problem = cmp.Or(err.Error(), "failed")
			}
		})
	})
	return nil
}

// changeDrain changes what is known of the drain of a step.
func (r *run) changeDrain(step string, f func(*experiment.DrainSeen)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.drains[step]
	f(&seen)
	r.drains[step] = seen
}

// drainReport keeps what a drain says, as far as there is room.
type drainReport struct {
	run  *run
	step string
}

var _ drain.Reporter = (*drainReport)(nil)

func (d *drainReport) say(line string) {
	d.run.changeDrain(d.step, func(seen *experiment.DrainSeen) {
		if len(seen.Told) < maxTold {
			seen.Told = append(slices.Clip(seen.Told), line) // evidence may have a copy
		}
	})
}

// Warn implements drain.Reporter.
func (d *drainReport) Warn(message string) { d.say(message) }

// Deleting implements drain.Reporter.
func (d *drainReport) Deleting(pod *v1alpha1.SimPod) { d.say("evicting simpod " + pod.Name) }

// Deleted implements drain.Reporter.
func (d *drainReport) Deleted(pod *v1alpha1.SimPod) { d.say("simpod " + pod.Name + " evicted") }
