// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"time"
	"unsafe"
)

// The services whose spans are recorded, as their resource attribute
// service.name says it.
const (
	ServiceAPIServer = "apiserver"
	ServiceEtcd      = "etcd"
)

// Spans is what the API server and etcd measured while they handled one request:
// spans of one OpenTelemetry trace. The spans of a trace may come in several of
// them, because each process sends its own when it gets to it.
type Spans struct {
	// AuditID of the request. The API server puts it on some spans of a trace; the
	// others are joined by the trace.
	AuditID string `json:"auditID"`
	// TraceID in hexadecimal digits.
	TraceID string `json:"traceID"`
	// Spans by when they began.
	Spans []Span `json:"spans"`
	// Omitted is how many more spans the trace had than are kept.
	Omitted int `json:"omitted,omitempty"`
}

// SpanKind says which side of a call a span measured.
type SpanKind string

// The kinds of spans, as OpenTelemetry has them.
const (
	SpanInternal SpanKind = "internal"
	SpanServer   SpanKind = "server"
	SpanClient   SpanKind = "client"
)

// Span is one operation within a trace.
type Span struct {
	// ID and Parent in hexadecimal digits. Parent is empty for a root, and may name
	// a span that is not recorded, such as one of the client's.
	ID     string `json:"id"`
	Parent string `json:"parent,omitempty"`
	// Service that measured it, such as ServiceAPIServer.
	Service string `json:"service"`
	// Name of the operation, as the service gives it.
	Name string   `json:"name"`
	Kind SpanKind `json:"kind"`
	// Begin and End by the service's clock.
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
	// Attributes are those that tell what the operation was about.
	Attributes map[string]string `json:"attributes,omitempty"`
	// Events are points in time within it, oldest first.
	Events []SpanEvent `json:"events,omitempty"`
	// Error is what the service says went wrong; empty on success.
	Error string `json:"error,omitempty"`
}

// SpanEvent is a point in time within a span.
type SpanEvent struct {
	At   time.Time `json:"at"`
	Name string    `json:"name"`
}

// Size estimates the memory that the spans take, in bytes.
func (s *Spans) Size() int {
	size := int(unsafe.Sizeof(*s)) + len(s.AuditID) + len(s.TraceID)
	for i := range s.Spans {
		size += s.Spans[i].Size()
	}
	return size
}

// Size estimates the memory that the span takes, in bytes.
func (s *Span) Size() int {
	size := int(unsafe.Sizeof(*s)) + len(s.ID) + len(s.Parent) + len(s.Name) + len(s.Error)
	for key, value := range s.Attributes {
		size += len(key) + len(value) + 2*int(unsafe.Sizeof(""))
	}
	for i := range s.Events {
		size += int(unsafe.Sizeof(s.Events[i])) + len(s.Events[i].Name)
	}
	return size
}
