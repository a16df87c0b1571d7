// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sender sends the requests that people write on the page, under an
// identity of its own, so that the audit log tells them from all others.
package sender

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/glassplane/glassplane/api/v1alpha1"
	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/manifest"
	"github.com/glassplane/glassplane/internal/version"
)

// Name is that of the sender's ServiceAccount, user agent and field manager.
const Name = "glassplane-page"

const (
	// resource and kind of what may be created.
	resource = "simpods"
	kind     = "SimPod"
	// timeout bounds a request, and maxAnswer what is read of its answer.
	timeout   = 10 * time.Second
	maxAnswer = 4 << 20
)

// Sender creates simulated pods.
type Sender struct {
	base   *url.URL
	client *http.Client
}

// Sent is what the API server answered.
type Sent struct {
	// AuditID by which the request is found; empty where there was no answer.
	AuditID string `json:"auditID"`
	// Code of the answer, 201 or why not, and Message in its own words.
	Code    int    `json:"code"`
	Message string `json:"message"`
	// Subject is the object that was asked for.
	Subject evidence.Object `json:"subject"`
}

// New returns a sender with the identity of a configuration.
func New(config *rest.Config) (*Sender, error) {
	config = rest.CopyConfig(config)
	config.UserAgent = version.UserAgent(Name)
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, fmt.Errorf("read the API server's address: %w", err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for the page's requests: %w", err)
	}
	return &Sender{base: base, client: client}, nil
}

// Send creates the one SimPod of a manifest in YAML or JSON. A refusal of the API
// server is an answer and is passed on as it is. The error is about a manifest that
// is not sent, with the code 400, or says that the API server cannot be reached.
func (s *Sender) Send(ctx context.Context, text string) (Sent, error) {
	body, pod, err := parse(text)
	if err != nil {
		return Sent{}, apierrors.NewBadRequest(err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	namespace := cmp.Or(pod.GetNamespace(), metav1.NamespaceDefault)
	response, err := s.post(ctx, namespace, body)
	if err != nil {
		return Sent{}, apierrors.NewServiceUnavailable(fmt.Sprintf("the API server cannot be reached: %v", err))
	}
	defer func() { _ = response.Body.Close() }()
	sent := Sent{
		AuditID: response.Header.Get("Audit-Id"), Code: response.StatusCode,
		Subject: evidence.Object{Group: v1alpha1.GroupVersion.Group, Resource: resource, Namespace: namespace, Name: pod.GetName()},
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Sent{}, apierrors.NewServiceUnavailable(fmt.Sprintf("the API server's answer cannot be read: %v", err))
	}
	sent.read(answer)
	return sent, nil
}

func (s *Sender) post(ctx context.Context, namespace string, body []byte) (*http.Response, error) {
	target := s.base.JoinPath("apis", v1alpha1.GroupVersion.Group, v1alpha1.GroupVersion.Version, "namespaces", namespace, resource)
	target.RawQuery = url.Values{"fieldManager": {Name}, "fieldValidation": {metav1.FieldValidationStrict}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	return s.client.Do(request)
}

// read takes from the answer what the sender tells: of an object its name and its
// UID, of a refusal the API server's own words.
func (s *Sent) read(answer []byte) {
	if s.Code != http.StatusCreated {
		var status metav1.Status
		if err := json.Unmarshal(answer, &status); err != nil || status.Message == "" {
			status.Message = http.StatusText(s.Code)
		}
		s.Message = status.Message
		return
	}
	var made metav1.PartialObjectMetadata
	if err := json.Unmarshal(answer, &made); err != nil {
		s.Message = "created; the answer cannot be read"
		return
	}
	s.Subject.Name, s.Subject.UID = made.Name, made.UID
	s.Message = resource + "/" + made.Name + " created"
}

// parse reads a manifest as far as is needed to send it: the API server checks the
// rest, and says so better.
func parse(text string) (body []byte, pod *unstructured.Unstructured, err error) {
	if pod, err = manifest.One([]byte(text)); err != nil {
		return nil, nil, err
	}
	if pod.GetAPIVersion() != v1alpha1.GroupVersion.String() || pod.GetKind() != kind {
		return nil, nil, fmt.Errorf("apiVersion %q, kind %q: only one object of apiVersion %s, kind %s can be sent from the page",
			pod.GetAPIVersion(), pod.GetKind(), v1alpha1.GroupVersion, kind)
	}
	if problems := content.IsPathSegmentName(pod.GetNamespace()); len(problems) > 0 {
		return nil, nil, fmt.Errorf("metadata.namespace %q %s", pod.GetNamespace(), problems[0])
	}
	if body, err = json.Marshal(pod.Object); err != nil {
		return nil, nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return body, pod, nil
}
