// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/overview"
	"github.com/glassplane/glassplane/internal/terminal"
)

func TestWatchNeedsATerminal(t *testing.T) {
	for _, args := range [][]string{{"watch"}, {"watch", "simpod/web"}, {"watch", "request/abc"}} {
		var out bytes.Buffer
		code, stderr := offline(t, "", &out, args...)
		if code != 1 || !strings.Contains(stderr, "watch needs a terminal") || !strings.Contains(stderr, "walk TYPE/NAME") || !strings.Contains(stderr, "-o json") {
			t.Errorf("%v: exit code %d, stderr %q; want 1 and what to do instead", args, code, stderr)
		}
		if out.Len() > 0 {
			t.Errorf("%v wrote %q", args, out.String())
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		`expected TYPE/NAME`: {"watch", "web"}, `cannot follow a "node"`: {"watch", "node/a"}, "accepts at most 2": {"watch", "a", "b", "c"},
	} {
		if code, stderr := offline(t, "", &bytes.Buffer{}, args...); code != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit code %d, stderr %q; want 1 and %q", args, code, stderr, want)
		}
	}
}

// replies answers each request to a path with the next of some handlers, and after
// the last one holds the connection.
type replies struct {
	mu sync.Mutex
	// asked are the requests, each with its Last-Event-ID.
	asked []string
	next  []http.HandlerFunc
}

func (r *replies) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, request.URL.RequestURI()+" after "+request.Header.Get("Last-Event-ID"))
	var reply http.HandlerFunc
	if len(r.next) > 0 {
		reply, r.next = r.next[0], r.next[1:]
	}
	r.mu.Unlock()
	if reply != nil {
		reply(w, request)
		return
	}
	<-request.Context().Done()
}

// events sends a stream, and ends it.
func events(stream string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = fmt.Fprint(w, stream)
	}
}

func status(code int, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","message":%q}`, message)
	}
}

// watching returns a source that reads from a server with the replies, and tries
// again at once.
func watching(t *testing.T, next ...http.HandlerFunc) (*watchSource, *replies) {
	t.Helper()
	served := &replies{next: next}
	server := httptest.NewServer(served)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := &streams{
		connect: func(context.Context) (*observer, error) { return newObserver(base), nil },
		retries: wait.Backoff{Duration: time.Millisecond, Steps: 1},
	}
	t.Cleanup(s.close)
	return &watchSource{s}, served
}

// TestWatchGoesOn follows a run whose stream is cut off and refused in between.
func TestWatchGoesOn(t *testing.T) {
	source, served := watching(t,
		events("event: run\nid: 7\ndata: {\"trace\":{\"outcome\":\"Pending\"}}\n\nevent: ping\ndata: {}\n\n"),
		status(http.StatusTooManyRequests, "64 streams are open"),
		events("event: run\nid: 9\ndata: {\"trace\":{\"outcome\":\"Running\"}}\n\nevent: run\nid: 10\ndata: {\"tr"),
		events("event: run\nid: 11\ndata: no JSON\n\n"),
		events("event: run\nid: 12\ndata: {\"trace\":{\"outcome\":\"Deleted\"}}\n\n"),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var shown, states []string
	source.FollowRun(ctx, terminal.Subject{Resource: "simpods", Namespace: "default", Name: "web", UID: "u1"}, func(r run.Run) {
		shown = append(shown, string(r.Trace.Outcome))
		if r.Trace.Outcome == "Deleted" {
			cancel()
		}
	}, func(err error) { states = append(states, fmt.Sprint(err)) })

	if d := cmp.Diff([]string{"Pending", "Running", "Deleted"}, shown); d != "" {
		t.Errorf("shown (-want +got):\n%s", d)
	}
	const asked = "/observer/v1/runs/simpods/default/web/stream?uid=u1 after "
	if d := cmp.Diff([]string{asked, asked + "7", asked + "7", asked + "9", asked + "11"}, served.asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
	told := strings.Join(states, "\n")
	for _, want := range []string{"<nil>\nreading the observer's stream: EOF", "429 Too Many Requests: 64 streams are open", "decoding the observer's event run"} {
		if !strings.Contains(told, want) {
			t.Errorf("the states lack %q:\n%s", want, told)
		}
	}
}

// TestWatchWaitsForARun follows one that is recorded later: that is no failure.
func TestWatchWaitsForARun(t *testing.T) {
	source, _ := watching(t, status(http.StatusNotFound, "nothing"), status(http.StatusNotFound, "nothing"), events("event: run\nid: 1\ndata: {}\n\n"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	source.FollowRun(ctx, terminal.Subject{Resource: "simpods", Namespace: "default", Name: "web"}, func(run.Run) { cancel() }, func(err error) {
		if err != nil && ctx.Err() == nil {
			t.Errorf("waiting is told as a failure: %v", err)
		}
	})
	if ctx.Err() != context.Canceled {
		t.Errorf("the run was never shown: %v", ctx.Err())
	}
}

// TestWatchPollsARequest follows a request by its audit ID, which has no stream.
func TestWatchPollsARequest(t *testing.T) {
	source, served := watching(t, status(http.StatusNotFound, "nothing"), events(`{"trace":{"outcome":"Forbidden"}}`))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	source.FollowRun(ctx, terminal.Subject{AuditID: "abc"}, func(r run.Run) {
		if r.Trace.Outcome != "Forbidden" {
			t.Errorf("shown %q", r.Trace.Outcome)
		}
		cancel()
	}, func(error) {})
	if d := cmp.Diff([]string{"/observer/v1/requests/abc/run after ", "/observer/v1/requests/abc/run after "}, served.asked); d != "" {
		t.Errorf("asked (-want +got):\n%s", d)
	}
}

func TestWatchReadsRunsAndCluster(t *testing.T) {
	source, _ := watching(t, events(`event: traces
id: 5
data: {"items":[{"object":{"resource":"simpods","namespace":"default","name":"web","uid":"u1"},"lastSeen":"2026-03-14T09:30:00Z","sequence":5,"entries":3,"outcome":"Running"}]}

`))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	source.FollowRuns(ctx, func(items []terminal.Recorded) {
		want := []terminal.Recorded{{Subject: terminal.Subject{Resource: "simpods", Namespace: "default", Name: "web", UID: "u1"},
			LastSeen: time.Date(2026, 3, 14, 9, 30, 0, 0, time.UTC), Sequence: 5, Entries: 3, Outcome: "Running"}}
		if d := cmp.Diff(want, items); d != "" {
			t.Errorf("runs (-want +got):\n%s", d)
		}
		cancel()
	}, func(error) {})

	source, _ = watching(t, events("event: snapshot\nid: e:1\ndata: {\"epoch\":\"e\",\"sequence\":1}\n\nevent: delta\nid: e:2\ndata: {\"epoch\":\"e\",\"from\":1,\"to\":2}\n\n"))
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []uint64
	source.FollowCluster(ctx, func(s overview.Snapshot) { got = append(got, s.Sequence) }, func(d overview.Delta) {
		got = append(got, d.To)
		cancel()
	}, func(error) {})
	if d := cmp.Diff([]uint64{1, 2}, got); d != "" {
		t.Errorf("sequences (-want +got):\n%s", d)
	}
}

// TestWatchLooksForTheObserverAnew follows a control plane that is started again at
// another address.
func TestWatchLooksForTheObserverAnew(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	server := httptest.NewServer(events("event: run\nid: 1\ndata: {}\n\n"))
	defer server.Close()
	addresses := []string{gone.URL, server.URL}
	s := &streams{retries: wait.Backoff{Duration: time.Millisecond, Steps: 1}, connect: func(context.Context) (*observer, error) {
		base, err := url.Parse(addresses[0])
		if len(addresses) > 1 {
			addresses = addresses[1:]
		}
		return newObserver(base), err
	}}
	defer s.close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var failures []string
	(&watchSource{s}).FollowRun(ctx, terminal.Subject{Resource: "simpods", Namespace: "default", Name: "web"}, func(run.Run) { cancel() }, func(err error) {
		if err != nil {
			failures = append(failures, err.Error())
		}
	})
	if ctx.Err() != context.Canceled {
		t.Fatalf("the run was never shown: %v", ctx.Err())
	}
	if len(failures) == 0 || !strings.Contains(failures[0], "does not answer") || strings.Contains(failures[0], "/observer/v1") {
		t.Errorf("told failures %q, want first that the observer does not answer, without its whole address", failures)
	}
}
