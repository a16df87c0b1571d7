// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/overview"
)

// fakeOverview is a cluster and what it was asked.
type fakeOverview struct {
	mu      sync.Mutex
	cluster *overview.Cluster
	filter  overview.Filter
	limit   int
}

func newOverview() *fakeOverview {
	return &fakeOverview{cluster: overview.NewCluster("e", overview.Limits{Changes: 3})}
}

func (f *fakeOverview) set(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		f.cluster.SetPod(overview.Pod{UID: types.UID(name), Namespace: "ns", Name: name, Phase: overview.PhasePending})
	}
}

func (f *fakeOverview) Snapshot(context.Context) overview.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cluster.Snapshot()
}

func (f *fakeOverview) Delta(_ context.Context, epoch string, from uint64) (overview.Delta, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cluster.Delta(epoch, from)
}

func (f *fakeOverview) Pods(filter overview.Filter, limit int) overview.Matches {
	f.filter, f.limit = filter, limit
	return f.cluster.Select(filter, limit)
}

func (f *fakeOverview) Latency() overview.Latency { return overview.Latency{Pods: 7} }

func (f *fakeOverview) handler() *handler {
	return newHandler(Options{Observer: &fakeObserver{}, Overview: f, Log: logr.Discard()})
}

func (f *fakeOverview) serve(request *http.Request) *httptest.ResponseRecorder {
	response := httptest.NewRecorder()
	f.handler().api.ServeHTTP(response, request)
	return response
}

func TestClusterAndLatency(t *testing.T) {
	f := newOverview()
	f.set("a", "b")
	var snapshot overview.Snapshot
	decode(t, f.serve(get("/observer/v1/cluster")), &snapshot)
	if snapshot.Epoch != "e" || snapshot.Sequence != 2 || len(snapshot.Pods.Name) != 2 {
		t.Errorf("snapshot %+v", snapshot)
	}
	var latency overview.Latency
	if decode(t, f.serve(get("/observer/v1/latency")), &latency); latency.Pods != 7 {
		t.Errorf("latency %+v", latency)
	}
}

func TestClusterPods(t *testing.T) {
	for query, tc := range map[string]struct {
		want      overview.Filter
		selector  string
		wantLimit int
		wantBody  string
	}{
		"":                                     {wantLimit: 1<<31 - 1},
		"namespace=ns&search=WEB&limit=3":      {want: overview.Filter{Namespace: "ns", Search: "web"}, wantLimit: 3},
		"phase=Running&phase=Failed&limit=0":   {want: overview.Filter{Phases: []int{4, 7}}},
		"labelSelector=app%3Dweb,!old&limit=1": {selector: "app=web,!old", wantLimit: 1},
		"limit=-1":                             {wantBody: "limit must be a whole number that is not negative"},
		"phase=Lost":                           {wantBody: `phase \"Lost\" is not known: use one or more of Pending, Unschedulable`},
		"labelSelector=(":                      {wantBody: `labelSelector \"(\" cannot be read`},
		"search=" + strings.Repeat("x", 2000):  {wantBody: "search must have at most 1024 characters"},
	} {
		t.Run(query[:min(len(query), 40)], func(t *testing.T) {
			f := newOverview()
			f.set("a")
			response := f.serve(get("/observer/v1/cluster/pods?" + query))
			if tc.wantBody != "" {
				if response.Code != http.StatusBadRequest || !strings.Contains(response.Body.String(), tc.wantBody) {
					t.Errorf("got %d: %s", response.Code, response.Body)
				}
				return
			}
			selector := ""
			if f.filter.Selector != nil {
				selector, f.filter.Selector = f.filter.Selector.String(), nil
			}
			if diff := cmp.Diff(tc.want, f.filter); diff != "" || f.limit != tc.wantLimit || selector != tc.selector {
				t.Errorf("limit %d, selector %q, filter (-want +got):\n%s", f.limit, selector, diff)
			}
		})
	}
}

func openCluster(t *testing.T, f *fakeOverview, query, lastEventID string) *liveReader {
	t.Helper()
	server, _ := start(t, &fakeObserver{}, func(s *Server) { s.handler.overview = f })
	stream := openLive(t, server, "/observer/v1/cluster/stream"+query, lastEventID)
	if kind := stream.header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("got %d, %s", stream.code, kind)
	}
	return stream
}

func (r *liveReader) delta() (d overview.Delta) {
	r.t.Helper()
	e := r.must()
	if e.name != "delta" {
		r.t.Fatalf("got event %s %s", e.name, e.id)
	}
	if err := json.Unmarshal([]byte(e.data), &d); err != nil {
		r.t.Fatal(err)
	}
	if want := eventID("e", d.To); e.id != want {
		r.t.Errorf("ID %s, want %s", e.id, want)
	}
	return d
}

func TestClusterStream(t *testing.T) {
	f := newOverview()
	f.set("a")
	r := openCluster(t, f, "", "")
	if e := r.must(); e.name != "snapshot" || e.id != "e:1" || !strings.Contains(e.data, `"name":["a"]`) {
		t.Fatalf("first event %+v", e)
	}
	f.set("b")
	d := r.delta()
	if d.From != 1 || d.To != 2 || d.Changed == nil || d.Changed.Name[0] != "b" {
		t.Errorf("delta %+v", d)
	}
	// Queues and rates are sent though nothing changes.
	if d := r.delta(); d.From != 2 || d.To != 2 || d.Changed != nil {
		t.Errorf("delta %+v", d)
	}
	// More than is kept.
	f.set("c", "d", "e", "f")
	if e := r.must(); e.name != "snapshot" || e.id != "e:6" {
		t.Errorf("event %s %s", e.name, e.id)
	}
}

func TestClusterStreamResumes(t *testing.T) {
	f := newOverview()
	f.set("a", "b", "c", "d", "e")
	for name, tc := range map[string]struct {
		path, header string
		wantEvent    string
	}{
		"from what is known":         {"", "e:4", "delta"},
		"by a parameter":             {"?lastEventId=e:4", "", "delta"},
		"the header wins":            {"?lastEventId=e:4", "f:4", "snapshot"},
		"from what is forgotten":     {"", "e:1", "snapshot"},
		"from before a restart":      {"", "f:4", "snapshot"},
		"from what is no event's ID": {"", "4", "snapshot"},
	} {
		t.Run(name, func(t *testing.T) {
			if e := openCluster(t, f, tc.path, tc.header).must(); e.name != tc.wantEvent || e.id != "e:5" {
				t.Errorf("got %s %s", e.name, e.id)
			}
		})
	}
}

func TestLargeAnswersAreCompressed(t *testing.T) {
	f := newOverview()
	for i := range 500 {
		f.set(fmt.Sprintf("pod-%d", i))
	}
	for _, encoding := range []string{"", "gzip"} {
		request := get("/observer/v1/cluster")
		request.Header.Set("Accept-Encoding", encoding)
		response := f.serve(request)
		body := io.Reader(response.Body)
		if got := response.Header().Get("Content-Encoding"); got != encoding {
			t.Errorf("asked for %q: the answer is %q", encoding, got)
		}
		if encoding == "gzip" {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = unpacked
		}
		var snapshot overview.Snapshot
		if err := json.NewDecoder(body).Decode(&snapshot); err != nil || len(snapshot.Pods.ID) != 500 {
			t.Errorf("asked for %q: %d pods, error %v", encoding, len(snapshot.Pods.ID), err)
		}
	}
}
