// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	resourcev1 "go.opentelemetry.io/proto/otlp/resource/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/record"
)

func attribute(key, value string) *commonv1.KeyValue {
	return &commonv1.KeyValue{Key: key, Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_StringValue{StringValue: value}}}
}

func otlpSpan(name string) *tracev1.Span {
	return &tracev1.Span{
		TraceId: []byte("0123456789abcdef"), SpanId: []byte("01234567"), Name: name, Kind: tracev1.Span_SPAN_KIND_SERVER,
		StartTimeUnixNano: uint64(start.UnixNano()), EndTimeUnixNano: uint64(start.Add(time.Second).UnixNano()),
		Attributes: []*commonv1.KeyValue{
			attribute(auditIDKey, "a"), attribute("net.peer.ip", "10.0.0.1"), attribute("key", strings.Repeat("ü", maxTextBytes)),
			{Key: "read_only", Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_BoolValue{BoolValue: true}}},
			{Key: "http.response.status_code", Value: &commonv1.AnyValue{Value: &commonv1.AnyValue_IntValue{IntValue: 201}}},
		},
		Events: []*tracev1.Span_Event{{Name: "begun", TimeUnixNano: uint64(start.Add(time.Millisecond).UnixNano())}},
	}
}

func export(spans ...*tracev1.Span) *collectorv1.ExportTraceServiceRequest {
	return &collectorv1.ExportTraceServiceRequest{ResourceSpans: []*tracev1.ResourceSpans{{
		Resource:   &resourcev1.Resource{Attributes: []*commonv1.KeyValue{attribute(serviceNameKey, evidence.ServiceAPIServer)}},
		ScopeSpans: []*tracev1.ScopeSpans{{Spans: spans}},
	}}}
}

func TestSpanOf(t *testing.T) {
	want := evidence.Span{
		ID: "3031323334353637", Service: "apiserver", Name: "POST", Kind: evidence.SpanServer, Begin: start, End: start.Add(time.Second),
		Attributes: map[string]string{auditIDKey: "a", "key": strings.Repeat("ü", maxTextBytes/2), "read_only": "true", "http.response.status_code": "201"},
		Events:     []evidence.SpanEvent{{At: start.Add(time.Millisecond), Name: "begun"}},
	}
	got, ok := spanOf("apiserver", otlpSpan("POST"))
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok %v, span (-want +got):\n%s", ok, diff)
	}
	for name, change := range map[string]func(*tracev1.Span){
		"no trace":              func(s *tracev1.Span) { s.TraceId = nil },
		"no ID":                 func(s *tracev1.Span) { s.SpanId = []byte("1") },
		"no begin":              func(s *tracev1.Span) { s.StartTimeUnixNano = 0 },
		"ends before it begins": func(s *tracev1.Span) { s.EndTimeUnixNano = s.StartTimeUnixNano - 1 },
	} {
		s := otlpSpan("POST")
		if change(s); !isMalformed(s) {
			t.Errorf("%s: the span is taken", name)
		}
	}
	many := otlpSpan("POST")
	for range 3 * maxSpanEvents {
		many.Events = append(many.Events, many.Events[0])
	}
	many.Status = &tracev1.Status{Code: tracev1.Status_STATUS_CODE_ERROR}
	if got, _ := spanOf("apiserver", many); len(got.Events) != maxSpanEvents || got.Error == "" {
		t.Errorf("%d events, error %q", len(got.Events), got.Error)
	}
}

func isMalformed(s *tracev1.Span) bool {
	_, ok := spanOf("", s)
	return !ok
}

// run runs a source on a socket and returns a client of it.
func run(t *testing.T, clock clock.WithTicker, journal Journal) (*Source, collectorv1.TraceServiceClient) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	source := New(Options{Clock: clock, Listen: func(ctx context.Context) (net.Listener, error) {
		return (&net.ListenConfig{}).Listen(ctx, "unix", path)
	}}, journal)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	connection, err := grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, connection.Close()); err != nil {
			t.Error(err)
		}
	})
	return source, collectorv1.NewTraceServiceClient(connection)
}

func send(t *testing.T, client collectorv1.TraceServiceClient, request *collectorv1.ExportTraceServiceRequest) error {
	t.Helper()
	_, err := client.Export(t.Context(), request, grpc.WaitForReady(true), grpc.MaxCallSendMsgSize(64<<20))
	return err
}

// counted is how many spans the metric has of a result.
func counted(t *testing.T, source *Source, r result) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(source)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == string(r) {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestSourceJoinsByAuditID(t *testing.T) {
	fake := clocktesting.NewFakeClock(start)
	journal := record.NewJournal(record.JournalOptions{Clock: fake})
	source, client := run(t, fake, journal)
	if err := send(t, client, export(otlpSpan("POST"))); err != nil {
		t.Fatal(err)
	}
	if state := source.State(); !state.Available {
		t.Errorf("state %+v", state)
	}
	object := evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "ns", Name: "web", UID: "u"}
	journal.Append(evidence.Entry{Source: evidence.SourceAudit, Object: object, Audit: &evidence.Audit{AuditID: "a", Stage: "RequestReceived"}})
	if source.record(); len(journal.ByAuditID("a")) != 1 {
		t.Fatal("the request is not answered yet, and its spans are there")
	}
	journal.Append(evidence.Entry{Source: evidence.SourceAudit, Object: object, Audit: &evidence.Audit{AuditID: "a", Stage: "ResponseComplete"}})
	source.record()
	entries := journal.ByAuditID("a")
	if len(entries) != 3 {
		t.Fatalf("%d entries", len(entries))
	}
	got := entries[2]
	if got.Source != evidence.SourceSpan || got.Object.Name != "web" || got.Object.UID != "" || len(got.Spans.Spans) != 1 {
		t.Errorf("entry %+v", got)
	}
	if n := counted(t, source, recorded); n != 1 {
		t.Errorf("%v spans are counted as recorded", n)
	}
}

func TestSourceIsBounded(t *testing.T) {
	fake := clocktesting.NewFakeClock(start)
	source, client := run(t, fake, record.NewJournal(record.JournalOptions{Clock: fake}))
	batch := make([]*tracev1.Span, 1000)
	for i := range batch {
		batch[i] = otlpSpan("x")
	}
	for range 2 * spanBurst / len(batch) {
		if err := send(t, client, export(batch...)); err != nil {
			t.Fatal(err)
		}
	}
	got := counted(t, source, dropped)
	if want := float64(2*spanBurst - maxTraceSpans); got != want {
		t.Errorf("%v spans were dropped, want %v", got, want)
	}
	if state := source.State(); !state.Available || !strings.Contains(state.Reason, "has a gap") {
		t.Errorf("state %+v", state)
	}
	large := otlpSpan(strings.Repeat("x", maxMessageBytes))
	if err := send(t, client, export(large)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a message of %d bytes: error %v", maxMessageBytes, err)
	}
	if err := send(t, client, export(&tracev1.Span{})); err != nil {
		t.Fatal(err)
	}
}

func TestSourceSaysWhyItCannotListen(t *testing.T) {
	source := New(Options{Clock: clock.RealClock{}, Listen: func(context.Context) (net.Listener, error) {
		return nil, errors.New("tracing is off")
	}}, nil)
	if err := source.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state := source.State(); state.Available || state.Reason != "tracing is off" {
		t.Errorf("state %+v", state)
	}
}

func TestSourceSaysHowManyRequestsAreTraced(t *testing.T) {
	source := New(Options{Clock: clock.RealClock{}, Sampling: 0.25}, nil)
	if _, err := source.Export(t.Context(), export(otlpSpan("x"))); err != nil {
		t.Fatal(err)
	}
	if state := source.State(); !state.Available || state.Reason != "25 % of all requests are traced" {
		t.Errorf("state %+v", state)
	}
}
