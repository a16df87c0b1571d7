// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package spans

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/glassplane/glassplane/internal/evidence"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(d time.Duration) time.Time { return start.Add(d) }

// served is the API server's span of a request, and call one of its calls of etcd,
// which applied answers.
func served(auditID string) evidence.Span {
	return evidence.Span{ID: "1", Service: evidence.ServiceAPIServer, Kind: evidence.SpanServer, Begin: after(1), Attributes: map[string]string{auditIDKey: auditID}}
}

func call() evidence.Span {
	return evidence.Span{ID: "2", Parent: "1", Service: evidence.ServiceAPIServer, Kind: evidence.SpanClient, Begin: after(2), Attributes: map[string]string{"rpc.method": "etcdserverpb.KV/Txn"}}
}

func applied() evidence.Span {
	return evidence.Span{ID: "3", Parent: "2", Service: evidence.ServiceEtcd, Kind: evidence.SpanServer, Begin: after(3)}
}

func TestBuffer(t *testing.T) {
	type arrival struct {
		at   time.Duration
		span evidence.Span
	}
	tests := map[string]struct {
		arrivals []arrival
		// looks are when the buffer is looked at, after all that arrived before.
		looks []time.Duration
		// known says from when on the audit log knows the request.
		known time.Duration
		// want are the IDs of the spans of each entry.
		want []string
		// wantIgnored is how many spans were forgotten.
		wantIgnored int
	}{
		"whole at once": {
			arrivals: []arrival{{0, call()}, {0, applied()}, {0, served("a")}}, looks: []time.Duration{100 * time.Millisecond}, want: []string{"123"},
		},
		"etcd's span comes later": {
			arrivals: []arrival{{0, served("a")}, {0, call()}, {300 * time.Millisecond, applied()}},
			looks:    []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}, want: []string{"123"},
		},
		"etcd's span comes first": {
			arrivals: []arrival{{0, applied()}, {500 * time.Millisecond, call()}, {500 * time.Millisecond, served("a")}},
			looks:    []time.Duration{100 * time.Millisecond, 600 * time.Millisecond}, want: []string{"123"},
		},
		"etcd's span comes too late": {
			arrivals: []arrival{{0, served("a")}, {0, call()}, {2 * time.Second, applied()}},
			looks:    []time.Duration{quiet, 2 * time.Second, 2*time.Second + quiet}, want: []string{"12", "3"},
		},
		"the audit log is late": {
			arrivals: []arrival{{0, served("a")}}, known: 3 * time.Second,
			looks: []time.Duration{quiet, 2 * time.Second, 3 * time.Second}, want: []string{"1"},
		},
		"the audit log never has it": {
			arrivals: []arrival{{0, served("a")}, {0, call()}}, known: time.Hour,
			looks: []time.Duration{quiet, patience}, wantIgnored: 2,
		},
		"no audit ID": {
			arrivals: []arrival{{0, applied()}}, looks: []time.Duration{quiet, patience}, wantIgnored: 1,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			counts := map[result]int{}
			b := newBuffer(100, 100, func(r result, n int) { counts[r] += n })
			var got []string
			arrivals := test.arrivals
			for _, look := range test.looks {
				for len(arrivals) > 0 && arrivals[0].at <= look {
					b.add("t", arrivals[0].span, after(arrivals[0].at))
					arrivals = arrivals[1:]
				}
				for _, entry := range b.take(after(look), func(id string) (evidence.Object, bool) {
					return evidence.Object{Resource: "simpods", Name: "web"}, id == "a" && look >= test.known
				}) {
					ids := ""
					for _, s := range entry.Spans.Spans {
						ids += s.ID
					}
					got = append(got, ids)
					if entry.Spans.AuditID != "a" || entry.Spans.TraceID != "t" || entry.Object.Name != "web" || !entry.Time.Equal(entry.Spans.Spans[0].Begin) {
						t.Errorf("entry %+v", entry)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if counts[ignored] != test.wantIgnored {
				t.Errorf("%d spans were ignored, want %d", counts[ignored], test.wantIgnored)
			}
			if b.take(after(time.Hour), func(string) (evidence.Object, bool) { return evidence.Object{}, false }); len(b.traces) != 0 || b.spans != 0 {
				t.Errorf("%d traces and %d spans are kept for ever", len(b.traces), b.spans)
			}
		})
	}
}

func TestBufferIsBounded(t *testing.T) {
	counts := map[result]int{}
	b := newBuffer(200, 50, func(r result, n int) { counts[r] += n })
	for i := range 3 * maxTraceSpans {
		b.add("large", evidence.Span{ID: fmt.Sprint(i)}, start)
	}
	if b.spans != maxTraceSpans || counts[dropped] != 2*maxTraceSpans {
		t.Errorf("of one trace %d spans are kept and %d dropped", b.spans, counts[dropped])
	}
	for i := range 1000 {
		for range 5 {
			b.add(fmt.Sprint(i), evidence.Span{}, start)
		}
		if b.spans > 200 || len(b.traces) > 50 || len(b.order) != len(b.traces) {
			t.Fatalf("%d spans of %d traces in the order of %d", b.spans, len(b.traces), len(b.order))
		}
	}
	if total := b.spans + counts[dropped]; total != 3*maxTraceSpans+5000 {
		t.Errorf("%d spans are accounted for, want %d", total, 3*maxTraceSpans+5000)
	}
}

// Where the API server sends itself a request, the trace is that of the first.
func TestAuditIDIsThatOfTheFirst(t *testing.T) {
	b := newBuffer(10, 10, func(result, int) {})
	inner := served("inner")
	inner.Begin = after(5)
	b.add("t", inner, start)
	b.add("t", served("outer"), start)
	if got := b.traces["t"].auditID; got != "outer" {
		t.Errorf("audit ID %s", got)
	}
}
