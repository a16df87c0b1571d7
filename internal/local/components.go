// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package local

import (
	"context"
	"net/url"

	"github.com/glassplane/glassplane/internal/manager"
)

func (c *Cluster) newScheduler() (*manager.Component, error) {
	opts, err := c.componentOptions(manager.SchedulerName)
	if err != nil {
		return nil, err
	}
	opts.SchedulerProfiles = c.opts.SchedulerProfiles
	return manager.NewScheduler(opts)
}

func (c *Cluster) newControllerManager() (*manager.Component, error) {
	opts, err := c.componentOptions(manager.ControllerManagerName)
	if err != nil {
		return nil, err
	}
	return manager.NewControllerManager(opts, nil)
}

func (c *Cluster) newObserver(ctx context.Context) (*manager.Component, error) {
	opts, err := c.componentOptions(manager.ObserverName)
	if err != nil {
		return nil, err
	}
	etcd, err := c.EtcdClientConfig(manager.ObserverName)
	if err != nil {
		return nil, err
	}
	token, err := c.writeObserverToken(ctx)
	if err != nil {
		return nil, err
	}
	observer, err := manager.NewObserver(ctx, opts, manager.ObserverOptions{
		Address: c.opts.ObserverAddress, AuditLog: c.AuditLogPath(), Etcd: &etcd, TokenFile: token,
	})
	if err != nil {
		return nil, err
	}
	c.observer = &url.URL{Scheme: "http", Host: observer.APIAddress()}
	return observer.Component, nil
}

func (c *Cluster) componentOptions(name string) (manager.Options, error) {
	config, err := c.componentConfig(name)
	if err != nil {
		return manager.Options{}, err
	}
	return manager.Options{Config: config, EndpointAddress: freePort, Log: c.opts.Log}, nil
}
