// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"

	"github.com/glassplane/glassplane/internal/evidence"
)

var resources = []schema.GroupResource{{Group: "sim.glassplane.dev", Resource: "simpods"}, {Resource: "pods"}}

// entries collects what a source appends.
type entries struct {
	mu   sync.Mutex
	list []evidence.Entry
	more chan struct{}
}

func (e *entries) Append(entry evidence.Entry) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, entry)
	if e.more != nil {
		e.more <- struct{}{}
	}
	return uint64(len(e.list))
}

func linesCounted(t *testing.T, s *Source, result string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(s)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if metric.GetLabel()[0].GetValue() == result {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return 0
}

// summary is what the tables below compare of an entry.
func summary(e evidence.Entry) string {
	uid := "-"
	if e.Object.UID != "" {
		uid = "uid"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s/%s %s %s r%d %d %s",
		e.Audit.Stage, e.Audit.Verb, e.Object.Resource, e.Audit.Subresource, e.Object.Name, uid, e.Revision, e.Audit.Code, e.Audit.Reason))
}

// The fixtures were written by kube-apiserver v1.37.2.
func TestFixtures(t *testing.T) {
	for level, want := range map[string][]string{
		"RequestResponse": {
			"ResponseStarted watch pods/  - r0 200",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ web uid r227 201",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ web - r0 409 AlreadyExists",
			"RequestReceived watch simpods/ web - r0 0",
			"ResponseStarted watch simpods/ web - r0 200",
			"RequestReceived patch simpods/ web - r0 0",
			"ResponseComplete patch simpods/ web uid r228 200",
			"RequestReceived patch simpods/status web - r0 0",
			"ResponseComplete patch simpods/status web uid r229 200",
			"RequestReceived get simpods/ web - r0 0",
			"ResponseComplete get simpods/ web uid r229 200",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ bad - r0 422 Invalid",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ gen-p79qz uid r230 201",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/  - r0 403 Forbidden",
			"RequestReceived list simpods/  - r0 0",
			"ResponseComplete list simpods/  - r0 200",
			"RequestReceived delete simpods/ web - r0 0",
			"ResponseComplete delete simpods/ web uid r0 200",
			"RequestReceived get simpods/ web - r0 0",
			"ResponseComplete get simpods/ web - r0 404 NotFound",
			"RequestReceived deletecollection simpods/  - r0 0",
			"ResponseComplete deletecollection simpods/  - r0 200",
			"RequestReceived create pods/  - r0 0",
			"ResponseComplete create pods/ core uid r233 201",
			"RequestReceived create pods/binding core - r0 0",
			"ResponseComplete create pods/binding core - r0 201",
			"ResponseComplete watch simpods/ web - r0 200",
		},
		"Metadata": {
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ web - r0 201",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ web - r0 409 AlreadyExists",
			"RequestReceived watch simpods/ web - r0 0",
			"ResponseStarted watch simpods/ web - r0 200",
			"RequestReceived patch simpods/ web - r0 0",
			"ResponseComplete patch simpods/ web - r0 200",
			"RequestReceived patch simpods/status web - r0 0",
			"ResponseComplete patch simpods/status web - r0 200",
			"RequestReceived get simpods/ web - r0 0",
			"ResponseComplete get simpods/ web - r0 200",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/ bad - r0 422 Invalid",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/  - r0 201",
			"RequestReceived create simpods/  - r0 0",
			"ResponseComplete create simpods/  - r0 403 Forbidden",
			"RequestReceived delete simpods/ web - r0 0",
			"ResponseComplete delete simpods/ web - r0 200",
			"RequestReceived get simpods/ web - r0 0",
			"ResponseComplete get simpods/ web - r0 404 NotFound",
			"RequestReceived create pods/  - r0 0",
			"ResponseComplete create pods/ core - r0 201",
			"RequestReceived create pods/binding core - r0 0",
			"ResponseComplete create pods/binding core - r0 201",
			"ResponseComplete watch simpods/ web - r0 200",
		},
	} {
		t.Run(level, func(t *testing.T) {
			journal := &entries{}
			s := New(Options{Path: filepath.Join("testdata", level+".log"), FromStart: true, Resources: resources, Clock: clock.RealClock{}}, journal)
			t.Cleanup(s.close)
			if err := s.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			if state := s.State(); !state.Available {
				t.Fatal(state.Reason)
			}
			var got []string
			for _, entry := range journal.list {
				got = append(got, summary(entry))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if malformed := linesCounted(t, s, "malformed"); malformed != 0 {
				t.Errorf("%v malformed lines", malformed)
			}
		})
	}
}

func TestParse(t *testing.T) {
	const head = `{"auditID":"id","stage":"ResponseComplete",`
	tests := map[string]struct {
		line        string
		wantObject  evidence.Object
		wantUser    string
		wantErr     bool
		wantRequest string
	}{
		"not JSON":    {line: `{"auditID":`, wantErr: true},
		"no audit ID": {line: `{"stage":"ResponseComplete"}`, wantErr: true},
		"no object":   {line: head + `"verb":"get","requestURI":"/healthz"}`},
		"impersonation": {
			line:     head + `"user":{"username":"admin"},"impersonatedUser":{"username":"mallory"}}`,
			wantUser: "mallory",
		},
		"legacy binding": {
			line:        head + `"verb":"create","objectRef":{"resource":"bindings","namespace":"ns"},"requestObject":{"metadata":{"name":"p"}}}`,
			wantObject:  evidence.Object{Resource: "pods", Namespace: "ns", Name: "p"},
			wantRequest: `{"metadata":{"name":"p"}}`,
		},
		"a bind that was carried out": {
			line: head + `"verb":"create","objectRef":{"resource":"pods","namespace":"ns","name":"p","uid":"u-1","subresource":"binding"},
				"responseStatus":{"code":201},"responseObject":{"kind":"Status","status":"Success"}}`,
			wantObject: evidence.Object{Resource: "pods", Namespace: "ns", Name: "p", UID: "u-1"},
		},
		"a mirror pod's claim of a UID": {
			line:       head + `"verb":"create","objectRef":{"resource":"pods","namespace":"ns","name":"p","uid":"u-1"},"responseStatus":{"code":201}}`,
			wantObject: evidence.Object{Resource: "pods", Namespace: "ns", Name: "p"},
		},
		"dry run has no UID": {
			line: head + `"verb":"create","requestURI":"/x?dryRun=All","objectRef":{"resource":"pods","namespace":"ns","name":"p"},
				"responseObject":{"kind":"Pod","metadata":{"name":"p","uid":"u-1"}}}`,
			wantObject: evidence.Object{Resource: "pods", Namespace: "ns", Name: "p"},
		},
		"UID that a refused client claims": {
			line:       head + `"verb":"delete","objectRef":{"resource":"pods","namespace":"ns","name":"p","uid":"u-1"},"responseStatus":{"code":409}}`,
			wantObject: evidence.Object{Resource: "pods", Namespace: "ns", Name: "p"},
		},
		"UID that the API server accepted": {
			line:       head + `"verb":"update","objectRef":{"resource":"pods","namespace":"ns","name":"p","uid":"u-1"},"responseStatus":{"code":200}}`,
			wantObject: evidence.Object{Resource: "pods", Namespace: "ns", Name: "p", UID: "u-1"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			entry, err := Parse([]byte(tc.line))
			if (err != nil) != tc.wantErr {
				t.Fatalf("error %v, want one: %v", err, tc.wantErr)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(tc.wantObject, entry.Object); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if entry.Audit.User != tc.wantUser {
				t.Errorf("user %q, want %q", entry.Audit.User, tc.wantUser)
			}
			if tc.wantUser != "" && entry.Audit.Annotations[AnnotationImpersonatedBy] != "admin" {
				t.Errorf("annotations %v", entry.Audit.Annotations)
			}
			if got := string(entry.Audit.RequestObject); got != tc.wantRequest {
				t.Errorf("request object %q, want %q", got, tc.wantRequest)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, level := range []string{"RequestResponse", "Metadata"} {
		data, err := os.ReadFile(filepath.Join("testdata", level+".log"))
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		entry, err := Parse(line)
		if err != nil {
			return
		}
		if entry.Audit == nil || entry.Audit.AuditID == "" || entry.Audit.Stage == "" {
			t.Errorf("an entry without identity: %+v", entry)
		}
		// What is recorded is served as JSON.
		if _, err := json.Marshal(entry); err != nil {
			t.Errorf("cannot be encoded: %v", err)
		}
	})
}

// FuzzSplit delivers the same lines however they are cut into reads.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nthree"), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		collect := func(step int) []string {
			var lines []string
			s := &tail{maxLine: 16, line: func(line []byte) { lines = append(lines, string(line)) }, lost: func(string) {}}
			for rest := data; len(rest) > 0; {
				n := min(step, len(rest))
				s.split(rest[:n])
				rest = rest[n:]
			}
			return lines
		}
		if diff := cmp.Diff(collect(len(data)+1), collect(int(size)+1)); diff != "" {
			t.Errorf("lines (-at once +in pieces):\n%s", diff)
		}
	})
}

// logFile is a log that a test writes.
type logFile struct {
	t    *testing.T
	path string
}

func (l logFile) write(text string) {
	l.t.Helper()
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := file.WriteString(text); err != nil {
		l.t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		l.t.Fatal(err)
	}
}

func (l logFile) rename(to string) {
	l.t.Helper()
	if err := os.Rename(l.path, to); err != nil {
		l.t.Fatal(err)
	}
}

func TestTail(t *testing.T) {
	tests := map[string]struct {
		fromStart bool
		steps     []func(logFile)
		want      []string
		wantLost  int
		wantErr   bool
	}{
		"from the start": {
			fromStart: true, want: []string{"a", "b"},
			steps: []func(logFile){func(l logFile) { l.write("a\n") }, func(l logFile) { l.write("b\n") }},
		},
		"from the end": {
			want:  []string{"b"},
			steps: []func(logFile){func(l logFile) { l.write("a\n") }, func(l logFile) { l.write("b\n") }},
		},
		"from the end, inside of a line": {
			want:  []string{"b"},
			steps: []func(logFile){func(l logFile) { l.write("a1") }, func(l logFile) { l.write("a2\nb\n") }},
		},
		"partial lines": {
			fromStart: true, want: []string{"abc"},
			steps: []func(logFile){func(l logFile) { l.write("a") }, func(l logFile) { l.write("b") }, func(l logFile) { l.write("c\nd") }},
		},
		"rotation": {
			fromStart: true, want: []string{"a", "b", "c"},
			steps: []func(logFile){
				func(l logFile) { l.write("a\n") },
				func(l logFile) { l.write("b\n"); l.rename(l.path + ".1"); l.write("c\n") },
			},
		},
		"rotation seen before the new file is there": {
			fromStart: true, want: []string{"a", "b"},
			steps: []func(logFile){
				func(l logFile) { l.write("a\n") },
				func(l logFile) { l.rename(l.path + ".1") },
				func(l logFile) { l.write("b\n") },
			},
		},
		"rotation inside of a line": {
			fromStart: true, want: []string{"b"}, wantLost: 1,
			steps: []func(logFile){
				func(l logFile) { l.write("a") },
				func(l logFile) { l.rename(l.path + ".1"); l.write("b\n") },
			},
		},
		"truncation": {
			fromStart: true, want: []string{"aaaa", "b"}, wantLost: 1,
			steps: []func(logFile){
				func(l logFile) { l.write("aaaa\n") },
				func(l logFile) {
					if err := os.Truncate(l.path, 0); err != nil {
						l.t.Fatal(err)
					}
					l.write("b\n")
				},
			},
		},
		"a line that is too long": {
			fromStart: true, want: []string{"b"}, wantLost: 1,
			steps: []func(logFile){func(l logFile) { l.write(strings.Repeat("a", 200) + "\nb\n") }},
		},
		"no file": {fromStart: true, wantErr: true, steps: []func(logFile){func(logFile) {}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			lost := 0
			log := logFile{t, filepath.Join(t.TempDir(), "audit.log")}
			tail := &tail{
				path: log.path, fromStart: tc.fromStart, maxLine: 100,
				line: func(line []byte) { got = append(got, string(line)) }, lost: func(string) { lost++ },
			}
			t.Cleanup(tail.close)
			var err error
			for _, step := range tc.steps {
				step(log)
				err = tail.read()
			}
			if (err != nil) != tc.wantErr {
				t.Errorf("error %v, want one: %v", err, tc.wantErr)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if lost != tc.wantLost {
				t.Errorf("lost %d, want %d", lost, tc.wantLost)
			}
		})
	}
}

func TestMalformedLinesAreCounted(t *testing.T) {
	log := logFile{t, filepath.Join(t.TempDir(), "audit.log")}
	log.write("garbage\n\n{\"simpods\" }\n{\"auditID\":\"id\",\"stage\":\"Panic\",\"verb\":\"list\",\"objectRef\":{\"resource\":\"pods\"}}\n{}\n")
	journal := &entries{}
	s := New(Options{Path: log.path, FromStart: true, Resources: resources, Clock: clock.RealClock{}}, journal)
	t.Cleanup(s.close)
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for result, want := range map[string]float64{"malformed": 2, "ignored": 1, "recorded": 1} {
		if got := linesCounted(t, s, result); got != want {
			t.Errorf("%v lines %s, want %v", got, result, want)
		}
	}
}

func TestRunFollowsTheFile(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "Metadata.log"))
	if err != nil {
		t.Fatal(err)
	}
	log := logFile{t, filepath.Join(t.TempDir(), "audit.log")}
	journal := &entries{more: make(chan struct{}, 100)}
	s := New(Options{Path: log.path, FromStart: true, Resources: resources, Clock: clock.RealClock{}}, journal)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	log.write(string(data))
	for range 27 {
		select {
		case <-journal.more:
		case <-time.After(10 * time.Second):
			t.Fatal("the lines were not read")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
