// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/internal/manager"
)

// logs is all that the components said, as verbosely as they can.
var logs = &log{}

// starter is a component.
type starter interface {
	Start(context.Context) error
	WaitForReady(context.Context) error
}

// startComponents runs the components as a cluster does: each with the token of
// its ServiceAccount, with leader election and with its endpoint. It returns when
// all are ready, with the address of the observer's API on loopback. They stop
// with the container of specs that asked for them.
func startComponents(ctx context.Context) (observerAddress string) {
	GinkgoHelper()
	address := make(chan string, 1)
	components := []starter{
		supervised(ctx, manager.SchedulerName, func(_ context.Context, opts manager.Options) (*manager.Component, error) {
			return manager.NewScheduler(opts)
		}),
		supervised(ctx, manager.ControllerManagerName, func(_ context.Context, opts manager.Options) (*manager.Component, error) {
			return manager.NewControllerManager(opts, nil)
		}),
		supervised(ctx, manager.ObserverName, func(ctx context.Context, opts manager.Options) (*manager.Component, error) {
			observer, err := manager.NewObserver(ctx, opts, manager.ObserverOptions{AuditLog: auditPath})
			if err != nil {
				return nil, err
			}
			address <- observer.APIAddress()
			return observer.Component, nil
		}),
	}
	start(components)
	for _, component := range components {
		Expect(component.WaitForReady(ctx)).To(Succeed())
	}
	return <-address
}

// supervised returns a component that is not started yet.
func supervised(ctx context.Context, name string, build func(context.Context, manager.Options) (*manager.Component, error)) starter {
	GinkgoHelper()
	opts := options(ctx, name)
	supervisor, err := manager.NewSupervisor(manager.SupervisorOptions{
		Name: name, Config: opts.Config, Log: opts.Log,
		Build: func(ctx context.Context, broken manager.Broken) (*manager.Component, error) {
			opts := opts
			opts.Broken = broken
			return build(ctx, opts)
		},
	})
	Expect(err).NotTo(HaveOccurred())
	return supervisor
}

func start(components []starter) {
	running, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for _, component := range components {
		group.Go(func() {
			defer GinkgoRecover()
			Expect(component.Start(running)).To(Succeed())
		})
	}
	DeferCleanup(func() {
		cancel()
		group.Wait()
	})
}

// options of a component with the identity of its ServiceAccount.
func options(ctx context.Context, component string) manager.Options {
	GinkgoHelper()
	config := rest.AnonymousClientConfig(environment.Config)
	config.BearerTokenFile = filepath.Join(GinkgoT().TempDir(), "token")
	Expect(os.WriteFile(config.BearerTokenFile, []byte(tokenOf(ctx, component)), 0o600)).To(Succeed())
	return manager.Options{
		Config: config, LeaderElection: true, EndpointAddress: "127.0.0.1:0", Log: logs.logger(),
	}
}

// log keeps what is logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// logger is more verbose than the level at which client-go logs the bodies of
// requests and answers.
func (l *log) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.text.WriteString(prefix + " " + args + "\n")
	}, funcr.Options{Verbosity: 10})
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
