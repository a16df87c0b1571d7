// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package web serves what the observer knows over HTTP. It only reads: every
// method but GET and HEAD is refused.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// DefaultAddress is where the server listens unless told otherwise: on loopback,
// at a port that the system chooses.
const DefaultAddress = "127.0.0.1:0"

// Timeouts and limits of the server. An answer waits for the observer's sources
// for two seconds at most, and is then written.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = time.Minute
	shutdownTimeout   = 5 * time.Second
	maxHeaderBytes    = 16 << 10
	// maxInFlight is how many requests of the API are answered at once.
	maxInFlight = 32
)

// Options of a server.
type Options struct {
	// Address to listen on; DefaultAddress by default. Port 0 lets the system choose.
	Address string
	// Observer answers the requests.
	Observer Observer
	// Gatherer is what /metrics serves.
	Gatherer prometheus.Gatherer
	// Filter authenticates and authorizes each request, but those of /healthz and
	// /readyz, such as controller-runtime's WithAuthenticationAndAuthorization.
	// Without one the server listens on loopback only.
	Filter metricsserver.Filter
	// TLS is required on any other address than loopback: credentials travel there.
	TLS *tls.Config
	// Log takes what goes wrong while serving.
	Log logr.Logger
}

// Server serves the API. It is a Runnable of a manager.
type Server struct {
	address string
	tls     *tls.Config
	server  *http.Server

	mu       sync.Mutex
	listener net.Listener
}

var (
	_ manager.Runnable               = (*Server)(nil)
	_ manager.LeaderElectionRunnable = (*Server)(nil)
)

// NewServer returns a server that is not listening yet. It refuses an address
// that others can reach unless requests are authenticated and encrypted.
func NewServer(options Options) (*Server, error) {
	if options.Address == "" {
		options.Address = DefaultAddress
	}
	loopback, err := isLoopback(options.Address)
	if err != nil {
		return nil, err
	}
	if !loopback && (options.Filter == nil || options.TLS == nil) {
		return nil, fmt.Errorf("address %s can be reached from other machines: listen on 127.0.0.1, or configure authentication and TLS", options.Address)
	}
	handler, err := newHandler(options, loopback)
	if err != nil {
		return nil, err
	}
	return &Server{
		address: options.Address, tls: options.TLS,
		server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
		},
	}, nil
}

// isLoopback says whether only this machine can reach an address. A name other
// than localhost may resolve to anything.
func isLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("address %q must be host:port: %w", address, err)
	}
	return isLoopbackHost(host), nil
}

func isLoopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// Listen takes the address. Start does it too; calling it before tells early
// that the address cannot be had, and makes Addr known.
func (s *Server) Listen(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: the port is in use by another process: %w", s.address, err)
	case err != nil:
		return fmt.Errorf("listen on %s: %w", s.address, err)
	}
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	s.listener = listener
	return nil
}

// Addr is the address that the server listens on, such as 127.0.0.1:34567; empty
// before Listen or Start.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Start serves until the context ends, and then lets requests in flight finish.
func (s *Server) Start(ctx context.Context) error {
	if err := s.Listen(ctx); err != nil {
		return err
	}
	s.server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	failed := make(chan error, 1)
	go func() { failed <- s.server.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := s.server.Shutdown(stopping); err != nil {
		return errors.Join(fmt.Errorf("stop serving on %s: %w", s.Addr(), err), s.server.Close())
	}
	return nil
}

// NeedLeaderElection is false: each observer serves its own journal.
func (*Server) NeedLeaderElection() bool { return false }
