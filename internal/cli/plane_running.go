// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/lab"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/substrate/remote"
)

// onRunning runs something on a control plane that runs already. What only the
// process that started it can do to it, it does not offer.
func (p *labPlane) onRunning(ctx context.Context, run func(lab.Plane) error) error {
	config, err := p.clients.restConfig(lab.Name)
	if err != nil {
		return err
	}
	instance, err := p.clients.localInstance()
	if errors.Is(err, substrate.ErrNoInstance) {
		return run(foreignPlane(config))
	}
	if err != nil {
		return err
	}
	running := remote.NewClient(filepath.Dir(instance.Kubeconfig))
	if err := mustBeWhole(ctx, running); err != nil {
		return err
	}
	plane, err := runningPlane(ctx, config, running, instance.AuditLog)
	if err != nil {
		return err
	}
	observer, err := p.clients.connectObserver(ctx)
	if err != nil {
		return err
	}
	defer observer.close()
	plane.Trace = traceWith(observer)
	return run(plane)
}

// foreignPlane is one that somebody else runs: it offers its API alone.
func foreignPlane(config *rest.Config) lab.Plane {
	return lab.Plane{Config: config, Offer: experiment.Offer{
		Etcd:         "it is reached only on a local control plane: leave --context and --kubeconfig out, or name a running glassplane up",
		Processes:    "its processes belong to somebody else: leave --context and --kubeconfig out",
		NoComponents: "they run in a process of somebody else: leave --context and --kubeconfig out",
		Webhooks:     "its API server does not reach this machine's loopback",
		Audit:        "it is a file of the machine that runs the API server",
	}}
}

// mustBeWhole refuses a control plane that is broken already: what an experiment sees
// would not be its own doing.
func mustBeWhole(ctx context.Context, running *remote.Client) error {
	state, err := running.List(ctx)
	if err != nil || len(state.InForce) == 0 {
		return err
	}
	var broken []string
	for _, f := range state.InForce {
		line := f.String()
		if !f.Until.IsZero() {
			line += fmt.Sprintf(", which heals by itself at %s", f.Until.Format(time.TimeOnly))
		}
		broken = append(broken, line)
	}
	return &hintError{
		fmt.Errorf("the control plane is broken already: %s", strings.Join(broken, "; ")),
		"An experiment begins with one that works. Heal it with: glassplane break heal",
	}
}

// runningPlane is the plane of a running glassplane up. Its components are stopped by
// Faults, and its processes through the socket in its data folder.
func runningPlane(ctx context.Context, config *rest.Config, running *remote.Client, auditLog string) (lab.Plane, error) {
	access, err := running.EtcdAccess(ctx, lab.Name)
	if err != nil {
		return lab.Plane{}, fmt.Errorf("asking for access to etcd: %w", err)
	}
	etcd, err := access.ClientConfig()
	if err != nil {
		return lab.Plane{}, err
	}
	plane := lab.Plane{Config: config, Etcd: &etcd, AuditLog: auditLog, Offer: experiment.Offer{Components: experiment.Components}}
	for _, disruptable := range substrate.Disruptables() {
		for _, kind := range disruptable.Kinds {
			plane.Offer.Disruptions = append(plane.Offer.Disruptions, disruptable.Target+"/"+string(kind))
		}
	}
	if auditLog == "" {
		plane.Offer.Audit = "it was started without one; start glassplane up with --audit-level=RequestResponse"
	}
	plane.Disrupt = func(ctx context.Context, d experiment.Disruption) (lab.Heal, error) {
		disruption := substrate.Disruption{Target: d.Target, Kind: substrate.DisruptionKind(d.Kind)}
		if d.Delay != nil {
			disruption.Delay = d.Delay.Duration
		}
		end, err := running.DisruptWhile(ctx, disruption)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) error {
			defer end()
			return healOnce(ctx, running, d.Target)
		}, nil
	}
	return plane, nil
}

// healOnce heals a process that somebody may have healed meanwhile.
func healOnce(ctx context.Context, running *remote.Client, target string) error {
	state, err := running.List(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(state.InForce, func(f remote.InForce) bool { return f.Target == target }) {
		return nil
	}
	return running.Heal(ctx, target)
}
