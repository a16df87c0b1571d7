// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/glassplane/glassplane/internal/hold"
	"github.com/glassplane/glassplane/internal/install"
	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/sender"
	"github.com/glassplane/glassplane/internal/substrate"
)

func (c *Cluster) newScheduler(_ context.Context, broken manager.Broken) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.SchedulerName, broken)
	if err != nil {
		return nil, err
	}
	opts.SchedulerProfiles, opts.LeaderElection = c.opts.SchedulerProfiles, c.opts.LeaderElection
	return manager.NewScheduler(opts)
}

func (c *Cluster) newControllerManager(ctx context.Context, broken manager.Broken) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.ControllerManagerName, broken)
	if err != nil {
		return nil, err
	}
	if opts.ForceDeletionAddress, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	opts.TerminatedPodThreshold = manager.DefaultTerminatedPodThreshold
	opts.NodeMonitorGracePeriod = c.opts.NodeMonitorGracePeriod
	return manager.NewControllerManager(opts, nil)
}

// freeAddress returns a port on loopback that is free now: a webhook's server
// cannot be asked which one it was given.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", freePort)
	if err != nil {
		return "", fmt.Errorf("finding a free port for the controller manager: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// askAboutForcedDeletions tells the API server where the controller manager is to
// be asked before pods are deleted by force. It is done with the administrator's
// rights: who may write webhooks may read everything, so no component may.
func (c *Cluster) askAboutForcedDeletions(ctx context.Context, controllers *manager.Component) error {
	configuration, err := controllers.ForceDeletion()
	if err != nil {
		return err
	}
	admin, err := client.New(c.AdminConfig(), client.Options{Scheme: scheme.New()})
	if err != nil {
		return fmt.Errorf("creating a client for the webhook of forced deletions: %w", err)
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(configuration)
	if err != nil {
		return fmt.Errorf("converting the webhook of forced deletions: %w", err)
	}
	apply := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: object})
	if err := admin.Apply(ctx, apply, client.FieldOwner("glassplane-up"), client.ForceOwnership); err != nil {
		return fmt.Errorf("applying the webhook of forced deletions: %w", err)
	}
	return nil
}

// letGo lets pods go that were held by a command that was killed while an earlier
// control plane ran on the same data folder.
func (c *Cluster) letGo(ctx context.Context) error {
	admin, err := client.New(c.AdminConfig(), client.Options{Scheme: scheme.New(), FieldOwner: "glassplane-up"})
	if err != nil {
		return fmt.Errorf("creating a client to let held pods go: %w", err)
	}
	pods, err := hold.Sweep(ctx, admin)
	for _, pod := range pods {
		c.opts.Progress("simpod %s is let go, which a command held that was killed", pod)
	}
	return err
}

func (c *Cluster) newObserver(ctx context.Context, broken manager.Broken) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.ObserverName, broken)
	if err != nil {
		return nil, err
	}
	etcd, err := c.EtcdClientConfig(manager.ObserverName)
	if err != nil {
		return nil, err
	}
	address := c.opts.ObserverAddress
	if c.observer != nil { // it was started before
		address = c.observer.Host
	}
	token, err := c.writeObserverToken(ctx)
	if err != nil {
		return nil, err
	}
	options := manager.ObserverOptions{
		Address: address, AuditLog: c.AuditLogPath(), Etcd: &etcd, TokenFile: token, Spans: c.ListenForSpans, TraceSampling: c.opts.TraceSampling,
		Context: substrate.ContextName, Kubeconfig: c.KubeconfigPath(),
	}
	if c.opts.AllowWrites {
		if err := install.AllowPageWrites(ctx, c.AdminConfig()); err != nil {
			return nil, err
		}
		if options.Sender, err = c.componentConfig(sender.Name); err != nil {
			return nil, err
		}
	}
	observer, err := manager.NewObserver(ctx, opts, options)
	if err != nil {
		return nil, err
	}
	if c.observer == nil { // later starts serve at the same address
		c.observer = &url.URL{Scheme: "http", Host: observer.APIAddress()}
	}
	return observer.Component, nil
}

func (c *Cluster) componentOptions(name string, broken manager.Broken) (manager.Options, error) {
	config, err := c.componentConfig(name)
	if err != nil {
		return manager.Options{}, err
	}
	return manager.Options{Config: config, EndpointAddress: freePort, Broken: broken, Log: c.opts.Log}, nil
}
