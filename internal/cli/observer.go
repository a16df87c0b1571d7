// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/version"
	"github.com/glassplane/glassplane/internal/web"
)

const (
	// observerTimeout is longer than the observer waits for its sources.
	observerTimeout = 15 * time.Second
	// maxAnswerBytes bounds what is read of an answer: a page of a record, or a
	// trace, is smaller.
	maxAnswerBytes = 32 << 20
)

// observer reads from the observer's HTTP API.
type observer struct {
	base   *url.URL
	client *http.Client
	// forward is the port-forward to the pod, nil if the observer is reached
	// without one.
	forward *forward
}

func newObserver(base *url.URL) *observer {
	return &observer{base: base, client: &http.Client{
		Timeout: observerTimeout,
		// Of its own, so that closing it closes no other connections.
		Transport: http.DefaultTransport.(*http.Transport).Clone(),
	}}
}

func newForwardedObserver(to *forward) *observer {
	o := newObserver(to.url)
	o.forward = to
	return o
}

// close ends the connection to the observer.
func (o *observer) close() {
	o.client.CloseIdleConnections()
	if o.forward != nil {
		o.forward.stop()
	}
}

// unreachable says why a request failed.
func (o *observer) unreachable(err error) error {
	if o.forward != nil && !errors.Is(err, context.Canceled) {
		return o.forward.explain(err)
	}
	return err
}

// errNotRecorded is the error for a subject of which nothing is known.
var errNotRecorded = errors.New("nothing is recorded of it: check name and namespace, and that it was requested while the observer ran")

// trace returns what the observer explains of a subject.
func (o *observer) trace(ctx context.Context, of subject) (explain.Trace, error) {
	path := []string{"traces", of.resource, of.namespace, of.name}
	if of.auditID != "" {
		path = []string{"requests", of.auditID}
	}
	var trace explain.Trace
	if err := o.get(ctx, &trace, of.query(), path...); err != nil {
		return explain.Trace{}, err
	}
	if trace.SchemaVersion != explain.SchemaVersion {
		return explain.Trace{}, fmt.Errorf("the observer at %s explains in schema %q, and this command reads %q: use the command of the observer's version",
			o.base, trace.SchemaVersion, explain.SchemaVersion)
	}
	return trace, nil
}

// record returns what the observer has of a subject from some sources, as far as
// it fits into one answer.
func (o *observer) record(ctx context.Context, of subject, sources ...evidence.Source) (evidence.Record, error) {
	return o.page(ctx, of, "", sources...)
}

// maxPages bounds the pages of a record: the journal itself is smaller.
const maxPages = 256

// wholeRecord returns all that the observer has of a subject.
func (o *observer) wholeRecord(ctx context.Context, of subject) (evidence.Record, error) {
	whole, err := o.page(ctx, of, "")
	for pages := 1; err == nil && whole.Continue != ""; pages++ {
		if pages == maxPages {
			return evidence.Record{}, fmt.Errorf("the record has more than %d pages", maxPages)
		}
		var next evidence.Record
		if next, err = o.page(ctx, of, whole.Continue); err == nil {
			whole.Entries, whole.Continue = append(whole.Entries, next.Entries...), next.Continue
		}
	}
	return whole, err
}

// page returns one page of a record, the first one where it continues nothing.
func (o *observer) page(ctx context.Context, of subject, from string, sources ...evidence.Source) (evidence.Record, error) {
	path := []string{"records", of.resource, of.namespace, of.name}
	if of.auditID != "" {
		path = []string{"requests", of.auditID, "record"}
	}
	query := of.query()
	for _, source := range sources {
		query.Add("source", string(source))
	}
	if from != "" {
		query.Set("continue", from)
	}
	var record evidence.Record
	err := o.get(ctx, &record, query, path...)
	return record, err
}

// get decodes the answer to a request.
func (o *observer) get(ctx context.Context, into any, query url.Values, path ...string) error {
	location := o.base.JoinPath(append([]string{web.Prefix}, path...)...)
	location.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", version.UserAgent("glassplane"))
	response, err := o.client.Do(request)
	if err != nil {
		return fmt.Errorf("asking the observer: %w", o.unreachable(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("reading the observer's answer: %w", o.unreachable(err))
	}
	if response.StatusCode != http.StatusOK {
		return o.refusal(response, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decoding the observer's answer: %w", err)
	}
	return nil
}

// answerError is an answer of the observer that is not what was asked for.
type answerError struct{ error }

func (e *answerError) Unwrap() error { return e.error }

// refusal says why an answer is not what was asked for.
func (o *observer) refusal(response *http.Response, body []byte) error {
	if response.StatusCode == http.StatusNotFound {
		return &answerError{errNotRecorded}
	}
	return &answerError{fmt.Errorf("the observer at %s answered %s: %s", o.base, response.Status, statusMessage(body))}
}

func statusMessage(body []byte) string {
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil || status.Message == "" {
		return "no reason given"
	}
	return status.Message
}
