// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package podcontrol

import (
	"sync"
	"time"

	"k8s.io/client-go/util/flowcontrol"
)

// How much later a failed pod is deleted to make room for the next one, each time
// that it happens in the same place: as for daemon sets in
// k8s.io/kubernetes/cmd/kube-controller-manager/app/apps.go.
const (
	firstBackoff = time.Second
	maxBackoff   = 15 * time.Minute
	// forgetPeriod is how often places are forgotten where no pod has failed for
	// twice the longest delay.
	forgetPeriod = time.Minute
)

// Backoff remembers how often pods have failed in one place, such as a node.
type Backoff struct {
	delays *flowcontrol.Backoff

	mu        sync.Mutex
	forgotten time.Time
}

// NewBackoff returns one that remembers nothing.
func NewBackoff() *Backoff {
	return &Backoff{delays: flowcontrol.NewBackOff(firstBackoff, maxBackoff)}
}

// Remaining is for how long a failed pod of the place stays; 0 where it may go.
func (b *Backoff) Remaining(place string, now time.Time) time.Duration {
	if !b.delays.IsInBackOffSinceUpdate(place, now) {
		return 0
	}
	return b.delays.Get(place)
}

// Note notes that a failed pod of the place goes: the next one will stay longer.
func (b *Backoff) Note(place string, now time.Time) {
	b.delays.Next(place, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.forgotten) >= forgetPeriod {
		b.forgotten = now
		b.delays.GC()
	}
}
