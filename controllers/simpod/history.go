// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package simpod

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/glassplane/glassplane/internal/kubelet"
)

const (
	// DefaultHistorySize is how many transitions a History keeps by default.
	DefaultHistorySize = 50_000
	defaultLimit       = 500
	maxLimit           = 10_000
)

// History keeps the last transitions in a ring: a Recorder, and a handler that
// serves them. It is safe for concurrent use.
//
//	GET /transitions?since=<next>&limit=<n>     in the order in which they were recorded
//	GET /transitions?uid=<uid>                  those of one pod
//	GET /transitions?namespace=<ns>&name=<name> those of all pods that had that name
type History struct {
	mu   sync.RWMutex
	ring []kubelet.Transition
	// next is the number of transitions recorded so far: transition n, counted
	// from 0, is in ring[n % len(ring)].
	next uint64
}

// NewHistory returns a History of that many transitions, at least one.
func NewHistory(size int) *History {
	return &History{ring: make([]kubelet.Transition, max(size, 1))}
}

// Record adds a transition; the oldest one goes where there is no room.
func (h *History) Record(t kubelet.Transition) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring[h.next%uint64(len(h.ring))] = t
	h.next++
}

// Page is a part of a History.
type Page struct {
	// Next is the value of since with which the following page begins.
	Next uint64 `json:"next"`
	// Dropped is how many transitions are lost, since the start, because newer
	// ones took their room.
	Dropped uint64 `json:"dropped"`
	// Items in the order in which they were recorded.
	Items []kubelet.Transition `json:"items"`
}

// List returns at most limit transitions that match, beginning with the one with
// the number since.
func (h *History) List(since uint64, limit int, match func(*kubelet.Transition) bool) Page {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if since > h.next {
		// Counted by a process before this one.
		since = 0
	}
	page := Page{Next: since, Items: []kubelet.Transition{}}
	if size := uint64(len(h.ring)); h.next > size {
		page.Dropped = h.next - size
		page.Next = max(since, page.Dropped)
	}
	for ; page.Next < h.next && len(page.Items) < limit; page.Next++ {
		if t := &h.ring[page.Next%uint64(len(h.ring))]; match(t) {
			page.Items = append(page.Items, *t)
		}
	}
	return page
}

// ServeHTTP serves a Page as JSON.
func (h *History) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET is allowed", http.StatusMethodNotAllowed)
		return
	}
	query := req.URL.Query()
	since, err := number(query, "since", 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	limit, err := number(query, "limit", defaultLimit)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	uid, namespace, name := query.Get("uid"), query.Get("namespace"), query.Get("name")
	page := h.List(since, int(min(limit, maxLimit)), func(t *kubelet.Transition) bool {
		return (uid == "" || string(t.UID) == uid) &&
			(namespace == "" || t.Namespace == namespace) && (name == "" || t.Name == name)
	})
	w.Header().Set("Content-Type", "application/json")
	// An error is that of a client that is gone.
	_ = json.NewEncoder(w).Encode(page)
}

func number(query url.Values, key string, otherwise uint64) (uint64, error) {
	text := query.Get(key)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s must be a number from 0, not %q", key, text)
	}
	return n, nil
}
