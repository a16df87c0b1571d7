// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"k8s.io/apimachinery/pkg/types"

	"github.com/glassplane/glassplane/internal/evidence"
)

// Limits of one response.
const (
	defaultPageLimit = 500
	maxPageLimit     = 5000
	// maxPageBytes is what the items of a page take in memory. As JSON they are
	// several times as large, and still far from what a Poller reads.
	maxPageBytes = 4 << 20
)

// ServeHTTP answers GET with a Page as JSON:
//
//	?since=&limit=&epoch=  the items from a number on, as the process of an epoch counted
//	?uid=…                 those about one pod
//	?namespace=&name=      those about all pods that have had that name
func (s *Store[T]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET is served", http.StatusMethodNotAllowed)
		return
	}
	q, err := parseQuery(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	body, err := json.Marshal(s.page(q))
	if err != nil {
		http.Error(w, fmt.Sprintf("encoding a page: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// A failed write means that the client has gone; nobody is left to tell.
	_, _ = w.Write(body)
}

func parseQuery(values url.Values) (query, error) {
	since, err := number(values, "since", 0)
	if err != nil {
		return query{}, err
	}
	limit, err := number(values, "limit", defaultPageLimit)
	if err != nil {
		return query{}, err
	}
	match, err := parseMatch(values)
	return query{
		epoch: values.Get("epoch"), since: since, limit: int(min(max(limit, 1), maxPageLimit)), match: match,
	}, err
}

func parseMatch(values url.Values) (func(evidence.PodReference) bool, error) {
	uid, namespace, name := types.UID(values.Get("uid")), values.Get("namespace"), values.Get("name")
	if (namespace == "") != (name == "") {
		return nil, errors.New("namespace and name go together: give both")
	}
	return func(pod evidence.PodReference) bool {
		return (uid == "" || pod.UID == uid) && (name == "" || pod.Namespace == namespace && pod.Name == name)
	}, nil
}

func number(values url.Values, key string, missing uint64) (uint64, error) {
	text := values.Get(key)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s must be a number from 0, not %q", key, text)
	}
	return n, nil
}
