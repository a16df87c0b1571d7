// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

const (
	// minInterval is the pause between polls while there is something to read,
	// maxInterval the longest one when there is not.
	minInterval = 100 * time.Millisecond
	maxInterval = time.Second
	// requestTimeout bounds one request, resolveTimeout finding where to send it.
	requestTimeout = 5 * time.Second
	resolveTimeout = 2 * time.Second
	// resolveInterval is how long it is believed that a component which answers is
	// still the one to ask.
	resolveInterval = 10 * time.Second
	// pageSize is how many items are asked for at once.
	pageSize = 500
	// maxPages bounds the requests of one poll.
	maxPages = 100
	// maxResponseBytes bounds one response.
	maxResponseBytes = 64 << 20
	// otherEpoch describes what is lost when another process counts.
	otherEpoch = "the component was restarted, or another replica leads; what it had not served before is lost"
)

// Options say how to read the feed of a component.
type Options struct {
	// Resolver finds the component's endpoint.
	Resolver Resolver
	// Path of the feed there, such as /decisions.
	Path string
	// TokenFile holds the bearer token that proves who asks. It is read again when
	// it changes.
	TokenFile string
}

// Sink takes what a Poller reads. Its methods are called one at a time.
type Sink[T any] interface {
	// Deliver takes items in the order in which they were recorded.
	Deliver(items []T)
	// Lost is told that items were lost, and which.
	Lost(what string)
	// Polled is told of each answer: nil, or why there was none.
	Polled(err error)
}

// Poller reads the feed of one component: often while there is something to
// read, seldom while there is not. It asks for what is new since the last poll.
// Where another process counts than before, or where items were dropped in
// between, it says what was lost. What was dropped before the first poll is no
// loss: it happened before anybody followed.
type Poller[T any] struct {
	client *client
	clock  clock.WithTicker
	sink   Sink[T]

	// polling holds one token, which a poll takes: unlike a mutex it can be waited
	// for until a context ends. It guards what follows, the client and the sink.
	polling chan struct{}
	// begun counts the polls; ended is the number of the last one that was not cut
	// off, and outcome what came of it.
	begun   atomic.Int64
	ended   int64
	outcome error
	// epoch is empty before the first page.
	epoch string
	next  uint64
}

// NewPoller returns a poller that has read nothing.
func NewPoller[T any](options Options, clock clock.WithTicker, sink Sink[T]) *Poller[T] {
	return &Poller[T]{client: newClient(options, clock), clock: clock, sink: sink, polling: make(chan struct{}, 1)}
}

// Run polls until the context ends.
func (p *Poller[T]) Run(ctx context.Context) error {
	interval := minInterval
	for {
		if n, err := p.poll(ctx); n > 0 && err == nil {
			interval = minInterval
		} else {
			interval = min(interval*3/2, maxInterval)
		}
		timer := p.clock.NewTimer(interval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C():
		}
	}
}

// Sync returns when a poll that began after the call has ended: one of its own,
// or that of another caller. It returns the context's error where that ends first.
func (p *Poller[T]) Sync(ctx context.Context) error {
	_, err := p.poll(ctx)
	return err
}

// poll reads what there is and returns how many items that were. However many
// ask while a poll is under way, one more serves them all.
func (p *Poller[T]) poll(ctx context.Context) (total int, err error) {
	before := p.begun.Load()
	select {
	case p.polling <- struct{}{}:
		defer func() { <-p.polling }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if p.ended > before {
		return 0, p.outcome
	}
	number := p.begun.Add(1)
	if total, err = p.read(ctx); ctx.Err() == nil {
		p.ended, p.outcome = number, err
	}
	return total, err
}

// read reads page after page until there is no more.
func (p *Poller[T]) read(ctx context.Context) (total int, err error) {
	for range maxPages {
		page, err := p.get(ctx)
		if err != nil {
			if ctx.Err() == nil {
				p.sink.Polled(err)
			}
			return total, err
		}
		p.sink.Polled(nil)
		if lost := p.lostBefore(page); lost != "" {
			p.sink.Lost(lost)
		}
		p.epoch, p.next = page.Epoch, page.Next
		p.sink.Deliver(page.Items)
		total += len(page.Items)
		if !page.More {
			break
		}
	}
	return total, nil
}

// lostBefore says what was lost between the previous page and this one; nothing
// where it is empty.
func (p *Poller[T]) lostBefore(page *Page[T]) string {
	switch {
	case p.epoch == "":
		return ""
	case page.Epoch != p.epoch:
		return otherEpoch
	}
	// Without a loss there are as many items as numbers.
	if lost := int64(page.Next-p.next) - int64(len(page.Items)); lost > 0 {
		return fmt.Sprintf("%d items were dropped before they were read", lost)
	}
	return ""
}

// get asks the component that leads now for the next page. One that counts in
// another epoch answers from its start.
func (p *Poller[T]) get(ctx context.Context) (*Page[T], error) {
	if err := p.client.resolve(ctx); err != nil {
		return nil, err
	}
	body, err := p.client.get(ctx, url.Values{
		"epoch": {p.epoch}, "since": {strconv.FormatUint(p.next, 10)}, "limit": {strconv.Itoa(pageSize)},
	})
	if err != nil {
		return nil, err
	}
	page := &Page[T]{}
	if err := json.Unmarshal(body, page); err != nil {
		return nil, fmt.Errorf("parse the answer of %s: %w", p.client.url(), err)
	}
	if page.Epoch == "" {
		return nil, fmt.Errorf("the answer of %s is no page of a feed: check that component and observer are of one version", p.client.url())
	}
	return page, nil
}
