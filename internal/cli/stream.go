// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/glassplane/glassplane/internal/version"
	"github.com/glassplane/glassplane/internal/web"
	"github.com/glassplane/glassplane/internal/web/sse"
)

const (
	// silence is how long a stream may be silent before it counts as lost: the
	// observer sends a ping after 15 seconds.
	silence = 45 * time.Second
	// maxEventBytes bounds an event: the snapshot of the largest cluster is smaller.
	maxEventBytes = maxAnswerBytes
)

// retries are the pauses between two attempts to connect: half a second at first,
// then longer, up to 15 seconds.
var retries = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 6, Cap: 15 * time.Second}

// streams follows streams of the observer. It connects to the observer, and again
// where the connection is lost: a local control plane may have been started anew,
// and a port-forward ends with its pod.
type streams struct {
	connect func(context.Context) (*observer, error)
	// retries are the pauses after failures, from the first one on.
	retries wait.Backoff

	mu       sync.Mutex
	observer *observer
}

// current returns the observer, connected.
func (s *streams) current(ctx context.Context) (*observer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observer == nil {
		observer, err := s.connect(ctx)
		if err != nil {
			return nil, err
		}
		s.observer = observer
	}
	return s.observer, nil
}

// lost forgets an observer that cannot be reached, so that it is looked for anew.
func (s *streams) lost(o *observer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observer == o {
		s.observer = nil
		o.close()
	}
}

func (s *streams) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observer != nil {
		s.observer.close()
	}
}

// follow hands on the events of a stream until the context ends. Where it is cut
// off it goes on after the last event. state hears why there is no connection, and
// nil once there is one.
func (s *streams) follow(ctx context.Context, path []string, query url.Values, take func(sse.Event) error, state func(error)) {
	id, pause := "", s.retries
	s.keep(ctx, &pause, state, func(o *observer) error {
		return o.stream(ctx, path, query, id, func() { state(nil) }, func(event sse.Event) error {
			id, pause = event.ID, s.retries
			return take(event)
		})
	})
}

// poll hands on the answers to a request, one each interval.
func poll[T any](ctx context.Context, s *streams, path []string, interval time.Duration, take func(T), state func(error)) {
	pause := s.retries
	s.keep(ctx, &pause, state, func(o *observer) error {
		for {
			var answer T
			if err := o.get(ctx, &answer, nil, path...); err != nil {
				return err
			}
			state(nil)
			take(answer)
			pause = s.retries
			if err := sleep(ctx, interval); err != nil {
				return err
			}
		}
	})
}

// keep does something with the observer again and again, with pauses in between,
// until the context ends.
func (s *streams) keep(ctx context.Context, pause *wait.Backoff, state func(error), do func(*observer) error) {
	for ctx.Err() == nil {
		o, err := s.current(ctx)
		if err == nil {
			err = do(o)
			if _, answered := errors.AsType[*answerError](err); !answered {
				s.lost(o)
			}
		}
		if ctx.Err() != nil {
			return
		}
		state(short(err))
		if sleep(ctx, pause.Step()) != nil {
			return
		}
	}
}

// short leaves out the address of a request, which the screen has no room for.
func short(err error) error {
	failed, ok := errors.AsType[*url.Error](err)
	if !ok {
		return err
	}
	why := failed.Err
	if network, ok := errors.AsType[*net.OpError](why); ok {
		why = network.Err
	}
	return fmt.Errorf("the observer at %s does not answer: %w", hostOf(failed.URL), why)
}

func hostOf(address string) string {
	if location, err := url.Parse(address); err == nil {
		return location.Host
	}
	return address
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// errSilent is why a stream is given up that sends nothing, not even a ping.
var errSilent = fmt.Errorf("the observer has sent nothing for %s", silence)

// stream hands on the events of a stream after that with an ID, until it is cut off.
func (o *observer) stream(ctx context.Context, path []string, query url.Values, after string, opened func(), take func(sse.Event) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	response, err := o.openStream(ctx, path, query, after)
	if err != nil {
		return cause(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	opened()
	events := sse.NewReader(response.Body, maxEventBytes)
	for {
		event, err := events.Next()
		if err != nil {
			return cause(ctx, fmt.Errorf("reading the observer's stream: %w", err))
		}
		watchdog.Reset(silence)
		if err := take(event); err != nil {
			return err
		}
	}
}

// cause is why a context was cancelled, where it was.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (o *observer) openStream(ctx context.Context, path []string, query url.Values, after string) (*http.Response, error) {
	location := o.base.JoinPath(append([]string{web.Prefix}, path...)...)
	location.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", version.UserAgent("glassplane"))
	request.Header.Set("Accept", "text/event-stream")
	if after != "" {
		request.Header.Set("Last-Event-ID", after)
	}
	// Of the same connections, but without the timeout of an answer: it does not end.
	response, err := (&http.Client{Transport: o.client.Transport}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the observer: %w", o.unreachable(err))
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return nil, fmt.Errorf("reading the observer's answer: %w", o.unreachable(err))
	}
	return nil, o.refusal(response, body)
}

// decoded hands the data of an event on as a value.
func decoded[T any](event sse.Event, take func(T)) error {
	var value T
	if err := json.Unmarshal(event.Data, &value); err != nil {
		return fmt.Errorf("decoding the observer's event %s: %w", event.Name, err)
	}
	take(value)
	return nil
}
