// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

// Package local runs everything on this machine: the local control plane of
// package substrate and, in this process, the components beside it. They meet
// only through the API server, as they do in a cluster.
package local

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/substrate"
	"github.com/glassplane/glassplane/internal/version"
)

// Options describe a cluster.
type Options struct {
	// Assets are the control plane's binaries.
	Assets substrate.Assets
	// Dir is the data folder. Default: a temporary one.
	Dir string
	// APIServerPort and EtcdPort on loopback. Default: free ones.
	APIServerPort, EtcdPort int
	// ObserverAddress is where the observer's API and the page are served, on
	// loopback. Default: a free port.
	ObserverAddress string
	// AllowWrites lets the page send requests, under an identity of its own.
	AllowWrites bool
	// AuditLevel is how much the audit log keeps of requests for simulated pods:
	// None, Metadata, Request or RequestResponse. Default: RequestResponse.
	AuditLevel string
	// TraceSampling is the part of all requests of which API server and etcd say how
	// long each part took, from 0 to 1. Default: none.
	TraceSampling float64
	// Restore is what etcd begins with. Default: nothing.
	Restore *substrate.Restore
	// SchedulerProfiles are the scheduler's. Default: one with the default plugins.
	SchedulerProfiles []*framework.Profile
	// LeaderElection lets the scheduler run with a Lease, as in a cluster.
	LeaderElection bool
	// NodeMonitorGracePeriod is how long a node may be silent before it is taken for
	// dead. Default: that of kube-controller-manager.
	NodeMonitorGracePeriod time.Duration
	// Log is where components and control plane log to. Default: nowhere.
	Log logr.Logger
	// Progress is told what was done. Default: nobody is.
	Progress func(format string, args ...any)
}

// Cluster is a running control plane with its components.
type Cluster struct {
	*substrate.Local

	opts       Options
	components []*component // those that are to run, in the order of their start
	observer   *url.URL

	stopOnce sync.Once
	stopErr  error
	done     chan struct{}
	doneOnce sync.Once
	mu       sync.Mutex
	err      error
}

// Start starts a control plane and its components, and returns when all of
// them are ready. If it fails or ctx ends before that, nothing is left behind.
// The caller must call Stop.
func Start(ctx context.Context, opts Options) (*Cluster, error) {
	if opts.Progress == nil {
		opts.Progress = func(string, ...any) {}
	}
	if err := checkAddress(ctx, opts.ObserverAddress); err != nil {
		return nil, err
	}
	plane, err := substrate.Start(ctx, substrate.Options{
		Assets: opts.Assets, Dir: opts.Dir,
		APIServerPort: opts.APIServerPort, EtcdPort: opts.EtcdPort,
		AuditLevel: auditv1.Level(opts.AuditLevel), TraceSampling: opts.TraceSampling,
		Restore: opts.Restore, Bootstrap: install.Apply,
		Log: opts.Log,
	})
	if err != nil {
		return nil, err
	}
	c := &Cluster{Local: plane, opts: opts, done: make(chan struct{})}
	opts.Progress("etcd %s and kube-apiserver %s run; CRDs, RBAC and policies are installed", substrate.EtcdVersion, substrate.KubernetesVersion)
	for _, missing := range plane.Missing() {
		opts.Progress("without %s (%s): %s", missing.Name, missing.Reason, missing.Cost)
	}
	if err := c.startComponents(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	if err := c.letGo(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	opts.Progress("scheduler, controller manager and observer run")
	go c.watchPlane()
	return c, nil
}

func (c *Cluster) startComponents(ctx context.Context) error {
	if err := install.AllowWriteConflicts(ctx, c.AdminConfig()); err != nil {
		return err
	}
	c.components = []*component{
		{name: manager.SchedulerName, supervise: c.supervisor(c.newScheduler, nil), elects: c.elects(manager.SchedulerName), failed: c.fail},
		{name: manager.ControllerManagerName, supervise: c.supervisor(c.newControllerManager, c.askAboutForcedDeletions), failed: c.fail},
		{name: manager.ObserverName, supervise: c.supervisor(c.newObserver, nil), failed: c.fail},
	}
	ready, readyCtx := errgroup.WithContext(ctx)
	for _, component := range c.components {
		ready.Go(func() error { return component.Start(readyCtx) })
	}
	ready.Go(func() error { return c.waitForPolicy(readyCtx) })
	return errors.Join(ready.Wait(), c.Err())
}

func (c *Cluster) waitForPolicy(ctx context.Context) error {
	config, err := c.componentConfig(manager.ControllerManagerName)
	if err != nil {
		return err
	}
	return install.WaitForPolicy(ctx, config)
}

func (c *Cluster) componentConfig(name string) (*rest.Config, error) {
	return c.ServiceAccountConfig(v1alpha1.SystemNamespace, name)
}

// fail remembers why the cluster does not work any more.
func (c *Cluster) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	c.doneOnce.Do(func() { close(c.done) })
}

func (c *Cluster) watchPlane() {
	select {
	case <-c.Local.Done():
		if err := c.Local.Err(); err != nil {
			c.fail(err)
		}
	case <-c.done:
	}
}

// Done is closed when something has ended unexpectedly, see Err, and by Stop.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Err says what has ended unexpectedly; nil as long as nothing has.
func (c *Cluster) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stop stops the components, then the control plane. Nothing is left behind.
func (c *Cluster) Stop() error {
	c.stopOnce.Do(func() {
		// Components say goodbye to the API server, which must be able to hear it.
		c.EndDisruptions()
		c.RefuseSpans()
		var stopping errgroup.Group
		for _, component := range c.components {
			stopping.Go(component.Stop)
		}
		stopErr := stopping.Wait()
		c.doneOnce.Do(func() { close(c.done) })
		c.stopErr = errors.Join(stopErr, c.Local.Stop())
	})
	return c.stopErr
}

// ObserverURL returns where the observer's API is served.
func (c *Cluster) ObserverURL() *url.URL { return c.observer }

// PageURL returns where the page is served.
func (c *Cluster) PageURL() *url.URL { return c.observer.JoinPath("/") }

// UserConfig returns the configuration of the user of the kubeconfig, for a
// client that the audit log knows by the name given.
func (c *Cluster) UserConfig(client string) (*rest.Config, error) {
	config, err := c.Local.UserConfig(substrate.AdminUser, []string{substrate.AdminGroup})
	if err != nil {
		return nil, err
	}
	config.UserAgent = version.UserAgent(client)
	return config, nil
}

// WriteInstance makes the cluster known to other commands on this machine. It
// is unknown again once it has stopped.
func (c *Cluster) WriteInstance() error {
	return substrate.WriteInstance(c.Dir(), substrate.Instance{
		StartedAt: time.Now(), Kubeconfig: c.KubeconfigPath(),
		ObserverURL: c.observer.String(), AuditLog: c.AuditLogPath(),
	})
}
