// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/glassplane/glassplane/internal/explain/run"
)

// otlpOf is what OTLP writes of a run that is kept in a file, read as the protocol
// defines it: a field that it does not know is an error.
func otlpOf(t *testing.T, file string) (run.Run, *tracev1.TracesData) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r run.Run
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := OTLP(&out, r); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := OTLP(&again, r); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Errorf("error %v; the same run gives two traces", err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 1 {
		t.Errorf("%d lines, want one", n)
	}
	var traces tracev1.TracesData
	if err := protojson.Unmarshal(withBase64IDs(t, out.Bytes()), &traces); err != nil {
		t.Fatal(err)
	}
	return r, &traces
}

// withBase64IDs writes IDs as JSON has bytes, which OTLP's mapping does not.
func withBase64IDs(t *testing.T, data []byte) []byte {
	t.Helper()
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(node any) {
		switch n := node.(type) {
		case []any:
			for _, child := range n {
				walk(child)
			}
		case map[string]any:
			for key, child := range n {
				if key != "traceId" && key != "spanId" && key != "parentSpanId" {
					walk(child)
					continue
				}
				id, err := hex.DecodeString(child.(string))
				if err != nil {
					t.Errorf("%s %v is not hexadecimal: %v", key, child, err)
				}
				n[key] = base64.StdEncoding.EncodeToString(id)
			}
		}
	}
	walk(document)
	out, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOTLPIsATrace(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "explain", "run", "testdata", "*.golden.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d runs, error %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".golden.json")
		if name == "nothing" {
			continue // It has no time: see below.
		}
		t.Run(name, func(t *testing.T) {
			r, traces := otlpOf(t, file)
			traceID, roots, ids := "", 0, map[string]bool{}
			var spans []*tracev1.Span
			for _, resource := range traces.GetResourceSpans() {
				if resource.GetResource().GetAttributes()[0].GetKey() != "service.name" {
					t.Error("a resource has no service")
				}
				spans = append(spans, resource.GetScopeSpans()[0].GetSpans()...)
			}
			for _, s := range spans {
				id := hex.EncodeToString(s.GetSpanId())
				if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 || ids[id] {
					t.Errorf("%s has the IDs %x and %s", s.GetName(), s.GetTraceId(), id)
				}
				ids[id] = true
				if traceID == "" {
					traceID = string(s.GetTraceId())
				}
				if string(s.GetTraceId()) != traceID {
					t.Errorf("%s is of another trace", s.GetName())
				}
				if len(s.GetParentSpanId()) == 0 {
					roots++
				}
				if s.GetStartTimeUnixNano() == 0 || s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() || s.GetName() == "" {
					t.Errorf("%q lasts from %d to %d", s.GetName(), s.GetStartTimeUnixNano(), s.GetEndTimeUnixNano())
				}
			}
			for _, s := range spans {
				if parent := s.GetParentSpanId(); len(parent) > 0 && !ids[hex.EncodeToString(parent)] {
					t.Errorf("%s has an unknown parent", s.GetName())
				}
				for _, link := range s.GetLinks() {
					if !ids[hex.EncodeToString(link.GetSpanId())] {
						t.Errorf("%s links to an unknown span", s.GetName())
					}
				}
			}
			if roots != 1 {
				t.Errorf("%d roots", roots)
			}
			if len(spans) <= len(r.Activities) {
				t.Errorf("%d spans of %d activities and %d messages", len(spans), len(r.Activities), len(r.Messages))
			}
		})
	}
}

// A measured run has the parts of the request below the API server's span, and
// etcd's below the write.
func TestOTLPNesting(t *testing.T) {
	_, traces := otlpOf(t, filepath.Join("..", "explain", "run", "testdata", "measured.golden.json"))
	type node struct{ service, name, parent string }
	byID := map[string]node{}
	for _, resource := range traces.GetResourceSpans() {
		service := resource.GetResource().GetAttributes()[0].GetValue().GetStringValue()
		for _, s := range resource.GetScopeSpans()[0].GetSpans() {
			byID[string(s.GetSpanId())] = node{service, s.GetName(), string(s.GetParentSpanId())}
		}
	}
	got := map[string]bool{}
	for _, n := range byID {
		var path []string
		for n.name != "" {
			path = append([]string{n.service + ": " + n.name}, path...)
			n = byID[n.parent]
		}
		got[strings.Join(path, " > ")] = true
	}
	const handled = "User / API client: create simpods web > User / API client: create > API server: create"
	for _, want := range []string{
		handled + " > API server: authorize", handled + " > API server: admit",
		handled + " > API server: Txn of etcd > etcd: etcd Txn", handled + " > API server: write",
		"User / API client: create simpods web > Scheduler: bind > API server: bind > API server: write",
		"User / API client: create simpods web > Scheduler: decides",
	} {
		if !got[want] {
			t.Errorf("there is no %s", want)
		}
	}
	if t.Failed() {
		for path := range got {
			t.Log(path)
		}
	}
}

func TestOTLPOfNothing(t *testing.T) {
	err := OTLP(&bytes.Buffer{}, run.Run{})
	if diff := cmp.Diff(true, err != nil && strings.Contains(err.Error(), "nothing of")); diff != "" {
		t.Errorf("error %v", err)
	}
}
