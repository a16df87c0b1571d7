// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"net"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/controllers/walkthroughstatus"
	"github.com/glassplane/glassplane/internal/feed"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/sender"
	"github.com/glassplane/glassplane/internal/version"
	"github.com/glassplane/glassplane/internal/web"
	"github.com/glassplane/glassplane/internal/web/page"
)

// ObserverOptions say where the observer finds its evidence. A source that is
// left out is named as missing in every record.
type ObserverOptions struct {
	// Address on loopback is where the observer's API is served to this machine.
	// Default: a free port.
	Address string
	// AuditLog is the path of the API server's audit log.
	AuditLog string
	// Etcd says how to read from etcd.
	Etcd *clientv3.Config
	// Spans opens where API server and etcd send their spans to.
	Spans func(ctx context.Context) (net.Listener, error)
	// TraceSampling is the part of all requests that they trace.
	TraceSampling float64
	// TokenFile holds the token, for EvidenceAudience, that proves to scheduler and
	// controller manager who asks for what they did. Without it they are not asked:
	// the token of the component's own identity is for the API server alone.
	TokenFile string
	// Context and Kubeconfig are how people reach the cluster, for the page to say;
	// empty where that is not known.
	Context, Kubeconfig string
	// Sender is the identity of the requests that the page may send; nil where it
	// may send none.
	Sender *rest.Config
}

// Observer is the component that records evidence and explains it.
type Observer struct {
	*Component
	api *web.Server
}

// NewObserver returns the component that records evidence, serves it and keeps
// the status of Walkthroughs. Its API already has an address.
func NewObserver(ctx context.Context, opts Options, sources ObserverOptions) (*Observer, error) {
	c, err := newComponent(ObserverName, opts, cache.Options{}, &v1alpha1.Walkthrough{})
	if err != nil {
		return nil, err
	}
	recorder, err := newRecorder(opts.Config, c.manager.GetAPIReader(), sources)
	if err != nil {
		return nil, err
	}
	api, err := newAPI(recorder, opts, sources)
	if err != nil {
		return nil, fmt.Errorf("building the observer's API: %w", err)
	}
	if err := walkthroughstatus.SetupWithManager(c.manager, walkthroughstatus.Options{Tracer: recorder}); err != nil {
		return nil, fmt.Errorf("setting up the controller walkthroughstatus: %w", err)
	}
	for _, runnable := range []interface{ Start(context.Context) error }{recorder, api} {
		if err := c.manager.Add(runnable); err != nil {
			return nil, err
		}
	}
	if err := c.serve(opts, api.Handlers()); err != nil {
		return nil, err
	}
	return &Observer{Component: c, api: api}, api.Listen(ctx)
}

// newAPI returns the server of the API and of the page.
func newAPI(recorder *observer.Observer, opts Options, sources ObserverOptions) (*web.Server, error) {
	pages, err := page.NewHandler(page.Files())
	if err != nil {
		return nil, err
	}
	options := web.Options{
		Address: sources.Address, Observer: recorder, Overview: recorder.Overview(), Page: pages, Export: page.Export,
		Info:     web.Info{Version: version.String(), Context: sources.Context, Kubeconfig: sources.Kubeconfig},
		Gatherer: metrics.Registry, Log: opts.Log.WithName(ObserverName),
	}
	if sources.Sender != nil {
		if options.Sender, err = sender.New(sources.Sender); err != nil {
			return nil, err
		}
	}
	return web.NewServer(options)
}

func newRecorder(config *rest.Config, reader client.Reader, sources ObserverOptions) (*observer.Observer, error) {
	watchConfig := rest.CopyConfig(config)
	watchConfig.UserAgent = version.UserAgent(ObserverName)
	leaderOf := func(component, path string) *feed.Options {
		return &feed.Options{
			Resolver: published{reader: reader, component: component}, Path: path,
			TokenFile: sources.TokenFile,
		}
	}
	return observer.New(observer.Options{
		AuditLog: sources.AuditLog, AuditFromStart: true, Etcd: sources.Etcd, Spans: sources.Spans, TraceSampling: sources.TraceSampling, RESTConfig: watchConfig,
		Decisions:   leaderOf(SchedulerName, DecisionsPath),
		Queue:       leaderOf(SchedulerName, QueuePath),
		Transitions: leaderOf(ControllerManagerName, TransitionsPath),
		Registerer:  metrics.Registry,
	})
}

// APIAddress returns where the observer's API is served on loopback.
func (o *Observer) APIAddress() string { return o.api.Addr() }
