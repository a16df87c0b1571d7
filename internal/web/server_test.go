// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/record"
)

// fakeObserver knows one pod and remembers what it was asked.
type fakeObserver struct {
	asked  observer.Query
	before uint64
	limit  int
	ready  bool
	peeked int
	// block holds each Record until it is closed.
	block chan struct{}
}

func (f *fakeObserver) Record(_ context.Context, query observer.Query) (evidence.Record, error) {
	if f.block != nil {
		<-f.block
	}
	f.asked = query
	if query.Object.Name != "web" && query.AuditID != "id-1" {
		return evidence.Record{}, &observer.NotFoundError{Query: query}
	}
	return evidence.Record{Subject: query.Object, AuditID: query.AuditID}, nil
}

func (f *fakeObserver) Current(ctx context.Context, query observer.Query) (evidence.Record, error) {
	return f.Record(ctx, query)
}

func (f *fakeObserver) Peek(object evidence.Object) (evidence.Record, bool) {
	f.peeked++
	return evidence.Record{Subject: object}, true
}

func (f *fakeObserver) Stored(_ context.Context, object evidence.Object) (evidence.Entry, error) {
	if object.Name != "web" {
		return evidence.Entry{}, apierrors.NewServiceUnavailable("etcd is not available: no endpoint")
	}
	return evidence.Entry{Object: object, Etcd: &evidence.Etcd{Key: "/registry/web", ReadRevision: 7}}, nil
}

func (f *fakeObserver) SubjectsSince(uint64, int) []record.Subject { return nil }

func (f *fakeObserver) Last() uint64 { return 9 }

func (f *fakeObserver) Follow(observer.Query) (<-chan struct{}, func()) {
	return make(chan struct{}), func() {}
}

func (f *fakeObserver) FollowAll() (<-chan struct{}, func()) { return f.Follow(observer.Query{}) }

func (f *fakeObserver) Subjects(before uint64, limit int) []record.Subject {
	f.before, f.limit = before, limit
	subjects := []record.Subject{{Sequence: 9}, {Sequence: 7}}
	return subjects[:min(limit, len(subjects))]
}

func (f *fakeObserver) Sources() []evidence.SourceState {
	return []evidence.SourceState{{Source: evidence.SourceAudit, Available: f.ready, Reason: "no such file"}}
}

func serve(t *testing.T, fake *fakeObserver, request *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	response := httptest.NewRecorder()
	newHandler(Options{Observer: fake, Log: logr.Discard()}).loopback(prometheus.NewRegistry()).ServeHTTP(response, request)
	return response
}

func get(path string) *http.Request {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	request.Host = "127.0.0.1:8080"
	return request
}

func TestQueries(t *testing.T) {
	web := evidence.Object{Group: "sim.glassplane.dev", Resource: "simpods", Namespace: "default", Name: "web"}
	withUID := web
	withUID.UID = "u-1"
	for path, want := range map[string]observer.Query{
		"/observer/v1/traces/simpods/default/web":                                            {Object: web},
		"/observer/v1/records/simpods/default/web?uid=u-1":                                   {Object: withUID},
		"/observer/v1/records/pods/default/web":                                              {Object: evidence.Object{Resource: "pods", Namespace: "default", Name: "web"}},
		"/observer/v1/requests/id-1":                                                         {AuditID: "id-1"},
		"/observer/v1/requests/id-1/record?namespace=default&name=web":                       {AuditID: "id-1", Object: web},
		"/observer/v1/requests/id-1/record?resource=simpods&namespace=default&name=web&uid=": {AuditID: "id-1", Object: web},
	} {
		t.Run(path, func(t *testing.T) {
			fake := &fakeObserver{}
			response := serve(t, fake, get(path))
			if response.Code != http.StatusOK {
				t.Fatalf("got %d: %s", response.Code, response.Body)
			}
			if diff := cmp.Diff(want, fake.asked); diff != "" {
				t.Errorf("query (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBodies(t *testing.T) {
	var trace explain.Trace
	decode(t, serve(t, &fakeObserver{}, get("/observer/v1/traces/simpods/default/web")), &trace)
	if trace.SchemaVersion != explain.SchemaVersion || trace.Subject.Name != "web" {
		t.Errorf("trace of %q with schema %q", trace.Subject.Name, trace.SchemaVersion)
	}
	var record evidence.Record
	decode(t, serve(t, &fakeObserver{}, get("/observer/v1/requests/id-1/record")), &record)
	if record.AuditID != "id-1" {
		t.Errorf("record of request %q", record.AuditID)
	}
}

func decode(t *testing.T, response *httptest.ResponseRecorder, into any) {
	t.Helper()
	if kind := response.Header().Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type %q", kind)
	}
	if err := json.Unmarshal(response.Body.Bytes(), into); err != nil {
		t.Fatalf("%v in %s", err, response.Body)
	}
}

func TestList(t *testing.T) {
	fake := &fakeObserver{}
	var traces Traces
	decode(t, serve(t, fake, get("/observer/v1/traces?limit=2&continue=12")), &traces)
	if fake.before != 12 || fake.limit != 2 || len(traces.Items) != 2 || traces.Continue != "7" {
		t.Errorf("asked for %d before %d, got %+v", fake.limit, fake.before, traces)
	}
	var all Traces
	decode(t, serve(t, fake, get("/observer/v1/traces")), &all)
	if fake.limit != defaultLimit || all.Continue != "" {
		t.Errorf("asked for %d by default, continue %q on the last page", fake.limit, all.Continue)
	}
}

// TestExperiments checks that experiments are listed without what gives them away.
func TestExperiments(t *testing.T) {
	answer := serve(t, &fakeObserver{}, get("/observer/v1/experiments"))
	var got Experiments
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil || answer.Code != http.StatusOK {
		t.Fatalf("answered %d %s: %v", answer.Code, answer.Body, err)
	}
	if len(got.Items) == 0 || got.Items[0].Name != "etcd-down" || len(got.Items[0].Questions) == 0 {
		t.Errorf("listed %+v, want etcd-down first, with its questions", got.Items)
	}
	for _, hidden := range []string{`"right":`, `"holds":`, `"why":`, `"after":`} {
		if strings.Contains(answer.Body.String(), hidden) {
			t.Errorf("the list has %s", hidden)
		}
	}
}

func TestRefusals(t *testing.T) {
	post := httptest.NewRequest(http.MethodPost, "/observer/v1/traces", strings.NewReader("{}"))
	post.Host = "localhost"
	rebound := get("/observer/v1/traces")
	rebound.Host = "attacker.example:8080"
	tests := map[string]struct {
		request *http.Request
		code    int32
		reason  metav1.StatusReason
		message string
	}{
		"no etcd":          {get("/observer/v1/stored/simpods/default/other"), 503, metav1.StatusReasonServiceUnavailable, "etcd is not available: no endpoint"},
		"unknown kind":     {get("/observer/v1/stored/secrets/default/web"), 400, metav1.StatusReasonBadRequest, "resource \"secrets\" is not recorded: use one of simpods"},
		"unknown pod":      {get("/observer/v1/traces/simpods/default/other"), 404, metav1.StatusReasonNotFound, "nothing is recorded of simpods default/other"},
		"unknown request":  {get("/observer/v1/requests/id-2"), 404, metav1.StatusReasonNotFound, "nothing is recorded of request id-2"},
		"unknown path":     {get("/observer/v1/nothing"), 404, metav1.StatusReasonNotFound, "there is no /observer/v1/nothing"},
		"unknown resource": {get("/observer/v1/traces/secrets/default/x"), 400, metav1.StatusReasonBadRequest, "use one of simpods, pods, simreplicasets"},
		"name with slash":  {get("/observer/v1/traces/simpods/default/a%2Fb"), 400, metav1.StatusReasonBadRequest, "may not contain '/'"},
		"name too long":    {get("/observer/v1/traces/simpods/default/" + strings.Repeat("a", 1025)), 400, metav1.StatusReasonBadRequest, "from 1 to 1024"},
		"uid with space":   {get("/observer/v1/traces/simpods/default/web?uid=a%20b"), 400, metav1.StatusReasonBadRequest, "printable"},
		"limit of zero":    {get("/observer/v1/traces?limit=0"), 400, metav1.StatusReasonBadRequest, "from 1 to 500"},
		"limit too large":  {get("/observer/v1/traces?limit=501"), 400, metav1.StatusReasonBadRequest, "from 1 to 500"},
		"no number":        {get("/observer/v1/traces?continue=x"), 400, metav1.StatusReasonBadRequest, "continue must be"},
		"write":            {post, 405, metav1.StatusReasonMethodNotAllowed, "read-only"},
		"DNS rebinding":    {rebound, 403, metav1.StatusReasonForbidden, "attacker.example"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var status metav1.Status
			response := serve(t, &fakeObserver{}, tc.request)
			decode(t, response, &status)
			if int32(response.Code) != tc.code || status.Code != tc.code || status.Reason != tc.reason || status.Kind != "Status" {
				t.Errorf("got %d, %+v", response.Code, status)
			}
			if !strings.Contains(status.Message, tc.message) {
				t.Errorf("message %q lacks %q", status.Message, tc.message)
			}
		})
	}
}

func TestHostsOfThisMachine(t *testing.T) {
	for host, want := range map[string]int{
		"localhost": 200, "localhost:1": 200, "127.0.0.1:1": 200, "[::1]:1": 200, "[::1]": 200, "127.1.2.3": 200,
		"localhost.attacker.example": 403, "10.0.0.1:1": 403, "": 403,
	} {
		request := get("/healthz")
		request.Host = host
		if got := serve(t, &fakeObserver{}, request).Code; got != want {
			t.Errorf("host %q: got %d, want %d", host, got, want)
		}
	}
}

func TestReady(t *testing.T) {
	if response := serve(t, &fakeObserver{ready: true}, get("/readyz")); response.Code != http.StatusOK {
		t.Errorf("got %d", response.Code)
	}
	response := serve(t, &fakeObserver{}, get("/readyz"))
	if response.Code != http.StatusServiceUnavailable || !strings.Contains(response.Body.String(), "no such file") {
		t.Errorf("got %d: %s", response.Code, response.Body)
	}
}

func TestLimitInFlight(t *testing.T) {
	fake := &fakeObserver{block: make(chan struct{})}
	handler := newHandler(Options{Observer: fake, Log: logr.Discard()}).api
	codes := make(chan int, maxInFlight+1)
	for range maxInFlight + 1 {
		go func() {
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, get("/observer/v1/requests/none"))
			codes <- response.Code
		}()
	}
	// All others wait, so the first answer is the refusal.
	if code := <-codes; code != http.StatusTooManyRequests {
		t.Errorf("got %d, want 429", code)
	}
	fake.block <- struct{}{}
	if code := <-codes; code != http.StatusNotFound {
		t.Errorf("got %d, want 404", code)
	}
	for range maxInFlight - 1 {
		fake.block <- struct{}{}
		<-codes
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:0":       "",
		"[::1]:0":           "",
		"localhost:0":       "",
		"":                  "",
		":8080":             "can be reached from other machines",
		"0.0.0.0:8080":      "can be reached from other machines",
		"host.example:8080": "can be reached from other machines",
		"127.0.0.1":         "must be host:port",
	} {
		t.Run(address, func(t *testing.T) {
			_, err := NewServer(Options{Address: address})
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// An endpoint that authorizes by path must find nothing below the API's prefix
// but the API, and any host that it is reached by will do.
func TestHandlersServeAPIAndPageOnly(t *testing.T) {
	server, err := NewServer(Options{Observer: &fakeObserver{ready: true}, Gatherer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, handler := range server.Handlers() {
		mux.Handle(path, handler)
	}
	for path, want := range map[string]int{
		"/observer/v1/traces": 200, "/observer/v1/": 404, "/healthz": 404, "/readyz": 404, "/metrics": 404,
	} {
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Host = "glassplane-observer.glassplane-system.svc:8443"
		response := httptest.NewRecorder()
		mux.ServeHTTP(response, request)
		if response.Code != want {
			t.Errorf("%s: got %d, want %d", path, response.Code, want)
		}
	}
}

func TestStartAndStop(t *testing.T) {
	server, err := NewServer(Options{Observer: &fakeObserver{ready: true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Start(ctx) }()

	client := &http.Client{Timeout: 10 * time.Second}
	response, err := client.Get("http://" + server.Addr() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "ok" {
		t.Errorf("got %q, %v", body, err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}

	second, err := NewServer(Options{Address: server.Addr(), Observer: &fakeObserver{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(ctx); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v for a port in use", err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("stop: %v", err)
	}
}
