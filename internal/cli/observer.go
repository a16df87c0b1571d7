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
	"github.com/glassplane/glassplane/internal/version"
	"github.com/glassplane/glassplane/internal/web"
)

const (
	// observerTimeout is longer than the observer waits for its sources.
	observerTimeout = 15 * time.Second
	// maxRecordBytes bounds what is read of an answer.
	maxRecordBytes = 64 << 20
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

// record returns all that the observer knows of a subject.
func (o *observer) record(ctx context.Context, of subject) (evidence.Record, error) {
	path := o.base.JoinPath(web.Prefix, "records", of.resource, of.namespace, of.name)
	if of.auditID != "" {
		path = o.base.JoinPath(web.Prefix, "requests", of.auditID, "record")
		path.RawQuery = of.query()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path.String(), nil)
	if err != nil {
		return evidence.Record{}, err
	}
	request.Header.Set("User-Agent", version.UserAgent("glassplane"))
	response, err := o.client.Do(request)
	if err != nil {
		return evidence.Record{}, fmt.Errorf("asking the observer: %w", o.unreachable(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRecordBytes))
	if err != nil {
		return evidence.Record{}, fmt.Errorf("reading the observer's answer: %w", o.unreachable(err))
	}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return evidence.Record{}, errNotRecorded
	default:
		return evidence.Record{}, fmt.Errorf("the observer at %s answered %s: %s", o.base, response.Status, statusMessage(body))
	}
	var record evidence.Record
	if err := json.Unmarshal(body, &record); err != nil {
		return evidence.Record{}, fmt.Errorf("decoding the observer's answer: %w", err)
	}
	return record, nil
}

func statusMessage(body []byte) string {
	var status metav1.Status
	if err := json.Unmarshal(body, &status); err != nil || status.Message == "" {
		return "no reason given"
	}
	return status.Message
}
