// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
	"github.com/glassplane/glassplane/internal/explain"
	"github.com/glassplane/glassplane/internal/followed"
	"github.com/glassplane/glassplane/internal/observer"
)

const (
	defaultLimit = 50
	maxLimit     = 500
	// maxNameLength is longer than any name that the API server accepts: a
	// request whose name it refused can be asked for too.
	maxNameLength = 1024
	maxIDLength   = 256
)

// Traces is a page of the subjects that something is recorded of, the most
// recently seen first.
type Traces struct {
	Items []Listed `json:"items"`
	// Continue is the parameter that asks for the next page; empty on the last one.
	Continue string `json:"continue,omitempty"`
}

func (h *handler) list(request *http.Request) (any, error) {
	query := request.URL.Query()
	limit, err := number(query, "limit", defaultLimit)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > maxLimit {
		return nil, badRequest("limit must be from 1 to %d", maxLimit)
	}
	before, err := number(query, "continue", 0)
	if err != nil {
		return nil, err
	}
	traces := Traces{Items: h.summaries.of(h.observer.Subjects(before, int(limit)))}
	if n := len(traces.Items); n == int(limit) {
		traces.Continue = strconv.FormatUint(traces.Items[n-1].Sequence, 10)
	}
	return traces, nil
}

// recorder finds the record that a request asks for.
type recorder func(request *http.Request) (evidence.Record, error)

// explained answers with the record's explanation.
func (find recorder) explained(request *http.Request) (any, error) {
	record, err := find(request)
	if err != nil {
		return nil, err
	}
	return explain.Explain(record), nil
}

func (h *handler) recordOfObject(request *http.Request) (evidence.Record, error) {
	query, err := objectQuery(request)
	if err != nil {
		return evidence.Record{}, err
	}
	return h.observer.Record(request.Context(), query)
}

func (h *handler) recordOfRequest(request *http.Request) (evidence.Record, error) {
	query, err := requestQuery(request)
	if err != nil {
		return evidence.Record{}, err
	}
	return h.observer.Record(request.Context(), query)
}

// stored answers with what etcd has of an object at this moment.
func (h *handler) stored(request *http.Request) (any, error) {
	object, err := objectOf(request.PathValue("resource"), request.PathValue("namespace"), request.PathValue("name"))
	if err != nil {
		return nil, err
	}
	return h.observer.Stored(request.Context(), object)
}

// objectQuery is the query for the object that the path and the parameter uid name.
func objectQuery(request *http.Request) (observer.Query, error) {
	object, err := objectOf(request.PathValue("resource"), request.PathValue("namespace"), request.PathValue("name"))
	if err != nil {
		return observer.Query{}, err
	}
	uid := request.URL.Query().Get("uid")
	if err := checkID("uid", uid); err != nil {
		return observer.Query{}, err
	}
	object.UID = types.UID(uid)
	return observer.Query{Object: object}, nil
}

// requestQuery takes the parameters resource, namespace and name: the audit log
// does not have the name of an object that authorization refused to create.
func requestQuery(request *http.Request) (observer.Query, error) {
	query := observer.Query{AuditID: request.PathValue("auditID")}
	if err := checkID("audit ID", query.AuditID); err != nil {
		return observer.Query{}, err
	}
	values := request.URL.Query()
	if !values.Has("name") {
		return query, nil
	}
	resource := "simpods"
	if values.Has("resource") {
		resource = values.Get("resource")
	}
	var err error
	query.Object, err = objectOf(resource, values.Get("namespace"), values.Get("name"))
	return query, err
}

func objectOf(resource, namespace, name string) (evidence.Object, error) {
	known, ok := followed.ByPlural(resource)
	if !ok {
		return evidence.Object{}, badRequest("resource %q is not recorded: use one of %s", resource, strings.Join(plurals(), ", "))
	}
	for what, value := range map[string]string{"namespace": namespace, "name": name} {
		if value == "" || len(value) > maxNameLength {
			return evidence.Object{}, badRequest("%s must have from 1 to %d characters", what, maxNameLength)
		}
		if problems := content.IsPathSegmentName(value); len(problems) > 0 {
			return evidence.Object{}, badRequest("%s %q %s", what, value, strings.Join(problems, "; "))
		}
	}
	return evidence.Object{Group: known.Group, Resource: known.Resource, Namespace: namespace, Name: name}, nil
}

// plurals are the names of the resources that can be asked for.
func plurals() []string {
	var names []string
	for _, r := range followed.Resources() {
		names = append(names, r.Resource)
	}
	return names
}

func checkID(what, id string) error {
	notPrintable := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(id) > maxIDLength || strings.ContainsFunc(id, notPrintable) {
		return badRequest("%s must have at most %d printable characters", what, maxIDLength)
	}
	return nil
}

func number(query url.Values, name string, fallback uint64) (uint64, error) {
	if !query.Has(name) {
		return fallback, nil
	}
	n, err := strconv.ParseUint(query.Get(name), 10, 64)
	if err != nil {
		return 0, badRequest("%s must be a whole number that is not negative", name)
	}
	return n, nil
}

func badRequest(format string, args ...any) error {
	return newStatus(http.StatusBadRequest, metav1.StatusReasonBadRequest, format, args...)
}
