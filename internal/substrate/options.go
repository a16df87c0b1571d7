// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package substrate

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-logr/logr"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/rest"
)

const (
	// DefaultStartTimeout is how long one process may take to become healthy.
	// A busy laptop needs several times the usual four seconds.
	DefaultStartTimeout = 60 * time.Second
	// stopTimeout is how long one process may take to end before it is killed.
	stopTimeout = 15 * time.Second
)

// Options says how to run a local control plane.
type Options struct {
	// Assets are the binaries, as FindAssets returns them. Etcd and APIServer
	// are required; without ControllerManager the rest runs, see Local.Missing.
	Assets Assets
	// Dir is the data folder; it may be missing or empty, or hold what a killed
	// instance left. Default: a temporary folder.
	Dir string
	// APIServerPort and EtcdPort are the ports of the API server and of etcd on
	// loopback. Default: free ones.
	APIServerPort, EtcdPort int
	// AuditLevel is the level at which requests for Glassplane's own kinds and
	// for pods are logged; all other writes are logged at Metadata. None turns
	// the audit log off. Default: RequestResponse.
	AuditLevel auditv1.Level
	// TraceSampling is the part of all requests that API server and etcd trace, from
	// 0 to 1: see Local.ListenForSpans. Default: none.
	TraceSampling float64
	// Restore, if set, is what etcd begins with. Default: nothing.
	Restore *Restore
	// StartTimeout is how long one process may take to become healthy.
	// Default: DefaultStartTimeout.
	StartTimeout time.Duration
	// Bootstrap, if set, is called with the bootstrap identity once the API
	// server is ready and before kube-controller-manager starts: the garbage
	// collector learns of kinds that are installed later only up to 30 s after.
	Bootstrap func(ctx context.Context, admin *rest.Config) error
	// Log gets one line per process that has become ready or has failed.
	// Default: none.
	Log logr.Logger
}

// Restore is a state that a new control plane begins with. Objects keep their
// UIDs and revisions; certificates, keys and ports are its own, so tokens that
// were issued before are good for nothing.
type Restore struct {
	// Snapshot is what etcd's snapshot API sends, or a file of it. It is read once.
	Snapshot io.Reader
	// Revision is the one up to which it is taken; 0 means the newest.
	Revision int64
}

// complete checks the options and fills in the defaults.
func (o *Options) complete() error {
	o.AuditLevel = cmp.Or(o.AuditLevel, auditv1.LevelRequestResponse)
	o.StartTimeout = cmp.Or(o.StartTimeout, DefaultStartTimeout)
	if o.Log.GetSink() == nil {
		o.Log = logr.Discard()
	}
	if o.Assets.Etcd == "" || o.Assets.APIServer == "" {
		return fmt.Errorf("%w: no path to %s or %s given", ErrNoAssets, Etcd, APIServer)
	}
	for flag, port := range map[string]int{FlagAPIServerPort: o.APIServerPort, FlagEtcdPort: o.EtcdPort} {
		if port < 0 || port > 65535 {
			return fmt.Errorf("--%s=%d: must be a port number, or 0 for a free one", flag, port)
		}
	}
	if o.APIServerPort != 0 && o.APIServerPort == o.EtcdPort {
		return fmt.Errorf("--%s and --%s are both %d", FlagAPIServerPort, FlagEtcdPort, o.EtcdPort)
	}
	if err := checkSampling(o.TraceSampling); err != nil {
		return err
	}
	return checkAuditLevel(o.AuditLevel)
}

// checkSampling refuses what is no part of all requests.
func checkSampling(sampling float64) error {
	if sampling >= 0 && sampling <= 1 {
		return nil
	}
	return fmt.Errorf("--%s=%v: must be from 0 (off) to 1 (every request)", FlagTraceSampling, sampling)
}
