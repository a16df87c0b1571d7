// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sse reads server-sent events, as
// https://html.spec.whatwg.org/multipage/server-sent-events.html has them.
package sse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Event is one event of a stream.
type Event struct {
	// Name is the type of the event; message where the stream names none.
	Name string
	// ID is the last one that the stream has given, of this event or of one before:
	// what Last-Event-ID is to be when the stream is opened again.
	ID   string
	Data []byte
}

// ErrTooLarge is the error for an event with more bytes than the reader takes.
var ErrTooLarge = errors.New("the event is too large")

// Reader reads the events of one stream.
type Reader struct {
	in    *bufio.Reader
	limit int
	id    string
}

// NewReader reads events of at most so many bytes each.
func NewReader(in io.Reader, limit int) *Reader {
	return &Reader{in: bufio.NewReader(in), limit: limit}
}

// Next returns the next event with data. It returns io.EOF where the stream ends
// between two events or within one, which is then dropped, as the standard says.
func (r *Reader) Next() (Event, error) {
	event, size := Event{}, 0
	for {
		line, err := r.line(r.limit - size)
		if err != nil {
			return Event{}, err
		}
		size += len(line)
		if len(line) == 0 {
			if event.Data == nil {
				event, size = Event{}, 0
				continue
			}
			event.ID = r.id
			if event.Name == "" {
				event.Name = "message"
			}
			return event, nil
		}
		r.field(&event, line)
	}
}

// field takes one line of an event. Comments and what is not known are left out.
func (r *Reader) field(event *Event, line []byte) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		event.Name = string(value)
	case "id":
		if !bytes.ContainsRune(value, 0) {
			r.id = string(value)
		}
	case "data":
		if event.Data != nil {
			event.Data = append(event.Data, '\n')
		}
		event.Data = append(event.Data, value...)
		if event.Data == nil {
			event.Data = []byte{}
		}
	}
}

// line returns the next line without its end.
func (r *Reader) line(limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(line)+len(part) > limit+len("\r\n") {
			return nil, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, r.limit)
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return nil, err
		default:
			return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
		}
	}
}
