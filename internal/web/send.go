// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/glassplane/glassplane/internal/sender"
)

// CSRFHeader carries the token that proves that a request comes from a page which
// this process has served: another site's page cannot read it.
const CSRFHeader = "X-Glassplane-CSRF"

const (
	// maxManifestBytes bounds the body of a request to send something.
	maxManifestBytes = 256 << 10
	// maxSending is how many are sent at once.
	maxSending = 4
)

// Sender sends what a page asks for; *sender.Sender implements it.
type Sender interface {
	// Send creates the object of a manifest.
	Send(ctx context.Context, manifest string) (sender.Sent, error)
}

// sending sends requests for the page. It is there only where that was allowed.
type sending struct {
	sender Sender
	token  string
	slots  chan struct{}
}

func newSending(s Sender) *sending {
	if s == nil {
		return nil
	}
	return &sending{sender: s, token: rand.Text(), slots: make(chan struct{}, maxSending)}
}

// send answers with what the API server said, also where it refused: its own code
// is in the answer then, so that it is not taken for one of the observer.
func (s *sending) send(request *http.Request) (any, error) {
	if err := s.check(request); err != nil {
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		return nil, newStatus(http.StatusTooManyRequests, metav1.StatusReasonTooManyRequests, "%d requests are being sent: try again", maxSending)
	}
	manifest, err := readManifest(request)
	if err != nil {
		return nil, err
	}
	return s.sender.Send(request.Context(), manifest)
}

// check refuses what no page of this process has sent. A browser says where a
// request comes from; the token is for the others, and for old browsers.
func (s *sending) check(request *http.Request) error {
	kind, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return newStatus(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType, "the Content-Type must be application/json")
	}
	if site := request.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" {
		return forbidden("requests from another site (Sec-Fetch-Site: %s) are not sent on", site)
	}
	if origin := request.Header.Get("Origin"); origin != "" {
		if from, err := url.Parse(origin); err != nil || from.Host != request.Host {
			return forbidden("requests from the origin %q are not sent on", origin)
		}
	}
	if subtle.ConstantTimeCompare([]byte(request.Header.Get(CSRFHeader)), []byte(s.token)) != 1 {
		return forbidden("the header %s must have the csrf of observer/v1/info; load the page again", CSRFHeader)
	}
	return nil
}

func readManifest(request *http.Request) (string, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, request.Body, maxManifestBytes))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return "", newStatus(http.StatusRequestEntityTooLarge, metav1.StatusReasonRequestEntityTooLarge, "the body may have %d bytes", maxManifestBytes)
	}
	if err != nil {
		return "", fmt.Errorf("read the body: %w", err)
	}
	var asked struct {
		Manifest string `json:"manifest"`
	}
	if err := json.Unmarshal(body, &asked); err != nil || asked.Manifest == "" {
		return "", badRequest(`the body must be {"manifest": "…"} with the YAML or JSON of one SimPod`)
	}
	return asked.Manifest, nil
}

func forbidden(format string, args ...any) error {
	return newStatus(http.StatusForbidden, metav1.StatusReasonForbidden, format, args...)
}
