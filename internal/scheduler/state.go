// Copyright 2026 The Glassplane Authors.
// SPDX-License-Identifier: Apache-2.0

package scheduler

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// QueueHandler serves the state of the queue as JSON, an evidence.Queue.
func (s *Scheduler) QueueHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET is served", http.StatusMethodNotAllowed)
			return
		}
		body, err := json.Marshal(s.queue.State())
		if err != nil {
			http.Error(w, fmt.Sprintf("encoding the queue: %v", err), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// A failed write means that the client has gone; nobody is left to tell.
		_, _ = w.Write(body)
	})
}
