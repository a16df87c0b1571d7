// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package web serves what the observer knows over HTTP, and the page that shows it.
// It only reads: every method but GET and HEAD is refused, but for the one request
// that a page may send where that was allowed.
//
// API and page are served twice: on loopback without authentication, to this machine
// or, in a cluster, to who may forward a port to the pod; and on the observer's
// HTTPS endpoint to those whom the API server knows and allows. There a path is
// all that is authorized, as a nonResourceURL. So the API is not below /api/: the
// role system:discovery, which every authenticated user has, allows /api/* and
// /apis/*.
package web

import (
	"context"
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
)

// Prefix is what the path of each request to the API begins with.
const Prefix = "/observer/v1/"

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
	// maxInFlight is how many requests of the API are answered at once, streams
	// apart.
	maxInFlight = 32
)

// Options of a server.
type Options struct {
	// Address on loopback to listen on; DefaultAddress by default. Port 0 lets the
	// system choose.
	Address string
	// Observer answers the requests.
	Observer Observer
	// Overview answers those about the cluster as a whole.
	Overview Overview
	// Info is told to the page.
	Info Info
	// Page serves what is not below Prefix; nil for nothing.
	Page http.Handler
	// Export writes a file that shows one run; nil where there is none.
	Export Exporter
	// Sender sends the requests of the page; nil where none may be sent.
	Sender Sender
	// Gatherer is what /metrics serves.
	Gatherer prometheus.Gatherer
	// Log takes what goes wrong while serving.
	Log logr.Logger
}

// Server serves the API on loopback. It is a Runnable of a manager.
type Server struct {
	address string
	handler *handler
	server  *http.Server

	mu       sync.Mutex
	listener net.Listener
}

var (
	_ manager.Runnable               = (*Server)(nil)
	_ manager.LeaderElectionRunnable = (*Server)(nil)
)

// NewServer returns a server that is not listening yet. It refuses an address
// that others can reach: requests are not authenticated here.
func NewServer(options Options) (*Server, error) {
	if options.Address == "" {
		options.Address = DefaultAddress
	}
	if err := checkLoopback(options.Address); err != nil {
		return nil, err
	}
	handler := newHandler(options)
	return &Server{
		address: options.Address, handler: handler,
		server: &http.Server{
			Handler:           handler.loopback(options.Gatherer),
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
		},
	}, nil
}

// Handlers serve the API and the page, by the path that each begins with, for an
// endpoint that authenticates and authorizes.
func (s *Server) Handlers() map[string]http.Handler {
	return map[string]http.Handler{Prefix: secured(s.handler.api), "/": secured(s.handler.page)}
}

// checkLoopback refuses an address that not only this machine can reach.
func checkLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q must be host:port: %w", address, err)
	}
	if !isLoopbackHost(host) {
		return fmt.Errorf("address %s can be reached from other machines, and the API has no authentication there: listen on 127.0.0.1", address)
	}
	return nil
}

// isLoopbackHost is false for any name but localhost: it may resolve to anything.
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
	close(s.handler.stopping) // Streams would not end by themselves.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := s.server.Shutdown(stopping); err != nil {
		return errors.Join(fmt.Errorf("stop serving on %s: %w", s.Addr(), err), s.server.Close())
	}
	return nil
}

// NeedLeaderElection is false: each observer serves its own journal.
func (*Server) NeedLeaderElection() bool { return false }
