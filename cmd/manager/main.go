// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Manager is the image's entry point: it runs the components that its flags
// name against the cluster of its ServiceAccount or kubeconfig.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/glassplane/glassplane/internal/manager"
	"github.com/glassplane/glassplane/internal/version"
)

// components that --components can name.
var components = []string{"scheduler", "controller-manager", "observer"}

type options struct {
	manager     manager.Options
	observer    manager.ObserverOptions
	etcd        etcdFlags
	components  []string
	controllers []string
	allowWrites bool
	// healthAddress is where /healthz and /readyz are served.
	healthAddress string
	version       bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	opts, err := parse(args)
	if err != nil {
		return err
	}
	if opts.version {
		fmt.Println(version.Long())
		return nil
	}
	if opts.manager.Config, err = ctrl.GetConfig(); err != nil {
		return fmt.Errorf("finding the cluster: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range opts.components {
		supervisor, err := manager.NewSupervisor(manager.SupervisorOptions{
			Name: "glassplane-" + name, Config: opts.manager.Config, LeaderElection: opts.manager.LeaderElection, HealthAddress: opts.healthAddress, Log: opts.manager.Log,
			Build: func(ctx context.Context, broken manager.Broken) (*manager.Component, error) {
				opts := opts
				opts.manager.Broken = broken
				return build(ctx, name, opts)
			},
		})
		if err != nil {
			return err
		}
		group.Go(func() error { return supervisor.Start(ctx) })
	}
	return group.Wait()
}

func build(ctx context.Context, name string, opts options) (*manager.Component, error) {
	switch name {
	case "scheduler":
		return manager.NewScheduler(opts.manager)
	case "controller-manager":
		return manager.NewControllerManager(opts.manager, opts.controllers)
	default:
		etcd, err := opts.etcd.config()
		if err != nil {
			return nil, err
		}
		opts.observer.Etcd = etcd
		if opts.allowWrites {
			if opts.observer.Sender, err = manager.PageIdentity(opts.manager.Config); err != nil {
				return nil, err
			}
		}
		observer, err := manager.NewObserver(ctx, opts.manager, opts.observer)
		if err != nil {
			return nil, err
		}
		return observer.Component, nil
	}
}

func parse(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("manager", flag.ContinueOnError)
	names := flags.String("components", strings.Join(components, ","), "components that this process runs")
	controllers := flags.String("controllers", "*", "controllers that the controller manager runs: * for all, NAME for one, -NAME to leave one out")
	flags.BoolVar(&opts.manager.LeaderElection, "leader-elect", false, "let only one of several replicas act")
	flags.StringVar(&opts.healthAddress, "health-probe-bind-address", "", "where /healthz and /readyz are served; empty for nowhere")
	flags.StringVar(&opts.manager.EndpointAddress, "metrics-bind-address", "", "where metrics and evidence are served over HTTPS to authorized callers; empty for nowhere")
	flags.StringVar(&opts.manager.EndpointCertDir, "metrics-cert-dir", "", "folder with tls.crt, valid for the Service glassplane-COMPONENT.glassplane-system.svc, tls.key and, unless self-signed, ca.crt; by default a certificate is made at each start")
	flags.StringVar(&opts.manager.AdvertiseAddress, "advertise-address", "", "IP at which other pods reach that endpoint; by default the one of --metrics-bind-address")
	flags.StringVar(&opts.manager.ForceDeletionAddress, "force-deletion-bind-address", "", "where the API server asks the controller manager before it deletes a pod by force, with the certificate of --metrics-cert-dir; empty for nowhere: such a deletion then is a graceful one")
	flags.IntVar(&opts.manager.TerminatedPodThreshold, "terminated-pod-gc-threshold", manager.DefaultTerminatedPodThreshold, "number of ended simulated pods that may exist before the controller manager deletes the oldest of them; 0 or less deletes none")
	schedulerConfig := flags.String("scheduler-config", "", "file with the scheduler's profiles; by default one with the default plugins")
	flags.StringVar(&opts.observer.Address, "observer-bind-address", "127.0.0.1:8080", "loopback address where the observer serves the page and its API to this machine")
	flags.BoolVar(&opts.allowWrites, "allow-writes", false, "let the page create simulated pods, as the ServiceAccount glassplane-page; see config/page-writes")
	flags.StringVar(&opts.observer.AuditLog, "audit-log", "", "path of the API server's audit log, for the observer")
	flags.StringVar(&opts.observer.TokenFile, "endpoint-token-file", "", "file with the token, for the audience "+manager.EvidenceAudience+", with which the observer reads from scheduler and controller manager; without it they are not asked")
	opts.etcd.add(flags)
	flags.BoolVar(&opts.version, "version", false, "print the version and exit")
	logging := zap.Options{}
	logging.BindFlags(flags)
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	opts.components, opts.controllers = strings.Split(*names, ","), strings.Split(*controllers, ",")
	var err error
	if opts.manager.SchedulerProfiles, err = manager.ReadSchedulerConfig(*schedulerConfig); err != nil {
		return options{}, err
	}
	opts.manager.Log = zap.New(zap.UseFlagOptions(&logging))
	ctrl.SetLogger(opts.manager.Log)
	klog.SetLogger(opts.manager.Log)
	return opts, opts.validate(flags.Args())
}

func (o options) validate(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q: the manager takes flags only", rest[0])
	}
	for _, name := range o.components {
		if !slices.Contains(components, name) {
			return fmt.Errorf("invalid --components %q: must be of %s", name, strings.Join(components, ", "))
		}
	}
	if len(o.components) > 1 && (o.healthAddress != "" || o.manager.EndpointAddress != "") {
		return errors.New("--health-probe-bind-address and --metrics-bind-address need --components to name a single one: each serves its own")
	}
	return nil
}
