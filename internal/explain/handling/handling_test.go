// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package handling

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/component"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/test/golden"
)

// recorded is what a real API server and a real etcd said of a request.
type recorded struct {
	Received time.Time      `json:"received"`
	Spans    evidence.Spans `json:"spans"`
}

func load(t *testing.T, name string) recorded {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// outline shows the parts as a tree, and the calls of etcd.
func outline(h *Handling) string {
	var b strings.Builder
	depth := map[string]int{"": -1}
	for _, p := range h.Parts {
		depth[p.ID] = depth[p.Parent] + 1
		fmt.Fprintf(&b, "%s%d %s | %s | %s: %s after %s, for %s %q\n", strings.Repeat("  ", depth[p.ID]), p.Step, p.Phase, p.Server, p.Label, p.Text,
			p.Begin.Sub(h.Parts[0].Begin), p.Duration(), p.Details)
	}
	for _, c := range h.Calls {
		fmt.Fprintf(&b, "call %s of %s, write %t: +%s +%s +%s\n", c.Method, c.Key, c.Write,
			c.ReceivedAt.Sub(c.SentAt), c.AnsweredAt.Sub(c.ReceivedAt), c.ReturnedAt.Sub(c.AnsweredAt))
	}
	return b.String()
}

func TestOfRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, error %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			r := load(t, name)
			h := Of(r.Received, []*evidence.Spans{&r.Spans})
			checkNesting(t, h)
			golden.Check(t, filepath.Join("testdata", name+".golden.txt"), outline(h))
		})
	}
}

// checkNesting asserts that parts lie within their parents, that those of the API
// server do not overlap, and that IDs are unique.
func checkNesting(t *testing.T, h *Handling) {
	t.Helper()
	byID := map[string]Part{}
	ends := map[string]time.Time{}
	for _, p := range h.Parts {
		if _, twice := byID[p.ID]; twice {
			t.Errorf("two parts %s", p.ID)
		}
		byID[p.ID] = p
		if p.End.Before(p.Begin) {
			t.Errorf("%s ends before it begins", p.Label)
		}
		if p.Parent == "" {
			continue
		}
		parent, known := byID[p.Parent]
		if !known {
			t.Errorf("%s comes before its parent", p.Label)
		}
		// Two processes have the same clock here.
		if p.Begin.Before(parent.Begin) || p.End.After(parent.End) {
			t.Errorf("%s is not within %s", p.Label, parent.Label)
		}
		if p.Begin.Before(ends[p.Parent]) {
			t.Errorf("%s begins before the part in front of it has ended", p.Label)
		}
		ends[p.Parent] = p.End
	}
}

func span(id, parent, name string, kind evidence.SpanKind, begin, end int, attributes map[string]string, events ...string) evidence.Span {
	s := evidence.Span{
		ID: id, Parent: parent, Name: name, Service: evidence.ServiceAPIServer, Kind: kind,
		Begin: time.UnixMilli(int64(begin)), End: time.UnixMilli(int64(end)), Attributes: attributes,
	}
	for i, event := range events {
		s.Events = append(s.Events, evidence.SpanEvent{At: s.Begin.Add(time.Duration(i+1) * time.Millisecond), Name: event})
	}
	return s
}

func TestOf(t *testing.T) {
	root := span("1", "0", "POST /x", evidence.SpanServer, 100, 200, nil)
	handler := span("3", "2", "Create", evidence.SpanInternal, 110, 190, map[string]string{"verb": "POST"},
		"Conversion done", "About to store object in database")
	tests := map[string]struct {
		received time.Time
		spans    []evidence.Span
		// want are the phases, with when they begin and end, in milliseconds.
		want []string
	}{
		"nothing":                            {},
		"the span of the request is missing": {spans: []evidence.Span{handler}},
		"refused by authorization": {
			spans: []evidence.Span{root, span("2", "1", "authorization", evidence.SpanInternal, 105, 195, nil)},
			want:  []string{"handle 100-200", "authorize 105-195"},
		},
		"refused by authorization, with an answer": {
			spans: []evidence.Span{
				root, span("2", "1", "authorization", evidence.SpanInternal, 105, 195, nil),
				span("4", "2", "SerializeObject", evidence.SpanInternal, 150, 160, nil),
			},
			want: []string{"handle 100-200", "authorize 105-150", "respond 150-160"},
		},
		"the arrival is known": {
			received: time.UnixMilli(90), spans: []evidence.Span{root},
			want: []string{"handle 90-200", "authenticate 90-100"},
		},
		"authentication has a span": {
			received: time.UnixMilli(90), spans: []evidence.Span{span("0", "", "authentication", evidence.SpanInternal, 95, 205, nil), root},
			want: []string{"handle 90-200", "authenticate 95-100"},
		},
		"a webhook": {
			spans: []evidence.Span{
				root, span("2", "1", "authorization", evidence.SpanInternal, 105, 195, nil), handler,
				span("4", "3", "Call mutating webhook", evidence.SpanInternal, 120, 140, map[string]string{"webhook": "a.b.c", "configuration": "cfg"}),
				span("5", "3", "Create etcd3", evidence.SpanInternal, 150, 180, nil),
			},
			want: []string{"handle 100-200", "authorize 105-110", "decode 110-111", "admit 112-150", "webhook a.b.c 120-140"},
		},
		"a request that the API server sent itself": {
			spans: []evidence.Span{
				root, span("2", "1", "authorization", evidence.SpanInternal, 105, 195, nil),
				span("6", "2", "GET /y", evidence.SpanServer, 120, 140, nil),
				span("7", "6", "authorization", evidence.SpanInternal, 121, 139, nil),
			},
			want: []string{"handle 100-200", "authorize 105-120"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := Of(test.received, []*evidence.Spans{{AuditID: "id", TraceID: "t", Spans: test.spans}})
			var got []string
			if h != nil {
				for _, p := range h.Parts {
					phase := string(p.Phase)
					if p.Phase == Webhook {
						phase = p.Label
					}
					got = append(got, fmt.Sprintf("%s %d-%d", phase, p.Begin.UnixMilli(), p.End.UnixMilli()))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parts (-want +got):\n%s", diff)
			}
		})
	}
}

// Each process sends its own spans, and may do so twice.
func TestOfSeveralEntries(t *testing.T) {
	r := load(t, "create")
	whole := Of(r.Received, []*evidence.Spans{&r.Spans})
	var mine, theirs evidence.Spans
	mine, theirs = r.Spans, r.Spans
	mine.Spans, theirs.Spans = nil, nil
	for _, s := range r.Spans.Spans {
		if s.Service == evidence.ServiceEtcd {
			theirs.Spans = append(theirs.Spans, s)
		} else {
			mine.Spans = append(mine.Spans, s)
		}
	}
	if diff := cmp.Diff(whole, Of(r.Received, []*evidence.Spans{&theirs, &mine, &theirs})); diff != "" {
		t.Errorf("in parts (-want +got):\n%s", diff)
	}
	alone := Of(r.Received, []*evidence.Spans{&mine})
	if call := alone.Write(); call == nil || !call.ReceivedAt.IsZero() || call.SentAt.IsZero() || call.Key == "" {
		t.Errorf("without etcd's spans the write is %+v", call)
	}
	for _, p := range alone.Parts {
		if p.Server != component.APIServer {
			t.Errorf("without etcd's spans there is %s of %s", p.Label, p.Server)
		}
	}
}

func TestWriteOfNothing(t *testing.T) {
	var none *Handling
	if none.Write() != nil || !none.End(2).IsZero() {
		t.Error("what was not measured has a write or an end")
	}
	if _, ok := none.Took(Admit); ok {
		t.Error("what was not measured took a time")
	}
}
