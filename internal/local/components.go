// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"net/url"

	"github.com/glassplane/glassplane/internal/manager"
)

func (c *Cluster) newScheduler(e endpoint) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.SchedulerName, e)
	if err != nil {
		return nil, err
	}
	opts.SchedulerProfiles = c.opts.SchedulerProfiles
	return manager.NewScheduler(opts)
}

func (c *Cluster) newControllerManager(e endpoint) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.ControllerManagerName, e)
	if err != nil {
		return nil, err
	}
	return manager.NewControllerManager(opts, nil)
}

// startObserver starts the observer and returns once it records.
func (c *Cluster) startObserver(ctx context.Context, e endpoint, schedulerAddress, controllersAddress string) error {
	opts, err := c.componentOptions(manager.ObserverName, e)
	if err != nil {
		return err
	}
	etcd, err := c.EtcdClientConfig(manager.ObserverName)
	if err != nil {
		return err
	}
	observer, err := manager.NewObserver(ctx, opts, manager.ObserverOptions{
		Address:        c.opts.ObserverAddress,
		AuditLog:       c.AuditLogPath(),
		Etcd:           &etcd,
		DecisionsURL:   "https://" + schedulerAddress + manager.DecisionsPath,
		TransitionsURL: "https://" + controllersAddress + manager.TransitionsPath,
		CAFile:         e.caFile, TokenFile: e.tokenFile,
	})
	if err != nil {
		return err
	}
	c.observer = &url.URL{Scheme: "http", Host: observer.APIAddress()}
	return c.waitForEndpoint(ctx, c.run(observer.Component))
}

func (c *Cluster) componentOptions(name string, e endpoint) (manager.Options, error) {
	config, err := c.componentConfig(name)
	if err != nil {
		return manager.Options{}, err
	}
	return manager.Options{
		Config: config, EndpointAddress: freePort, EndpointCertDir: e.certDir, Log: c.opts.Log,
	}, nil
}
