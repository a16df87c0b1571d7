// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package interference breaks the requests of a component where they leave it and
// where their answers arrive: events of watches are delivered late, the Lease by
// which it leads is renewed late, and its writes meet newer versions of objects. As
// long as nothing is broken a request passes untouched.
package interference

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/glassplane/glassplane/internal/fault"
)

// Interference is what is broken of the requests of one component. The zero value
// breaks nothing. It may be changed while requests are under way.
type Interference struct {
	// Lease is the URL path of the Lease by which the component leads; empty where it
	// does not elect a leader.
	Lease string
	// Touch writes an object just before a write of the component does, under an
	// identity of its own; nil where there is none.
	Touch *Toucher

	watchDelay, leaseDelay atomic.Int64
	conflicts              atomic.Pointer[[]fault.Conflict]
	writes                 atomic.Uint64
}

// Set changes what is broken.
func (i *Interference) Set(effect fault.ComponentEffect) {
	i.watchDelay.Store(int64(effect.WatchDelay))
	i.leaseDelay.Store(int64(effect.LeaseDelay))
	i.conflicts.Store(&effect.Conflicts)
}

// Wrap returns a transport that sends requests through another one, broken.
func (i *Interference) Wrap(next http.RoundTripper) http.RoundTripper { return &transport{i, next} }

type transport struct {
	*Interference
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	switch {
	case request.Method == http.MethodGet:
		response, err := t.next.RoundTrip(request)
		if err == nil && request.URL.Query().Get("watch") != "" {
			response.Body = newLateBody(response.Body, t.delayOfWatches)
		}
		return response, err
	case t.Lease != "" && request.Method == http.MethodPut && strings.HasSuffix(request.URL.Path, t.Lease):
		if err := t.delayLease(request); err != nil {
			return nil, err
		}
	case request.Method == http.MethodPut || request.Method == http.MethodPatch:
		if err := t.conflict(request); err != nil {
			return nil, err
		}
	}
	return t.next.RoundTrip(request)
}

func (i *Interference) delayOfWatches() time.Duration { return time.Duration(i.watchDelay.Load()) }

// delayLease holds the renewal of a Lease back, no longer than its sender waits.
func (t *transport) delayLease(request *http.Request) error {
	delay := time.Duration(t.leaseDelay.Load())
	if delay <= 0 {
		return nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-request.Context().Done():
		return request.Context().Err()
	}
}
