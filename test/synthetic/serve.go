// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package synthetic

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/glassplane/glassplane/internal/web"
	"github.com/glassplane/glassplane/internal/web/page"
)

// Server serves what the observer of a made-up cluster knows.
type Server struct {
	server *web.Server
	done   sync.WaitGroup
	failed error
}

// Serve starts an observer and its API on a loopback address, such as
// 127.0.0.1:0, and returns once it listens. It ends with the context.
func Serve(ctx context.Context, address string, options Options) (*Server, error) {
	recorder, err := NewObserver(options)
	if err != nil {
		return nil, err
	}
	pages, err := page.NewHandler(page.Files())
	if err != nil {
		return nil, err
	}
	api, err := web.NewServer(web.Options{
		Address: address, Observer: recorder, Overview: recorder.Overview(), Page: pages, Export: page.Export,
		Info: web.Info{Version: "made up"}, Gatherer: prometheus.NewRegistry(), Log: logr.Discard(),
	})
	if err != nil {
		return nil, fmt.Errorf("make a server: %w", err)
	}
	if err := api.Listen(ctx); err != nil {
		return nil, err
	}
	s := &Server{server: api}
	s.done.Go(func() { _ = recorder.Start(ctx) })
	s.done.Go(func() { s.failed = api.Start(ctx) })
	return s, nil
}

// URL is where the page is, with a slash at its end.
func (s *Server) URL() string { return "http://" + s.server.Addr() + "/" }

// Wait returns once the server has ended, and why where its context has not.
func (s *Server) Wait() error {
	s.done.Wait()
	return s.failed
}
