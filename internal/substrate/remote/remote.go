// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package remote lets other commands of the same user disrupt a running local
// control plane, have its state and read its etcd: through a unix socket in its data folder, which
// nobody else can reach.
package remote

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/glassplane/glassplane/internal/substrate"
)

// Plane is a control plane that others may ask for something, such as substrate.Local.
type Plane interface {
	Disruptable
	// Snapshot returns what etcd's snapshot API sends. The caller closes it.
	Snapshot(ctx context.Context) (io.ReadCloser, error)
	// EtcdAccess returns what a client of etcd needs, with a certificate under the name.
	EtcdAccess(name string) (substrate.EtcdAccess, error)
}

// Disruptable is what can be disrupted.
type Disruptable interface {
	// Disrupt breaks a process, and returns what heals it.
	Disrupt(ctx context.Context, d substrate.Disruption) (heal func(context.Context) error, err error)
	// Heal heals the processes given or, where none is, all that are disrupted.
	// The error wraps substrate.ErrNotDisrupted where one is not.
	Heal(ctx context.Context, targets ...string) error
	// Disrupted returns the disruptions in force.
	Disrupted() []substrate.Disrupted
}

// Request asks for a disruption.
type Request struct {
	substrate.Disruption
	// For is when it heals by itself; 0 means that it does not.
	For time.Duration `json:"for,omitempty"`
	// While lets it heal by itself when the connection ends by which it was asked for:
	// so it does not outlive a process that is killed. See Client.DisruptWhile.
	While bool `json:"while,omitempty"`
}

// InForce is a disruption in force.
type InForce struct {
	substrate.Disrupted
	// Until is when it heals by itself; zero where it does not.
	Until time.Time `json:"until,omitzero"`
}

// State is what can be disrupted, and what is.
type State struct {
	// Disruptable are the processes and what can be done to them.
	Disruptable []substrate.Disruptable `json:"disruptable"`
	// InForce are the disruptions in force, in the order in which they began.
	InForce []InForce `json:"inForce"`
}

// problem is the body of an answer that is an error.
type problem struct {
	Error string `json:"error"`
}

const (
	socketName = "commands.sock"
	// path is that of all disruptions; that of one is below it, by its target.
	path         = "/disruptions"
	snapshotPath = "/snapshot"
	// etcdPath is that of the access of clients to etcd, by their name below it.
	etcdPath = "/etcd"
	// maxBody bounds what is read of a request or an answer, in bytes, but for
	// a snapshot.
	maxBody = 1 << 20
)

// socket returns the path of the socket. It is in a folder that only its owner
// can enter, whatever the permissions of the data folder are.
func socket(dir string) string { return filepath.Join(substrate.ComponentsDirOf(dir), socketName) }
