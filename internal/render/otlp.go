// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/explain/run"
)

// OTLP writes a run as one trace of OpenTelemetry: TracesData of OTLP in JSON, as
// Jaeger and Tempo read it from a file. The run is the root, its activities and the
// messages between its actors are spans of the service that did or sent them, and
// its moments are events of the root. IDs are derived from the run's audit ID, so
// that the same run is the same trace. What has no time is left out.
//
// Field names and values are those of the JSON mapping that the OTLP specification
// defines: IDs in hexadecimal digits, 64-bit numbers as strings, enums as numbers.
func OTLP(w io.Writer, r run.Run) error {
	if r.Begin == nil || r.End == nil {
		return fmt.Errorf("nothing of %s has a time: there is no trace to write", cmp.Or(r.Trace.Subject.Name, r.Trace.AuditID))
	}
	if err := json.NewEncoder(w).Encode(newOTLP(r).data()); err != nil {
		return fmt.Errorf("write the run as an OpenTelemetry trace: %w", err)
	}
	return nil
}

// The parts of TracesData that are written.
type (
	otlpData struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource   otlpAttributes `json:"resource"`
		ScopeSpans []otlpScope    `json:"scopeSpans"`
	}
	otlpAttributes struct {
		Attributes []otlpAttribute `json:"attributes"`
	}
	otlpScope struct {
		Scope otlpScopeName `json:"scope"`
		Spans []otlpSpan    `json:"spans"`
	}
	otlpScopeName struct {
		Name string `json:"name"`
	}
	otlpSpan struct {
		TraceID    string          `json:"traceId"`
		SpanID     string          `json:"spanId"`
		Parent     string          `json:"parentSpanId,omitempty"`
		Name       string          `json:"name"`
		Kind       int             `json:"kind"`
		Begin      string          `json:"startTimeUnixNano"`
		End        string          `json:"endTimeUnixNano"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
		Events     []otlpEvent     `json:"events,omitempty"`
		Links      []otlpLink      `json:"links,omitempty"`
		Status     *otlpStatus     `json:"status,omitempty"`
	}
	otlpAttribute struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string `json:"stringValue,omitempty"`
		Int    *string `json:"intValue,omitempty"`
	}
	otlpEvent struct {
		At         string          `json:"timeUnixNano"`
		Name       string          `json:"name"`
		Attributes []otlpAttribute `json:"attributes,omitempty"`
	}
	otlpLink struct {
		TraceID string `json:"traceId"`
		SpanID  string `json:"spanId"`
	}
	otlpStatus struct {
		Code    int    `json:"code"`
		Message string `json:"message,omitempty"`
	}
)

// Values of enums of OTLP.
const (
	otlpInternal = 1
	otlpServer   = 2
	otlpClient   = 3
	otlpProducer = 4
	otlpError    = 2
)

const (
	otlpScopeOf = "github.com/glassplane/glassplane"
	firstError  = 400
)

// otlpKinds are the kinds of spans that messages become.
var otlpKinds = map[run.MessageKind]int{run.Request: otlpClient, run.Write: otlpClient, run.Watch: otlpProducer}

type otlpWriter struct {
	run      run.Run
	services map[string]string
	spans    map[string][]otlpSpan
	known    map[string]bool
}

func newOTLP(r run.Run) *otlpWriter {
	o := &otlpWriter{run: r, services: map[string]string{}, spans: map[string][]otlpSpan{}, known: map[string]bool{}}
	for _, a := range r.Actors {
		o.services[a.ID] = a.Name
	}
	for _, a := range r.Activities {
		o.known[a.ID] = true
	}
	return o
}

// rootActor is the ID of the actor whose span the root is.
const rootActor = "client"

// data is the whole trace: the spans of each service in one resource.
func (o *otlpWriter) data() otlpData {
	o.root()
	for _, a := range o.run.Activities {
		o.activity(a)
	}
	for _, m := range o.run.Messages {
		o.message(m)
	}
	var data otlpData
	ids := []string{rootActor}
	for _, a := range o.run.Actors {
		if a.ID != rootActor {
			ids = append(ids, a.ID)
		}
	}
	for _, id := range ids {
		if len(o.spans[id]) == 0 {
			continue
		}
		data.ResourceSpans = append(data.ResourceSpans, otlpResource{
			Resource:   otlpAttributes{Attributes: texts("service.name", cmp.Or(o.services[id], id), "service.namespace", "glassplane")},
			ScopeSpans: []otlpScope{{Scope: otlpScopeName{Name: otlpScopeOf}, Spans: o.spans[id]}},
		})
	}
	return data
}

// root is the run as a whole. Its moments are events.
func (o *otlpWriter) root() {
	t := &o.run.Trace
	s := o.span("run", strings.TrimSpace(fmt.Sprintf("%s %s %s", t.Kind, t.Subject.Resource, t.Subject.Name)), otlpInternal, o.run.Begin, o.run.End)
	s.Parent = ""
	s.Attributes = texts("glassplane.text", t.Headline, "glassplane.outcome", string(t.Outcome), "glassplane.reason", t.Reason, "audit-id", t.AuditID,
		"k8s.resource", t.Subject.Resource, "k8s.namespace.name", t.Subject.Namespace, "k8s.object.name", t.Subject.Name, "k8s.object.uid", string(t.Subject.UID))
	for _, m := range o.run.Moments {
		if m.At == nil {
			continue
		}
		s.Events = append(s.Events, otlpEvent{At: nano(m.At), Name: m.Title, Attributes: numbers("glassplane.step", int64(m.Step), "etcd.revision", m.Revision)})
	}
	if t.Request != nil && t.Request.Code >= firstError {
		s.Status = &otlpStatus{Code: otlpError, Message: t.Reason}
	}
	o.add(rootActor, s)
}

func (o *otlpWriter) activity(a run.Activity) {
	if a.Begin == nil {
		return
	}
	kind := otlpInternal
	if a.Kind == run.Handle {
		kind = otlpServer
	}
	end := a.End
	if end == nil {
		end = o.run.End // It goes on.
	}
	s := o.span(a.ID, a.Label, kind, a.Begin, end)
	if o.known[a.Parent] {
		s.Parent = o.id(a.Parent)
	} else if a.Kind == run.Handle && o.hasTime("request-"+a.AuditID) {
		s.Parent = o.id("request-" + a.AuditID)
	}
	s.Attributes = append(texts("glassplane.text", a.Text, "audit-id", a.AuditID), numbers("glassplane.step", int64(a.Step))...)
	o.add(a.Actor, s)
}

// message is a span from when it was sent until it arrived, or until its answer
// was back. An answer is the end of the span of what it answers.
func (o *otlpWriter) message(m run.Message) {
	kind, is := otlpKinds[m.Kind]
	begin, end := o.times(m)
	if !is || begin == nil {
		return
	}
	s := o.span(m.ID, m.Label, kind, begin, end)
	if m.Kind == run.Write && o.known["handle-"+m.AuditID] {
		s.Parent = o.id("handle-" + m.AuditID)
	}
	s.Attributes = append(texts("glassplane.text", m.Text, "audit-id", m.AuditID, "glassplane.to", cmp.Or(o.services[m.To], m.To), "k8s.node.name", m.Node),
		numbers("glassplane.step", int64(m.Step), "etcd.revision", m.Revision)...)
	if answer := o.answerTo(m); answer != nil && answer.Code > 0 {
		s.Attributes = append(s.Attributes, numbers("http.response.status_code", int64(answer.Code))...)
		if answer.Code >= firstError {
			s.Status = &otlpStatus{Code: otlpError, Message: answer.Text}
		}
	}
	if m.Kind == run.Watch {
		if write := "write-" + strconv.FormatInt(m.Revision, 10); m.Revision > 0 && o.hasTime(write) {
			s.Links = []otlpLink{{TraceID: s.TraceID, SpanID: o.id(write)}}
		}
	}
	o.add(m.From, s)
}

// times are when a message was sent, as far as that is known when it arrived, and
// when it or its answer had arrived.
func (o *otlpWriter) times(m run.Message) (begin, end *metav1.MicroTime) {
	begin, end = cmp.Or(m.SentAt, m.ReceivedAt), m.ReceivedAt
	if answer := o.answerTo(m); answer != nil {
		end = cmp.Or(answer.ReceivedAt, answer.SentAt, end)
	}
	if end == nil || begin != nil && end.Before(begin) {
		end = begin
	}
	return begin, end
}

// hasTime reports whether a message becomes a span.
func (o *otlpWriter) hasTime(id string) bool {
	i := slices.IndexFunc(o.run.Messages, func(m run.Message) bool { return m.ID == id })
	return i >= 0 && (o.run.Messages[i].SentAt != nil || o.run.Messages[i].ReceivedAt != nil)
}

// answerTo is the message that answers another one; nil where there is none.
func (o *otlpWriter) answerTo(m run.Message) *run.Message {
	for i := range o.run.Messages {
		a := &o.run.Messages[i]
		switch {
		case m.Kind == run.Request && a.Kind == run.Answer && a.AuditID == m.AuditID && m.AuditID != "",
			m.Kind == run.Write && a.Kind == run.Stored && a.Revision == m.Revision && a.About == m.About:
			return a
		}
	}
	return nil
}

func (o *otlpWriter) add(actor string, s otlpSpan) { o.spans[actor] = append(o.spans[actor], s) }

func (o *otlpWriter) span(id, name string, kind int, begin, end *metav1.MicroTime) otlpSpan {
	return otlpSpan{
		TraceID: digest(16, o.key()), SpanID: o.id(id), Parent: o.id("run"), Name: name, Kind: kind, Begin: nano(begin), End: nano(end),
	}
}

// key tells runs apart: the same object has one for each request that is explained.
func (o *otlpWriter) key() string {
	return string(o.run.Trace.Subject.UID) + "/" + o.run.Trace.AuditID
}

func (o *otlpWriter) id(id string) string { return digest(8, o.key()+"/"+id) }

// digest is so many bytes that are the same for the same text, in hexadecimal digits.
func digest(size int, text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:size])
}

func nano(t *metav1.MicroTime) string {
	return strconv.FormatInt(t.Time.Truncate(time.Microsecond).UnixNano(), 10)
}

// texts makes attributes of keys and their values; empty ones are left out.
func texts(pairs ...string) []otlpAttribute {
	var attributes []otlpAttribute
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			attributes = append(attributes, otlpAttribute{Key: pairs[i], Value: otlpValue{String: &pairs[i+1]}})
		}
	}
	return attributes
}

// numbers makes attributes of keys and their values; those that are 0 are left out.
func numbers(pairs ...any) []otlpAttribute {
	var attributes []otlpAttribute
	for i := 0; i < len(pairs); i += 2 {
		if n, _ := pairs[i+1].(int64); n != 0 {
			attributes = append(attributes, otlpAttribute{Key: pairs[i].(string), Value: otlpValue{Int: new(strconv.FormatInt(n, 10))}})
		}
	}
	return attributes
}
