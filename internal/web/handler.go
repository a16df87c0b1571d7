// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/observer"
	"github.com/glassplane/glassplane/internal/record"
)

// Observer answers the requests; *observer.Observer implements it.
type Observer interface {
	Recorder
	Keeper
	Lister
	Follower
}

// Keeper says what is stored.
type Keeper interface {
	// Stored reads what etcd has of an object now.
	Stored(ctx context.Context, object evidence.Object) (evidence.Entry, error)
}

// Recorder puts records together.
type Recorder interface {
	// Record puts together what is known; apierrors.IsNotFound is true for the
	// error where nothing is.
	Record(ctx context.Context, query observer.Query) (evidence.Record, error)
	// Current is the same without waiting for what may still arrive.
	Current(ctx context.Context, query observer.Query) (evidence.Record, error)
	// Peek is what can be had of an object at no cost; ok is false for nothing.
	Peek(object evidence.Object) (found evidence.Record, ok bool)
}

// Lister lists what something is known of.
type Lister interface {
	// Subjects lists them from a sequence number back; SubjectsSince those of which
	// more was recorded after one.
	Subjects(before uint64, limit int) []record.Subject
	SubjectsSince(after uint64, limit int) []record.Subject
	// Sources says which sources can be read.
	Sources() []evidence.SourceState
}

// Follower tells that more was recorded: its channels have a value then. stop
// must be called once nobody reads them.
type Follower interface {
	Follow(query observer.Query) (changed <-chan struct{}, stop func())
	FollowAll() (changed <-chan struct{}, stop func())
	// Last is the sequence number of what was recorded last.
	Last() uint64
}

// handler holds what the endpoints need.
type handler struct {
	observer  Observer
	overview  Overview
	summaries *summaries
	info      Info
	// sending is nil where nothing may be sent.
	sending *sending
	log     logr.Logger
	// streams has a place for each stream that is open.
	streams                    chan struct{}
	pingInterval, eventTimeout time.Duration
	// stopping is closed when streams are to end.
	stopping chan struct{}
	// api serves what is below Prefix, and page the rest.
	api, page http.Handler
}

// endpoint answers a request with a value that is encoded as JSON, or an error
// that is encoded as a metav1.Status.
type endpoint func(request *http.Request) (any, error)

// newHandler returns the API, which takes no method that writes but to send a
// request where that is allowed, and the page.
func newHandler(options Options) *handler {
	h := &handler{
		page:     options.Page,
		observer: options.Observer, overview: options.Overview, summaries: newSummaries(options.Observer), info: options.Info,
		sending: newSending(options.Sender), log: options.Log, streams: make(chan struct{}, maxStreams), stopping: make(chan struct{}),
		pingInterval: pingInterval, eventTimeout: eventTimeout,
	}
	if h.page == nil {
		h.page = h.serve(notFound)
	}
	reads := http.NewServeMux()
	for path, send := range h.streamers() {
		reads.Handle("GET "+Prefix+path, h.stream(send))
	}
	reads.Handle("/", h.limitInFlight(h.endpoints(options.Export)))
	all := http.NewServeMux()
	all.Handle("/", h.readOnly(reads))
	if h.sending != nil {
		h.info.AllowWrites, h.info.CSRF = true, h.sending.token
		all.Handle("POST "+Prefix+"send", h.serve(h.sending.send))
	}
	h.api = all
	return h
}

// secured keeps browsers from guessing what an answer is, from keeping it, from
// showing it within another page, and from telling other sites where it was.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Embedder-Policy", "require-corp")
		next.ServeHTTP(w, request)
	})
}

// streamers are the streams, by their path below Prefix.
func (h *handler) streamers() map[string]streamer {
	return map[string]streamer{
		"cluster/stream": h.clusterStream,
		"traces/stream":  h.tracesStream,
		"runs/{resource}/{namespace}/{name}/stream": h.runStream(objectQuery),
		"requests/{auditID}/stream":                 h.runStream(requestQuery),
	}
}

func (h *handler) endpoints(export Exporter) http.Handler {
	byObject, byRequest := recorder(h.recordOfObject), recorder(h.recordOfRequest)
	api := http.NewServeMux()
	for path, endpoint := range map[string]endpoint{
		"traces":                                h.list,
		"traces/{resource}/{namespace}/{name}":  byObject.explained,
		"runs/{resource}/{namespace}/{name}":    byObject.run,
		"records/{resource}/{namespace}/{name}": byObject.raw,
		"stored/{resource}/{namespace}/{name}":  h.stored,
		"requests/{auditID}":                    byRequest.explained,
		"requests/{auditID}/run":                byRequest.run,
		"requests/{auditID}/record":             byRequest.raw,
		"cluster":                               h.cluster,
		"cluster/pods":                          h.clusterPods,
		"latency":                               h.latency,
		"experiments":                           h.experiments,
		"sources":                               h.sources,
		"info":                                  h.about,
	} {
		api.Handle("GET "+Prefix+path, h.serve(endpoint))
	}
	if export != nil {
		api.Handle("GET "+Prefix+"runs/{resource}/{namespace}/{name}/export", h.export(byObject, export))
		api.Handle("GET "+Prefix+"requests/{auditID}/export", h.export(byRequest, export))
	}
	api.Handle("/", h.serve(notFound))
	return compressed(api)
}

// compressed makes large answers small: they are mostly names of fields, and may go
// through a port-forward. On loopback nobody should wait for it, so it does it fast.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.CompressionLevel(gzip.BestSpeed))
	if err != nil {
		panic(err) // The level is one that there is.
	}
	return wrap(next)
}

// loopback returns all that is served on loopback: the API, and the page beside it.
func (h *handler) loopback(gatherer prometheus.Gatherer) http.Handler {
	root := http.NewServeMux()
	root.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { h.text(w, http.StatusOK, "ok") })
	root.HandleFunc("GET /readyz", h.ready)
	if gatherer != nil {
		root.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: maxInFlight}))
	}
	root.Handle("/observer/", h.api)
	root.Handle("/", h.page)
	return secured(h.thisMachine(root))
}

// thisMachine refuses a Host that is not this machine: a page of another site
// whose name was made to point here (DNS rebinding).
func (h *handler) thisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if !isLoopbackHost(hostOf(request)) {
			h.fail(w, newStatus(http.StatusForbidden, metav1.StatusReasonForbidden,
				"host %q is not this machine: use localhost or 127.0.0.1", request.Host))
			return
		}
		next.ServeHTTP(w, request)
	})
}

// readOnly refuses methods that write.
func (h *handler) readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodGet && request.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			h.fail(w, newStatus(http.StatusMethodNotAllowed, metav1.StatusReasonMethodNotAllowed,
				"method %s is not supported: everything here is read-only", request.Method))
			return
		}
		next.ServeHTTP(w, request)
	})
}

// hostOf is the Host header without its port and without the brackets of IPv6.
func hostOf(request *http.Request) string {
	if host, _, err := net.SplitHostPort(request.Host); err == nil {
		return host
	}
	host := request.Host
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return host
}

func (h *handler) limitInFlight(next http.Handler) http.Handler {
	slots := make(chan struct{}, maxInFlight)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			next.ServeHTTP(w, request)
		default:
			w.Header().Set("Retry-After", "1")
			h.fail(w, newStatus(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests,
				"%d requests are being answered: try again", maxInFlight))
		}
	})
}

func (h *handler) serve(endpoint endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		value, err := endpoint(request)
		if err != nil {
			h.fail(w, err)
			return
		}
		h.write(w, http.StatusOK, value)
	})
}

// ready is true once at least one source can be read.
func (h *handler) ready(w http.ResponseWriter, _ *http.Request) {
	states := h.observer.Sources()
	text := ""
	for _, state := range states {
		if state.Available {
			h.text(w, http.StatusOK, "ok")
			return
		}
		text += fmt.Sprintf("%s is not available: %s\n", state.Source, state.Reason)
	}
	h.text(w, http.StatusServiceUnavailable, text)
}

func notFound(request *http.Request) (any, error) {
	return nil, newStatus(http.StatusNotFound, metav1.StatusReasonNotFound, "there is no %s", request.URL.Path)
}

// newStatus is an error with a code and a reason.
func newStatus(code int32, reason metav1.StatusReason, format string, args ...any) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: fmt.Sprintf(format, args...),
	}}
}

// fail answers with a metav1.Status. What it does not know is an internal error.
func (h *handler) fail(w http.ResponseWriter, err error) {
	status := metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusInternalServerError,
		Reason: metav1.StatusReasonInternalError, Message: err.Error(),
	}
	if known := apierrors.APIStatus(nil); errors.As(err, &known) {
		status = known.Status()
	}
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	h.write(w, int(status.Code), status)
}

func (h *handler) write(w http.ResponseWriter, code int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		h.log.Error(err, "Cannot encode an answer")
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	h.send(w, body)
}

func (h *handler) text(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	h.send(w, []byte(text))
}

// send writes the body. A client that has gone away is no concern of the server.
func (h *handler) send(w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		h.log.V(1).Info("Cannot send an answer", "error", err.Error())
	}
}
