// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manager builds the controller-runtime manager of each component. The
// image's entry point and the local control plane share it, so that a component
// is the same in both.
package manager

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/scheduler/framework"
	"github.com/glassplane/glassplane/internal/scheme"
	"github.com/glassplane/glassplane/internal/version"
)

// Names of the components. Each is also the name of the component's
// ServiceAccount, user agent, field manager and leader-election Lease.
const (
	SchedulerName         = "glassplane-scheduler"
	ControllerManagerName = "glassplane-controller-manager"
	ObserverName          = "glassplane-observer"
)

const (
	// disabled turns a server of controller-runtime off.
	disabled = "0"
	// shutdownTimeout bounds how long a component may take to stop.
	shutdownTimeout = 10 * time.Second
	// readyzTimeout is shorter than a kubelet's default for probes.
	readyzTimeout = 500 * time.Millisecond
)

// Options are what every component needs.
type Options struct {
	// Config is the component's own identity.
	Config *rest.Config
	// LeaderElection lets only one of several replicas act.
	LeaderElection bool
	// Broken is what Faults have broken of the component, see Supervisor.
	Broken Broken
	// EndpointAddress is where metrics and evidence are served over HTTPS, to
	// callers whom the API server knows and allows. Default: nowhere.
	EndpointAddress string
	// EndpointCertDir holds tls.crt and tls.key of that endpoint, valid for the
	// component's Service, and ca.crt where another certificate has signed tls.crt.
	// Default: a certificate is made at each start.
	EndpointCertDir string
	// AdvertiseAddress is the IP at which other pods reach this one. Default: the
	// one of EndpointAddress.
	AdvertiseAddress string
	// SchedulerProfiles are the scheduler's, as ReadSchedulerConfig returns them.
	// Default: one profile with the default plugins.
	SchedulerProfiles []*framework.Profile
	// ForceDeletionAddress is where the API server is to ask the controller manager
	// before it deletes a pod by force, host:port. Default: nowhere; such a deletion
	// then is a graceful one.
	ForceDeletionAddress string
	// TerminatedPodThreshold is how many ended SimPods may exist before the
	// controller manager deletes the oldest of them; 0 or less deletes none.
	TerminatedPodThreshold int
	// NodeMonitorGracePeriod is how long a node may be silent before it is taken for
	// dead. Default: that of kube-controller-manager.
	NodeMonitorGracePeriod time.Duration
	// Log is quiet unless something is wrong.
	Log logr.Logger
}

// Component is one component, ready to be started once.
type Component struct {
	// Name of the component.
	Name string

	manager ctrl.Manager
	// hooks is nil where the API server is to ask nothing.
	hooks *hooks
	// publisher is nil where nothing is served.
	publisher *publisher
	// kinds are those that the component watches.
	kinds []client.Object
	// healthz and readyz are what probes ask for.
	healthz, readyz map[string]healthz.Checker
	// Controllers are the names of all controllers that it has, and Disabled are
	// those that it runs without because its options say so; in alphabetical order.
	Controllers, Disabled []string
}

// newComponent returns a component that watches the kinds, and whose
// controllers are still to be added.
func newComponent(name string, opts Options, cacheOptions cache.Options, kinds ...client.Object) (*Component, error) {
	restConfig := rest.CopyConfig(opts.Config)
	restConfig.UserAgent = version.UserAgent(name)
	// The API server's priority and fairness limits requests, not the client.
	restConfig.QPS = -1
	if opts.Broken.Transport != nil {
		restConfig.Wrap(opts.Broken.Transport)
	}
	cacheOptions.DefaultTransform = cache.TransformStripManagedFields()
	gracefully := shutdownTimeout
	hooks, err := newHooks(name, opts)
	if err != nil {
		return nil, err
	}
	manager, err := ctrl.NewManager(restConfig, ctrl.Options{
		WebhookServer:                 hooks.server(),
		Scheme:                        scheme.New(),
		Logger:                        withoutEndingNamespaces(opts.Log.WithName(name)),
		Cache:                         cacheOptions,
		Client:                        client.Options{FieldOwner: name},
		LeaderElection:                opts.LeaderElection,
		LeaderElectionID:              name,
		LeaderElectionNamespace:       v1alpha1.SystemNamespace,
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       metricsserver.Options{BindAddress: disabled},
		HealthProbeBindAddress:        disabled, // see Supervisor
		GracefulShutdownTimeout:       &gracefully,
		// A component may be stopped and started again in one process.
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("building the manager of %s: %w", name, err)
	}
	return &Component{
		Name: name, manager: manager, hooks: hooks, kinds: kinds,
		healthz: map[string]healthz.Checker{"ping": healthz.Ping},
		readyz:  map[string]healthz.Checker{"caches": cachesChecker(manager.GetCache())},
	}, nil
}

// serve adds the endpoint that serves metrics and the handlers, and publishes
// where that is.
func (c *Component) serve(opts Options, handlers map[string]http.Handler) error {
	if orDisabled(opts.EndpointAddress) == disabled {
		return nil
	}
	endpoint, err := newEndpoint(c, opts, handlers)
	if err != nil {
		return fmt.Errorf("building the endpoint of %s: %w", c.Name, err)
	}
	c.publisher = &publisher{
		endpoint: endpoint, reader: c.manager.GetAPIReader(), writer: c.manager.GetClient(),
		log: opts.Log.WithName(c.Name), done: make(chan struct{}),
	}
	return c.manager.Add(c.publisher)
}

// ErrLeaseLost is wrapped by the error of Start where the component led by a Lease and
// could not renew it in time. As a process it ends then, and is started again.
var ErrLeaseLost = errors.New("its leader-election Lease is lost")

// leaderElectionLost is the error of controller-runtime, which has no name there.
const leaderElectionLost = "leader election lost"

// Start runs the component until ctx ends.
func (c *Component) Start(ctx context.Context) error {
	err := c.manager.Start(ctx)
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), leaderElectionLost):
		return fmt.Errorf("%s: %w: %w", c.Name, ErrLeaseLost, err)
	}
	return fmt.Errorf("%s: %w", c.Name, err)
}

// WaitForReady returns once the component's caches are filled and it has
// published where it serves, which only a leader does; or an error when ctx ends
// before.
func (c *Component) WaitForReady(ctx context.Context) error {
	informers := c.manager.GetCache()
	for _, kind := range c.kinds {
		// Without blocking: a cache that is not started yet does not, either.
		if _, err := informers.GetInformer(ctx, kind, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("%s: asking its cache for %T: %w", c.Name, kind, err)
		}
	}
	if !informers.WaitForCacheSync(ctx) {
		return errors.Join(fmt.Errorf("%s: its caches were not filled", c.Name), ctx.Err())
	}
	if c.publisher == nil {
		return nil
	}
	select {
	case <-c.publisher.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: it has not published where it serves: %w", c.Name, ctx.Err())
	}
}

// cachesChecker is ready once the caches that were asked for are filled.
func cachesChecker(informers cache.Cache) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), readyzTimeout)
		defer cancel()
		if !informers.WaitForCacheSync(ctx) {
			return errors.New("the caches are not filled yet")
		}
		return nil
	}
}

func orDisabled(address string) string {
	if address == "" {
		return disabled
	}
	return address
}
