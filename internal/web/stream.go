// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxStreams is how many streams are open at once. They have places of their
	// own, so that they take none from other requests.
	maxStreams = 64
	// streamInterval is the least time between two looks for something new.
	streamInterval = 250 * time.Millisecond
	// pingInterval is how long a stream is silent at most, so that a reader sees
	// that the connection is lost.
	pingInterval = 15 * time.Second
	// eventTimeout is how long the network may take an event. It takes the place of
	// the server's write timeout, which would end the stream.
	eventTimeout = 10 * time.Second
)

// streamer sends events until the reader is gone or the server stops.
type streamer func(request *http.Request, s *stream) error

// stream sends server-sent events to one reader
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). Nothing is
// kept for a reader: who is slow is sent the newest state when it can take it.
type stream struct {
	writer     http.ResponseWriter
	controller *http.ResponseController
	// lastEventID is that of the last event that the reader had; empty for none.
	lastEventID string
	// begun is true once something was sent.
	begun  bool
	sentAt time.Time
	// pingInterval and eventTimeout are the constants, but in tests.
	pingInterval, eventTimeout time.Duration
}

// stream serves a streamer in one of the places for streams.
func (h *handler) stream(send streamer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		select {
		case h.streams <- struct{}{}:
			defer func() { <-h.streams }()
		default:
			w.Header().Set("Retry-After", "5")
			h.fail(w, newStatus(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests,
				"%d streams are open: close one, or try again", maxStreams))
			return
		}
		ctx, cancel := h.untilStopping(request.Context())
		defer cancel()
		s := h.newStream(w, request)
		switch err := send(request.WithContext(ctx), s); {
		case err == nil, errors.Is(err, context.Canceled):
		case !s.begun:
			h.fail(w, err)
		default:
			h.log.V(1).Info("A stream has ended", "path", request.URL.Path, "cause", err.Error())
		}
	})
}

// untilStopping returns a context that ends with another one, or when the server
// stops.
func (h *handler) untilStopping(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-h.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

func (h *handler) newStream(w http.ResponseWriter, request *http.Request) *stream {
	return &stream{
		writer: w, controller: http.NewResponseController(w), sentAt: time.Now(),
		// A script that opens a new EventSource cannot set the header.
		lastEventID:  cmp.Or(request.Header.Get("Last-Event-ID"), request.URL.Query().Get("lastEventId")),
		pingInterval: h.pingInterval, eventTimeout: h.eventTimeout,
	}
}

// begin answers that a stream follows, so that a reader which has all there is
// knows that it is connected.
func (s *stream) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	header := s.writer.Header()
	header.Set("Content-Type", "text/event-stream")
	// Proxies that gather an answer before they pass it on are asked not to.
	header.Set("X-Accel-Buffering", "no")
	// The server's timeout for reading would end the request while it is answered.
	if err := s.controller.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	s.writer.WriteHeader(http.StatusOK)
	return s.flush()
}

// flush sends what was written, in the time that the network may take for it.
func (s *stream) flush() error {
	if err := s.setDeadline(); err != nil {
		return err
	}
	return s.controller.Flush()
}

func (s *stream) setDeadline() error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(s.eventTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// send sends an event whose data is a value as JSON. The error says that the
// reader is gone, or does not read.
func (s *stream) send(event, id string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", event, err)
	}
	return s.write(event, id, data)
}

// write sends an event whose data is JSON already, which has no line breaks.
func (s *stream) write(event, id string, data []byte) error {
	var text bytes.Buffer
	text.Grow(len(data) + len(event) + len(id) + 32)
	if id != "" {
		fmt.Fprintf(&text, "id: %s\n", id)
	}
	fmt.Fprintf(&text, "event: %s\ndata: ", event)
	text.Write(data)
	text.WriteString("\n\n")
	if err := errors.Join(s.begin(), s.setDeadline()); err != nil {
		return err
	}
	if _, err := s.writer.Write(text.Bytes()); err != nil {
		return err
	}
	s.sentAt = time.Now()
	return s.controller.Flush()
}

// await waits until there is something new, and for the time between two looks at
// least: what comes in that time is sent as one. The error says that the stream is
// to end.
func (s *stream) await(ctx context.Context, changed <-chan struct{}) error {
	if err := errors.Join(s.begin(), s.pause(ctx)); err != nil {
		return err
	}
	for {
		ping := time.NewTimer(time.Until(s.sentAt.Add(s.pingInterval)))
		select {
		case <-ctx.Done():
			ping.Stop()
			return ctx.Err()
		case <-changed:
			ping.Stop()
			return nil
		case <-ping.C:
			if err := s.write("ping", "", []byte("{}")); err != nil {
				return err
			}
		}
	}
}

// pause waits for the time between two looks, and pings a reader that has had
// nothing for long. The error says that the stream is to end.
func (s *stream) pause(ctx context.Context) error {
	timer := time.NewTimer(streamInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	if time.Since(s.sentAt) < s.pingInterval {
		return nil
	}
	return s.write("ping", "", []byte("{}"))
}
