// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package overview

import (
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
)

// OtherProgram is every program that is no component and has an account of its
// own in the cluster.
const OtherProgram = "Other program"

// counted are the components that are told apart, in the order in which they are
// shown.
var counted = []string{
	component.Client, component.Scheduler, component.Manager, component.KubeManager, component.Kubelet,
	component.APIServer, component.Observer, OtherProgram,
}

// firstError is the lowest HTTP status that refuses a request.
const firstError = 400

const (
	bucketTime = time.Second
	// ringLength has room for the window, the second that is not over yet, and what
	// arrives late or from a clock that is ahead.
	ringLength = int64(RateWindow/bucketTime) + 6
)

// Counter counts requests and watch events, second by second. It is safe for use
// by several goroutines.
type Counter struct {
	mu   sync.Mutex
	ring [ringLength]bucket
}

// bucket is one second.
type bucket struct {
	second      int64
	components  []Rate // as counts, not as rates; in the order of counted
	watchEvents float64
}

// at returns the bucket of a second; nil for one that is over for too long.
func (c *Counter) at(t time.Time) *bucket {
	second := t.Unix()
	b := &c.ring[((second%ringLength)+ringLength)%ringLength]
	switch {
	case b.second > second:
		return nil
	case b.second < second:
		*b = bucket{second: second, components: make([]Rate, len(counted))}
	}
	return b
}

// Request counts the answer to a request, or the start of a watch, at a time.
// Other stages of requests are not counted.
func (c *Counter) Request(a *evidence.Audit, at time.Time) {
	answered := "ResponseComplete"
	if a.Verb == "watch" {
		answered = "ResponseStarted"
	}
	if a.Stage != answered && a.Stage != "Panic" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.at(at)
	if b == nil {
		return
	}
	rate := &b.components[slices.Index(counted, sender(a))]
	switch a.Verb {
	case "get", "list", "watch":
		rate.Reads++
	default:
		rate.Writes++
	}
	if a.Code >= firstError {
		rate.Refused++
	}
}

// sender names who sent a request.
func sender(a *evidence.Audit) string {
	switch known := component.Of(a.User, a.UserAgent); {
	case slices.Contains(counted, known):
		return known
	case a.User == "system:apiserver":
		return component.APIServer
	case component.IsProgram(a.User, a.UserAgent, a.Groups) || strings.HasPrefix(a.User, "system:kube-"):
		return OtherProgram
	}
	return component.Client
}

// WatchEvent counts an event of a watch that arrived at a time.
func (c *Counter) WatchEvent(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.at(at); b != nil {
		b.watchEvents++
	}
}

// Rates are those of the seconds of the window that are over now. A component
// that asked for nothing is left out.
func (c *Counter) Rates(now time.Time) Rates {
	sums, events := make([]Rate, len(counted)), 0.0
	until := now.Unix()
	c.mu.Lock()
	for i := range c.ring {
		b := &c.ring[i]
		if b.second >= until || b.second < until-int64(RateWindow/bucketTime) {
			continue
		}
		events += b.watchEvents
		for k := range b.components {
			sums[k].Writes += b.components[k].Writes
			sums[k].Reads += b.components[k].Reads
			sums[k].Refused += b.components[k].Refused
		}
	}
	c.mu.Unlock()
	seconds := RateWindow.Seconds()
	rates := Rates{Window: metav1.Duration{Duration: RateWindow}, WatchEvents: events / seconds, Components: []Rate{}, Available: true}
	for k, sum := range sums {
		if sum.Writes+sum.Reads == 0 {
			continue
		}
		rates.Components = append(rates.Components, Rate{
			Component: counted[k], Writes: sum.Writes / seconds, Reads: sum.Reads / seconds, Refused: sum.Refused / seconds,
		})
	}
	return rates
}
