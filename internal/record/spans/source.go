// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package spans records what API server and etcd measure of themselves: the
// spans of OpenTelemetry that they send over OTLP/gRPC, see --tracing-config-file
// of kube-apiserver and --enable-distributed-tracing of etcd.
package spans

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

const (
	// maxMessageBytes bounds one message: a batch of 512 spans, which is what the
	// SDK sends at most, takes some 300 KiB.
	maxMessageBytes = 4 << 20
	// maxStreams bounds the calls at a time of one connection.
	maxStreams = 16
	// maxSpansPerSecond bounds what is read, and spanBurst what may come at once.
	maxSpansPerSecond = 20_000
	spanBurst         = 20_000
	// maxSpans and maxTraces bound what waits for the audit log.
	maxSpans  = 50_000
	maxTraces = 10_000
	// lookInterval is how often what waits is looked at.
	lookInterval = 100 * time.Millisecond
)

// Journal is what the source needs of a journal: spans are kept of those requests
// that the audit log has recorded.
type Journal interface {
	record.Appender
	// ByAuditID returns the entries about one request.
	ByAuditID(id string) []evidence.Entry
}

// Options of a source.
type Options struct {
	// Listen opens where spans are received: a socket that nobody but this user can
	// write to, or a port on loopback. It is called once, when the source starts.
	Listen func(ctx context.Context) (net.Listener, error)
	// Sampling is the part of all requests that are traced, from 0 to 1; 0 where it is
	// not known.
	Sampling float64
	// Clock says when spans came, and how long they wait.
	Clock clock.WithTicker
}

// Source receives spans. Those of requests about other resources are counted but
// not kept, and so are those that come faster, or are more, than the bounds allow.
type Source struct {
	collectorv1.UnimplementedTraceServiceServer

	listen  func(ctx context.Context) (net.Listener, error)
	clock   clock.WithTicker
	journal Journal
	state   *record.State
	// partly says that not all requests are traced; empty where all may be.
	partly  []string
	limit   *rate.Limiter
	results *prometheus.CounterVec

	mu     sync.Mutex
	buffer *buffer
}

// New returns a source that appends to the journal once it runs.
func New(options Options, journal Journal) *Source {
	s := &Source{
		listen: options.Listen, clock: options.Clock, journal: journal,
		state: record.NewState(evidence.SourceSpan),
		limit: rate.NewLimiter(maxSpansPerSecond, spanBurst),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "glassplane_spans_total",
			Help: "Spans of API server and etcd by result: recorded, ignored (of requests that are not recorded), malformed or dropped (by a bound).",
		}, []string{"result"}),
	}
	if options.Sampling > 0 && options.Sampling < 1 {
		s.partly = []string{fmt.Sprintf("%v %% of all requests are traced", options.Sampling*100)}
	}
	s.buffer = newBuffer(maxSpans, maxTraces, s.count)
	return s
}

func (s *Source) count(r result, n int) {
	if n == 0 {
		return
	}
	s.results.WithLabelValues(string(r)).Add(float64(n))
	if r == dropped {
		s.state.Gap(fmt.Sprintf("at %s a bound had no room for %d spans", s.clock.Now().UTC().Format(time.TimeOnly), n))
	}
}

// Run receives spans until the context ends. Where it cannot listen it says so in
// its state: the other sources do not need it.
func (s *Source) Run(ctx context.Context) error {
	listener, err := s.listen(ctx)
	if err != nil {
		s.state.Unavailable(err.Error())
		return nil
	}
	s.state.Unavailable("no span has come yet: tracing may be off in the API server, or it samples none")
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessageBytes), grpc.MaxConcurrentStreams(maxStreams))
	collectorv1.RegisterTraceServiceServer(server, s)
	var group sync.WaitGroup
	group.Go(func() { s.look(ctx) })
	group.Go(func() {
		<-ctx.Done()
		server.Stop()
	})
	if err := server.Serve(listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		s.state.Unavailable(fmt.Sprintf("receiving spans at %s: %v", listener.Addr(), err))
	}
	group.Wait()
	return nil
}

// Export implements OTLP's TraceService. It takes what the bounds allow and never
// asks to send again: spans are sampled anyway.
func (s *Source) Export(_ context.Context, request *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		service := serviceOf(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			all := scope.GetSpans()
			if !s.limit.AllowN(now, len(all)) {
				s.count(dropped, len(all))
				continue
			}
			for _, otlp := range all {
				span, ok := spanOf(service, otlp)
				if !ok {
					s.count(malformed, 1)
					continue
				}
				s.buffer.add(hex.EncodeToString(otlp.GetTraceId()), span, now)
			}
		}
	}
	s.state.Partly(1, s.partly)
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// look records from time to time what has become known.
func (s *Source) look(ctx context.Context) {
	ticker := s.clock.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			s.record()
		}
	}
}

func (s *Source) record() {
	s.mu.Lock()
	entries := s.buffer.take(s.clock.Now(), s.about)
	s.mu.Unlock()
	for _, entry := range entries {
		s.journal.Append(entry)
	}
}

// about returns what a request is about, by the audit log's entry of its answer.
func (s *Source) about(auditID string) (evidence.Object, bool) {
	for _, entry := range s.journal.ByAuditID(auditID) {
		if a := entry.Audit; a != nil && a.Stage != "RequestReceived" {
			// The UID is left out: a span does not say which object it was about.
			object := entry.Object
			object.UID = ""
			return object, true
		}
	}
	return evidence.Object{}, false
}

// State says whether spans are received.
func (s *Source) State() evidence.SourceState { return s.state.Get() }

// Describe implements prometheus.Collector.
func (s *Source) Describe(descs chan<- *prometheus.Desc) { s.results.Describe(descs) }

// Collect implements prometheus.Collector.
func (s *Source) Collect(metrics chan<- prometheus.Metric) { s.results.Collect(metrics) }
