// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package hold

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/glassplane/glassplane/api/v1alpha1"
)

const (
	// MaxTimeout is the longest time for which the API server waits for a webhook
	// (ValidatingWebhook.timeoutSeconds of admissionregistration.k8s.io/v1).
	MaxTimeout = 30 * time.Second
	// webhookPath is where the webhook is asked.
	webhookPath = "/hold"
	// auditKey is the annotation that the webhook leaves in the audit event of a
	// request that it held; the API server puts the webhook's name before it.
	auditKey = "held"
	// readTimeout bounds how long the API server may take to ask.
	readTimeout = 10 * time.Second
)

// Webhook is asked by the API server about creates, on loopback, and holds those
// that a Question is about. Whoever reaches it can do no more with it than wait.
type Webhook struct {
	clock     clock.PassiveClock
	listener  net.Listener
	server    *http.Server
	authority []byte

	mu sync.Mutex
	// questions by the ID of their hold.
	questions map[string]*Question
}

// Listen serves the webhook on a free port of loopback. The caller closes it.
func Listen(ctx context.Context, clock clock.PassiveClock) (*Webhook, error) {
	const address = "127.0.0.1"
	chain, key, err := cert.GenerateSelfSignedCertKey("glassplane-hold", []net.IP{net.ParseIP(address)}, nil)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for the webhook: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate made for the webhook: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, fmt.Errorf("serving the webhook: %w", err)
	}
	w := &Webhook{clock: clock, listener: listener, authority: chain, questions: map[string]*Question{}}
	mux := http.NewServeMux()
	mux.Handle("POST "+webhookPath, &admission.Webhook{
		Handler: admission.HandlerFunc(w.admit),
		// What is worth to be told is told by who holds.
		LogConstructor: func(logr.Logger, *admission.Request) logr.Logger { return logr.Discard() },
	})
	w.server = &http.Server{
		Handler: mux, ReadTimeout: readTimeout, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}},
	}
	go func() { _ = w.server.ServeTLS(listener, "", "") }() // ends with Close
	return w, nil
}

// Close ends the webhook: who still waits for an answer gets none, and the API
// server goes on without it.
func (w *Webhook) Close() error { return w.server.Close() }

// clientConfig says where the API server asks.
func (w *Webhook) clientConfig() admissionregistrationv1.WebhookClientConfig {
	url := "https://" + w.listener.Addr().String() + webhookPath
	return admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: w.authority}
}

// Question is what the API server asks about one create.
type Question struct {
	clock   clock.PassiveClock
	timeout time.Duration
	// ready is closed once the API server has asked about a dry run, asked once it
	// asks about the request itself, and over once it has stopped to wait.
	ready, asked, over chan struct{}
	// answer is closed once there is one; allowed and by whom it was held is set
	// before.
	answer  chan struct{}
	allowed bool

	readyOnce, askedOnce, overOnce, answerOnce sync.Once
}

// Timeout is how long the API server waits for the answer.
func (q *Question) Timeout() time.Duration { return q.timeout }

// expect returns the question about the create of a pod with the start gate of a
// hold, for which the API server waits that long.
func (w *Webhook) expect(id string, timeout time.Duration) *Question {
	q := &Question{
		clock: w.clock, timeout: timeout,
		ready: make(chan struct{}), asked: make(chan struct{}), over: make(chan struct{}), answer: make(chan struct{}),
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.questions[id] = q
	return q
}

func (w *Webhook) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.questions, id)
}

func (w *Webhook) question(id string) *Question {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.questions[id]
}

// admit lets pass what nobody holds, and dry runs, which say that the API server
// knows the webhook.
func (w *Webhook) admit(ctx context.Context, request admission.Request) admission.Response {
	var pod metav1.PartialObjectMetadata
	if err := json.Unmarshal(request.Object.Raw, &pod); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("reading the object: %w", err))
	}
	q := w.question(pod.Annotations[v1alpha1.AnnotationStartGate])
	switch {
	case q == nil:
		return admission.Allowed("")
	case request.DryRun != nil && *request.DryRun:
		q.readyOnce.Do(func() { close(q.ready) })
		return admission.Allowed("")
	}
	return q.hold(ctx)
}

// hold waits for the answer.
func (q *Question) hold(ctx context.Context) admission.Response {
	since := q.clock.Now()
	q.askedOnce.Do(func() { close(q.asked) })
	select {
	case <-ctx.Done():
		q.overOnce.Do(func() { close(q.over) })
		return admission.Errored(http.StatusGatewayTimeout, context.Cause(ctx))
	case <-q.answer:
	}
	if !q.allowed {
		return admission.Denied("it was held before the write, and who sent it has taken it back")
	}
	response := admission.Allowed("")
	response.AuditAnnotations = map[string]string{
		auditKey: fmt.Sprintf("for %s, until who sent the request went on", q.clock.Since(since).Round(time.Millisecond)),
	}
	return response
}

// allow lets the request pass; refuse has it answered with 403. What was answered
// first counts, also for a question that is yet to come.
func (q *Question) allow() { q.say(true) }

func (q *Question) refuse() { q.say(false) }

func (q *Question) say(allowed bool) {
	q.answerOnce.Do(func() {
		q.allowed = allowed
		close(q.answer)
	})
}
