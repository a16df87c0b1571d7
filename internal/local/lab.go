// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"cmp"
	"context"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/kubelet"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/substrate"
)

// units are the components that experiments stop, by the names that files have.
var units = map[string]string{"scheduler": manager.SchedulerName, "controller-manager": manager.ControllerManagerName}

// Lab returns the cluster as something that experiments are done to.
func (c *Cluster) Lab() (lab.Plane, error) {
	config, err := c.UserConfig(lab.Name)
	if err != nil {
		return lab.Plane{}, err
	}
	etcd, err := c.EtcdClientConfig(lab.Name)
	if err != nil {
		return lab.Plane{}, err
	}
	plane := lab.Plane{
		Config: config, Etcd: &etcd, AuditLog: c.AuditLogPath(),
		Disrupt: c.disruptFor, Stop: c.stopFor, Second: c.secondFor,
		Offer: experiment.Offer{
			Disruptions:    disruptions(),
			Components:     experiment.Components,
			Seconds:        []string{"scheduler"},
			Faults:         "",
			LeaderElection: c.opts.LeaderElection,
			GracePeriod:    cmp.Or(c.opts.NodeMonitorGracePeriod, kubelet.DefaultNodeMonitorGracePeriod),
		},
	}
	if plane.AuditLog == "" {
		plane.Offer.Audit = "it was started without one; use --audit-level=RequestResponse"
	}
	return plane, nil
}

func disruptions() []string {
	var out []string
	for _, disruptable := range substrate.Disruptables() {
		for _, kind := range disruptable.Kinds {
			out = append(out, disruptable.Target+"/"+string(kind))
		}
	}
	return out
}

// disruptFor does something to a process of the control plane until it is healed.
func (c *Cluster) disruptFor(ctx context.Context, d experiment.Disruption) (lab.Heal, error) {
	disruption := substrate.Disruption{Target: d.Target, Kind: substrate.DisruptionKind(d.Kind)}
	if d.Delay != nil {
		disruption.Delay = d.Delay.Duration
	}
	return c.Disrupt(ctx, disruption)
}

// stopFor stops a component until it is healed.
func (c *Cluster) stopFor(_ context.Context, component string) (lab.Heal, error) {
	unit, err := c.Unit(units[component])
	if err != nil {
		return nil, err
	}
	return stopped(unit)
}

// stopped stops a unit, which is started again to heal it.
func stopped(unit substrate.Unit) (lab.Heal, error) { return unit.Start, unit.Stop() }
