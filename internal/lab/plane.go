// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package lab does what an experiment says to a real control plane, records what comes
// of it, and undoes all of it, whatever happens meanwhile. What the evidence means is
// said by package experiment.
package lab

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/experiment"
	"github.com/glassplane/glassplane/internal/explain"
)

// Heal undoes what was broken. It may be called more than once.
type Heal func(context.Context) error

// Plane is the control plane that experiments are done to. A function that is nil is
// one that Offer does not offer.
type Plane struct {
	// Offer says what can be done to it.
	Offer experiment.Offer
	// Config is that of the user whose requests are sent.
	Config *rest.Config
	// Etcd is that of a client that reads etcd.
	Etcd *clientv3.Config
	// AuditLog is the file with the API server's audit log; empty for none.
	AuditLog string
	// Disrupt does something to a process.
	Disrupt func(context.Context, experiment.Disruption) (Heal, error)
	// Stop stops a component; nil where a Fault is to do that. Second runs a second
	// instance of one.
	Stop   func(ctx context.Context, component string) (Heal, error)
	Second func(ctx context.Context, component string) (Heal, error)
	// Trace explains the life of an object; nil where there is no observer.
	Trace func(context.Context, evidence.Object) (explain.Trace, error)
}
