// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Bounds of one span: what is longer is cut, what are more is left out.
const (
	maxTextBytes  = 256
	maxSpanEvents = 32
)

// auditIDKey is the attribute by which the API server says which request a span
// belongs to: k8s.io/apiserver, pkg/endpoints/filters/traces.go.
const auditIDKey = "audit-id"

// attributes that are kept. They say what an operation was about; the others
// repeat what the audit log says of the request, or name the machine.
var attributes = []string{
	auditIDKey, "api-group", "resource", "subresource", "verb",
	"group", "type", "key", "resource-version", // the API server's storage
	"configuration", "webhook", "operation", // its webhooks
	"mediaType", "contentType", "encodeGV", "size", "code", // its answer
	"http.response.status_code", "http.status_code",
	"rpc.method", "rpc.service", "rpc.grpc.status_code", "rpc.response.status_code", // its calls of etcd
	"range_begin", "success_first_key", "success_first_type", "compare_first_key", "read_only", // etcd
}

const serviceNameKey = "service.name"

// serviceOf names the service that sent spans; empty where it does not say.
func serviceOf(resource []*commonv1.KeyValue) string {
	for _, kv := range resource {
		if kv.GetKey() == serviceNameKey {
			return text(kv.GetValue().GetStringValue())
		}
	}
	return ""
}

// spanOf keeps what is recorded of a span. ok is false for one that is not valid:
// without IDs, or with an end before its beginning.
func spanOf(service string, s *tracev1.Span) (span evidence.Span, ok bool) {
	begin, end := s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano()
	if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 || begin == 0 || end < begin {
		return evidence.Span{}, false
	}
	span = evidence.Span{
		ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Service: service, Name: text(s.GetName()), Kind: kindOf(s.GetKind()),
		Begin: timeOf(begin), End: timeOf(end), Attributes: attributesOf(s.GetAttributes()),
	}
	for _, event := range s.GetEvents() {
		if len(span.Events) == maxSpanEvents {
			break
		}
		span.Events = append(span.Events, evidence.SpanEvent{At: timeOf(event.GetTimeUnixNano()), Name: text(event.GetName())})
	}
	if s.GetStatus().GetCode() == tracev1.Status_STATUS_CODE_ERROR {
		if span.Error = text(s.GetStatus().GetMessage()); span.Error == "" {
			span.Error = "the service gives no reason"
		}
	}
	return span, true
}

func kindOf(kind tracev1.Span_SpanKind) evidence.SpanKind {
	switch kind {
	case tracev1.Span_SPAN_KIND_SERVER:
		return evidence.SpanServer
	case tracev1.Span_SPAN_KIND_CLIENT:
		return evidence.SpanClient
	default:
		return evidence.SpanInternal
	}
}

func attributesOf(all []*commonv1.KeyValue) map[string]string {
	var kept map[string]string
	for _, kv := range all {
		if !slices.Contains(attributes, kv.GetKey()) {
			continue
		}
		if value := valueOf(kv.GetValue()); value != "" {
			if kept == nil {
				kept = map[string]string{}
			}
			kept[kv.GetKey()] = value
		}
	}
	return kept
}

// valueOf is a value as text; empty for kinds that none of the attributes has.
func valueOf(value *commonv1.AnyValue) string {
	switch v := value.GetValue().(type) {
	case *commonv1.AnyValue_StringValue:
		return text(v.StringValue)
	case *commonv1.AnyValue_IntValue:
		return strconv.FormatInt(v.IntValue, 10)
	case *commonv1.AnyValue_BoolValue:
		return strconv.FormatBool(v.BoolValue)
	}
	return ""
}

func timeOf(nanoseconds uint64) time.Time { return time.Unix(0, int64(nanoseconds)).UTC() }

// text is a text of a span, not longer than is kept, and a copy: the message that
// it comes from is not held any longer.
func text(s string) string {
	if len(s) > maxTextBytes {
		s = s[:maxTextBytes]
		for !utf8.ValidString(s) && s != "" {
			s = s[:len(s)-1]
		}
	}
	return strings.Clone(s)
}
