// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
)

// listen returns a listener on a TCP address.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s for probes: %w", address, err)
	}
	return listener, nil
}

// serveHealth answers probes until ctx ends. A component that a Fault has stopped
// is as healthy and ready as it is to be: a kubelet must not start it again.
func (s *Supervisor) serveHealth(ctx context.Context, listener net.Listener) {
	root := http.NewServeMux()
	for path, checks := range map[string]func(*Component) map[string]healthz.Checker{
		"/healthz": func(c *Component) map[string]healthz.Checker { return c.healthz },
		"/readyz":  func(c *Component) map[string]healthz.Checker { return c.readyz },
	} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			current := map[string]healthz.Checker{"ping": healthz.Ping}
			if c := s.current(); c != nil {
				current = checks(c)
			} else if !s.hasSettled() {
				current["faults"] = func(*http.Request) error { return fmt.Errorf("not known yet") }
			}
			(&healthz.Handler{Checks: current}).ServeHTTP(w, request)
		})
		root.Handle(path, http.StripPrefix(path, handler))
		root.Handle(path+"/", http.StripPrefix(path, handler))
	}
	server := &http.Server{Handler: root, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	_ = server.Serve(listener) // until it is closed
}

// current returns the component; nil while it is stopped.
func (s *Supervisor) current() *Component {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return nil
	}
	return s.run.Component
}
