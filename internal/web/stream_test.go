// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain/run"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/record"
)

// liveObserver has one pod, of which more is recorded while it is followed.
type liveObserver struct {
	fakeObserver

	mu      sync.Mutex
	entries []evidence.Entry
	last    uint64
	waiting map[chan struct{}]bool
	looks   int
	// large is how many bytes an entry has.
	large int
}

func newLiveObserver() *liveObserver { return &liveObserver{waiting: map[chan struct{}]bool{}} }

func (o *liveObserver) append() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	n := o.last
	if len(o.entries) > 12 {
		o.entries = o.entries[1:]
	}
	o.entries = append(o.entries, evidence.Entry{Sequence: n, Source: evidence.SourceWatch, Revision: int64(n), Time: time.Unix(int64(n), 0),
		Watch: &evidence.Watch{Type: "MODIFIED", Object: json.RawMessage(`{"metadata":{"name":"web","annotations":{"a":"` + strings.Repeat("x", o.large) + `"}}}`)}})
	for channel := range o.waiting {
		select {
		case channel <- struct{}{}:
		default:
		}
	}
}

func (o *liveObserver) Current(_ context.Context, query observer.Query) (evidence.Record, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.looks++
	if query.Object.Name != "web" {
		return evidence.Record{}, &observer.NotFoundError{Query: query}
	}
	return evidence.Record{Subject: query.Object, Entries: append([]evidence.Entry(nil), o.entries...)}, nil
}

func (o *liveObserver) Follow(observer.Query) (<-chan struct{}, func()) {
	channel := make(chan struct{}, 1)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting[channel] = true
	return channel, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.waiting, channel)
	}
}

func (o *liveObserver) FollowAll() (<-chan struct{}, func()) { return o.Follow(observer.Query{}) }

func (o *liveObserver) readers() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

func (o *liveObserver) Last() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

func (o *liveObserver) SubjectsSince(after uint64, _ int) []record.Subject {
	last := o.Last()
	if last <= after {
		return nil
	}
	return []record.Subject{{Object: evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: "web"}, Sequence: last}}
}

// start serves on loopback until the test ends, and returns how to stop it sooner.
func start(t *testing.T, o Observer, change func(*Server)) (server *Server, stop func() error) {
	t.Helper()
	server, err := NewServer(Options{Observer: o, Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(server)
	}
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- server.Start(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return server, stop
}

// sentEvent is one that a reader was sent.
type sentEvent struct{ name, id, data string }

// liveReader reads the events of a stream.
type liveReader struct {
	t      *testing.T
	code   int
	header http.Header
	body   io.ReadCloser
	scan   *bufio.Reader
}

func openLive(t *testing.T, server *Server, path, lastEventID string) *liveReader {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastEventID != "" {
		request.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return &liveReader{t: t, code: response.StatusCode, header: response.Header, body: response.Body, scan: bufio.NewReader(response.Body)}
}

func (r *liveReader) next() (sentEvent, error) {
	var e sentEvent
	for {
		line, err := r.scan.ReadString('\n')
		if err != nil {
			return e, err
		}
		switch key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); key {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			return e, nil
		}
	}
}

func (r *liveReader) must() sentEvent {
	r.t.Helper()
	e, err := r.next()
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

const webStream = "/observer/v1/runs/simpods/default/web/stream"

func TestRunsAreStreamedAsTheyGrow(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, _ := start(t, o, nil)
	stream := openLive(t, server, webStream, "")
	if kind := stream.header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("Content-Type %q", kind)
	}
	for n := 1; n <= 3; n++ {
		e := stream.must()
		var shown run.Run
		if err := json.Unmarshal([]byte(e.data), &shown); err != nil {
			t.Fatal(err)
		}
		if e.name != "run" || e.id != fmt.Sprint(n) || len(shown.Evidence) != n {
			t.Fatalf("event %s %s with %d pieces of evidence, want run %d", e.name, e.id, len(shown.Evidence), n)
		}
		o.append()
	}
}

// What comes between two looks is sent as one event.
func TestEventsAreCoalesced(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, _ := start(t, o, nil)
	stream := openLive(t, server, webStream, "")
	stream.must()
	began := time.Now()
	for range 200 {
		o.append()
	}
	if e := stream.must(); e.id != "201" {
		t.Errorf("the second event has ID %s, want 201", e.id)
	}
	if passed := time.Since(began); passed < streamInterval/2 {
		t.Errorf("the next event came after %s", passed)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.looks > 3 {
		t.Errorf("looked %d times for two events", o.looks)
	}
}

func TestStreamsResume(t *testing.T) {
	o := newLiveObserver()
	o.append()
	o.append()
	server, _ := start(t, o, nil)
	tests := []struct {
		name, path, last string
		appended         int
		wantID           string
	}{
		{"run: has all", webStream, "2", 1, "3"},
		{"run: in the address", webStream + "?lastEventId=3", "", 1, "4"},
		{"run: the header counts more", webStream + "?lastEventId=4", "1", 0, "4"},
		{"run: of an observer before this one", webStream, "900", 0, "4"},
		{"traces: has all", "/observer/v1/traces/stream", "4", 1, "5"},
		{"traces: has none", "/observer/v1/traces/stream", "", 0, "5"},
		{"traces: of an observer before this one", "/observer/v1/traces/stream", "900", 0, "5"},
		{"traces: no number", "/observer/v1/traces/stream", "x", 0, "5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stream := openLive(t, server, tt.path, tt.last)
			for range tt.appended {
				o.append()
			}
			if e := stream.must(); e.id != tt.wantID {
				t.Errorf("sent %s %s, want ID %s", e.name, e.id, tt.wantID)
			}
			_ = stream.body.Close()
		})
	}
}

func TestRefusedStreams(t *testing.T) {
	server, _ := start(t, newLiveObserver(), nil)
	for path, want := range map[string]int32{
		"/observer/v1/runs/simpods/default/other/stream":     http.StatusNotFound,
		"/observer/v1/runs/secrets/default/web/stream":       http.StatusBadRequest,
		"/observer/v1/runs/simpods/default/web/stream?uid=%": http.StatusOK, // an unreadable query is no parameter
	} {
		response := openLive(t, server, path, "")
		if response.code != int(want) {
			t.Errorf("%s: got %d, want %d", path, response.code, want)
		}
		if want == http.StatusOK {
			_ = response.body.Close()
			continue
		}
		var status metav1.Status
		if err := json.NewDecoder(response.body).Decode(&status); err != nil || status.Code != want {
			t.Errorf("%s: %+v, %v", path, status, err)
		}
	}
}

// Streams take no place of other requests, and their own are bounded.
func TestStreamsHaveTheirOwnPlaces(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, _ := start(t, o, nil)
	var streams []*liveReader
	for range maxStreams {
		stream := openLive(t, server, webStream, "")
		if stream.code != http.StatusOK {
			t.Fatalf("stream %d: %d", len(streams), stream.code)
		}
		stream.must()
		streams = append(streams, stream)
	}
	if response := openLive(t, server, webStream, ""); response.code != http.StatusTooManyRequests || response.header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d", response.code)
	}
	if response := openLive(t, server, "/observer/v1/traces", ""); response.code != http.StatusOK {
		t.Errorf("another request: %d", response.code)
	}
	_ = streams[0].body.Close()
	eventually(t, func() bool { return o.readers() == maxStreams-1 }, "the place of a reader that has gone is free")
	if response := openLive(t, server, webStream, ""); response.code != http.StatusOK {
		t.Errorf("after one has gone: %d", response.code)
	}
}

// A reader that does not read costs no memory: nothing is kept for it, and when it
// reads again it is sent the newest.
func TestSlowReader(t *testing.T) {
	o := newLiveObserver()
	o.large = 64 << 10
	o.append()
	server, _ := start(t, o, nil)
	stream := openLive(t, server, webStream, "")
	stream.must()
	for range 20 {
		o.append()
		<-time.After(streamInterval / 4) // what happens while nobody reads is what is tested
	}
	sent := 0
	for {
		e := stream.must()
		if sent++; e.id == "21" {
			break
		}
	}
	if sent > 15 {
		t.Errorf("%d events for a reader that was away for 20 changes", sent)
	}
}

// A reader that is stuck is cut off, and does not keep its place.
func TestStuckReader(t *testing.T) {
	server, _ := start(t, newLiveObserver(), func(s *Server) { s.handler.eventTimeout = 200 * time.Millisecond })
	event, cut := []byte(strings.Repeat("x", 1<<20)), make(chan error, 1)
	streams := httptest.NewServer(server.handler.stream(func(_ *http.Request, s *stream) error {
		for {
			if err := s.write("run", "", event); err != nil {
				cut <- err
				return err
			}
		}
	}))
	defer streams.Close()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", streams.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if err := <-cut; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("cut off by %v", err)
	}
	eventually(t, func() bool { return len(server.handler.streams) == 0 }, "the place of a reader that is stuck is free")
}

// The timeouts of other requests do not end a stream.
func TestStreamsOutliveTimeouts(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, _ := start(t, o, func(s *Server) {
		s.server.ReadTimeout, s.server.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	})
	stream := openLive(t, server, webStream, "")
	stream.must()
	<-time.After(400 * time.Millisecond) // the timeouts are to pass
	o.append()
	if e := stream.must(); e.id != "2" {
		t.Errorf("got event %s", e.id)
	}
}

func TestStreamsEndAtShutdown(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, stop := start(t, o, nil)
	stream := openLive(t, server, webStream, "")
	stream.must()
	began := time.Now()
	if err := stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if passed := time.Since(began); passed > shutdownTimeout/2 {
		t.Errorf("stopping took %s", passed)
	}
	if e, err := stream.next(); err == nil {
		t.Errorf("sent %+v after the end", e)
	}
	if n := o.readers(); n != 0 {
		t.Errorf("%d are still waiting", n)
	}
}

// A reader can tell a connection that is silent from one that is lost.
func TestPing(t *testing.T) {
	o := newLiveObserver()
	o.append()
	server, _ := start(t, o, func(s *Server) { s.handler.pingInterval = 300 * time.Millisecond })
	stream := openLive(t, server, webStream, "1")
	if e := stream.must(); e != (sentEvent{name: "ping", data: "{}"}) {
		t.Errorf("got %+v", e)
	}
}

func TestTracesAreSummedUpOnce(t *testing.T) {
	fake := &fakeObserver{}
	s := newSummaries(fake)
	subjects := []record.Subject{{Object: evidence.Object{Resource: "simpods", Namespace: "default", Name: "web", UID: "u-1"}, Sequence: 7}}
	first, again := s.of(subjects), s.of(subjects)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("the second list differs:\n%s", d)
	}
	if fake.peeked != 1 {
		t.Errorf("looked %d times", fake.peeked)
	}
	subjects[0].Sequence++
	if s.of(subjects); fake.peeked != 2 {
		t.Errorf("looked %d times after more was recorded", fake.peeked)
	}
	if first[0].Headline == "" || first[0].Outcome == "" {
		t.Errorf("nothing is said of %+v", first[0])
	}
	data, err := json.Marshal(first[0])
	if err != nil || !bytes.Contains(data, []byte(`"object":{`)) || !bytes.Contains(data, []byte(`"outcome":`)) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestNotFoundBeforeItIsWaitedFor(t *testing.T) {
	o := newLiveObserver()
	if _, err := (&handler{observer: o}).first(t.Context(), observer.Query{Object: evidence.Object{Name: "other"}}); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

func eventually(t *testing.T, is func() bool, what string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so in time: %s", what)
		}
	}
}
