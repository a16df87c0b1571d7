// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/glassplane/glassplane/internal/substrate"
)

const (
	// readTimeout is how long a request may take to arrive.
	readTimeout = 10 * time.Second
	// healTimeout is how long healing may take that nobody waits for, and
	// healRetry when it is tried again.
	healTimeout = 2 * time.Minute
	healRetry   = 5 * time.Second
)

// Server answers on the socket of one control plane.
type Server struct {
	plane Plane
	tell  func(format string, args ...any)
	http  *http.Server

	// background ends with Close.
	background context.Context
	cancel     context.CancelFunc
	running    sync.WaitGroup

	mu sync.Mutex
	// until says when the disruption of a target heals by itself that began at
	// a time. There are as many as targets at most.
	until map[string]timed
}

// timed is when a disruption heals by itself.
type timed struct {
	since, until time.Time
}

// Serve answers on the socket in the data folder until Close. tell is told of
// what was disrupted and healed, for whoever looks at the control plane.
func Serve(ctx context.Context, dir string, plane Plane, tell func(format string, args ...any)) (*Server, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", socket(dir))
	if err != nil {
		return nil, fmt.Errorf("listen for commands to the control plane: %w", err)
	}
	s := &Server{plane: plane, tell: tell, until: map[string]timed{}}
	s.background, s.cancel = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, s.list)
	mux.HandleFunc("POST "+path, s.disrupt)
	mux.HandleFunc("DELETE "+path, s.healAll)
	mux.HandleFunc("DELETE "+path+"/{target}", s.heal)
	mux.HandleFunc("GET "+snapshotPath, s.snapshot)
	mux.HandleFunc("GET "+etcdPath+"/{client}", s.etcd)
	s.http = &http.Server{Handler: mux, ReadTimeout: readTimeout}
	s.running.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

// Close ends what is being answered. What is disrupted stays so.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	s.running.Wait()
	return err
}

func (s *Server) list(w http.ResponseWriter, _ *http.Request) {
	state := State{Disruptable: substrate.Disruptables(), InForce: []InForce{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.plane.Disrupted() {
		f := InForce{Disrupted: d}
		if t := s.until[d.Target]; t.since.Equal(d.Since) {
			f.Until = t.until
		}
		state.InForce = append(state.InForce, f)
	}
	answer(w, http.StatusOK, state)
}

func (s *Server) disrupt(w http.ResponseWriter, r *http.Request) {
	var request Request
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		answer(w, http.StatusBadRequest, problem{fmt.Sprintf("read the request: %v", err)})
		return
	}
	if err := request.Validate(); err != nil {
		answer(w, http.StatusBadRequest, problem{err.Error()})
		return
	}
	heal, err := s.plane.Disrupt(r.Context(), request.Disruption)
	if err != nil {
		answer(w, statusOf(err), problem{err.Error()})
		return
	}
	s.tell("%s: %s", request.Target, request.Kind)
	if request.While {
		s.healAtEnd(w, r, request, heal)
		return
	}
	if request.For > 0 {
		s.healAfter(request, heal)
	}
	w.WriteHeader(http.StatusNoContent)
}

// healAtEnd keeps the connection, and heals when the other side has ended it.
func (s *Server) healAtEnd(w http.ResponseWriter, r *http.Request, request Request, heal func(context.Context) error) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // Nothing more is to arrive in time.
	w.WriteHeader(http.StatusOK)
	_ = control.Flush() // Who is gone is noticed below.
	select {
	case <-s.background.Done():
	case <-r.Context().Done():
		s.running.Go(func() { s.insist(request, heal, 0, "healed, because who has asked for it has ended") })
	}
}

// healAfter lets a disruption heal by itself.
func (s *Server) healAfter(request Request, heal func(context.Context) error) {
	s.mu.Lock()
	for _, d := range s.plane.Disrupted() {
		if d.Target == request.Target {
			s.until[d.Target] = timed{since: d.Since, until: time.Now().Add(request.For)}
		}
	}
	s.mu.Unlock()
	s.running.Go(func() { s.insist(request, heal, request.For, fmt.Sprintf("healed after %s", request.For)) })
}

// insist heals after a time, and tries again until it has succeeded or the server ends.
func (s *Server) insist(request Request, heal func(context.Context) error, after time.Duration, healed string) {
	for delay := after; ; delay = healRetry {
		select {
		case <-s.background.Done():
			return
		case <-time.After(delay):
		}
		if !s.isInForce(request) {
			return // Somebody has healed it.
		}
		ctx, cancel := context.WithTimeout(s.background, healTimeout)
		err := heal(ctx)
		cancel()
		if err == nil {
			s.tell("%s: %s", request.Target, healed)
			return
		}
		s.tell("%s: %v; tried again in %s", request.Target, err, healRetry)
	}
}

func (s *Server) isInForce(request Request) bool {
	return slices.ContainsFunc(s.plane.Disrupted(), func(d substrate.Disrupted) bool { return d.Target == request.Target && d.Kind == request.Kind })
}

func (s *Server) heal(w http.ResponseWriter, r *http.Request) {
	s.answerHealed(w, r.PathValue("target"), s.plane.Heal(r.Context(), r.PathValue("target")))
}

func (s *Server) healAll(w http.ResponseWriter, r *http.Request) {
	s.answerHealed(w, "everything", s.plane.Heal(r.Context()))
}

func (s *Server) answerHealed(w http.ResponseWriter, what string, err error) {
	if err != nil {
		answer(w, statusOf(err), problem{err.Error()})
		return
	}
	s.tell("%s: healed", what)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) etcd(w http.ResponseWriter, r *http.Request) {
	access, err := s.plane.EtcdAccess(r.PathValue("client"))
	if err != nil {
		answer(w, statusOf(err), problem{err.Error()})
		return
	}
	answer(w, http.StatusOK, access)
}

// snapshot sends the state. One that is cut off lacks its checksum.
func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) {
	stream, err := s.plane.Snapshot(r.Context())
	if err != nil {
		answer(w, statusOf(err), problem{err.Error()})
		return
	}
	_, err = io.Copy(w, stream)
	if err = errors.Join(err, stream.Close()); err != nil {
		s.tell("a snapshot was not sent: %v", err)
		panic(http.ErrAbortHandler) // There is no other way to say so after the beginning.
	}
}

// statusOf is the status of an answer that is an error.
func statusOf(err error) int {
	switch {
	case errors.Is(err, substrate.ErrDisrupted), errors.Is(err, substrate.ErrNotDisrupted):
		return http.StatusConflict
	case errors.Is(err, substrate.ErrCannotDisrupt):
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // Who is gone does not read it.
}
